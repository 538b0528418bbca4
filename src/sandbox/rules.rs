//! What a well-shaped PATCH must still satisfy: priorities, targets, sizes.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::behavior::{Behavior, Verdict};
use super::guid::is_guid;
use super::schema::{
    BINDING, EXCLUDE_TARGET, FEATURE_TARGET, INCLUDE_TARGET, Kind, ObjectType, RULE, SCOPE, TARGET,
};
use super::text::is_oid;

/// The documented limit of the whole policy, all methods together.
pub(super) const MAX_POLICY_BYTES: usize = 20 * 1024;
/// The documented number of certificate authority scopes.
const MAX_SCOPES: usize = 30;
/// The id that stands for everybody.
const ALL_USERS: &str = "all_users";
/// What Authenticator's feature settings hold where they mean nobody.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What targets are judged by.
pub(super) struct Directory<'a> {
    /// Whether a group with that id exists.
    pub has_group: &'a dyn Fn(&str) -> bool,
    /// The policy as it is stored. Ids it already has may stay, also those
    /// of deleted groups and of users.
    pub stored: &'a Value,
    /// What the service lets pass.
    pub behavior: Behavior,
}

/// The first rule that the body of a PATCH breaks, if any.
pub(super) fn review(
    body: &Map<String, Value>,
    of: &'static ObjectType,
    directory: &Directory<'_>,
) -> Result<(), String> {
    for (name, value) in body {
        if name == "certificateUserBindings"
            && directory.behavior.empty_bindings == Verdict::Refuse
            && is_nothing(value)
        {
            return Err(
                "'certificateUserBindings' must have at least one user binding.".to_owned(),
            );
        }
        if let Some(property) = of.property(name) {
            review_value(value, property.kind, directory, name)?;
        }
    }
    Ok(())
}

fn review_value(
    value: &Value,
    kind: Kind,
    directory: &Directory<'_>,
    at: &str,
) -> Result<(), String> {
    match (kind, value) {
        (Kind::Object(of), Value::Object(members)) => {
            if of.is(&FEATURE_TARGET) {
                return review_feature_target(members, directory, at);
            }
            if of.is(&RULE) && directory.behavior.malformed_oids == Verdict::Refuse {
                review_oid(members)?;
            }
            review(members, of, directory)
        }
        (Kind::List(Kind::Object(of)), Value::Array(items)) => {
            if [&TARGET, &EXCLUDE_TARGET, &INCLUDE_TARGET]
                .into_iter()
                .any(|target| of.is(target))
            {
                return review_targets(items, directory, at);
            }
            if of.is(&BINDING) {
                return review_bindings(items);
            }
            if of.is(&SCOPE) && items.len() > MAX_SCOPES {
                return Err(format!(
                    "There can be at most {MAX_SCOPES} certificate authority scopes; {} were given.",
                    items.len()
                ));
            }
            items
                .iter()
                .try_for_each(|item| review_value(item, Kind::Object(of), directory, at))
        }
        _ => Ok(()),
    }
}

/// Whether a list holds nothing, or is none.
pub(super) fn is_nothing(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

fn review_oid(rule: &Map<String, Value>) -> Result<(), String> {
    let member = |name| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let oid = match member("x509CertificateRuleType") {
        "policyOID" => member("identifier"),
        "issuerSubjectAndPolicyOID" => member("policyOidIdentifier"),
        _ => return Ok(()),
    };
    if is_oid(oid) {
        return Ok(());
    }
    Err(format!(
        "The policy OID '{oid}' of a rule is not numbers joined by dots."
    ))
}

fn review_bindings(bindings: &[Value]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for priority in bindings
        .iter()
        .filter_map(|binding| binding.get("priority")?.as_i64())
    {
        if priority < 0 {
            return Err(format!(
                "The priority {priority} of a user binding is negative."
            ));
        }
        if !seen.insert(priority) {
            return Err(format!("Two user bindings have the priority {priority}."));
        }
    }
    Ok(())
}

fn review_targets(targets: &[Value], directory: &Directory<'_>, at: &str) -> Result<(), String> {
    let mut seen = HashSet::new();
    for target in targets {
        let member = |name| target.get(name).and_then(Value::as_str).unwrap_or_default();
        let (id, target_type) = (member("id"), member("targetType"));
        if !seen.insert(id.to_ascii_lowercase()) {
            return Err(format!("The target '{id}' is given twice in '{at}'."));
        }
        let stored = holds_target(directory.stored, id, target_type);
        match target_type {
            _ if stored => {}
            "user" => {
                return Err(format!(
                    "The target '{id}' in '{at}' is a user. Individual users can't be added as \
                     targets any more."
                ));
            }
            _ if id == ALL_USERS => {}
            _ => review_group(id, directory, at)?,
        }
    }
    Ok(())
}

fn review_feature_target(
    target: &Map<String, Value>,
    directory: &Directory<'_>,
    at: &str,
) -> Result<(), String> {
    let member = |name| target.get(name).and_then(Value::as_str);
    let (Some(id), target_type) = (member("id"), member("targetType").unwrap_or("group")) else {
        return Ok(());
    };
    if id == ALL_USERS || id == NOBODY || holds_target(directory.stored, id, target_type) {
        return Ok(());
    }
    if target_type == "group" {
        return review_group(id, directory, at);
    }
    if is_guid(id) {
        Ok(())
    } else {
        Err(not_an_id(id, at))
    }
}

fn review_group(id: &str, directory: &Directory<'_>, at: &str) -> Result<(), String> {
    if !is_guid(id) {
        return Err(not_an_id(id, at));
    }
    let refuses = directory.behavior.unknown_groups == Verdict::Refuse;
    if refuses && !(directory.has_group)(id) {
        return Err(format!("The group '{id}' in '{at}' does not exist."));
    }
    Ok(())
}

fn not_an_id(id: &str, at: &str) -> String {
    format!("The target '{id}' in '{at}' is neither an object id nor '{ALL_USERS}'.")
}

/// Whether a target is anywhere in the stored policy.
fn holds_target(policy: &Value, id: &str, target_type: &str) -> bool {
    match policy {
        Value::Array(items) => items.iter().any(|item| holds_target(item, id, target_type)),
        Value::Object(members) => {
            let held = |name: &str| members.get(name).and_then(Value::as_str);
            (held("targetType") == Some(target_type)
                && held("id").is_some_and(|held| same_id(held, id)))
                || members
                    .values()
                    .any(|value| holds_target(value, id, target_type))
        }
        _ => false,
    }
}

/// Object ids compare without case, the special id does not.
fn same_id(one: &str, other: &str) -> bool {
    one == other || (is_guid(one) && one.eq_ignore_ascii_case(other))
}
