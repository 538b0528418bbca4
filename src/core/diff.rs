//! What differs between two states of a policy, leaf by leaf.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::directory::Directory;
use super::path;
use super::spec::{
    Kind, List, Object, PolicySpec, Property, Refers, find, refers_anywhere, unknown_is_off,
};

/// What happens to a property or an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is not there before.
    Add,
    /// It is not there after.
    Remove,
    /// It has another value after.
    Replace,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where, stable and escaped: list entries by identity, groups by id.
    #[schemars(regex(
        pattern = r"^(\\.|[^\\.,\[\]#])+(\[(\\.|[^\\,\[\]#])*(,(\\.|[^\\,\[\]#])*)*\](#[0-9]+)?)?(\.(\\.|[^\\.,\[\]#])+(\[(\\.|[^\\,\[\]#])*(,(\\.|[^\\,\[\]#])*)*\](#[0-9]+)?)?)*$"
    ))]
    pub path: String,
    /// Where, for people: groups by name.
    pub label: String,
    /// What happens.
    pub kind: ChangeKind,
    /// The value before, a whole entry for a list; null where there is none.
    pub before: Value,
    /// The value after; null where there is none.
    pub after: Value,
}

/// The differences between two canonical states, sorted by path.
pub fn diff(spec: &PolicySpec, before: &Object, after: &Object, names: &Directory) -> Vec<Change> {
    let mut differ = Differ {
        names,
        changes: Vec::new(),
    };
    differ.members(spec.properties, before, after, "", "");
    differ.changes.sort_by(|a, b| a.path.cmp(&b.path));
    differ.changes
}

struct Differ<'a> {
    names: &'a Directory,
    changes: Vec<Change>,
}

impl Differ<'_> {
    fn members(
        &mut self,
        table: &'static [Property],
        before: &Object,
        after: &Object,
        path: &str,
        label: &str,
    ) {
        for property in table {
            let old = before.get(property.name);
            let new = after.get(property.name);
            if old.is_none() && new.is_none() {
                continue;
            }
            // Nothing is built for what does not differ.
            let scalar = matches!(
                property.kind,
                Kind::Text { .. } | Kind::Flag | Kind::Integer
            );
            let same = old == new || (scalar && property.same(old, new, after));
            if same || matches!(property.kind, Kind::Label) {
                continue;
            }
            let path = path::write_name(path, property.name);
            let label = join(label, property.name);
            match &property.kind {
                Kind::Object(table) => {
                    self.members(table, &object(old), &object(new), &path, &label);
                }
                Kind::Single(entry) => self.single(entry, old, new, &path, &label),
                Kind::Set(_) => self.set(property, list(old), list(new), &path, &label),
                Kind::List(entries) => self.list(entries, list(old), list(new), &path, &label),
                _ => self.push(&path, label, old, new),
            }
        }
        self.unknown(table, before, after, path, label);
    }

    /// Members that no table names: compared as plain JSON, so that what is not
    /// understood is at least seen to have moved.
    fn unknown(
        &mut self,
        table: &'static [Property],
        before: &Object,
        after: &Object,
        path: &str,
        label: &str,
    ) {
        let mut names: Vec<&String> = before
            .keys()
            .chain(after.keys().filter(|name| !before.contains_key(*name)))
            .filter(|name| find(table, name).is_none() && name.as_str() != "Id")
            .collect();
        names.sort();
        for name in names {
            let old = before.get(name).filter(|value| !unknown_is_off(value));
            let new = after.get(name).filter(|value| !unknown_is_off(value));
            if old != new {
                self.push(&path::write_name(path, name), join(label, name), old, new);
            }
        }
    }

    fn set(
        &mut self,
        property: &'static Property,
        before: &[Value],
        after: &[Value],
        path: &str,
        label: &str,
    ) {
        let none = Object::new();
        let old: BTreeMap<Cow<'_, str>, &Value> =
            before.iter().map(|v| (property.key(v, &none), v)).collect();
        let new: BTreeMap<Cow<'_, str>, &Value> =
            after.iter().map(|v| (property.key(v, &none), v)).collect();
        for (key, value) in &old {
            if !new.contains_key(key) {
                let label = format!("{label}[{}]", spelt(value));
                self.push(
                    &path::write_entry(path, [&**key].into_iter(), 1),
                    label,
                    Some(value),
                    None,
                );
            }
        }
        for (key, value) in &new {
            if !old.contains_key(key) {
                let label = format!("{label}[{}]", spelt(value));
                self.push(
                    &path::write_entry(path, [&**key].into_iter(), 1),
                    label,
                    None,
                    Some(value),
                );
            }
        }
    }

    /// An entry that stands alone: another identity is another entry.
    fn single(
        &mut self,
        list: &'static List,
        before: Option<&Value>,
        after: Option<&Value>,
        path: &str,
        label: &str,
    ) {
        let [old, new] = [before, after].map(|side| side.and_then(Value::as_object));
        let is_off = |side: Option<&Object>| side.is_none_or(|entry| list.is_off(entry));
        match (old, new) {
            (Some(old), Some(new)) if list.key(old) == list.key(new) => {
                self.members(list.entry, old, new, path, label);
            }
            _ if is_off(old) && is_off(new) => {}
            _ => {
                let [old, new] = [old, new].map(|side| side.map(|entry| self.named(list, entry)));
                self.push(path, label.to_owned(), old.as_ref(), new.as_ref());
            }
        }
    }

    fn list(
        &mut self,
        list: &'static List,
        before: &[Value],
        after: &[Value],
        path: &str,
        label: &str,
    ) {
        let mut pairs: HashMap<String, (Vec<&Object>, Vec<&Object>)> =
            HashMap::with_capacity(before.len().max(after.len()));
        for entry in before.iter().filter_map(Value::as_object) {
            pairs.entry(list.key_text(entry)).or_default().0.push(entry);
        }
        for entry in after.iter().filter_map(Value::as_object) {
            pairs.entry(list.key_text(entry)).or_default().1.push(entry);
        }
        // In any order: changes are sorted by path when all are known.
        for (mut old, mut new) in pairs.into_values() {
            // Where one identity stands several times, equal ones are partners,
            // so that taking one away shows just that.
            let mut equal = 0;
            old.retain(|entry| match new.iter().position(|other| other == entry) {
                Some(index) => {
                    new.remove(index);
                    equal += 1;
                    false
                }
                None => true,
            });
            let (mut old, mut new) = (old.into_iter(), new.into_iter());
            for nth in equal + 1.. {
                let (old, new) = (old.next(), new.next());
                let Some(either) = new.or(old) else { break };
                let key = list.key(either);
                let path = path::write_entry(path, key.iter().map(String::as_str), nth);
                let label = format!("{label}[{}]", self.entry_label(list, either, &key));
                match (old, new) {
                    (Some(old), Some(new)) => self.members(list.entry, old, new, &path, &label),
                    (old, new) => {
                        let [old, new] =
                            [old, new].map(|side| side.map(|entry| self.named(list, entry)));
                        self.push(&path, label, old.as_ref(), new.as_ref());
                    }
                }
            }
        }
    }

    /// The identity as people see it: targets by name, the rest as it is spelt.
    fn entry_label(&self, list: &'static List, entry: &Object, key: &[String]) -> String {
        let parts: Vec<String> = list
            .identity_fields(entry)
            .iter()
            .zip(key)
            .map(|(field, part)| {
                let target = find(list.entry, field).and_then(|property| property.refers(entry));
                match (target, entry.get(*field)) {
                    (Some(target), _) => self.names.label(target),
                    (None, Some(Value::String(text))) => text.trim().to_owned(),
                    (None, _) => part.clone(),
                }
            })
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(", ")
    }

    fn named(&self, list: &'static List, entry: &Object) -> Value {
        let mut entry = entry.clone();
        name_entry(list.entry, &mut entry, self.names);
        Value::Object(entry)
    }

    fn push(&mut self, path: &str, label: String, before: Option<&Value>, after: Option<&Value>) {
        let kind = match (before, after) {
            (None, _) => ChangeKind::Add,
            (_, None) => ChangeKind::Remove,
            _ => ChangeKind::Replace,
        };
        self.changes.push(Change {
            path: path.to_owned(),
            label,
            kind,
            before: before.cloned().unwrap_or_default(),
            after: after.cloned().unwrap_or_default(),
        });
    }
}

