//! From names to object ids: one id, or an error that lists the candidates.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::codes;
use super::compare::{fold, is_guid};
use super::directory::{ById, Directory, Group};
use super::finding::{At, Checks};
use super::references::{References, references};
use super::spec::{Kind, List, Object, PolicySpec, Property, Refers};

/// The declaration with ids for names and without labels, and what is wrong with
/// it. `live` tells which ids the tenant has already.
pub fn resolve(
    spec: &PolicySpec,
    declared: &Object,
    live: &Object,
    directory: &Directory,
) -> (Object, Checks) {
    let mut live_references = References::default();
    references(spec, live, &mut live_references);
    let mut resolver = Resolver {
        directory,
        live: live_references,
        checks: Checks::default(),
    };
    let desired = resolver.members(spec.properties, declared, Some(live), &mut Vec::new());
    resolver.exclusive(spec, &desired, live);
    (desired, resolver.checks)
}

struct Resolver<'a> {
    directory: &'a Directory,
    live: References,
    checks: Checks,
}

impl Resolver<'_> {
    /// `live` is the same part of the live policy: what an entry leaves out
    /// comes from there, also what kind of target it is.
    fn members(
        &mut self,
        table: &'static [Property],
        from: &Object,
        live: Option<&Object>,
        way: &mut Vec<At>,
    ) -> Object {
        let mut resolved = Object::new();
        let label = table.iter().find(|p| matches!(p.kind, Kind::Label));
        for property in table {
            let Some(value) = from.get(property.name) else {
                continue;
            };
            way.push(property.name.into());
            let value = match (&property.kind, value) {
                (Kind::Label, _) => None,
                (_, Value::String(_)) if property.is_reference() => property
                    .refers_beside(from, live)
                    .map(|target| self.reference(target, from, label, way)),
                (Kind::Object(_) | Kind::Single(_), Value::Object(inner)) => {
                    let table = property.kind.object().unwrap_or_default();
                    let live = live.and_then(|live| live.get(property.name)?.as_object());
                    Some(self.members(table, inner, live, way).into())
                }
                (Kind::List(list), Value::Array(entries)) => {
                    let live = live.and_then(|live| live.get(property.name)?.as_array());
                    Some(self.list(list, entries, live.map_or(&[], Vec::as_slice), way))
                }
                _ => Some(value.clone()),
            };
            way.pop();
            if let Some(value) = value {
                resolved.insert(property.name.to_owned(), value);
            }
        }
        resolved
    }

    fn list(
        &mut self,
        list: &'static List,
        entries: &[Value],
        live: &[Value],
        way: &mut Vec<At>,
    ) -> Value {
        let twins: HashMap<Vec<String>, &Object> = live
            .iter()
            .filter_map(Value::as_object)
            .map(|twin| (list.key(twin), twin))
            .collect();
        let mut resolved: Vec<Value> = Vec::with_capacity(entries.len());
        let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let Value::Object(entry) = entry else {
                continue;
            };
            way.push(index.into());
            let twin = twins.get(&list.key(entry)).copied();
            let members = self.members(list.entry, entry, twin, way);
            match seen.get(&list.key(&members)) {
                None => {
                    seen.insert(list.key(&members), index);
                }
                Some(first) => {
                    let first = &entries[*first];
                    let text = |entry: &Value| match entry.get("Id").and_then(Value::as_str) {
                        Some(id) => format!("`{id}`"),
                        None => "the entry".to_owned(),
                    };
                    self.checks.add(
                        &codes::DUPLICATE_ENTRY,
                        way.clone(),
                        format!(
                            "{} and {} are one group, so the target stands twice",
                            text(first),
                            text(&entries[index]),
                        ),
                    );
                }
            }
            resolved.push(members.into());
            way.pop();
        }
        Value::Array(resolved)
    }

    /// `label` is the property of the entry that names the group for people.
    fn reference(
        &mut self,
        target: Refers<'_>,
        entry: &Object,
        label: Option<&Property>,
        way: &[At],
    ) -> Value {
        let text = match target {
            Refers::Everybody => return json!(super::compare::ALL_USERS),
            Refers::Nobody(id) | Refers::Other(_, id) => return json!(id),
            Refers::Group(text) => text,
        };
        if is_guid(text) {
            self.known_id(text, entry, label, way);
            return json!(text);
        }
        let told = self.directory.name(text);
        if let Some(group) = told.and_then(|told| told.meant(text)) {
            return json!(group.id.to_ascii_lowercase());
        }
        match told.map_or(&[][..], |told| &told.matches) {
            [] => {
                let similar = told.map_or(&[][..], |told| &told.similar);
                let message = format!("no group has the display name `{text}`");
                let hint = if similar.is_empty() {
                    "check the spelling, the tenant, and whether the group still exists".to_owned()
                } else {
                    format!("groups whose name begins alike:{}", candidates(similar))
                };
                self.checks
                    .add(&codes::GROUP_NOT_FOUND, way.to_vec(), message)
                    .hint = Some(hint);
                json!(text)
            }
            several => {
                let message = format!("{} groups have the display name `{text}`", several.len());
                let hint = format!(
                    "write the object id of the one that is meant as `Id`, with the name as `DisplayName`:{}",
                    candidates(several)
                );
                self.checks
                    .add(&codes::GROUP_AMBIGUOUS, way.to_vec(), message)
                    .hint = Some(hint);
                json!(text)
            }
        }
    }

    fn known_id(&mut self, id: &str, entry: &Object, label: Option<&Property>, way: &[At]) {
        match self.directory.id(id) {
            Some(ById::Found(group)) => {
                let Some(property) = label else { return };
                let label = entry.get(property.name).and_then(Value::as_str);
                let is_other = |label: &&str| fold(label.trim()) != fold(group.display_name.trim());
                let Some(label) = label.filter(is_other) else {
                    return;
                };
                let message = format!(
                    "`{}` says `{label}`, but group {id} is called `{}`",
                    property.name, group.display_name
                );
                let mut way = way.to_vec();
                way.pop();
                way.push(property.name.into());
                self.checks.add(&codes::GROUP_RENAMED, way, message).hint = Some(
                    "find out who renamed the group, or whether the id is the right one, before the label follows"
                        .to_owned(),
                );
            }
            Some(ById::Gone) if self.live.ids.contains(&id.to_ascii_lowercase()) => {
                let message =
                    format!("group {id} no longer exists, but the live policy still names it");
                self.checks
                    .add(&codes::GROUP_DELETED, way.to_vec(), message)
                    .hint = Some("take the target out, in the file too".to_owned());
            }
            Some(ById::Gone) => {
                self.checks
                    .add(
                        &codes::GROUP_NOT_FOUND,
                        way.to_vec(),
                        format!("no group has the object id {id}"),
                    )
                    .hint = Some(
                    "check the id and the tenant; a user's or an app's id is no target; if the group was \
                     deleted since this was written, take the entry out"
                        .to_owned(),
                );
            }
            _ => {
                let because = self.directory.unread_because.as_deref();
                let message = format!(
                    "group {id} could not be looked up{}, so nobody checked that it exists",
                    because.map(|why| format!(" ({why})")).unwrap_or_default()
                );
                self.checks
                    .add(&codes::GROUP_UNREAD, way.to_vec(), message)
                    .hint =
                    Some("grant GroupMember.Read.All to check ids and show names".to_owned());
            }
        }
    }

    /// One target in two lists that exclude each other. A list that the file
    /// leaves out counts with its live entries; two live lists are not ours.
    fn exclusive(&mut self, spec: &PolicySpec, desired: &Object, live: &Object) {
        for (one, other) in spec.exclusive {
            let declared = if desired.contains_key(*other) {
                *other
            } else if desired.contains_key(*one) {
                *one
            } else {
                continue;
            };
            let against = if declared == *other { *one } else { *other };
            let fixed = desired.get(against).or_else(|| live.get(against));
            let ids: BTreeSet<String> = ids(fixed).map(|(_, id)| id).collect();
            for (index, id) in ids_in(desired, declared) {
                if !ids.contains(&id) {
                    continue;
                }
                let whose = if desired.contains_key(against) {
                    format!("`{against}`")
                } else {
                    format!("the live `{against}`, which the file does not manage,")
                };
                let message = format!(
                    "{} stands in `{declared}` and in {whose} too",
                    self.directory.label(Refers::Group(&id))
                );
                let way = vec![At::from(declared), At::from(index), At::from("Id")];
                if self.checks.found.iter().any(|(seen, _)| seen == &way) {
                    continue;
                }
                self.checks.add(&codes::TARGET_BOTH, way, message).hint = Some(
                    "which of the two wins is not documented; keep the target in one list"
                        .to_owned(),
                );
            }
        }
    }
}

fn ids(list: Option<&Value>) -> impl Iterator<Item = (usize, String)> + '_ {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, entry)| {
            let id = entry.get("Id")?.as_str()?.trim().to_ascii_lowercase();
            Some((index, id))
        })
}

fn ids_in<'a>(policy: &'a Object, list: &str) -> impl Iterator<Item = (usize, String)> + 'a {
    ids(policy.get(list))
}

/// Groups to choose from, one a line. A name that breaks lines must not look
/// like several groups.
fn candidates(groups: &[Group]) -> String {
    groups
        .iter()
        .map(|group| {
            let name = group.display_name.replace(char::is_control, " ");
            format!("\n{} `{name}` ({})", group.id, group.traits())
        })
        .collect()
}
