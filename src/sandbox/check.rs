//! Whether the body of a PATCH has the shape that the schema asks for.

use serde_json::{Map, Value};

use super::guid::is_guid;
use super::schema::{Kind, ObjectType};
use super::vocabulary::{SENTINEL, Vocabulary, words};

/// The first thing wrong with the body of a PATCH of `id`, if any.
pub(super) fn check(
    body: &Map<String, Value>,
    id: &str,
    of: &'static ObjectType,
    known: &Vocabulary,
) -> Result<(), String> {
    match body.get("@odata.type") {
        None => {
            return Err(format!(
                "The request body must state `@odata.type`, here `#microsoft.graph.{}`.",
                of.name
            ));
        }
        Some(Value::String(name)) if name.strip_prefix('#') == Some(&full_name(of)) => {}
        Some(other) => {
            return Err(format!(
                "The `@odata.type` {other} does not match the resource, which is `#microsoft.graph.{}`.",
                of.name
            ));
        }
    }
    if let Some(stated) = body.get("id") {
        let same = stated
            .as_str()
            .is_some_and(|stated| stated.eq_ignore_ascii_case(id));
        if !same {
            return Err(format!(
                "The `id` {stated} is not that of the resource, `{id}`."
            ));
        }
    }
    check_members(body, of, known, "")
}

fn full_name(of: &ObjectType) -> String {
    format!("microsoft.graph.{}", of.name)
}

fn check_members(
    members: &Map<String, Value>,
    of: &'static ObjectType,
    known: &Vocabulary,
    at: &str,
) -> Result<(), String> {
    for (name, value) in members {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        if name == "@odata.type" {
            if value.as_str().and_then(|name| name.strip_prefix('#')) != Some(&full_name(of)) {
                return Err(format!(
                    "The `@odata.type` {value} at `{at}` is not `#{}`.",
                    full_name(of)
                ));
            }
            continue;
        }
        if name.contains('@') {
            return Err(format!(
                "The annotation `{at}` can't be written; of annotations only `@odata.type` can."
            ));
        }
        match of.property(name) {
            Some(property) if value.is_null() => {
                if !property.nullable {
                    return Err(format!(
                        "A null value was found for the property named '{at}', which doesn't allow null."
                    ));
                }
            }
            Some(property) => check_value(value, property.kind, known, &at)?,
            None if known.knows_property(of, name) => {}
            None => {
                return Err(format!(
                    "The property '{at}' does not exist on type '{}'. Make sure to only use property \
                     names that are defined by the type.",
                    full_name(of)
                ));
            }
        }
    }
    Ok(())
}

fn check_value(value: &Value, kind: Kind, known: &Vocabulary, at: &str) -> Result<(), String> {
    let wrong = |expected: &str| {
        Err(format!(
            "Cannot convert the value {} of '{at}' to {expected}.",
            short(value)
        ))
    };
    match kind {
        Kind::String => {
            if value.is_string() {
                Ok(())
            } else {
                wrong("Edm.String")
            }
        }
        Kind::Boolean => {
            if value.is_boolean() {
                Ok(())
            } else {
                wrong("Edm.Boolean")
            }
        }
        Kind::Int32 => match value.as_i64().map(i32::try_from) {
            Some(Ok(_)) => Ok(()),
            _ => wrong("Edm.Int32"),
        },
        Kind::Guid => match value.as_str() {
            Some(text) if is_guid(text) => Ok(()),
            _ => wrong("Edm.Guid"),
        },
        Kind::Enum(of) => match value.as_str() {
            Some(text)
                if words(of, text)
                    .iter()
                    .all(|word| known.knows_word(of, word)) =>
            {
                Ok(())
            }
            Some(text) if words(of, text).contains(&SENTINEL) => Err(format!(
                "'{SENTINEL}' at '{at}' stands for values that the caller did not ask to see; it \
                 can't be written."
            )),
            _ => wrong(&format!(
                "microsoft.graph.{}, whose values are {}",
                of.name,
                [of.words, of.later].concat().join(", ")
            )),
        },
        Kind::Object(of) => match value {
            Value::Object(members) => check_members(members, of, known, at),
            _ => wrong(&full_name(of)),
        },
        Kind::List(of) => {
            let Value::Array(items) = value else {
                return wrong("a collection");
            };
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}[{index}]");
                if item.is_null() {
                    return Err(format!(
                        "A null value was found in a collection, at '{at}'."
                    ));
                }
                check_value(item, *of, known, &at)?;
                if let (Kind::Object(of), Value::Object(members)) = (of, item)
                    && let Some(missing) = of
                        .all_required()
                        .into_iter()
                        .find(|name| !members.contains_key(*name))
                {
                    return Err(format!(
                        "The required property '{missing}' is missing at '{at}'."
                    ));
                }
            }
            Ok(())
        }
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        text.chars().take(60).chain(['…']).collect()
    }
}
