//! The authentication methods policy and its configurations.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::bearer::authorize;
use super::behavior::{Annotations, Etag, Verdict, WordCase, WriteAnswer};
use super::check::check;
use super::guise;
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
    state: &mut State,
    request: &Incoming,
    id: &str,
    stale: bool,
) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(request)?;
    let policy = if stale {
        state.previous_policy(id)
    } else {
        state.visible_policy(id)
    };
    state.count_read(id);
    let policy = policy.ok_or_else(|| missing(id))?;
    Ok(preference(entity(state, request, id, &policy), request))
}

/// The answer that shows one configuration.
fn entity(state: &State, request: &Incoming, id: &str, policy: &Value) -> Reply {
    let context = format!(
        "{}/v1.0/$metadata#authenticationMethodConfigurations/$entity",
        request.origin
    );
    let mut shown = Map::new();
    shown.insert("@odata.context".to_owned(), context.into());
    let tag = (state.tenant.behavior.etag == Etag::Present).then(|| etag(policy));
    if let Some(tag) = &tag {
        shown.insert("@odata.etag".to_owned(), tag.clone().into());
    }
    shown.extend(show(state, policy, id, request));
    let reply = Reply::json(shown.into());
    match tag {
        Some(tag) => reply.header("etag", tag),
        None => reply,
    }
}

/// `GET /policies/authenticationMethodsPolicy`.
pub(super) fn get_all(state: &State, request: &Incoming) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), READ)?;
    refuse_options(request)?;
    let configurations: Vec<Value> = state
        .configuration_ids()
        .iter()
        .filter_map(|id| Some(show(state, &state.visible_policy(id)?, id, request).into()))
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
    precondition(state, request, &stored)?;
    let mut body = match request.json() {
        Ok(Value::Object(body)) => body,
        Ok(_) => return Err(malformed("The request body must be a JSON object.")),
        Err(message) => return Err(malformed(message)),
    };
    let of = type_of(id, &stored);
    let behavior = state.tenant.behavior;
    if behavior.annotations == Annotations::Ignore {
        guise::drop_annotations(&mut body);
    }
    if behavior.word_case == WordCase::Lower {
        // A word that came in lower case must be good enough to send back.
        guise::restore_words(of, &mut body);
    }
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
            behavior,
        },
    )
    .map_err(Reply::bad_request)?;
    let mut members = match stored {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    merge(&mut members, &body, of, behavior);
    if behavior.empty_targets == Verdict::Refuse {
        refuse_nobody(&members, &body)?;
    }
    let policy = Value::Object(members);
    refuse_oversize(state, id, &policy)?;
    let done = save(state, id, Some(policy.clone()))?;
    Ok(match behavior.write_answer {
        WriteAnswer::NoContent => done,
        WriteAnswer::Entity => entity(state, request, id, &policy),
    })
}

/// `DELETE …/authenticationMethodConfigurations/{id}`: the default again. An
/// external method, of which no default exists, is gone.
pub(super) fn delete(state: &mut State, request: &Incoming, id: &str) -> Result<Reply, Reply> {
    authorize(state.tenant.permissions.as_deref(), WRITE)?;
    refuse_options(request)?;
    let stored = state.policy(id).ok_or_else(|| missing(id))?;
    precondition(state, request, &stored)?;
    let default = state.default_policy(id);
    save(state, id, default)
}

fn save(state: &mut State, id: &str, policy: Option<Value>) -> Result<Reply, Reply> {
    match state.write(id, policy) {
        Ok(()) => Ok(Reply::no_content()),
        Err(error) => {
            // Nothing was written, and that is certain: no server error, after
            // which a client could not know.
            Err(Reply::error(
                StatusCode::CONFLICT,
                "Conflict",
                format!("The sandbox could not save this: {error}."),
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

/// Refuses a method that would be enabled for nobody, where the body says
/// something of either.
fn refuse_nobody(merged: &Map<String, Value>, body: &Map<String, Value>) -> Result<(), Reply> {
    let touched = body.contains_key("state") || body.contains_key("includeTargets");
    let enabled = merged.get("state").is_some_and(|state| state == "enabled");
    let nobody = merged.get("includeTargets").is_none_or(rules::is_nothing);
    if touched && enabled && nobody {
        let message = "'includeTargets' must have at least one target while the method is enabled.";
        return Err(Reply::bad_request(message));
    }
    Ok(())
}

/// The entity tag of a policy. Equal policies have equal tags, in every run.
fn etag(policy: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    policy.to_string().hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Refuses a write that was meant for another state of the policy.
fn precondition(state: &State, request: &Incoming, stored: &Value) -> Result<(), Reply> {
    let Some(wanted) = request.header("if-match") else {
        return Ok(());
    };
    let now = etag(stored);
    let matches = wanted
        .split(',')
        .any(|tag| ["*", now.as_str()].contains(&tag.trim()));
    if state.tenant.behavior.etag == Etag::Absent || matches {
        return Ok(());
    }
    let message = "The ETag value in the If-Match header does not match the current one.";
    Err(Reply::error(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        message,
    ))
}

/// A stored policy as a GET shows it, without the context.
fn show(state: &State, policy: &Value, id: &str, request: &Incoming) -> Map<String, Value> {
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
    guise::dress(of, &mut shown, state.tenant.behavior);
    shown
}

fn preference(reply: Reply, request: &Incoming) -> Reply {
    if request.wants_unknown_members() {
        reply.header("preference-applied", "include-unknown-enum-members")
    } else {
        reply
    }
}
