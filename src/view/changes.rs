//! The changes of a policy as lines: one for each leaf, under the names of the
//! properties that hold it.

use serde_json::Value;

use crate::core::diff::{Change, ChangeKind};
use crate::core::path::{Path, Step};
use crate::core::plan::Resource;
use crate::core::spec::{Kind, List, Object, PolicySpec, Property, Refers, find};

use super::{ADDED, Look, REMOVED, REPLACED, clean};

/// Writes the changes of a policy, in the order of its table.
pub fn render(
    resource: &Resource,
    spec: Option<&'static PolicySpec>,
    look: Look,
    out: &mut String,
) {
    let table = spec.map_or(&[][..], |spec| spec.properties);
    let mut lines: Vec<Line> = resource
        .changes
        .iter()
        .map(|change| line(change, table, resource, look))
        .collect();
    lines.sort_by(|a, b| a.order.cmp(&b.order));
    let mut open: Vec<String> = Vec::new();
    for Line { headings, text, .. } in lines {
        let shared = open
            .iter()
            .zip(&headings)
            .take_while(|(a, b)| a == b)
            .count();
        for (depth, heading) in headings.iter().enumerate().skip(shared) {
            out.push_str(&format!("{}{heading}\n", " ".repeat(4 + 2 * depth)));
        }
        out.push_str(&format!("{}{text}\n", " ".repeat(2 + 2 * headings.len())));
        open = headings;
    }
}

/// The line of a change.
struct Line {
    /// Where it sorts: the ranks of its properties, and of its entry.
    order: Vec<usize>,
    /// The properties that it stands under.
    headings: Vec<String>,
    text: String,
}

fn line(change: &Change, table: &'static [Property], resource: &Resource, look: Look) -> Line {
    let (mut sign, mut style) = match change.kind {
        ChangeKind::Add => ("+", ADDED),
        ChangeKind::Remove => ("-", REMOVED),
        ChangeKind::Replace => ("~", REPLACED),
    };
    let path = Path::parse(&change.path).unwrap_or_default();
    let mut order = Vec::new();
    let mut headings: Vec<String> = Vec::new();
    // Inside an entry: its label, then short names instead of headings.
    let mut entry: Option<String> = None;
    let mut inner: Vec<String> = Vec::new();
    let mut table = Some(table);
    let mut property: Option<&'static Property> = None;
    for (index, step) in path.steps().iter().enumerate() {
        match step {
            Step::Name(name) => {
                let rank = table.and_then(|table| table.iter().position(|p| p.name == *name));
                if entry.is_none() {
                    order.push(rank.unwrap_or(usize::MAX));
                }
                property = table.and_then(|table| find(table, name));
                table = property.and_then(|property| property.kind.object());
                match &entry {
                    None => headings.push(clean::line(name)),
                    // The words of a mode say themselves what they are.
                    Some(_) if property.is_some_and(|p| p.title == "mode") => {}
                    // A name that no table knows is the tenant's.
                    Some(_) => inner
                        .push(property.map_or_else(|| clean::line(name), |p| p.title.to_owned())),
                }
            }
            Step::Entry { key, .. } => {
                if let Some(Kind::List(list)) = property.map(|property| &property.kind) {
                    table = Some(list.entry);
                    if let (Some(_), [Step::Name(top), ..]) = (list.order, path.steps()) {
                        order.push(place(list, key, top, resource));
                    }
                }
                match &entry {
                    None => entry = Some(first_label(change, &path, index, key, resource)),
                    // What comes or goes is inside the entry, which stays.
                    Some(_) => {
                        let label = known_label(key, resource);
                        inner.push(look.paint(style, &format!("{sign} {label}")));
                        (sign, style) = ("~", REPLACED);
                    }
                }
            }
        }
    }
    let is_entry = matches!(path.steps().last(), Some(Step::Entry { .. }));
    if entry.is_some() && !is_entry {
        (sign, style) = ("~", REPLACED);
    }
    let sign = look.paint(style, sign);
    let text = match entry {
        // A leaf of the policy itself: its own name is its heading.
        None => {
            let name = headings.pop().unwrap_or_default();
            format!(
                "{sign} {name}: {}",
                values(change, property, resource, look)
            )
        }
        Some(label) => {
            let whole = change.before.is_object() || change.after.is_object();
            if whole && is_entry {
                let side = if change.after.is_object() {
                    &change.after
                } else {
                    &change.before
                };
                inner.extend(summary(side, property, resource));
            } else if !is_entry {
                inner.push(values(change, property, resource, look));
            }
            let rest = inner.join(" ");
            let room = look.width.saturating_sub(6 + 2 * headings.len());
            if rest.is_empty() {
                format!("{sign} {label}")
            } else if width(&label) + width(&rest) > room {
                format!(
                    "{sign} {label}:\n{}{rest}",
                    " ".repeat(6 + 2 * headings.len())
                )
            } else {
                format!("{sign} {label}: {rest}")
            }
        }
    };
    Line {
        order,
        headings,
        text,
    }
}

/// Where an entry stands in a list that people read sorted; what goes, last.
fn place(list: &'static List, key: &[String], top: &str, resource: &Resource) -> usize {
    let position = |side: &Value| {
        let entries = side[top].as_array()?;
        let is_it = |entry: &Value| {
            entry
                .as_object()
                .is_some_and(|entry| list.key(entry) == key)
        };
        entries.iter().position(is_it)
    };
    position(&resource.after)
        .or_else(|| position(&resource.before).map(|index| index + usize::MAX / 2))
        .unwrap_or(usize::MAX)
}

