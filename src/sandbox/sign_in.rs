//! The simulated sign-in: the token endpoint and its discovery document.

use http::StatusCode;
use serde_json::{Value, json};

use super::base64;
use super::bearer::is_graph;
use super::federation;
use super::incoming::Incoming;
use super::reply::{Content, Ids, Reply};
use super::state::State;
use super::tenant::Application;

pub(super) const LIFETIME_SECONDS: i64 = 3599;
/// What a token's roles say where the tenant states no permissions.
const EVERYTHING: &[&str] = &[
    "Policy.ReadWrite.AuthenticationMethod",
    "Group.Read.All",
    "Directory.Read.All",
];

/// An error as Entra words it.
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    message: String,
}

impl Refusal {
    pub fn new(
        status: StatusCode,
        error: &'static str,
        code: u32,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            code,
            message: message.into(),
        }
    }

    fn into_reply(self, ids: &Ids) -> Reply {
        let Self {
            status,
            error,
            code,
            message,
        } = self;
        let timestamp = jiff::Timestamp::now()
            .strftime("%Y-%m-%d %H:%M:%SZ")
            .to_string();
        let correlation = ids.client.as_ref().unwrap_or(&ids.request);
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {message} Trace ID: {} Correlation ID: {correlation} Timestamp: {timestamp}",
                ids.request
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": ids.request,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        plain(Reply::with(status, Content::Json(body)))
    }
}

/// Entra's own JSON carries no OData parameters.
fn plain(reply: Reply) -> Reply {
    reply
        .header("content-type", "application/json; charset=utf-8")
        .header("cache-control", "no-store, no-cache")
}

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn token(state: &State, request: &Incoming, tenant: &str, ids: &Ids) -> Reply {
    match issue(state, request, tenant) {
        Ok(token) => plain(Reply::json(token)),
        Err(refusal) => refusal.into_reply(ids),
    }
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(super) fn discovery(state: &State, request: &Incoming, tenant: &str, ids: &Ids) -> Reply {
    if let Err(refusal) = find_tenant(state, tenant) {
        return refusal.into_reply(ids);
    }
    let id = &state.tenant.tenant.id;
    let here = format!("{}/{id}", request.origin);
    plain(Reply::json(json!({
        "token_endpoint": format!("{here}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "issuer": format!("https://login.microsoftonline.com/{id}/v2.0"),
        "authorization_endpoint": format!("{here}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{here}/discovery/v2.0/keys"),
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    })))
}

fn find_tenant(state: &State, name: &str) -> Result<(), Refusal> {
    let tenant = &state.tenant.tenant;
    let known = std::iter::once(&tenant.id).chain(&tenant.domains);
    if known
        .into_iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        90002,
        format!(
            "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud."
        ),
    ))
}

fn issue(state: &State, request: &Incoming, tenant: &str) -> Result<Value, Refusal> {
    let bad = StatusCode::BAD_REQUEST;
    find_tenant(state, tenant)?;
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let needed = |name: &str| {
        field(name).ok_or_else(|| {
            let message =
                format!("The request body must contain the following parameter: '{name}'.");
            Refusal::new(bad, "invalid_request", 900_144, message)
        })
    };
    let grant = needed("grant_type")?;
    if grant != "client_credentials" {
        let message = format!("The app requested an unsupported grant type '{grant}'.");
        return Err(Refusal::new(bad, "unsupported_grant_type", 70003, message));
    }
    let (client_id, scope) = (needed("client_id")?, needed("scope")?);
    let application = state
        .tenant
        .applications
        .iter()
        .find(|application| application.app_id.eq_ignore_ascii_case(client_id));
    let Some(application) = application else {
        let message = format!(
            "Application with identifier '{client_id}' was not found in the directory '{tenant}'."
        );
        return Err(Refusal::new(bad, "unauthorized_client", 700_016, message));
    };
    if let Some(assertion) = field("client_assertion") {
        if needed("client_assertion_type")? != federation::ASSERTION_TYPE {
            let message = format!(
                "The request's 'client_assertion_type' must be '{}'.",
                federation::ASSERTION_TYPE
            );
            return Err(Refusal::new(bad, "invalid_request", 900_144, message));
        }
        federation::check(application, assertion)?;
    } else {
        check_secret(application, needed("client_secret")?)?;
    }
    let resource = scope
        .strip_suffix("/.default")
        .filter(|resource| !resource.is_empty() && !resource.contains(' '));
    let Some(resource) = resource else {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a \
             scope value with /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err(Refusal::new(bad, "invalid_scope", 1_002_012, message));
    };
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": access_token(state, &application.app_id, resource, &request.origin),
    }))
}

fn check_secret(application: &Application, secret: &str) -> Result<(), Refusal> {
    let refuse =
        |code, message| Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", code, message);
    let client_id = &application.app_id;
    if application.secrets.iter().any(|known| known == secret) {
        return Ok(());
    }
    if application
        .expired_secrets
        .iter()
        .any(|known| known == secret)
    {
        let message = format!(
            "The provided client secret keys for app '{client_id}' are expired. Visit the Azure \
             portal to create new keys for your app."
        );
        return Err(refuse(7_000_222, message));
    }
    let message = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the \
         client secret value, not the client secret ID, for a secret added to app '{client_id}'."
    );
    Err(refuse(7_000_215, message))
}

/// A token that looks like one of Entra's, and that nobody signed.
pub(super) fn access_token(state: &State, app_id: &str, resource: &str, origin: &str) -> String {
    let tenant = &state.tenant.tenant.id;
    let now = jiff::Timestamp::now().as_second();
    let roles: Vec<&str> = match &state.tenant.permissions {
        Some(held) => held.iter().map(String::as_str).collect(),
        None => EVERYTHING.to_vec(),
    };
    // A token for something else than Graph carries none of its roles.
    let roles = if is_graph(resource, origin) {
        roles
    } else {
        Vec::new()
    };
    let header = json!({ "typ": "JWT", "alg": "none" });
    let claims = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "appid": app_id,
        "idtyp": "app",
        "roles": roles,
        "tid": tenant,
        "ver": "1.0",
    });
    let part = |value: &Value| base64::encode(value.to_string().as_bytes());
    format!(
        "{}.{}.{}",
        part(&header),
        part(&claims),
        base64::encode(b"signed by nobody")
    )
}
