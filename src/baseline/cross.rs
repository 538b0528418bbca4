//! Reads the same text with a second YAML library. Where its value differs, the
//! file means different things to different readers and is refused.

use serde::Deserialize;
use serde_yaml::Value as Other;

use crate::core::codes;
use crate::core::finding::Finding;

use super::source::{Source, Span};
use super::tree::{Node, Value};
use super::yaml::Pointed;

/// What the other reader sees differently; at most one finding a file, for the
/// first difference explains the rest.
pub fn check(source: &Source, documents: &[Node]) -> Option<Pointed> {
    let mut ours = documents.iter();
    for document in serde_yaml::Deserializer::from_str(&source.text) {
        let other = match Other::deserialize(document) {
            Ok(Other::Null) => continue,
            Ok(other) => other,
            Err(error) => {
                let start = error.location().map_or(0, |place| place.index());
                return Some(differs(
                    Span { start, end: start },
                    "another YAML reader refuses this text",
                ));
            }
        };
        let span = match ours.next() {
            Some(node) => first_difference(node, &other),
            None => Some(Span::default()),
        };
        if let Some(span) = span {
            return Some(differs(
                span,
                "another YAML reader takes this text for something else",
            ));
        }
    }
    ours.next()
        .map(|node| differs(node.span, "another YAML reader does not see this document"))
}

fn differs(span: Span, message: &str) -> Pointed {
    let finding = Finding::new(&codes::YAML_AMBIGUOUS, "", message)
        .hint("put text in quotes, and write lists and mappings in the plainest way");
    (finding, span)
}

fn first_difference(node: &Node, other: &Other) -> Option<Span> {
    let same = match (&node.value, other) {
        (Value::Null, Other::Null) => true,
        (Value::Bool(a), Other::Bool(b)) => a == b,
        (Value::Int(a), Other::Number(b)) => match a {
            Some(a) => b.as_i64() == Some(*a),
            None => true,
        },
        (Value::Float(a), Other::Number(b)) => b.as_f64() == Some(*a),
        (Value::Text(a), Other::String(b)) => a == b,
        (Value::List(a), Other::Sequence(b)) if a.len() == b.len() => {
            return a.iter().zip(b).find_map(|(a, b)| first_difference(a, b));
        }
        (Value::Map(a), Other::Mapping(b)) if a.len() == b.len() => {
            return a
                .iter()
                .find_map(|member| match b.get(member.key.as_str()) {
                    Some(value) => first_difference(&member.node, value),
                    None => Some(member.key_span),
                });
        }
        _ => false,
    };
    (!same).then_some(node.span)
}