/// Columns of a text on the screen, as far as colours go.
fn width(text: &str) -> usize {
    let mut columns = 0;
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch == '\u{1b}' {
            // A style: everything up to its `m`.
            for ch in chars.by_ref() {
                if ch == 'm' {
                    break;
                }
            }
        } else {
            columns += 1;
        }
    }
    columns
}

/// The entry as the plan's label calls it: between the path of its list and what
/// follows; groups with their id behind the name.
fn first_label(
    change: &Change,
    path: &Path,
    index: usize,
    key: &[String],
    resource: &Resource,
) -> String {
    let names = |steps: &[Step]| -> String {
        let names: Vec<&str> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Name(name) => Some(name.as_str()),
                Step::Entry { .. } => None,
            })
            .collect();
        names.join(".")
    };
    let front = format!("{}[", names(&path.steps()[..index]));
    let behind = &path.steps()[index + 1..];
    let nested = behind.iter().any(|step| matches!(step, Step::Entry { .. }));
    let back = match behind {
        [] => "]".to_owned(),
        behind => format!("].{}", names(behind)),
    };
    let label = change.label.strip_prefix(&front);
    let label = if nested {
        // What is nested has brackets of its own; the first pair is the entry's.
        label.and_then(|rest| rest.split_once(&back).map(|(label, _)| label))
    } else {
        label.and_then(|rest| rest.strip_suffix(&back))
    };
    let Some(label) = label else {
        return known_label(key, resource);
    };
    match key {
        [id] if matches!(resource.groups.get(id), Some(Some(_))) => {
            format!("{} ({id})", clean::line(label))
        }
        _ => clean::line(label),
    }
}

/// An entry by its key alone: groups by name, with the id.
fn known_label(key: &[String], resource: &Resource) -> String {
    let parts: Vec<String> = key
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| match resource.groups.get(part) {
            Some(Some(name)) => format!("{} ({part})", clean::line(name)),
            Some(None) => clean::line(&format!("group {part}")),
            None => clean::line(part),
        })
        .collect();
    parts.join(", ")
}

/// A whole entry by its identity: targets by name, with their kind where they
/// are no groups.
fn whole_label(list: &'static List, entry: &Object, resource: &Resource) -> String {
    let parts: Vec<String> = list
        .identity_fields(entry)
        .iter()
        .zip(list.key(entry))
        .map(|(field, part)| {
            let property = find(list.entry, field);
            match property.and_then(|property| property.refers(entry)) {
                Some(Refers::Nobody(_)) => "nobody".to_owned(),
                Some(Refers::Other(kind, _)) => clean::line(&format!("{kind} {part}")),
                _ => known_label(&[part], resource),
            }
        })
        .collect();
    parts.join(", ")
}

/// What an entry holds besides its identity, with what is off left out.
fn summary(
    side: &Value,
    property: Option<&'static Property>,
    resource: &Resource,
) -> Option<String> {
    let Some(Kind::List(list)) = property.map(|property| &property.kind) else {
        return None;
    };
    let none = Object::new();
    let entry = side.as_object().unwrap_or(&none);
    let parts = held(list.entry, list.identity_fields(entry), entry, resource);
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn held(
    table: &'static [Property],
    identity: &[&str],
    entry: &Object,
    resource: &Resource,
) -> Vec<String> {
    let mut parts = Vec::new();
    for property in table {
        let Some(value) = entry.get(property.name) else {
            continue;
        };
        if identity.contains(&property.name) || matches!(property.kind, Kind::Label) {
            continue;
        }
        match value {
            Value::Array(items) => {
                let inner: Vec<String> = items
                    .iter()
                    .map(|item| match (&property.kind, item) {
                        (Kind::List(list), Value::Object(item)) => {
                            whole_label(list, item, resource)
                        }
                        (_, item) => scalar(item),
                    })
                    .collect();
                let inner = if inner.is_empty() {
                    "(none)".to_owned()
                } else {
                    inner.join(", ")
                };
                parts.push(format!("{} {inner}", property.title));
            }
            Value::Object(inner) => {
                let table = property.kind.object().unwrap_or_default();
                let inner = held(table, &[], inner, resource);
                if !inner.is_empty() {
                    parts.push(format!("{} ({})", property.title, inner.join(", ")));
                }
            }
            value if matches!(property.kind, Kind::Flag) && property.is_off(value, entry) => {}
            // The label says already what kind of target it is.
            Value::String(_) if property.name == "TargetType" => {}
            Value::String(word) if property.title == "mode" => parts.push(short(word)),
            value => parts.push(format!("{} {}", property.title, scalar(value))),
        }
    }
    parts
}

fn values(
    change: &Change,
    property: Option<&'static Property>,
    resource: &Resource,
    look: Look,
) -> String {
    let kind = property.map(|property| &property.kind);
    let side = |value: &Value| match (kind, value) {
        (_, Value::Null) => "(not set)".to_owned(),
        (Some(Kind::Single(list)), Value::Object(entry)) => whole_label(list, entry, resource),
        (_, value) => scalar(value),
    };
    format!(
        "{} -> {}",
        look.paint(REMOVED, &side(&change.before)),
        look.paint(ADDED, &side(&change.after))
    )
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        other => clean::line(&other.to_string()),
    }
}

/// Graph's words for modes begin with the type's name, which only costs room.
fn short(word: &str) -> String {
    match word.strip_prefix("x509Certificate") {
        Some("SingleFactor") => "singleFactor".to_owned(),
        Some("MultiFactor") => "multiFactor".to_owned(),
        _ => clean::line(word),
    }
}
