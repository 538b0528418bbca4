//! Where the token comes from.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, HttpClient, RetryOptions, Transport,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use bytes::Bytes;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;
use url::Url;

use super::error::GraphError;
use super::retry::{ATTEMPTS_MAX, back_off, retry_after};
use super::seam::{Seam, SendFailure};
use super::token::Secret;

const SIGN_IN: &str = "sign-in";

/// Gives the token, signing in at most once at a time.
pub struct Tokens {
    source: Source,
    held: AsyncMutex<Option<Secret>>,
}

enum Source {
    Given,
    ClientSecret(ClientSecret),
}

/// An application that signs in with a secret.
pub struct ClientSecret {
    /// The tenant, by id or domain.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
    /// Where tokens come from.
    pub authority: Url,
    /// What the token is for.
    pub scope: String,
    /// What carries the requests.
    pub seam: Arc<dyn Seam>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// A token that somebody else got. It cannot be renewed.
    pub fn given(token: Secret) -> Self {
        Tokens {
            source: Source::Given,
            held: AsyncMutex::new(Some(token)),
        }
    }

    /// Tokens by client secret.
    pub fn client_secret(with: ClientSecret) -> Self {
        Tokens {
            source: Source::ClientSecret(with),
            held: AsyncMutex::new(None),
        }
    }

    /// Whether another token can be had.
    pub fn can_refresh(&self) -> bool {
        !matches!(self.source, Source::Given)
    }

    /// The token; another one than `stale`, where that can be had.
    pub async fn get(
        &self,
        stale: Option<&Secret>,
        deadline: Instant,
    ) -> Result<Secret, GraphError> {
        let mut held = self.held.lock().await;
        if let Some(token) = &*held
            && stale.is_none_or(|stale| stale.expose() != token.expose())
        {
            return Ok(token.clone());
        }
        let token = match (&self.source, &*held) {
            (Source::Given, Some(token)) => token.clone(),
            (Source::Given, None) => {
                return Err(GraphError::new("sign-in-failed", SIGN_IN, "no token"));
            }
            (Source::ClientSecret(with), _) => with.sign_in(deadline).await?,
        };
        *held = Some(token.clone());
        Ok(token)
    }
}

impl ClientSecret {
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError> {
        let bridge = Arc::new(Bridge {
            seam: self.seam.clone(),
            authority: self.authority.clone(),
            deadline,
            failed: Mutex::new(None),
        });
        // The library takes https only; the bridge sends to the authority as it
        // is, which may be plain http on this machine.
        let mut authority = self.authority.clone();
        let _ = authority.set_scheme("https");
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = authority.to_string();
        let options = ClientSecretCredentialOptions {
            client_options: ClientOptions {
                transport: Some(Transport::new(bridge.clone())),
                retry: RetryOptions::none(),
                cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
                ..ClientOptions::default()
            },
        };
        let credential = ClientSecretCredential::new(
            &self.tenant,
            self.client_id.clone(),
            AzureSecret::new(self.secret.expose().to_owned()),
            Some(options),
        )
        .map_err(|error| {
            GraphError::new(
                "sign-in-failed",
                SIGN_IN,
                format!("sign-in cannot begin: {error}"),
            )
        })?;
        match credential.get_token(&[&self.scope], None).await {
            Ok(token) => super::token::tidy(token.token.secret())
                .map_err(|error| GraphError::new("sign-in-failed", SIGN_IN, error.to_string())),
            Err(error) => {
                let seen = bridge
                    .failed
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                Err(seen.unwrap_or_else(|| {
                    GraphError::new(
                        "sign-in-failed",
                        SIGN_IN,
                        format!("sign-in failed: {}", error.kind()),
                    )
                }))
            }
        }
    }
}

