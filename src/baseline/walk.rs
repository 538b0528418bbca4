//! Walks a tree along a shape and reports everything that does not fit.

use serde_json::{Map, Value as Json, json};

use crate::core::codes;
use crate::core::compare::{SENTINEL, is_guid};
use crate::core::finding::{At, Code, Finding, show_way};

use super::secret;
use super::shape::{Member, Shape};
use super::source::Span;
use super::tree::{Node, Value};
use super::yaml::Pointed;

/// Checks a tree against a shape.
pub struct Walker<'a> {
    /// What people call the whole tree.
    pub whole: &'static str,
    /// What was found.
    pub found: &'a mut Vec<Pointed>,
}

impl Walker<'_> {
    /// What people call the part at `way`.
    fn name(&self, way: &[At]) -> String {
        match way.last() {
            None => self.whole.to_owned(),
            Some(At::Key(key)) => format!("`{key}`"),
            Some(At::Index(_)) => {
                let list = way.iter().rev().find_map(|step| match step {
                    At::Key(key) => Some(key.as_str()),
                    At::Index(_) => None,
                });
                format!("the entry of `{}`", list.unwrap_or("the list"))
            }
        }
    }

    /// The value as JSON, with null for every part that was refused.
    pub fn walk(&mut self, node: &Node, shape: &Shape) -> Json {
        self.value(node, node.span, shape, &mut Vec::new())
    }

    fn report(
        &mut self,
        code: &Code,
        way: &[At],
        span: Span,
        message: String,
        hint: Option<String>,
    ) {
        let mut finding = Finding::new(code, show_way(way), message);
        finding.hint = hint;
        self.found.push((finding, span));
    }

    /// `place` is what a null points at: its key, where it has one.
    fn value(&mut self, node: &Node, place: Span, shape: &Shape, way: &mut Vec<At>) -> Json {
        match (shape, &node.value) {
            (_, Value::Null) => {
                let hint = match (way.last(), shape) {
                    (Some(At::Key(key)), _) if key == "properties" => {
                        "indent what belongs to the policy under `properties`"
                    }
                    _ => "leave the property out to not manage it; `[]` empties a list",
                };
                let message = format!("{} has no value", self.name(way));
                self.report(
                    &codes::NULL_VALUE,
                    way,
                    place,
                    message,
                    Some(hint.to_owned()),
                );
                Json::Null
            }
            (Shape::Any, _) => Json::Null,
            (Shape::Flag, Value::Bool(flag)) => json!(flag),
            (Shape::Integer { min, max }, Value::Int(number)) => {
                match number.filter(|number| (*min..=*max).contains(number)) {
                    Some(number) => json!(number),
                    None => {
                        let message = format!("{} must be from {min} to {max}", self.name(way));
                        self.report(&codes::PRIORITY_RANGE, way, node.span, message, None);
                        Json::Null
                    }
                }
            }
            (
                Shape::Text {
                    words,
                    filled,
                    guid,
                },
                Value::Text(text),
            ) => {
                let value = self.text(node, text, words.as_deref(), *filled, way);
                if *guid && value.as_str().is_some_and(|text| !is_guid(text)) {
                    let message = format!("`{text}` is no GUID, as {} must be", self.name(way));
                    let hint = "for example 1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901".to_owned();
                    self.report(&codes::GUID_INVALID, way, node.span, message, Some(hint));
                    return Json::Null;
                }
                value
            }
            (
                Shape::Text {
                    words: None,
                    filled: true,
                    ..
                },
                Value::Int(_) | Value::Float(_),
            ) => {
                let message = format!(
                    "YAML reads {} as a number, and it must be text",
                    self.name(way)
                );
                let hint = "put it in quotes".to_owned();
                self.report(
                    &codes::IDENTIFIER_NUMBER,
                    way,
                    node.span,
                    message,
                    Some(hint),
                );
                Json::Null
            }
            (Shape::List(shape), Value::List(items)) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    way.push(index.into());
                    list.push(self.value(item, item.span, shape, way));
                    way.pop();
                }
                Json::Array(list)
            }
            (Shape::Map(shapes), Value::Map(_)) => self.map(node, shapes, way),
            (shape, _) => {
                let message = format!(
                    "{} must be {}, not {}",
                    self.name(way),
                    kind(shape),
                    node.kind()
                );
                let hint = match (shape, &node.value) {
                    (Shape::Map(_), Value::Text(_)) if way.is_empty() => {
                        Some("write each property as `Name: value`, with a space".to_owned())
                    }
                    (Shape::Map(members), Value::Text(text))
                        if members.iter().any(|member| member.name == "Id") =>
                    {
                        Some(format!("write `{{ Id: {text} }}`"))
                    }
                    (Shape::List(_), Value::Map(_)) => {
                        Some("write a list: each entry begins with `-`".to_owned())
                    }
                    (
                        Shape::Text {
                            words: Some(words), ..
                        },
                        _,
                    ) => Some(format!(
                        "allowed: {}",
                        list(words.iter().map(String::as_str))
                    )),
                    (Shape::Text { .. }, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
                        Some("put it in quotes".to_owned())
                    }
                    (Shape::Integer { .. } | Shape::Flag, Value::Text(_)) => {
                        Some("write it without quotes".to_owned())
                    }
                    _ => None,
                };
                self.report(&codes::WRONG_TYPE, way, node.span, message, hint);
                Json::Null
            }
        }
    }

    fn text(
        &mut self,
        node: &Node,
        text: &str,
        words: Option<&[String]>,
        filled: bool,
        way: &[At],
    ) -> Json {
        let mut text = text;
        let literal = text.strip_prefix('[').filter(|rest| rest.starts_with('['));
        if !(text.starts_with('[') && text.ends_with(']')) {
            // No bracket has a meaning here.
        } else if let Some(literal) = literal {
            // What is meant is checked like any other text.
            text = literal;
        } else {
            let message = format!(
                "{} has the form `[…]`, which is kept for expressions",
                self.name(way)
            );
            let hint = "write `[[…]` for text that begins with a bracket".to_owned();
            self.report(&codes::RESERVED, way, node.span, message, Some(hint));
            return Json::Null;
        }
        if let Some(words) = words {
            return self.word(node, text, words, way);
        }
        if filled && text.trim().is_empty() {
            let message = format!("{} is empty", self.name(way));
            self.report(&codes::IDENTIFIER_EMPTY, way, node.span, message, None);
            return Json::Null;
        }
        json!(text)
    }

    fn word(&mut self, node: &Node, text: &str, words: &[String], way: &[At]) -> Json {
        if words.iter().any(|word| word == text) {
            return json!(text);
        }
        let allowed = list(words.iter().map(String::as_str));
        let near = nearest(text, words.iter().map(String::as_str));
        let hint = near.map(|word| format!("did you mean `{word}`?"));
        let (code, message, hint) = if text.eq_ignore_ascii_case(SENTINEL) {
            let message = format!(
                "`{SENTINEL}` is Graph's placeholder for words it does not show; it cannot be set. Allowed: {allowed}"
            );
            (&codes::SENTINEL_VALUE, message, None)
        } else if way.last() == Some(&At::from("Id")) {
            let message = format!("`{text}` is not the `Id` of this policy, which is {allowed}");
            let hint = "each policy has its own resource type; see `entrue schema`".to_owned();
            (&codes::WRONG_ID, message, Some(hint))
        } else {
            let message = format!(
                "`{text}` is no word for {}; allowed: {allowed}",
                self.name(way)
            );
            (&codes::UNKNOWN_VALUE, message, hint)
        };
        self.report(code, way, node.span, message, hint);
        Json::Null
    }

    fn map(&mut self, node: &Node, shapes: &[Member], way: &mut Vec<At>) -> Json {
        let Value::Map(members) = &node.value else {
            return Json::Null;
        };
        let mut map = Map::new();
        for member in members {
            way.push(member.key.as_str().into());
            match shapes.iter().find(|shape| shape.name == member.key) {
                Some(shape) => {
                    let value = self.value(&member.node, member.key_span, &shape.shape, way);
                    map.insert(member.key.clone(), value);
                }
                None => self.unknown(&member.key, member.key_span, shapes, way),
            }
            way.pop();
        }
        for shape in shapes.iter().filter(|shape| shape.required) {
            if !members.iter().any(|member| member.key == shape.name) {
                let message = format!("{} lacks `{}`", self.name(way), shape.name);
                let start = Span {
                    start: node.span.start,
                    end: node.span.start,
                };
                self.report(&codes::MISSING_PROPERTY, way, start, message, None);
            }
        }
        Json::Object(map)
    }

    fn unknown(&mut self, key: &str, span: Span, shapes: &[Member], way: &[At]) {
        if key == "<<" {
            // The text was refused already.
            return;
        }
        if secret::looks_secret(key) {
            let message = format!("`{key}` looks like a secret, and no baseline holds one");
            let hint = "take it out of the file and out of its history, and renew the secret; \
                        credentials come from the environment";
            self.report(
                &codes::SECRET_IN_FILE,
                way,
                span,
                message,
                Some(hint.to_owned()),
            );
            return;
        }
        if way.len() == 1 && self.whole == super::envelope::WHOLE && key == "parameters" {
            let message = "`parameters` is kept for later and not supported yet".to_owned();
            self.report(&codes::RESERVED, way, span, message, None);
            return;
        }
        let names = || shapes.iter().map(|shape| shape.name.as_str());
        let message = format!(
            "there is no property `{key}` here; allowed: {}",
            list(names())
        );
        let hint = nearest(key, names()).map(|name| {
            if name.eq_ignore_ascii_case(key) {
                format!("names are spelt exactly: `{name}`")
            } else {
                format!("did you mean `{name}`?")
            }
        });
        self.report(&codes::UNKNOWN_PROPERTY, way, span, message, hint);
    }
}

fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text { .. } => "text",
        Shape::Integer { .. } => "an integer",
        Shape::Flag => "true or false",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Any => "a mapping",
    }
}

/// Words in backticks, separated by commas.
pub fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The nearest of some words, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(80).collect();
    words
        .map(|known| {
            let (word, lower) = (word.to_lowercase(), known.to_lowercase());
            // Graph's words often begin with the name of their type.
            let is_end = word.chars().count() > 4 && lower.ends_with(&word);
            let score = if is_end {
                1.0
            } else {
                strsim::jaro_winkler(&word, &lower)
            };
            (score, known)
        })
        .filter(|(score, _)| *score > 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
