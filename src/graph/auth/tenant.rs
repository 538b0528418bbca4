//! Which tenant a domain belongs to.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use crate::graph::error::GraphError;
use crate::graph::seam::Seam;

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