/// Carries azure_identity's requests over our own seam, with our own repeats,
/// and remembers why the last one failed.
struct Bridge {
    seam: Arc<dyn Seam>,
    authority: Url,
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
        let answer = self.send(request).await.map_err(failure)?;
        if !answer.status().is_success() {
            return Err(failure(refused(&answer)));
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
    async fn send(
        &self,
        request: &azure_core::http::Request,
    ) -> Result<http::Response<Bytes>, GraphError> {
        let failed = |message: String| {
            GraphError::new("sign-in-failed", SIGN_IN, message)
                .hint("check the network and the authority")
                .retryable()
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = self.deadline.saturating_duration_since(Instant::now());
            let within = left.min(Duration::from_secs(60));
            let request = self
                .copy(request)
                .ok_or_else(|| failed("the sign-in request is malformed".to_owned()))?;
            let (wait, error) = match self.seam.send(request, within).await {
                Ok(answer) if matches!(answer.status().as_u16(), 429 | 500 | 502 | 503 | 504) => {
                    let status = answer.status().as_u16();
                    let wait = retry_after(answer.headers(), jiff::Timestamp::now());
                    (
                        wait,
                        failed(format!("the sign-in service failed ({status})")),
                    )
                }
                Ok(answer)
                    if answer.status().is_success()
                        && serde_json::from_slice::<serde_json::Value>(answer.body()).is_err() =>
                {
                    (
                        None,
                        failed("the sign-in service's answer is not JSON".to_owned()),
                    )
                }
                Ok(answer) => return Ok(answer),
                Err(error @ SendFailure::TooLarge) => return Err(failed(error.to_string())),
                Err(error) => {
                    self.seam.renew();
                    (
                        None,
                        failed(format!("the sign-in service did not answer: {error}")),
                    )
                }
            };
            let wait = wait.unwrap_or_else(|| back_off(attempts + 1, self.seam.chance()));
            if attempts >= ATTEMPTS_MAX || Instant::now() + wait >= self.deadline {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

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

/// What Entra says when it refuses a sign-in.
fn refused(answer: &http::Response<Bytes>) -> GraphError {
    let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let text = |name: &str| json[name].as_str().unwrap_or_default();
    // Entra's description goes on with trace ids and a time on lines of their own.
    let said = text("error_description")
        .lines()
        .next()
        .and_then(|line| line.split(" Trace ID:").next())
        .unwrap_or_default();
    let said: String = said.chars().take(300).collect();
    let status = answer.status().as_u16();
    let message = if said.is_empty() {
        format!("the sign-in service refuses the sign-in ({status})")
    } else {
        format!("the sign-in service refuses the sign-in ({status}): {said}")
    };
    let mut error = GraphError::new("sign-in-failed", SIGN_IN, message);
    error.request_id = json["trace_id"].as_str().map(str::to_owned);
    error.status = Some(status);
    error.hint("check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, and whether the secret has expired")
}

/// Looks up the id of a tenant that is given by domain: at its authority, with
/// no token (OpenID Connect discovery; the issuer names the tenant).
pub async fn tenant_id(
    seam: &dyn Seam,
    authority: &Url,
    domain: &str,
    within: Duration,
) -> Result<String, GraphError> {
    let request = format!("GET /{domain}/v2.0/.well-known/openid-configuration");
    let failed = |message: String| {
        GraphError::new("sign-in-failed", &request, message)
            .hint("check the domain and the cloud, or give the tenant's id")
    };
    let url = format!("{authority}{domain}/v2.0/.well-known/openid-configuration");
    let ask = http::Request::builder()
        .uri(url)
        .body(Bytes::new())
        .map_err(|_| failed(format!("`{domain}` is no domain")))?;
    let answer = seam.send(ask, within).await.map_err(|error| {
        failed(format!(
            "the tenant `{domain}` could not be looked up: {error}"
        ))
        .retryable()
    })?;
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        let mut error = failed(format!(
            "the sign-in service knows no tenant `{domain}` ({status})"
        ));
        error.status = Some(status);
        return Err(error);
    }
    let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    json["issuer"]
        .as_str()
        .and_then(|issuer| {
            issuer
                .split('/')
                .find(|part| crate::core::compare::is_guid(part))
        })
        .map(str::to_ascii_lowercase)
        .ok_or_else(|| {
            failed(format!(
                "the answer about the tenant `{domain}` names no id"
            ))
        })
}
