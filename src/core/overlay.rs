//! Imposes a declaration on the live policy: what is declared wins, what is not
//! declared stays, what differs in nothing keeps its live spelling.
//!
//! Nothing else decides what is managed: the diff, the body and the guards only
//! ever look at the result.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::live::sort_set;
use super::spec::{Kind, List, Object, PolicySpec, Property, find};

/// The live policy as it would be with the declaration imposed.
pub fn overlay(spec: &PolicySpec, live: &Object, desired: &Object) -> Object {
    let context = Context { live, desired };
    context.members(spec.properties, live, desired)
}

struct Context<'a> {
    live: &'a Object,
    desired: &'a Object,
}

impl Context<'_> {
    fn members(&self, table: &'static [Property], live: &Object, desired: &Object) -> Object {
        if says_nothing_new(table, live, desired) {
            return live.clone();
        }
        let mut target = Object::with_capacity(live.len().max(desired.len()) + 1);
        // What no table names stands before the table's: the policy's own `Id`.
        for (name, value) in live.iter().filter(|(name, _)| *name == "Id") {
            target.insert(name.clone(), value.clone());
        }
        for property in table {
            let live_value = live.get(property.name);
            let value = match desired.get(property.name) {
                None => live_value.cloned(),
                Some(wanted) => self.value(property, live_value, wanted, desired),
            };
            if let Some(value) = value {
                target.insert(property.name.to_owned(), value);
            }
        }
        for (name, value) in live {
            if find(table, name).is_none() {
                target.insert(name.clone(), value.clone());
            }
        }
        target
    }

    fn value(
        &self,
        property: &'static Property,
        live: Option<&Value>,
        wanted: &Value,
        siblings: &Object,
    ) -> Option<Value> {
        match (&property.kind, wanted) {
            (Kind::Label, _) => None,
            (Kind::Object(table), Value::Object(members)) => {
                match live.and_then(Value::as_object) {
                    Some(before) => Some(self.members(table, before, members).into()),
                    // Where the service has nothing, what is off needs no sending; but
                    // if anything else is sent, it goes along.
                    None => (!self.members(table, &Object::new(), members).is_empty())
                        .then(|| self.fresh(table, members).into()),
                }
            }
            (Kind::Single(list), Value::Object(entry)) => self.single(list, live, entry),
            (Kind::Set(_), Value::Array(items)) => set(property, live, items),
            (Kind::List(list), Value::Array(entries)) => self.list(list, live, entries),
            _ if property.same(live, Some(wanted), siblings) => live.cloned(),
            _ => Some(wanted.clone()),
        }
    }

    /// What is declared, with no live twin: kept as it is, off or not, for
    /// nothing on the other side stands for what is left out.
    fn fresh(&self, table: &'static [Property], declared: &Object) -> Object {
        let mut fresh = Object::with_capacity(table.len());
        for property in table {
            let value = match (&property.kind, declared.get(property.name)) {
                (Kind::Label, _) | (_, None) => continue,
                (Kind::Object(table), Some(Value::Object(inner))) => {
                    Some(self.fresh(table, inner).into())
                }
                (Kind::Single(list), Some(Value::Object(inner))) => {
                    Some(self.filled(list, self.fresh(list.entry, inner)).into())
                }
                (Kind::Set(_), Some(Value::Array(items))) => {
                    set(property, Some(&Value::Array(Vec::new())), items)
                }
                (Kind::List(list), Some(Value::Array(entries))) => {
                    self.list(list, Some(&Value::Array(Vec::new())), entries)
                }
                (_, Some(value)) => Some(value.clone()),
            };
            if let Some(value) = value {
                fresh.insert(property.name.to_owned(), value);
            }
        }
        fresh
    }

    /// An entry that stands alone: with another identity it is another entry,
    /// which inherits nothing.
    fn single(&self, list: &'static List, live: Option<&Value>, wanted: &Object) -> Option<Value> {
        let twin = live
            .and_then(Value::as_object)
            .filter(|twin| list.key(twin) == list.key(wanted));
        match twin {
            Some(twin) => Some(self.members(list.entry, twin, wanted).into()),
            // Nobody in place of nothing changes nothing.
            None if live.is_none() && list.is_off(wanted) => None,
            None => {
                let new = self.fresh(list.entry, wanted);
                Some(self.filled(list, new).into())
            }
        }
    }

    fn list(&self, list: &'static List, live: Option<&Value>, wanted: &[Value]) -> Option<Value> {
        let before = live
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut twins: HashMap<String, Vec<&Object>> = HashMap::with_capacity(before.len());
        for entry in before {
            if let Some(entry) = entry.as_object() {
                twins.entry(list.key_text(entry)).or_default().push(entry);
            }
        }
        let mut target = Vec::with_capacity(wanted.len());
        for entry in wanted.iter().filter_map(Value::as_object) {
            let candidates = twins
                .get(&list.key_text(entry))
                .map_or(&[][..], Vec::as_slice);
            let merged = match candidates {
                [] => self.filled(list, self.fresh(list.entry, entry)),
                [twin] => self.members(list.entry, twin, entry),
                // Should the service hold one identity twice, the twin that needs
                // no change is the one to keep, whatever the order of the list.
                [first, ..] => candidates
                    .iter()
                    .find(|twin| self.members(list.entry, twin, entry) == ***twin)
                    .map_or_else(
                        || self.members(list.entry, first, entry),
                        |twin| (*twin).clone(),
                    ),
            };
            target.push(Value::Object(merged));
        }
        list.sort(&mut target);
        (live.is_some() || !target.is_empty()).then_some(Value::Array(target))
    }

    /// A new entry with what its declaration left out.
    fn filled(&self, list: &'static List, entry: Object) -> Object {
        let mut filled = Object::with_capacity(list.entry.len());
        for property in list.entry {
            let value = entry.get(property.name).cloned().or_else(|| {
                property
                    .fill
                    .and_then(|fill| fill(&entry, self.desired, self.live))
            });
            if let Some(value) = value {
                filled.insert(property.name.to_owned(), value);
            }
        }
        for (name, value) in entry {
            filled.entry(name).or_insert(value);
        }
        filled
    }
}

