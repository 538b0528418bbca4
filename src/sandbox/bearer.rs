//! Whether a caller's token lets it in, and what it may do then.

use http::StatusCode;
use serde_json::Value;

use super::base64;
use super::incoming::Incoming;
use super::reply::Reply;

/// The resources that mean Microsoft Graph, in all clouds.
pub(super) const GRAPH_RESOURCES: [&str; 5] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "00000003-0000-0000-c000-000000000000",
];

/// Refuses a request without a usable token.
pub(super) fn authenticate(request: &Incoming, tenant_id: &str) -> Result<(), Reply> {
    let token = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .unwrap_or_default();
    if token.is_empty() {
        return Err(refuse("Access token is empty."));
    }
    // An opaque token is as good as any: nothing here is worth guarding. One
    // that says what it is for must be for this, or a mistake would pass.
    let Some(claims) = claims(token) else {
        return Ok(());
    };
    let now = jiff::Timestamp::now().as_second();
    if claims
        .get("exp")
        .and_then(Value::as_i64)
        .is_some_and(|expiry| expiry <= now)
    {
        return Err(refuse("Lifetime validation failed, the token is expired."));
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("tid").is_some_and(|tid| !tid.eq_ignore_ascii_case(tenant_id)) {
        return Err(refuse("The token was issued by another tenant."));
    }
    if text("aud").is_some_and(|audience| !is_graph(audience, &request.origin)) {
        return Err(refuse("Access token validation failure. Invalid audience."));
    }
    Ok(())
}

/// Whether a resource is Graph: a real one, or this simulation.
pub(super) fn is_graph(resource: &str, origin: &str) -> bool {
    let resource = resource.trim_end_matches('/');
    GRAPH_RESOURCES
        .iter()
        .any(|graph| graph.eq_ignore_ascii_case(resource))
        || resource.eq_ignore_ascii_case(origin)
}

/// The claims of a token that is a JWT.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims: Value = serde_json::from_slice(&base64::decode(payload)?).ok()?;
    claims.is_object().then_some(claims)
}

fn refuse(message: &str) -> Reply {
    Reply::error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message).header(
        "www-authenticate",
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\"",
    )
}

/// Refuses a caller that holds none of the permissions. A tenant that states
/// no permissions lets callers do everything.
pub(super) fn authorize(held: Option<&[String]>, any_of: &[&str]) -> Result<(), Reply> {
    if holds(held, any_of) {
        return Ok(());
    }
    Err(Reply::error(
        StatusCode::FORBIDDEN,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    ))
}

/// Whether a caller holds one of the permissions.
pub(super) fn holds(held: Option<&[String]>, any_of: &[&str]) -> bool {
    held.is_none_or(|held| {
        held.iter().any(|held| {
            any_of
                .iter()
                .any(|wanted| held.eq_ignore_ascii_case(wanted))
        })
    })
}