/// Puts the directory's names beside the ids of targets, all through a policy.
pub fn with_names(spec: &PolicySpec, mut policy: Object, names: &Directory) -> Object {
    name_members(spec.properties, &mut policy, names);
    policy
}

fn name_members(table: &'static [Property], members: &mut Object, names: &Directory) {
    for property in table {
        match (&property.kind, members.get_mut(property.name)) {
            (Kind::Object(table), Some(Value::Object(inner))) => name_entry(table, inner, names),
            (Kind::Single(list), Some(Value::Object(inner))) => {
                name_entry(list.entry, inner, names);
            }
            (Kind::List(list), Some(Value::Array(entries))) if refers_anywhere(list.entry) => {
                for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                    name_entry(list.entry, entry, names);
                }
            }
            _ => {}
        }
    }
}

fn name_entry(table: &'static [Property], entry: &mut Object, names: &Directory) {
    let label = table.iter().find(|p| matches!(p.kind, Kind::Label));
    let reference = table.iter().find(|p| p.is_reference());
    if let (Some(label), Some(reference)) = (label, reference) {
        let name = match reference.refers(entry) {
            Some(Refers::Group(id)) => names.display_name(id),
            _ => None,
        };
        if let Some(name) = name {
            let mut named = Object::new();
            for (key, value) in std::mem::take(entry) {
                let after_reference = key == reference.name;
                named.insert(key, value);
                if after_reference {
                    named.insert(label.name.to_owned(), name.into());
                }
            }
            *entry = named;
        }
    }
    name_members(table, entry, names);
}

/// A policy without the names that [`with_names`] put into it.
pub fn without_names(spec: &PolicySpec, policy: &Object) -> Object {
    fn strip(table: &'static [Property], members: &Object) -> Object {
        let mut bare = Object::new();
        for (name, value) in members {
            let value = match (find(table, name).map(|property| &property.kind), value) {
                (Some(Kind::Label), _) => continue,
                (Some(Kind::Object(table)), Value::Object(inner)) => strip(table, inner).into(),
                (Some(Kind::Single(list)), Value::Object(inner)) => strip(list.entry, inner).into(),
                (Some(Kind::List(list)), Value::Array(entries)) => entries
                    .iter()
                    .map(|entry| match entry {
                        Value::Object(inner) => strip(list.entry, inner).into(),
                        other => other.clone(),
                    })
                    .collect(),
                _ => value.clone(),
            };
            bare.insert(name.clone(), value);
        }
        bare
    }
    strip(spec.properties, policy)
}

fn object(value: Option<&Value>) -> std::borrow::Cow<'_, Object> {
    match value.and_then(Value::as_object) {
        Some(members) => std::borrow::Cow::Borrowed(members),
        None => std::borrow::Cow::Owned(Object::new()),
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn spelt(value: &Value) -> &str {
    value.as_str().unwrap_or_default().trim()
}

fn join(label: &str, name: &str) -> String {
    if label.is_empty() {
        name.to_owned()
    } else {
        format!("{label}.{name}")
    }
}
