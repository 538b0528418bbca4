//! Entra's token endpoint: an application proves who it is and gets a token.
//!
//! The grants are azure_identity's; the requests go over our own seam.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, Body, ClientMethodOptions, ClientOptions, HttpClient, RetryOptions, Transport,
};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions,
};
use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use crate::graph::aadsts;
use crate::graph::error::GraphError;
use crate::graph::seam::Seam;
use crate::graph::token::{Secret, tidy};

use super::exchange::{Exchange, tame};
use super::failed;

/// An application, and where it signs in.
#[derive(Clone)]
pub struct App {
    /// The tenant, by id or domain.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// Where tokens come from.
    pub authority: Url,
    /// What the token is for.
    pub scope: String,
    /// What carries the requests.
    pub seam: Arc<dyn Seam>,
}

/// What an application proves itself with.
pub(super) enum Proof<'a> {
    Secret(&'a Secret),
    Assertion(&'a Secret),
}

impl Proof<'_> {
    fn secret(&self) -> &Secret {
        match self {
            Proof::Secret(secret) | Proof::Assertion(secret) => secret,
        }
    }
}

/// An assertion that is at hand, as azure_identity asks for it.
struct AtHand(Secret);

impl fmt::Debug for AtHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtHand")
    }
}

#[async_trait]
impl ClientAssertion for AtHand {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose().to_owned())
    }
}

impl App {
    /// Proves itself and gives the token.
    pub(super) async fn token(
        &self,
        proof: Proof<'_>,
        deadline: Instant,
    ) -> Result<Secret, GraphError> {
        let bridge = Arc::new(Bridge {
            seam: self.seam.clone(),
            authority: self.authority.clone(),
            proof: proof.secret().clone(),
            deadline,
            failed: Mutex::new(None),
        });
        let credential = self
            .credential(&proof, self.options(bridge.clone()))
            .map_err(|error| failed(format!("sign-in cannot begin: {error}")))?;
        match credential.get_token(&[&self.scope], None).await {
            Ok(token) => tidy(token.token.secret()).map_err(|error| failed(error.to_string())),
            Err(error) => {
                let seen = bridge
                    .failed
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                Err(seen.unwrap_or_else(|| failed(format!("sign-in failed: {}", error.kind()))))
            }
        }
    }

    fn credential(
        &self,
        proof: &Proof<'_>,
        client_options: ClientOptions,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        Ok(match proof {
            Proof::Secret(secret) => ClientSecretCredential::new(
                &self.tenant,
                self.client_id.clone(),
                AzureSecret::new(secret.expose().to_owned()),
                Some(ClientSecretCredentialOptions { client_options }),
            )?,
            Proof::Assertion(assertion) => ClientAssertionCredential::new(
                self.tenant.clone(),
                self.client_id.clone(),
                AtHand((*assertion).clone()),
                Some(ClientAssertionCredentialOptions { client_options }),
            )?,
        })
    }

    fn options(&self, bridge: Arc<Bridge>) -> ClientOptions {
        // The library takes https only; the bridge sends to the authority as it
        // is, which may be plain http on this machine.
        let mut authority = self.authority.clone();
        let _ = authority.set_scheme("https");
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = authority.to_string();
        ClientOptions {
            transport: Some(Transport::new(bridge)),
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        }
    }
}

/// Carries azure_identity's requests over our own seam, with our own repeats,
/// and remembers why the last one failed.
struct Bridge {
    seam: Arc<dyn Seam>,
    authority: Url,
    /// What no message may repeat.
    proof: Secret,
    deadline: Instant,
    failed: Mutex<Option<GraphError>>,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

#[async_trait]
impl HttpClient for Bridge {
    async fn execute_request(
        &self,
        request: &azure_core::http::Request,
    ) -> azure_core::Result<AsyncRawResponse> {
        let failure = |error: GraphError| {
            let text = error.message.clone();
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, text)
        };
        let answer = Exchange::new(&self.seam, self.deadline, "the sign-in service")
            .send(|| self.copy(request))
            .await
            .map_err(failure)?;
        if !answer.status().is_success() {
            return Err(failure(refused(&answer, &self.proof)));
        }
        let headers: HashMap<_, _> = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((
                    name.as_str().to_owned().into(),
                    value.to_str().ok()?.to_owned().into(),
                ))
            })
            .collect();
        Ok(AsyncRawResponse::from_bytes(
            answer.status().as_u16().into(),
            Headers::from(headers),
            answer.into_body(),
        ))
    }
}

impl Bridge {
    fn copy(&self, request: &azure_core::http::Request) -> Option<http::Request<Bytes>> {
        let mut url = request.url().clone();
        let _ = url.set_scheme(self.authority.scheme());
        let mut copy = http::Request::builder()
            .method(request.method().as_str())
            .uri(url.as_str());
        for (name, value) in request.headers().iter() {
            copy = copy.header(name.as_str(), value.as_str());
        }
        match request.body() {
            Body::Bytes(bytes) => copy.body(bytes.clone()).ok(),
            _ => None,
        }
    }
}

/// What Entra says when it refuses a sign-in, and what it means.
fn refused(answer: &http::Response<Bytes>, proof: &Secret) -> GraphError {
    let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    // Entra's description goes on with trace ids and a time, on the same line or
    // on lines of their own.
    let description = json["error_description"].as_str().unwrap_or_default();
    let said = description.split(" Trace ID:").next().unwrap_or_default();
    let said = tame(said, &[proof]);
    let code = aadsts::code(&json, description);
    let known = code.and_then(aadsts::meaning);
    let status = answer.status();
    let mut message = match (code, known) {
        (Some(code), Some(known)) => format!("sign-in refused (AADSTS{code}): {}", known.means),
        _ if status.is_redirection() => {
            format!("the sign-in service redirects ({status}), and no secret is sent along")
        }
        _ => format!(
            "the sign-in service refuses the sign-in ({})",
            status.as_u16()
        ),
    };
    if !said.is_empty() {
        message.push_str(if known.is_some() {
            "; Entra says: "
        } else {
            ": "
        });
        // The code is there already.
        let prefix = code.map(|code| format!("AADSTS{code}: "));
        let rest = prefix
            .filter(|_| known.is_some())
            .and_then(|prefix| said.strip_prefix(&prefix));
        message.push_str(rest.unwrap_or(&said).trim_end_matches('.'));
    }
    let mut error = failed(message);
    error.request_id = json["trace_id"].as_str().map(|id| tame(id, &[proof]));
    error.status = Some(status.as_u16());
    error.hint(known.map_or(
        "check the tenant, the application's id and what it signs in with; docs/authentication.md has a recipe for each kind",
        |known| known.fix,
    ))
}
