//! What a PATCH makes of the stored policy.
//!
//! Graph documents that top-level properties left out keep their values. What
//! happens below that is open; [`Behavior`] holds this simulation's choices.

use serde_json::{Map, Value, json};

use super::behavior::{
    Behavior, BindingAffinity, ListOrder, NestedObjects, OmittedAffinity, Recalculated, WrittenText,
};
use super::schema::{BINDING, Kind, MODE_CONFIGURATION, ObjectType, RULE, TARGET, X509};
use super::text;

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
    let state = stored.get("state").cloned();
    merge_members(stored, body, of, behavior);
    if let Some(id) = id {
        stored.insert("id".to_owned(), id);
    }
    // Filling needs the whole object: a rule takes the tenant's default, which
    // may have come with this PATCH or been there before.
    fill(stored, body, of, behavior, None);
    if behavior.recalculated == Recalculated::IssuerHints && of.is(&X509) {
        recalculate_hints(stored, body, state.as_ref());
    }
}

/// Lets issuer hints follow the method's state, where the body leaves them out.
fn recalculate_hints(
    stored: &mut Map<String, Value>,
    body: &Map<String, Value>,
    before: Option<&Value>,
) {
    const HINTS: &str = "issuerHintsConfiguration";
    let Some(state) = stored.get("state").cloned() else {
        return;
    };
    if Some(&state) != before && !body.contains_key(HINTS) {
        stored.insert(HINTS.to_owned(), json!({ "state": state }));
    }
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
        Value::String(sent) if behavior.written_text != WrittenText::AsSent => sent.trim().into(),
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
    if of.is(&RULE) && behavior.written_text == WrittenText::Reformatted {
        reformat(entry);
    }
    let fills = behavior.omitted_affinity == OmittedAffinity::Fill;
    let derives = behavior.binding_affinity == BindingAffinity::Derived;
    let has_affinity = entry.contains_key("trustAffinityLevel");
    if of.is(&BINDING) && (derives || (fills && !has_affinity)) {
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
    if of.is(&RULE) && fills && !entry.contains_key("x509CertificateRequiredAffinityLevel") {
        let affinity = default_affinity.unwrap_or("low");
        entry.insert(
            "x509CertificateRequiredAffinityLevel".to_owned(),
            affinity.into(),
        );
    }
}

/// Writes the distinguished names of a rule as the service would.
fn reformat(rule: &mut Map<String, Value>) {
    let is_of_issuer = rule.get("x509CertificateRuleType") == Some(&json!("issuerSubject"));
    for (name, holds_dn) in [
        ("identifier", is_of_issuer),
        ("issuerSubjectIdentifier", true),
    ] {
        if let Some(Value::String(dn)) = rule.get_mut(name)
            && holds_dn
        {
            *dn = text::reformat_dn(dn);
        }
    }
}

fn tenant_affinity(mode: &Map<String, Value>) -> String {
    mode.get("x509CertificateDefaultRequiredAffinityLevel")
        .and_then(Value::as_str)
        .unwrap_or("low")
        .to_owned()
}
