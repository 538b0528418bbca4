//! Sign-in as the machine: Azure gives its own compute an identity, and the
//! machine's host gives tokens for it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::graph::aadsts;
use crate::graph::error::GraphError;
use crate::graph::seam::Seam;
use crate::graph::token::{Secret, tidy};

use super::exchange::{Exchange, request, tame};
use super::{SignIn, failed};

/// Where virtual machines ask.
pub const IMDS: &str = "http://169.254.169.254";

/// A managed identity.
pub struct Managed {
    /// Whose host gives the tokens.
    pub host: Host,
    /// The client id of a user-assigned identity; none is the machine's own.
    pub client_id: Option<String>,
    /// What the token is for, without `/.default`.
    pub resource: String,
    /// What carries the requests: to the host, so past any proxy.
    pub seam: Arc<dyn Seam>,
}

/// Whose host gives the tokens.
pub enum Host {
    /// App Service, Functions, Container Apps.
    AppService {
        /// Where the host listens.
        url: Url,
        /// Shows that the request comes from inside. Goes there and nowhere else.
        header: Secret,
    },
    /// A virtual machine, or what looks like one, at this root.
    Imds(Url),
}

#[async_trait]
impl SignIn for Managed {
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError> {
        let (who, hint) = match &self.host {
            Host::AppService { .. } => (
                "App Service's token service",
                "check that the app has an identity; a user-assigned one must be named in AZURE_CLIENT_ID",
            ),
            Host::Imds(_) => (
                "the machine's identity service (IMDS)",
                "only a machine in Azure has one; check that it has an identity, and name a user-assigned one in AZURE_CLIENT_ID",
            ),
        };
        let exchange = Exchange {
            hint,
            each: Duration::from_secs(10),
            silent: 3,
            // IMDS says 404 and 410 while it is being updated (Microsoft Entra,
            // "Use managed identities on a virtual machine", error handling).
            passing: match self.host {
                Host::AppService { .. } => &[],
                Host::Imds(_) => &[404, 410],
            },
            ..Exchange::new(&self.seam, deadline, who)
        };
        let answer = exchange.send(|| self.request()).await?;
        let json: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let status = answer.status();
        if status.is_success() {
            let token = json["access_token"]
                .as_str()
                .and_then(|text| tidy(text).ok());
            return token
                .ok_or_else(|| failed(format!("the answer of {who} holds no token")).hint(hint));
        }
        // IMDS says `error_description`, App Service `message`.
        let said = ["error_description", "message"]
            .iter()
            .find_map(|name| json[*name].as_str())
            .unwrap_or_default();
        let known = aadsts::in_text(said).and_then(aadsts::meaning);
        let secret: Vec<&Secret> = match &self.host {
            Host::AppService { header, .. } => vec![header],
            Host::Imds(_) => Vec::new(),
        };
        let mut message = format!("{who} gives no token ({})", status.as_u16());
        for text in [known.map_or("", |known| known.means), &tame(said, &secret)] {
            if !text.is_empty() {
                message.push_str(": ");
                message.push_str(text.trim_end_matches('.'));
            }
        }
        let mut error = failed(message).hint(known.map_or(hint, |known| known.fix));
        error.status = Some(status.as_u16());
        Err(error)
    }
}

impl Managed {
    fn request(&self) -> Option<http::Request<bytes::Bytes>> {
        let (mut url, version) = match &self.host {
            Host::AppService { url, .. } => (url.clone(), "2019-08-01"),
            Host::Imds(root) => {
                let path = format!(
                    "{}/metadata/identity/oauth2/token",
                    root.path().trim_end_matches('/')
                );
                let mut url = root.clone();
                url.set_path(&path);
                (url, "2018-02-01")
            }
        };
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("api-version", version)
                .append_pair("resource", &self.resource);
            if let Some(client_id) = &self.client_id {
                query.append_pair("client_id", client_id);
            }
        }
        match &self.host {
            Host::AppService { header, .. } => {
                let header = ("x-identity-header", header.expose().to_owned());
                request(Method::GET, &url, &[header], &[])
            }
            // Shows that nobody was tricked into fetching this address.
            Host::Imds(_) => request(Method::GET, &url, &[], &[("metadata", "true")]),
        }
    }
}
