//! Between Graph's JSON and the canonical form: DSC names, sorted lists,
//! annotations and nulls gone, everything unknown kept.
//!
//! The canonical form stays a JSON tree, so what Graph adds tomorrow survives
//! a round trip.

use std::fmt;

use serde_json::{Value, json};

use super::spec::{Kind, List, Object, PolicySpec, Property, find};

/// Why an answer is no policy. Says where, never what stood there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPolicy {
    /// Something else than an object.
    #[error("the answer is not a JSON object")]
    NotAnObject,
    /// The `id` is missing or another policy's.
    #[error("the answer's `id` is not `{expected}`")]
    OtherId {
        /// The policy asked for.
        expected: &'static str,
    },
    /// The `@odata.type` is another policy's.
    #[error("the answer's `@odata.type` is not `{expected}`")]
    OtherType {
        /// The type asked for.
        expected: &'static str,
    },
    /// There is no `state`.
    #[error("the answer has no `state`")]
    NoState,
    /// A known member holds something else than its type.
    #[error("`{path}` in the answer is not {expected}")]
    WrongShape {
        /// Where, in Graph's names.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Two members of the answer have one meaning.
    #[error("`{path}` stands twice in the answer")]
    Twice {
        /// Where, in Graph's names.
        path: String,
    },
}

/// Reads Graph's JSON of a policy into the canonical form.
pub fn decode(spec: &PolicySpec, wire: &Value) -> Result<Object, NoPolicy> {
    let members = wire.as_object().ok_or(NoPolicy::NotAnObject)?;
    match members.get("id").and_then(Value::as_str) {
        Some(id) if id.eq_ignore_ascii_case(spec.id) => {}
        _ => return Err(NoPolicy::OtherId { expected: spec.id }),
    }
    match members.get("@odata.type") {
        None | Some(Value::Null) => {}
        Some(Value::String(kind))
            if kind
                .trim_start_matches('#')
                .eq_ignore_ascii_case(spec.odata_type.trim_start_matches('#')) => {}
        Some(_) => {
            return Err(NoPolicy::OtherType {
                expected: spec.odata_type,
            });
        }
    }
    if !members.get("state").is_some_and(Value::is_string) {
        return Err(NoPolicy::NoState);
    }
    let mut policy = Object::new();
    policy.insert("Id".to_owned(), json!(spec.id));
    policy.append(&mut decode_members(spec.properties, members, &Trail::Root)?);
    // The key stands under its own name already.
    policy.shift_remove("id");
    Ok(policy)
}

fn decode_members(
    table: &'static [Property],
    members: &Object,
    trail: &Trail<'_>,
) -> Result<Object, NoPolicy> {
    let mut decoded = Object::with_capacity(members.len());
    for property in table.iter().filter(|property| !property.wire.is_empty()) {
        let Some(value) = members.get(property.wire) else {
            continue;
        };
        if let Some(value) = decode_value(property, value, &trail.name(property.wire))? {
            decoded.insert(property.name.to_owned(), value);
        }
    }
    let mut unknown: Vec<(&String, &Value)> = members
        .iter()
        .filter(|(name, _)| !name.contains('@'))
        .filter(|(name, _)| !table.iter().any(|property| property.wire == name.as_str()))
        .collect();
    unknown.sort_by_key(|(name, _)| *name);
    for (name, value) in unknown {
        // A member spelt as a baseline spells one would be written over it.
        if find(table, name).is_some() || name == "Id" {
            return Err(NoPolicy::Twice {
                path: trail.name(name).to_string(),
            });
        }
        if let Some(value) = strip(value) {
            decoded.insert(name.clone(), value);
        }
    }
    Ok(decoded)
}

