//! Writes every part of a live policy as a file would spell it.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::core::codes;
use crate::core::compare::{ALL_USERS, Compare, is_guid};
use crate::core::directory::{ById, Directory, Group};
use crate::core::finding::{At, Finding, show_way};
use crate::core::references::{References, references};
use crate::core::spec::{Kind, Object, PolicySpec, Property, Refers};

use super::{Purpose, is_name};

/// A live policy as a file would spell it, not yet checked.
pub struct Written {
    /// The properties, in the order of the table.
    pub properties: Object,
    /// What people should know of a part.
    pub notes: Vec<(Vec<At>, String)>,
    /// What would mean something else in a file, so that no check finds it.
    pub refused: Vec<(Vec<At>, Finding)>,
}

/// Writes a live policy down.
pub fn write(
    spec: &'static PolicySpec,
    live: &Object,
    directory: &Directory,
    purpose: Purpose,
) -> Written {
    let mut found = References::default();
    references(spec, live, &mut found);
    let mut writer = Writer {
        directory,
        groups: found.ids,
        purpose,
        notes: Vec::new(),
        refused: Vec::new(),
    };
    let properties = writer.members(spec.properties, live, false, &mut Vec::new());
    Written {
        properties,
        notes: writer.notes,
        refused: writer.refused,
    }
}

struct Writer<'a> {
    directory: &'a Directory,
    /// The groups that the policy names, by id.
    groups: BTreeSet<String>,
    purpose: Purpose,
    notes: Vec<(Vec<At>, String)>,
    refused: Vec<(Vec<At>, Finding)>,
}

impl Writer<'_> {
    fn members(
        &mut self,
        table: &'static [Property],
        live: &Object,
        in_entry: bool,
        way: &mut Vec<At>,
    ) -> Object {
        let mut written = Object::new();
        for property in table {
            way.push(property.name.into());
            // What nothing else would give to an entry must stand in it.
            let whole = self.purpose == Purpose::Backup || (in_entry && property.fill.is_none());
            let value = live.get(property.name);
            let value = self.value(property, value, live, whole, in_entry, way);
            way.pop();
            if let Some(value) = value {
                written.insert(property.name.to_owned(), value);
            }
        }
        written
    }

    /// `whole`: whether what the tenant leaves off is written out.
    fn value(
        &mut self,
        property: &'static Property,
        live: Option<&Value>,
        siblings: &Object,
        whole: bool,
        in_entry: bool,
        way: &mut Vec<At>,
    ) -> Option<Value> {
        match (&property.kind, live) {
            (Kind::Label, _) => None,
            (Kind::Text { .. }, Some(Value::String(text))) if property.is_reference() => {
                Some(self.reference(property, text, siblings, way))
            }
            // Blank text says nothing, and no file takes it.
            (Kind::Text { compare, off }, Some(Value::String(text)))
                if off.is_some() || !text.trim().is_empty() =>
            {
                Some(literal(&spelt(compare, text)))
            }
            (Kind::Text { off, .. }, _) => off.filter(|_| whole).map(Value::from),
            (Kind::Flag, None) => whole.then(|| false.into()),
            (Kind::Flag | Kind::Integer, value) => value.cloned(),
            (Kind::Object(table), live) => {
                let none = Object::new();
                let live = live.and_then(Value::as_object).unwrap_or(&none);
                let members = self.members(table, live, in_entry, way);
                (!members.is_empty()).then(|| members.into())
            }
            (Kind::Single(list), live) => {
                let none = Object::new();
                let live = live.and_then(Value::as_object);
                if live.is_none() && !whole {
                    return None;
                }
                let entry = self.members(list.entry, live.unwrap_or(&none), true, way);
                let named = |field: &&str| entry.contains_key(*field);
                list.identity_fields(&entry)
                    .iter()
                    .all(named)
                    .then(|| entry.into())
            }
            (Kind::Set(compare), live) => {
                let items = live.and_then(Value::as_array).into_iter().flatten();
                let none = Object::new();
                let mut seen = HashSet::new();
                // One text twice means no more than once.
                let items: Vec<Value> = items
                    .filter(|item| seen.insert(property.key(item, &none)))
                    .filter_map(Value::as_str)
                    .map(|text| literal(&spelt(compare, text)))
                    .collect();
                (whole || !items.is_empty()).then(|| items.into())
            }
            (Kind::List(list), live) => {
                let entries = live
                    .and_then(Value::as_array)
                    .map_or(&[][..], Vec::as_slice);
                let mut written = Vec::with_capacity(entries.len());
                for (index, entry) in entries.iter().filter_map(Value::as_object).enumerate() {
                    way.push(index.into());
                    written.push(Value::from(self.members(list.entry, entry, true, way)));
                    way.pop();
                }
                (whole || !written.is_empty()).then(|| written.into())
            }
        }
    }

    fn reference(&mut self, property: &Property, text: &str, entry: &Object, way: &[At]) -> Value {
        let id = match property.refers(entry) {
            Some(Refers::Everybody) => return ALL_USERS.into(),
            Some(Refers::Nobody(id) | Refers::Other(_, id)) => return literal(id),
            Some(Refers::Group(id)) => id,
            None => return literal(text),
        };
        if !is_guid(id) {
            // In a file it would be a name, and might be another group's.
            let message = format!("the group `{id}` is no object id");
            let finding = Finding::new(&codes::GUID_INVALID, show_way(way), message);
            self.refused.push((way.to_vec(), finding));
            return literal(id);
        }
        let note = match self.directory.id(id) {
            Some(ById::Found(group)) => {
                let name = group.display_name.as_str();
                if self.purpose == Purpose::Backup {
                    name.to_owned()
                } else if self.means(property, entry, name, id) {
                    return literal(name);
                } else if is_name(name) {
                    format!("{name} (a name that does not stand for this group alone)")
                } else {
                    name.to_owned()
                }
            }
            Some(ById::Gone) if self.purpose == Purpose::Backup => {
                "deleted group; take the entry out if it is refused".to_owned()
            }
            Some(ById::Gone) => "deleted group".to_owned(),
            _ => "a group whose name could not be read".to_owned(),
        };
        self.notes.push((way.to_vec(), note));
        id.into()
    }

    /// Whether a file that names this group would mean it, and nothing else.
    fn means(&self, property: &Property, entry: &Object, name: &str, id: &str) -> bool {
        let mut named = entry.clone();
        named.insert(property.name.to_owned(), name.into());
        let Some(told) = self.directory.name(name) else {
            return false;
        };
        let is_it = |group: &Group| group.id.eq_ignore_ascii_case(id);
        // A file takes two spellings of one name for one target.
        let beside = |group: &Group| self.groups.contains(&group.id.to_ascii_lowercase());
        is_name(name)
            && property.refers(&named) == Some(Refers::Group(name))
            && told.meant(name).is_some_and(is_it)
            && told.matches.iter().all(|one| is_it(one) || !beside(one))
    }
}

/// Words are spelt exactly in a file; everything else stays as it is.
fn spelt(compare: &Compare, text: &str) -> String {
    let word = match compare {
        Compare::Word(words) => words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text.trim())),
        _ => None,
    };
    word.map_or(text, |word| word).to_owned()
}

/// Text that a file would take for an expression gets a second bracket.
fn literal(text: &str) -> Value {
    if text.starts_with('[') && text.ends_with(']') {
        format!("[{text}").into()
    } else {
        text.into()
    }
}
