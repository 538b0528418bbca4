//! From a live policy to a declaration of it: what `export` prints, and what a
//! backup holds.
//!
//! Whether a file can hold something is not decided here a second time: the
//! declaration is checked as a file would be, and what is refused is left out.

mod write;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::core::codes;
use crate::core::compare::{SENTINEL, is_guid};
use crate::core::directory::Directory;
use crate::core::finding::{At, Checks, Finding, show_way};
use crate::core::live::holds_sentinel;
use crate::core::path::{write_entry, write_name};
use crate::core::references::{References, references};
use crate::core::resolve::resolve;
use crate::core::spec::{Kind, Object, PolicySpec, Property, find};

use write::{Written, write};

/// What a declaration of a live policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For people who begin to manage a tenant: what it has, groups by name.
    Export,
    /// To bring back exactly what was, whatever stands there by then: what is
    /// off is written out, and groups by id, for names change.
    Backup,
}

/// What a file with these properties would be taken for, and what would be
/// found in it.
pub type Judge<'j> = dyn Fn(&PolicySpec, &Object) -> (Object, Checks) + 'j;

/// A property that a file cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The way to it.
    pub way: Vec<At>,
    /// The warning that says so, with its path and the reason.
    pub finding: Finding,
}

/// A live policy as a declaration.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The policy's table.
    pub spec: &'static PolicySpec,
    /// The properties as a file spells them, `Id` first, then as in the table.
    pub properties: Object,
    /// What people should know of a part: the group behind an id.
    pub notes: Vec<(Vec<At>, String)>,
    /// What a file like this needs allowed, each with its reason.
    pub needs: Vec<Finding>,
    /// What a file cannot hold.
    pub left_out: Vec<LeftOut>,
    /// Path and value of what no table knows.
    pub unknown: Vec<(String, Value)>,
}

impl Declaration {
    /// The codes that a file with it needs after `--allow`, sorted.
    pub fn codes(&self) -> BTreeSet<String> {
        self.needs.iter().map(|one| one.code.clone()).collect()
    }
}

/// The names that must be looked up before groups can go by name: those of the
/// policy's groups, as far as they are known and can stand in a file.
pub fn names(spec: &PolicySpec, live: &Object, directory: &Directory) -> BTreeSet<String> {
    let mut found = References::default();
    references(spec, live, &mut found);
    let names = found.ids.iter().filter_map(|id| directory.display_name(id));
    names
        .filter(|name| is_name(name))
        .map(str::to_owned)
        .collect()
}

/// Whether a text can name a group in a file. What looks like something else
/// there, or changes on the way, cannot.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !is_guid(text)
        && !text.eq_ignore_ascii_case(SENTINEL)
}

/// Declares a live policy.
pub fn declare(
    spec: &'static PolicySpec,
    live: &Object,
    directory: &Directory,
    purpose: Purpose,
    judge: &Judge<'_>,
) -> Declaration {
    let Written {
        mut properties,
        notes,
        refused,
    } = write(spec, live, directory, purpose);
    properties.shift_insert(0, "Id".to_owned(), spec.id.into());
    let mut declaration = Declaration {
        spec,
        properties,
        notes,
        needs: Vec::new(),
        left_out: Vec::new(),
        unknown: Vec::new(),
    };
    declaration.leave_out(refused, purpose);
    loop {
        let properties = &declaration.properties;
        let mut checks = Checks::default();
        sentinels(&json!(properties), &mut Vec::new(), &mut checks);
        let (understood, judged) = judge(spec, properties);
        checks.found.extend(judged.found);
        let stops = |checks: &Checks| {
            let found = checks.found.iter().filter(|(_, finding)| finding.stops());
            found.filter(|(_, f)| !f.allowable).cloned().collect()
        };
        let mut refused: Vec<(Vec<At>, Finding)> = stops(&checks);
        if refused.is_empty() {
            let (_, resolved) = resolve(spec, &understood, live, directory);
            refused = stops(&resolved);
            checks.found.extend(resolved.found);
        }
        if declaration.leave_out(refused, purpose) {
            continue;
        }
        for (_, finding) in checks.found {
            let again = |one: &Finding| one.code == finding.code && one.path == finding.path;
            if finding.stops() && finding.allowable && !declaration.needs.iter().any(again) {
                declaration.needs.push(finding);
            }
        }
        break;
    }
    unknown(spec.properties, live, "", &mut declaration.unknown);
    declaration
}

