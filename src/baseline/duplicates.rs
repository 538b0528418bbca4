//! Entries that a file gives twice, found by the identities of the policy's table.

use std::collections::HashMap;

use serde_json::Value;

use crate::core::codes;
use crate::core::finding::{At, Checks};
use crate::core::spec::{Kind, Object, PolicySpec, Property};

/// Reports entries of one identity, in every list of a declaration.
pub fn check(spec: &PolicySpec, properties: &Object, checks: &mut Checks) {
    members(spec.properties, properties, &mut Vec::new(), checks);
}

fn members(table: &'static [Property], members: &Object, way: &mut Vec<At>, checks: &mut Checks) {
    for property in table {
        let Some(value) = members.get(property.name) else {
            continue;
        };
        way.push(property.name.into());
        match (&property.kind, value) {
            (Kind::Object(_) | Kind::Single(_), Value::Object(inner)) => {
                let table = property.kind.object().unwrap_or_default();
                self::members(table, inner, way, checks);
            }
            (Kind::List(list), Value::Array(entries)) => {
                let mut seen = HashMap::new();
                for (index, entry) in entries.iter().enumerate() {
                    let Value::Object(entry) = entry else {
                        continue;
                    };
                    way.push(index.into());
                    self::members(list.entry, entry, way, checks);
                    let fields = list.identity_fields(entry);
                    // An entry that lacks a part of its identity was reported already.
                    if fields
                        .iter()
                        .all(|name| entry.get(*name).is_some_and(|v| !v.is_null()))
                    {
                        let key = list.key(entry);
                        let shown = key.join(", ");
                        twice(&mut seen, key, index, &shown, way, checks);
                    }
                    way.pop();
                }
            }
            (Kind::Set(_), Value::Array(items)) => {
                let mut seen = HashMap::new();
                let none = Object::new();
                for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_null()) {
                    way.push(index.into());
                    let key = property.key(item, &none).into_owned();
                    twice(&mut seen, vec![key.clone()], index, &key, way, checks);
                    way.pop();
                }
            }
            _ => {}
        }
        way.pop();
    }
}

fn twice(
    seen: &mut HashMap<Vec<String>, usize>,
    key: Vec<String>,
    index: usize,
    shown: &str,
    way: &[At],
    checks: &mut Checks,
) {
    if let Some(first) = seen.get(&key) {
        checks
            .add(
                &codes::DUPLICATE_ENTRY,
                way.to_vec(),
                format!(
                    "`{shown}` stands in the list twice; it is entry {} already",
                    first + 1
                ),
            )
            .hint = Some("keep one of the two".to_owned());
    } else {
        seen.insert(key, index);
    }
}