fn decode_value(
    property: &'static Property,
    value: &Value,
    trail: &Trail<'_>,
) -> Result<Option<Value>, NoPolicy> {
    let wrong = |expected| NoPolicy::WrongShape {
        path: trail.to_string(),
        expected,
    };
    if value.is_null() {
        return Ok(None);
    }
    let decoded = match &property.kind {
        Kind::Text { .. } if value.is_string() => value.clone(),
        Kind::Text { .. } => return Err(wrong("text")),
        Kind::Flag if value.is_boolean() => value.clone(),
        Kind::Flag => return Err(wrong("true or false")),
        Kind::Integer if value.is_i64() => value.clone(),
        Kind::Integer => return Err(wrong("an integer")),
        Kind::Object(table) => {
            let members = value.as_object().ok_or_else(|| wrong("an object"))?;
            Value::Object(decode_members(table, members, trail)?)
        }
        Kind::Single(list) => {
            let members = value.as_object().ok_or_else(|| wrong("an object"))?;
            Value::Object(decode_members(list.entry, members, trail)?)
        }
        Kind::Set(_) => {
            let items = value.as_array().ok_or_else(|| wrong("a list"))?;
            if !items.iter().all(Value::is_string) {
                return Err(wrong("a list of text"));
            }
            let mut items = items.clone();
            sort_set(property, &mut items);
            Value::Array(items)
        }
        Kind::List(list) => {
            let items = value.as_array().ok_or_else(|| wrong("a list"))?;
            let mut entries = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let trail = Trail::Entry(trail, index);
                let members = item.as_object().ok_or_else(|| NoPolicy::WrongShape {
                    path: trail.to_string(),
                    expected: "an object",
                })?;
                entries.push(Value::Object(decode_members(list.entry, members, &trail)?));
            }
            list.sort(&mut entries);
            Value::Array(entries)
        }
        Kind::Label => return Ok(None),
    };
    Ok(Some(decoded))
}

/// The way to a part of an answer, written out only where something is wrong.
enum Trail<'t> {
    Root,
    Name(&'t Trail<'t>, &'t str),
    Entry(&'t Trail<'t>, usize),
}

impl<'t> Trail<'t> {
    fn name(&'t self, name: &'t str) -> Trail<'t> {
        Trail::Name(self, name)
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trail::Root => Ok(()),
            Trail::Name(Trail::Root, name) => f.write_str(name),
            Trail::Name(above, name) => write!(f, "{above}.{name}"),
            Trail::Entry(above, index) => write!(f, "{above}[{index}]"),
        }
    }
}

/// Sorts a list of texts by canonical spelling, then by bytes.
pub fn sort_set(property: &Property, items: &mut [Value]) {
    let none = Object::new();
    items.sort_by_cached_key(|item| (property.key(item, &none).into_owned(), item.to_string()));
}

/// An unknown value without annotations and null members.
fn strip(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(strip).collect())),
        Value::Object(members) => Some(Value::Object(
            members
                .iter()
                .filter(|(name, _)| !name.contains('@'))
                .filter_map(|(name, value)| Some((name.clone(), strip(value)?)))
                .collect(),
        )),
        other => Some(other.clone()),
    }
}

/// Writes one top-level property of the canonical form in Graph's names.
pub fn encode(property: &'static Property, value: &Value) -> Value {
    match (&property.kind, value) {
        (Kind::Object(table), Value::Object(members)) => encode_members(table, members),
        (Kind::Single(list), Value::Object(members)) => encode_members(list.entry, members),
        (Kind::List(List { entry, .. }), Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::Object(members) => encode_members(entry, members),
                other => other.clone(),
            })
            .collect(),
        (_, value) => value.clone(),
    }
}

fn encode_members(table: &'static [Property], members: &Object) -> Value {
    let mut wire = Object::with_capacity(members.len());
    for (name, value) in members {
        match find(table, name) {
            Some(property) if property.wire.is_empty() => {}
            Some(property) => {
                wire.insert(property.wire.to_owned(), encode(property, value));
            }
            None => {
                wire.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(wire)
}

/// Whether Graph's placeholder stands anywhere in a value.
pub fn holds_sentinel(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().eq_ignore_ascii_case(super::compare::SENTINEL),
        Value::Array(items) => items.iter().any(holds_sentinel),
        Value::Object(members) => members.values().any(holds_sentinel),
        _ => false,
    }
}