impl Declaration {
    /// Leaves out the properties that findings point into; false where there
    /// was nothing to leave out.
    fn leave_out(&mut self, refused: Vec<(Vec<At>, Finding)>, purpose: Purpose) -> bool {
        let mut any = false;
        for (way, reason) in refused {
            let way = property_of(self.spec.properties, &way);
            if !remove(&mut self.properties, way) {
                continue;
            }
            any = true;
            self.notes.retain(|(noted, _)| !noted.starts_with(way));
            let path = show_way(way);
            let message = format!(
                "`{path}` is left out, for no file can hold it: {}",
                reason.message
            );
            let hint = match purpose {
                Purpose::Export => "it stays as the tenant has it: not compared, not changed",
                Purpose::Backup => "a change of it cannot be taken back with this file",
            };
            let finding = Finding::new(&codes::EXPORT_LEFT_OUT, path, message).hint(hint);
            let way = way.to_vec();
            self.left_out.push(LeftOut { way, finding });
        }
        any
    }
}

/// The way to the smallest property that can be left out for what stands at
/// `way`. A list or an entry is declared whole or not at all.
fn property_of<'w>(mut table: &'static [Property], way: &'w [At]) -> &'w [At] {
    for (depth, step) in way.iter().enumerate() {
        let At::Key(name) = step else {
            return &way[..depth];
        };
        match find(table, name).map(|property| &property.kind) {
            Some(Kind::Object(inner)) => table = inner,
            _ => return &way[..=depth],
        }
    }
    way
}

/// Takes a property out, and with it the objects that held nothing else.
fn remove(members: &mut Object, way: &[At]) -> bool {
    match way {
        [At::Key(name)] => members.shift_remove(name).is_some(),
        [At::Key(name), rest @ ..] => {
            let Some(Value::Object(inner)) = members.get_mut(name) else {
                return false;
            };
            let removed = remove(inner, rest);
            if inner.is_empty() {
                members.shift_remove(name);
            }
            removed
        }
        _ => false,
    }
}

/// The sentinel is no value, also where a file takes any text.
fn sentinels(value: &Value, way: &mut Vec<At>, checks: &mut Checks) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                way.push(name.as_str().into());
                sentinels(value, way, checks);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(index.into());
                sentinels(item, way, checks);
                way.pop();
            }
        }
        value if holds_sentinel(value) => {
            let message =
                format!("it holds `{SENTINEL}`, Graph's placeholder for words it does not show");
            checks.add(&codes::SENTINEL_VALUE, way.clone(), message);
        }
        _ => {}
    }
}

fn unknown(
    table: &'static [Property],
    members: &Object,
    path: &str,
    found: &mut Vec<(String, Value)>,
) {
    for property in table {
        let below = write_name(path, property.name);
        match (&property.kind, members.get(property.name)) {
            (Kind::List(list), Some(Value::Array(entries))) => {
                let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
                for one in entries.iter().filter_map(Value::as_object) {
                    let key = list.key(one);
                    let nth = seen.entry(key.clone()).or_default();
                    *nth += 1;
                    let path = write_entry(&below, key.iter().map(String::as_str), *nth);
                    unknown(list.entry, one, &path, found);
                }
            }
            (kind, Some(Value::Object(inner))) => {
                unknown(kind.object().unwrap_or_default(), inner, &below, found);
            }
            _ => {}
        }
    }
    for (name, value) in members {
        // The policy's own key is no property of the table.
        if find(table, name).is_none() && !(path.is_empty() && name == "Id") {
            found.push((write_name(path, name), value.clone()));
        }
    }
}
