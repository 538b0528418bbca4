//! What a policy refers to in the directory, and what became of it there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::codes;
use super::compare::is_guid;
use super::directory::{ById, Directory};
use super::finding::{At, Finding, show_way};
use super::spec::{Kind, Object, PolicySpec, Property, Refers, refers_anywhere};

/// What a policy or a declaration refers to in the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Display names of groups, as spelt.
    pub names: BTreeSet<String>,
    /// Object ids of groups, in lower case.
    pub ids: BTreeSet<String>,
}

/// Collects what a canonical policy or a declaration refers to.
pub fn references(spec: &PolicySpec, policy: &Object, into: &mut References) {
    visit(
        spec.properties,
        policy,
        &mut Vec::new(),
        &mut |_, entry, property| {
            let Some(Refers::Group(group)) = property.refers(entry) else {
                return;
            };
            if is_guid(group) {
                into.ids.insert(group.to_ascii_lowercase());
            } else {
                into.names.insert(group.to_owned());
            }
        },
    );
}

fn visit(
    table: &'static [Property],
    members: &Object,
    way: &mut Vec<At>,
    seen: &mut impl FnMut(&[At], &Object, &'static Property),
) {
    for property in table {
        let Some(value) = members.get(property.name) else {
            continue;
        };
        if property.is_reference() {
            seen(way, members, property);
        }
        way.push(property.name.into());
        match (&property.kind, value) {
            (Kind::Object(_) | Kind::Single(_), Value::Object(inner)) => {
                let table = property.kind.object().unwrap_or_default();
                visit(table, inner, way, seen);
            }
            (Kind::List(list), Value::Array(entries)) if refers_anywhere(list.entry) => {
                for (index, entry) in entries.iter().enumerate() {
                    if let Value::Object(entry) = entry {
                        way.push(index.into());
                        visit(list.entry, entry, way, seen);
                        way.pop();
                    }
                }
            }
            _ => {}
        }
        way.pop();
    }
}

/// Warnings about targets of the finished policy whose group is gone, which the
/// declaration does not name itself.
pub fn deleted(
    spec: &PolicySpec,
    target: &Object,
    directory: &Directory,
    said: &[Finding],
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    visit(
        spec.properties,
        target,
        &mut Vec::new(),
        &mut |way, entry, property| {
            let Some(Refers::Group(id)) = property.refers(entry) else {
                return;
            };
            let is_gone = is_guid(id) && directory.id(id) == Some(&ById::Gone);
            if is_gone && !said.iter().any(|finding| finding.message.contains(id)) {
                found.push(
                    Finding::new(
                        &codes::GROUP_DELETED,
                        show_way(way),
                        format!("group {id} no longer exists, but the live policy names it"),
                    )
                    .hint("declare the list without it to take it out"),
                );
            }
        },
    );
    found
}

/// A warning where ids of groups could not be read, on either side of a change.
/// A plan that holds none says that a group without a name was deleted.
pub fn unread(
    spec: &PolicySpec,
    states: [&Object; 2],
    directory: &Directory,
    said: &[Finding],
) -> Option<Finding> {
    if said.iter().any(|f| f.code == codes::GROUP_UNREAD.name) {
        return None;
    }
    let mut found = References::default();
    for state in states {
        references(spec, state, &mut found);
    }
    let unread = found
        .ids
        .iter()
        .filter(|id| directory.id(id).is_none_or(|told| *told == ById::Unread))
        .count();
    let groups = match unread {
        0 => return None,
        1 => "the name of 1 group".to_owned(),
        more => format!("the names of {more} groups"),
    };
    let why = directory.unread_because.as_deref().unwrap_or("refused");
    Some(
        Finding::new(
            &codes::GROUP_UNREAD,
            "",
            format!("{groups} could not be read ({why}); ids are shown"),
        )
        .hint("grant GroupMember.Read.All to see names"),
    )
}

/// A policy without the list entries that refer to one of these groups.
pub fn without(spec: &PolicySpec, policy: &Object, groups: &BTreeSet<String>) -> Object {
    fn members(table: &'static [Property], from: &Object, groups: &BTreeSet<String>) -> Object {
        let mut kept = from.clone();
        for property in table {
            let Some(value) = kept.get_mut(property.name) else {
                continue;
            };
            match (&property.kind, value) {
                (Kind::Object(table), Value::Object(inner)) => {
                    *inner = members(table, inner, groups);
                }
                (Kind::List(list), Value::Array(entries)) if refers_anywhere(list.entry) => {
                    entries.retain(|entry| {
                        let targets = list.entry.iter().filter_map(|property| {
                            match property.refers(entry.as_object()?)? {
                                Refers::Group(id) => Some(id.to_ascii_lowercase()),
                                _ => None,
                            }
                        });
                        !targets.into_iter().any(|id| groups.contains(&id))
                    });
                    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                        *entry = members(list.entry, entry, groups);
                    }
                }
                _ => {}
            }
        }
        kept
    }
    members(spec.properties, policy, groups)
}
