//! The authentication methods policy and its configurations.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::bearer::authorize;
use super::check::check;
use super::incoming::Incoming;
use super::merge::merge;
use super::reply::Reply;
use super::rules::{self, Directory};
use super::schema;
use super::state::{State, type_of};
use super::vocabulary::mask;

const READ: &[&str] = &[
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
];
const WRITE: &[&str] = &["Policy.ReadWrite.AuthenticationMethod"];

/// `GET …/authenticationMethodConfigurations/{id}`. With `stale`, what it was
/// before the last write.
pub(super) fn get(
    state: &State,
    request: &Incoming,
    id: &str,
    stale: bool,
) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(request)?;
    let policy = if stale {
        state.previous_policy(id)
    } else {
        state.policy(id)
    };
    let policy = policy.ok_or_else(|| missing(id))?;
    let context = format!(
        "{}/v1.0/$metadata#authenticationMethodConfigurations/$entity",
        request.origin
    );
    let mut shown = Map::new();
    shown.insert("@odata.context".to_owned(), context.into());
    shown.extend(show(&policy, id, request));
    Ok(preference(Reply::json(shown.into()), request))
}

/// `GET /policies/authenticationMethodsPolicy`.
pub(super) fn get_all(state: &State, request: &Incoming) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(request)?;
    let configurations: Vec<Value> = state
        .configuration_ids()
        .iter()
        .filter_map(|id| Some(show(&state.policy(id)?, id, request).into()))
        .collect();
    let metadata = format!("{}/v1.0/$metadata#", request.origin);
    let policy = json!({
        "@odata.context": format!("{metadata}policies/authenticationMethodsPolicy/$entity"),
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed in the tenant",
        "lastModifiedDateTime": state.last_modified,
        "policyVersion": "1.5",
        "policyMigrationState": null,
        "reconfirmationInDays": null,
        "registrationEnforcement": {
            "authenticationMethodsRegistrationCampaign": {
                "snoozeDurationInDays": 1,
                "enforceRegistrationAfterAllowedSnoozes": true,
                "state": "default",
                "excludeTargets": [],
                "includeTargets": [],
            },
        },
        "authenticationMethodConfigurations@odata.context":
            format!("{metadata}policies/authenticationMethodsPolicy/authenticationMethodConfigurations"),
        "authenticationMethodConfigurations": configurations,
    });
    Ok(preference(Reply::json(policy), request))
}

/// `PATCH …/authenticationMethodConfigurations/{id}`.
pub(super) fn patch(state: &mut State, request: &Incoming, id: &str) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), WRITE)?;
    refuse_options(request)?;
    let stored = state.policy(id).ok_or_else(|| missing(id))?;
    let body = match request.json() {
        Ok(Value::Object(body)) => body,
        Ok(_) => return Err(malformed("The request body must be a JSON object.")),
        Err(message) => return Err(malformed(message)),
    };
    let of = type_of(id, &stored);
    check(&body, id, of, &state.known).map_err(malformed)?;
    let has_group = |id: &str| {
        state
            .tenant
            .groups
            .iter()
            .any(|group| group.id.eq_ignore_ascii_case(id))
    };
    rules::review(
        &body,
        of,
        &Directory {
            has_group: &has_group,
            stored: &stored,
        },
    )
    .map_err(Reply::bad_request)?;
    let mut members = match stored {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    merge(&mut members, &body, of, state.tenant.behavior);
    let policy = Value::Object(members);
    refuse_oversize(state, id, &policy)?;
    save(state, id, Some(policy))
}

/// `DELETE …/authenticationMethodConfigurations/{id}`: the default again. An
/// external method, of which no default exists, is gone.
pub(super) fn delete(state: &mut State, request: &Incoming, id: &str) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), WRITE)?;
    refuse_options(request)?;
    if state.policy(id).is_none() {
        return Err(missing(id));
    }
    let default = state.default_policy(id);
    save(state, id, default)
}

fn save(state: &mut State, id: &str, policy: Option<Value>) -> Result<Reply, Reply> {
    match state.write(id, policy) {
        Ok(()) => Ok(Reply::no_content()),
        Err(error) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Reply::error(
                status,
                "generalException",
                format!("The sandbox {error}"),
            ))
        }
    }
}

fn missing(id: &str) -> Reply {
    let message = format!("The authentication method configuration '{id}' was not found.");
    Reply::error(StatusCode::NOT_FOUND, "ResourceNotFound", message)
}

fn malformed(message: impl Into<String>) -> Reply {
    Reply::error(StatusCode::BAD_REQUEST, "BadRequest", message)
}

fn refuse_options(request: &Incoming) -> Result<(), Reply> {
    match request.query.iter().find(|(name, _)| name.starts_with('$')) {
        None => Ok(()),
        Some((name, _)) => Err(malformed(format!(
            "The query option '{name}' is not supported by this resource."
        ))),
    }
}

/// The documented limit counts all methods together.
fn refuse_oversize(state: &State, id: &str, policy: &Value) -> Result<(), Reply> {
    let others: usize = state
        .configuration_ids()
        .iter()
        .filter(|other| !other.eq_ignore_ascii_case(id))
        .filter_map(|other| state.policy(other))
        .map(|policy| policy.to_string().len())
        .sum();
    let total = others + policy.to_string().len();
    if total <= rules::MAX_POLICY_BYTES {
        return Ok(());
    }
    Err(Reply::bad_request(format!(
        "The authentication methods policy would have {total} bytes; the maximum is {}.",
        rules::MAX_POLICY_BYTES
    )))
}

/// A stored policy as a GET shows it, without the context.
fn show(policy: &Value, id: &str, request: &Incoming) -> Map<String, Value> {
    let of = type_of(id, policy);
    let wire_id = schema::well_known(id).map_or(id, |known| known.id);
    let context = format!(
        "{}/v1.0/$metadata#policies/authenticationMethodsPolicy/authenticationMethodConfigurations('{}')/\
         microsoft.graph.{}/includeTargets",
        request.origin, wire_id, of.name
    );
    let mut shown = Map::new();
    shown.insert(
        "@odata.type".to_owned(),
        format!("#microsoft.graph.{}", of.name).into(),
    );
    shown.insert("id".to_owned(), wire_id.into());
    for (name, value) in policy.as_object().into_iter().flatten() {
        if name == "includeTargets" && !shown.contains_key("includeTargets@odata.context") {
            shown.insert(
                "includeTargets@odata.context".to_owned(),
                context.clone().into(),
            );
        }
        // What the file says stands, even where it contradicts the above.
        shown.insert(name.clone(), value.clone());
    }
    if !request.wants_unknown_members() {
        mask(of, &mut shown);
    }
    shown
}

fn preference(reply: Reply, request: &Incoming) -> Reply {
    if request.wants_unknown_members() {
        reply.header("preference-applied", "include-unknown-enum-members")
    } else {
        reply
    }
}