/// Whether a declaration leaves these members as they are, as far as a quick
/// look tells: most entries of a long list.
fn says_nothing_new(table: &'static [Property], live: &Object, desired: &Object) -> bool {
    table.iter().all(|property| {
        let Some(wanted) = desired.get(property.name) else {
            return true;
        };
        let before = live.get(property.name);
        match property.kind {
            Kind::Label => true,
            Kind::Text { .. } | Kind::Flag | Kind::Integer => {
                property.same(before, Some(wanted), desired)
            }
            _ => before == Some(wanted),
        }
    })
}

fn set(property: &'static Property, live: Option<&Value>, wanted: &[Value]) -> Option<Value> {
    let none = Object::new();
    let live_items = live.and_then(Value::as_array);
    let mut spellings: HashMap<Cow<'_, str>, &Value> = HashMap::new();
    for item in live_items.into_iter().flatten() {
        spellings.entry(property.key(item, &none)).or_insert(item);
    }
    let mut seen = HashSet::new();
    let mut target: Vec<Value> = wanted
        .iter()
        .filter(|item| seen.insert(property.key(item, &none)))
        .map(|item| {
            let twin = spellings.get(&property.key(item, &none)).copied();
            twin.unwrap_or(item).clone()
        })
        .collect();
    // The same texts stay as they are, also where the service holds one twice:
    // the diff sees nothing there, so nothing may be sent.
    if live_items.is_some()
        && seen.len() == spellings.len()
        && seen.iter().all(|key| spellings.contains_key(key))
    {
        return live.cloned();
    }
    sort_set(property, &mut target);
    (live.is_some() || !target.is_empty()).then_some(Value::Array(target))
}
