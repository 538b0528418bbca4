//! The shape that a JSON Schema asks for, in the few words that our schemas use.
//!
//! The walker that checks files reads it, so that the schema in an editor and
//! the parser cannot come apart.

use serde_json::Value;

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Text.
    Text {
        /// The only words allowed, if it is not free.
        words: Option<Vec<String>>,
        /// Whether it must hold more than white space.
        filled: bool,
        /// Whether it must be a GUID.
        guid: bool,
    },
    /// An integer in these bounds.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// True or false.
    Flag,
    /// A list of such values.
    List(Box<Shape>),
    /// A mapping of these members.
    Map(Vec<Member>),
    /// Anything; somebody else checks it.
    Any,
}

/// A member of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its key.
    pub name: String,
    /// What its value must be.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// Reads a schema; `None` where it says something that shapes cannot, which a
/// test keeps from happening.
pub fn read(schema: &Value) -> Option<Shape> {
    of(schema, &schema["$defs"])
}

fn of(schema: &Value, definitions: &Value) -> Option<Shape> {
    if let Some(reference) = schema["$ref"].as_str() {
        return of(&definitions[reference.rsplit('/').next()?], definitions);
    }
    if let Some(words) = words(schema) {
        return Some(Shape::Text {
            words: Some(words),
            filled: true,
            guid: false,
        });
    }
    match schema["type"].as_str()? {
        "string" => Some(Shape::Text {
            words: None,
            filled: schema["pattern"] == "\\S" || schema["format"] == "uuid",
            guid: schema["format"] == "uuid",
        }),
        "boolean" => Some(Shape::Flag),
        "integer" => Some(Shape::Integer {
            min: schema["minimum"].as_i64()?,
            max: schema["maximum"].as_i64()?,
        }),
        "array" => Some(Shape::List(Box::new(of(&schema["items"], definitions)?))),
        "object" => {
            let Some(properties) = schema["properties"].as_object() else {
                return Some(Shape::Any);
            };
            let required = schema["required"].as_array();
            let is_required =
                |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
            let members: Option<Vec<Member>> = properties
                .iter()
                .map(|(name, schema)| {
                    Some(Member {
                        name: name.clone(),
                        shape: of(schema, definitions)?,
                        required: is_required(name),
                    })
                })
                .collect();
            Some(Shape::Map(members?))
        }
        _ => None,
    }
}

fn words(schema: &Value) -> Option<Vec<String>> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(word).collect();
    }
    let alternatives = schema["oneOf"].as_array()?;
    let mut all = Vec::new();
    for one in alternatives {
        match (&one["const"], &one["enum"]) {
            (Value::String(text), _) => all.push(text.clone()),
            (_, Value::Array(words)) => all.extend(words.iter().filter_map(word)),
            _ => return None,
        }
    }
    Some(all)
}
