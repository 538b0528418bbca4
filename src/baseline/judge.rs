//! Checks a declaration that is not in a file yet, exactly as if it were.

use serde_json::Value as Json;

use crate::core::finding::{At, Checks};
use crate::core::spec::{Object, PolicySpec};

use super::envelope;
use super::source::Span;
use super::tree::{Member, Node, Value};

/// What a file with these `properties` would be taken for, and everything that
/// would be found in it.
pub fn judge(spec: &PolicySpec, properties: &Object) -> (Object, Checks) {
    let mut planted = Planted::default();
    let node = planted.map(properties, &mut Vec::new());
    let mut found = Vec::new();
    let (mut understood, checks) = envelope::examine(spec, &node, &mut found);
    envelope::declared_only(&mut understood);
    let mut all = Checks::default();
    for (finding, span) in found {
        let way = planted.ways.get(span.start).cloned().unwrap_or_default();
        all.found.push((way, finding));
    }
    all.found.extend(checks.found);
    (understood, all)
}

/// A tree whose spans are no places but numbers: each part has its own, by which
/// the way to it is found again.
#[derive(Default)]
struct Planted {
    ways: Vec<Vec<At>>,
}

impl Planted {
    fn span(&mut self, way: &[At]) -> Span {
        let number = self.ways.len();
        self.ways.push(way.to_vec());
        Span {
            start: number,
            end: number,
        }
    }

    fn node(&mut self, value: &Json, way: &mut Vec<At>) -> Node {
        let value = match value {
            Json::Object(members) => return self.map(members, way),
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (None, Some(float)) if number.is_f64() => Value::Float(float),
                (whole, _) => Value::Int(whole),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => {
                let span = self.span(way);
                let mut nodes = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    way.push(index.into());
                    nodes.push(self.node(item, way));
                    way.pop();
                }
                let value = Value::List(nodes);
                return Node { span, value };
            }
        };
        let span = self.span(way);
        Node { span, value }
    }

    fn map(&mut self, members: &Object, way: &mut Vec<At>) -> Node {
        let span = self.span(way);
        let mut nodes = Vec::with_capacity(members.len());
        for (key, value) in members {
            way.push(key.as_str().into());
            let node = self.node(value, way);
            way.pop();
            nodes.push(Member {
                key: key.clone(),
                key_span: node.span,
                node,
            });
        }
        let value = Value::Map(nodes);
        Node { span, value }
    }
}
