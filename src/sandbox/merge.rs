//! What a PATCH makes of the stored policy.
//!
//! Graph documents that top-level properties left out keep their values. What
//! happens below that is open; [`Behavior`] holds this simulation's choices.

use serde_json::{Map, Value, json};

use super::behavior::{Behavior, ListOrder, NestedObjects, OmittedAffinity};
use super::schema::{BINDING, Kind, MODE_CONFIGURATION, ObjectType, RULE, TARGET};

/// Carries a checked PATCH body into the stored policy.
pub(super) fn merge(
    stored: &mut Map<String, Value>,
    body: &Map<String, Value>,
    of: &'static ObjectType,
    behavior: Behavior,
) {
    // A policy keeps its id. Below it an `id` is a value like any other: the
    // group that a feature's target is.
    let id = stored.get("id").cloned();
    merge_members(stored, body, of, behavior);
    if let Some(id) = id {
        stored.insert("id".to_owned(), id);
    }
    // Filling needs the whole object: a rule takes the tenant's default, which
    // may have come with this PATCH or been there before.
    fill(stored, body, of, behavior, None);
}

fn merge_members(
    stored: &mut Map<String, Value>,
    body: &Map<String, Value>,
    of: &'static ObjectType,
    behavior: Behavior,
) {
    for (name, value) in body {
        if name == "@odata.type" {
            continue;
        }
        let kind = of.property(name).map(|property| property.kind);
        match (kind, stored.get_mut(name), value) {
            (Some(Kind::Object(inner)), Some(Value::Object(old)), Value::Object(new))
                if behavior.nested_objects == NestedObjects::Merge =>
            {
                merge_members(old, new, inner, behavior);
            }
            _ => {
                stored.insert(name.clone(), arrived(value, behavior));
            }
        }
    }
}

/// A sent value as the service stores it.
fn arrived(value: &Value, behavior: Behavior) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "@odata.type")
            .map(|(name, value)| (name.clone(), arrived(value, behavior)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| arrived(item, behavior)).collect();
            if behavior.list_order == ListOrder::Reversed {
                items.reverse();
            }
            items.into()
        }
        other => other.clone(),
    }
}

/// Fills in, in the lists that the body wrote, what their entries left out.
fn fill(
    stored: &mut Map<String, Value>,
    body: &Map<String, Value>,
    of: &'static ObjectType,
    behavior: Behavior,
    default_affinity: Option<&str>,
) {
    for (name, sent) in body {
        let Some(property) = of.property(name) else {
            continue;
        };
        match (property.kind, stored.get_mut(name), sent) {
            (Kind::Object(inner), Some(Value::Object(old)), Value::Object(sent)) => {
                let affinity = inner.is(&MODE_CONFIGURATION).then(|| tenant_affinity(old));
                fill(old, sent, inner, behavior, affinity.as_deref());
            }
            (Kind::List(Kind::Object(entry)), Some(Value::Array(entries)), Value::Array(_)) => {
                for entry_value in entries.iter_mut().filter_map(Value::as_object_mut) {
                    fill_entry(entry_value, entry, behavior, default_affinity);
                }
            }
            _ => {}
        }
    }
}

fn fill_entry(
    entry: &mut Map<String, Value>,
    of: &'static ObjectType,
    behavior: Behavior,
    default_affinity: Option<&str>,
) {
    if of.is(&TARGET) {
        // These are not nullable, so a stored target always has them.
        for property in of.all_properties() {
            let off = match property.kind {
                Kind::Boolean => Value::Bool(false),
                Kind::Enum(_) => json!("any"),
                _ => json!([]),
            };
            if !property.nullable && !entry.contains_key(property.name) {
                entry.insert(property.name.to_owned(), off);
            }
        }
    }
    if behavior.omitted_affinity == OmittedAffinity::LeaveOut {
        return;
    }
    if of.is(&BINDING) && !entry.contains_key("trustAffinityLevel") {
        let field = entry
            .get("x509CertificateField")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let high = [
            "SubjectKeyIdentifier",
            "SHA1PublicKey",
            "IssuerAndSerialNumber",
        ]
        .iter()
        .any(|strong| strong.eq_ignore_ascii_case(field));
        let class = if high { "high" } else { "low" };
        entry.insert("trustAffinityLevel".to_owned(), class.into());
    }
    if of.is(&RULE) && !entry.contains_key("x509CertificateRequiredAffinityLevel") {
        let affinity = default_affinity.unwrap_or("low");
        entry.insert(
            "x509CertificateRequiredAffinityLevel".to_owned(),
            affinity.into(),
        );
    }
}

fn tenant_affinity(mode: &Map<String, Value>) -> String {
    mode.get("x509CertificateDefaultRequiredAffinityLevel")
        .and_then(Value::as_str)
        .unwrap_or("low")
        .to_owned()
}
