//! Simulated hosts that a job or a machine asks for a token of its own: GitHub
//! Actions, Azure Pipelines, App Service, and a virtual machine's IMDS.

use http::StatusCode;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::base64;
use super::incoming::Incoming;
use super::reply::{Content, Reply};
use super::sign_in::{LIFETIME_SECONDS, access_token};
use super::state::State;
use super::tenant::{Application, ManagedIdentity};

/// The key of these issuers. Everybody has it, so it proves nothing outside a
/// simulated tenant.
const KEY: &str = include_str!("issuer-key.txt");
/// How long an assertion lives; GitHub's do for five minutes.
const ASSERTION_SECONDS: i64 = 300;
/// What shows App Service that a request comes from inside.
pub(super) const IDENTITY_HEADER: &str = "x-identity-header";

/// A simulated host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fake {
    GitHub,
    Pipelines,
    AppService,
    Imds,
}

impl Fake {
    /// By the path below `/fake`.
    pub fn find(segments: &[&str]) -> Option<Self> {
        match segments {
            ["github-oidc"] => Some(Self::GitHub),
            ["azure-pipelines"] => Some(Self::Pipelines),
            ["app-service"] => Some(Self::AppService),
            ["imds", "metadata", "identity", "oauth2", "token"] => Some(Self::Imds),
            _ => None,
        }
    }

    pub fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Pipelines => &["POST"],
            _ => &["GET"],
        }
    }
}

/// Answers as the host would.
pub(super) fn answer(state: &State, request: &Incoming, fake: Fake) -> Reply {
    match fake {
        Fake::GitHub => github(request),
        Fake::Pipelines => pipelines(request),
        Fake::AppService => app_service(state, request),
        Fake::Imds => imds(state, request),
    }
}

/// The issuers' public key: modulus and exponent.
pub(super) fn public_key() -> Option<(Vec<u8>, Vec<u8>)> {
    let key: PublicKeyComponents<Vec<u8>> = key()?.public().into();
    Some((key.n, key.e))
}

fn key() -> Option<RsaKeyPair> {
    let text: String = KEY.split_whitespace().collect();
    RsaKeyPair::from_pkcs8(&base64::decode(&text)?).ok()
}

fn refuse(status: StatusCode, body: Value) -> Reply {
    Reply::with(status, Content::Json(body))
}

/// Whether somebody showed a request token; which one, nobody minds here.
fn has_bearer(request: &Incoming) -> bool {
    request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()
        })
}

/// Who asserts, about whom, for whom, as the address may say.
fn assertion(request: &Incoming, issuer: &str, subject: &str, audience: &str) -> Option<String> {
    let now = jiff::Timestamp::now().as_second();
    let seconds = request
        .option("lifetime")
        .and_then(|text| text.parse().ok())
        .unwrap_or(ASSERTION_SECONDS);
    let claims = json!({
        "iss": request.option("issuer").unwrap_or(issuer),
        "sub": request.option("subject").unwrap_or(subject),
        "aud": request.option("audience").unwrap_or(audience),
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
    });
    let part = |value: &Value| base64::encode(value.to_string().as_bytes());
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "simulated" });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let key = key()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .ok()?;
    Some(format!("{signed}.{}", base64::encode(&signature)))
}

fn asserted(member: &str, assertion: Option<String>) -> Reply {
    match assertion {
        Some(assertion) => Reply::json(json!({ member: assertion })),
        None => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "message": "The simulated issuer has no key." }),
        ),
    }
}

fn github(request: &Incoming) -> Reply {
    if !has_bearer(request) {
        let body = json!({ "message": "The request token is missing." });
        return refuse(StatusCode::UNAUTHORIZED, body);
    }
    asserted(
        "value",
        assertion(
            request,
            "https://token.actions.githubusercontent.com",
            "repo:contoso/policies:ref:refs/heads/main",
            "https://github.com/contoso",
        ),
    )
}

fn pipelines(request: &Incoming) -> Reply {
    if !has_bearer(request) {
        let body = json!({ "message": "The request token is missing." });
        return refuse(StatusCode::UNAUTHORIZED, body);
    }
    for name in ["api-version", "serviceConnectionId"] {
        if request.option(name).is_none_or(str::is_empty) {
            let body = json!({ "message": format!("The request lacks '{name}'.") });
            return refuse(StatusCode::BAD_REQUEST, body);
        }
    }
    asserted(
        "oidcToken",
        assertion(
            request,
            "https://vstoken.dev.azure.com/contoso",
            "sc://contoso/policies/entrue",
            "api://AzureADTokenExchange",
        ),
    )
}

/// The identity that is asked for: by client id, or the machine's own.
fn identity<'a>(state: &'a State, request: &Incoming) -> Option<&'a Application> {
    let wanted = request.option("client_id");
    state.tenant.applications.iter().find(|application| {
        match (wanted, application.managed_identity) {
            (_, None) => false,
            (Some(id), Some(_)) => application.app_id.eq_ignore_ascii_case(id),
            (None, Some(kind)) => kind == ManagedIdentity::SystemAssigned,
        }
    })
}

fn token(state: &State, request: &Incoming, identity: &Application) -> Value {
    let resource = request.option("resource").unwrap_or_default();
    let expiry = jiff::Timestamp::now().as_second() + LIFETIME_SECONDS;
    json!({
        "access_token": access_token(state, &identity.app_id, resource, &request.origin),
        "client_id": identity.app_id,
        "expires_on": expiry.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    })
}

fn app_service(state: &State, request: &Incoming) -> Reply {
    let wrong = |status: StatusCode, message: &str| {
        let body = json!({ "statusCode": status.as_u16(), "message": message });
        refuse(status, body)
    };
    let bad = StatusCode::BAD_REQUEST;
    if request.header(IDENTITY_HEADER).is_none_or(str::is_empty) {
        return wrong(StatusCode::UNAUTHORIZED, "The identity header is missing.");
    }
    if request.option("api-version") != Some("2019-08-01") {
        return wrong(bad, "The api-version is not supported.");
    }
    if request.option("resource").is_none_or(str::is_empty) {
        return wrong(bad, "The resource is missing.");
    }
    match identity(state, request) {
        Some(identity) => Reply::json(token(state, request, identity)),
        None => wrong(
            bad,
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        ),
    }
}

fn imds(state: &State, request: &Incoming) -> Reply {
    let wrong = |description: &str| {
        let body = json!({ "error": "invalid_request", "error_description": description });
        refuse(StatusCode::BAD_REQUEST, body)
    };
    if request.header("metadata") != Some("true") {
        return wrong("Required metadata header not specified");
    }
    if request.option("api-version").is_none_or(str::is_empty) {
        return wrong("Required query variable 'api-version' is missing");
    }
    if request.option("resource").is_none_or(str::is_empty) {
        return wrong("Required query variable 'resource' is missing");
    }
    match identity(state, request) {
        Some(identity) => Reply::json(token(state, request, identity)),
        None => wrong("Identity not found"),
    }
}
