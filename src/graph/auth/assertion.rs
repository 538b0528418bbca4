//! Sign-in without a secret: somebody whom the application trusts asserts who
//! runs this, in a signed token, and Entra takes that for the application.

use std::path::PathBuf;

use async_trait::async_trait;
use http::Method;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::graph::error::GraphError;
use crate::graph::token::{Secret, tidy};

use super::entra::{App, Proof};
use super::exchange::{Exchange, bearer, request};
use super::{SignIn, failed};

/// The version of Azure DevOps' interface for these tokens.
const PIPELINES_VERSION: &str = "7.1";
/// No assertion is larger; a larger file is something else.
const FILE_MAX: u64 = 64 * 1024;

/// An application that signs in with what its issuer asserts.
pub struct Federated {
    /// The application.
    pub app: App,
    /// Who asserts.
    pub issuer: Issuer,
}

/// Where assertions come from. Each is asked anew for every sign-in: what they
/// give is short-lived.
pub enum Issuer {
    /// The job's own token of GitHub Actions.
    GitHub {
        /// Where GitHub issues it.
        url: Url,
        /// What lets this job ask. Goes there and nowhere else.
        token: Secret,
        /// Whom the assertion is for; differs by cloud.
        audience: &'static str,
    },
    /// A file that something else renews, as Kubernetes does.
    File(PathBuf),
    /// A service connection of Azure Pipelines.
    Pipelines {
        /// Where Azure DevOps issues it.
        url: Url,
        /// What lets this job ask. Goes there and nowhere else.
        token: Secret,
        /// The id of the service connection.
        connection: String,
    },
}

#[async_trait]
impl SignIn for Federated {
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError> {
        let assertion = self.assertion(deadline).await?;
        self.app.token(Proof::Assertion(&assertion), deadline).await
    }
}

impl Federated {
    async fn assertion(&self, deadline: Instant) -> Result<Secret, GraphError> {
        let (who, hint, member) = match &self.issuer {
            Issuer::File(path) => return from_file(path).await,
            Issuer::GitHub { .. } => (
                "GitHub's token service",
                "the job needs `permissions: id-token: write`; its request token ends with the job",
                "value",
            ),
            Issuer::Pipelines { .. } => (
                "Azure Pipelines' token service",
                "check that the pipeline may use the service connection, that it uses workload identity federation, and that the step maps SYSTEM_ACCESSTOKEN",
                "oidcToken",
            ),
        };
        let mut exchange = Exchange::new(&self.app.seam, deadline, who);
        exchange.hint = "check the network";
        let answer = exchange.send(|| self.issuer.request()).await?;
        // What it says besides is not shown: it may hold what it was sent.
        let status = answer.status();
        if !status.is_success() {
            let how = if status.is_redirection() {
                "redirects, and the request token is not sent along"
            } else {
                "gives no assertion"
            };
            let mut error = failed(format!("{who} {how} ({})", status.as_u16())).hint(hint);
            error.status = Some(status.as_u16());
            return Err(error);
        }
        let json: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        json[member]
            .as_str()
            .and_then(|text| tidy(text).ok())
            .ok_or_else(|| failed(format!("the answer of {who} holds no assertion")).hint(hint))
    }
}

impl Issuer {
    fn request(&self) -> Option<http::Request<bytes::Bytes>> {
        match self {
            Issuer::GitHub {
                url,
                token,
                audience,
            } => {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("audience", audience);
                let json = [("accept", "application/json")];
                request(Method::GET, &url, &[bearer(token)], &json)
            }
            Issuer::Pipelines {
                url,
                token,
                connection,
            } => {
                let mut url = url.clone();
                url.query_pairs_mut()
                    .append_pair("api-version", PIPELINES_VERSION)
                    .append_pair("serviceConnectionId", connection);
                let headers = [
                    ("accept", "application/json"),
                    ("content-type", "application/json"),
                    ("content-length", "0"),
                    // Else it answers a bad token with a page to sign in on.
                    ("x-tfs-fedauthredirect", "Suppress"),
                ];
                request(Method::POST, &url, &[bearer(token)], &headers)
            }
            Issuer::File(_) => None,
        }
    }
}

async fn from_file(path: &PathBuf) -> Result<Secret, GraphError> {
    let wrong = |why: String| {
        failed(format!(
            "AZURE_FEDERATED_TOKEN_FILE: {}: {why}",
            path.display()
        ))
        .hint("check that the file is mounted into this container and that this user may read it")
    };
    let size = tokio::fs::metadata(path)
        .await
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > FILE_MAX {
        return Err(wrong("is too large for a token".to_owned()));
    }
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    tidy(&text).map_err(|_| wrong("holds no token".to_owned()))
}
