//! The plan as people read it, in 80 columns: the tenant, each policy with its
//! action, a line for each leaf that changes, findings, a closing line.

use serde_json::Value;

use crate::core::diff::{Change, ChangeKind};
use crate::core::finding::{Finding, Severity};
use crate::core::path::{Path, Step};
use crate::core::plan::{Action, Plan, Resource};
use crate::core::spec::{Kind, List, Object, PolicySpec, Property, Refers, find};

use super::findings::wrap;
use super::{ADDED, FAINT, Look, REMOVED, REPLACED, STRONG, clean};

/// What the plan is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What an apply would do.
    Plan,
    /// What differs.
    Drift,
}

/// The whole text. `spec_of` gives the table of a resource type, if it is known.
pub fn render(
    plan: &Plan,
    purpose: Purpose,
    spec_of: impl Fn(&str) -> Option<&'static PolicySpec>,
    look: Look,
) -> String {
    let mut out = String::new();
    let id = plan.tenant.id.as_deref().unwrap_or("(id unknown)");
    out.push_str(&format!(
        "Tenant {} ({})\n",
        look.paint(STRONG, &clean::line(id)),
        clean::line(&plan.tenant.cloud)
    ));
    for resource in &plan.resources {
        out.push('\n');
        policy(resource, spec_of(&resource.resource_type), look, &mut out);
    }
    out.push('\n');
    out.push_str(&closing(plan, purpose));
    out.push('\n');
    out
}

/// The line that a script can look for.
fn closing(plan: &Plan, purpose: Purpose) -> String {
    let summary = &plan.summary;
    let counts = format!(
        "{} patch, {} delete, {} none, {} blocked",
        summary.patch, summary.delete, summary.none, summary.blocked
    );
    match purpose {
        Purpose::Plan => format!("Plan: {counts}"),
        Purpose::Drift if plan.has_changes() => {
            format!(
                "Drift: {} of {} policies differ",
                summary.patch + summary.delete,
                plan.resources.len()
            )
        }
        Purpose::Drift => format!("Drift: none, {} policies as declared", plan.resources.len()),
    }
}

fn policy(resource: &Resource, spec: Option<&'static PolicySpec>, look: Look, out: &mut String) {
    let (sign, word, style) = match resource.action {
        Action::Patch => ("~", "patch", REPLACED),
        Action::Delete => ("-", "reset to the tenant's default (delete)", REMOVED),
        Action::None => ("=", "as declared", FAINT),
    };
    let name = resource
        .display_name
        .as_deref()
        .or(spec.map(|spec| spec.title))
        .unwrap_or(&resource.id);
    out.push_str(&format!(
        "{} {}: {}\n",
        look.paint(style, sign),
        look.paint(STRONG, &clean::line(name)),
        look.paint(style, word),
    ));
    let origin = format!(
        "  {} ({}:{})",
        clean::line(&resource.id),
        clean::line(&resource.source.file),
        resource.source.line
    );
    out.push_str(&look.paint(FAINT, &origin));
    out.push('\n');
    if !resource.changes.is_empty() {
        out.push('\n');
    }
    changes(resource, spec, look, out);
    for finding in &resource.findings {
        out.push('\n');
        note(finding, look, out);
    }
}

/// Changes under the names of their properties, in the order of the table.
fn changes(resource: &Resource, spec: Option<&'static PolicySpec>, look: Look, out: &mut String) {
    let table = spec.map_or(&[][..], |spec| spec.properties);
    let mut lines: Vec<(Vec<usize>, Vec<String>, String)> = resource
        .changes
        .iter()
        .map(|change| line(change, table, resource, look))
        .collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut open: Vec<String> = Vec::new();
    for (_, headings, line) in lines {
        let shared = open
            .iter()
            .zip(&headings)
            .take_while(|(a, b)| a == b)
            .count();
        for (depth, heading) in headings.iter().enumerate().skip(shared) {
            out.push_str(&format!("{}{heading}\n", " ".repeat(4 + 2 * depth)));
        }
        out.push_str(&format!("{}{line}\n", " ".repeat(2 + 2 * headings.len())));
        open = headings;
    }
}

/// The line of a change, the headings it stands under, and where it sorts.
fn line(
    change: &Change,
    table: &'static [Property],
    resource: &Resource,
    look: Look,
) -> (Vec<usize>, Vec<String>, String) {
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
    for step in path.steps() {
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
                    Some(_) => inner.push(property.map_or(name.as_str(), |p| p.title).to_owned()),
                }
            }
            Step::Entry { key, .. } => {
                if let Some(Kind::List(list)) = property.map(|property| &property.kind) {
                    table = Some(list.entry);
                }
                let label = entry_label(key, resource);
                match &entry {
                    None => entry = Some(label),
                    // What comes or goes is inside the entry, which stays.
                    Some(_) => {
                        inner.push(look.paint(style, &format!("{sign}{label}")));
                        (sign, style) = ("~", REPLACED);
                    }
                }
            }
        }
    }
    let sign = look.paint(style, sign);
    let line = match entry {
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
            let is_member = matches!(path.steps().last(), Some(Step::Entry { .. }));
            if whole {
                let side = if change.after.is_object() {
                    &change.after
                } else {
                    &change.before
                };
                inner.extend(summary(side, property, resource));
            } else if !is_member {
                inner.push(values(change, property, resource, look));
            }
            let rest = inner.join(" ");
            if rest.is_empty() {
                format!("{sign} {label}")
            } else if label.chars().count() + rest.chars().count() + 2 * order.len() + 6
                > look.width + paint_cost(change, property, resource, look)
            {
                format!(
                    "{sign} {label}:\n{}{rest}",
                    " ".repeat(6 + 2 * headings.len())
                )
            } else {
                format!("{sign} {label}: {rest}")
            }
        }
    };
    (order, headings, line)
}

/// An entry as people call it: groups by name, with the id where there is room.
fn entry_label(key: &[String], resource: &Resource) -> String {
    let parts: Vec<String> = key
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| match resource.groups.get(part) {
            Some(Some(name)) => format!("{} ({part})", clean::line(name)),
            _ => clean::line(part),
        })
        .collect();
    parts.join(" ")
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
                _ => entry_label(&[part], resource),
            }
        })
        .collect();
    parts.join(" ")
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
                if !inner.is_empty() {
                    parts.push(format!("{} {}", property.title, inner.join(", ")));
                }
            }
            Value::Object(inner) => {
                let inner = held(
                    property.kind.object().unwrap_or_default(),
                    &[],
                    inner,
                    resource,
                );
                if !inner.is_empty() {
                    parts.push(format!("{} ({})", property.title, inner.join(", ")));
                }
            }
            value if matches!(property.kind, Kind::Flag) && property.is_off(value, entry) => {}
            Value::String(word) if property.name == "TargetType" && word == "group" => {}
            Value::String(word) if property.title == "mode" => parts.push(short(word)),
            value => parts.push(format!("{} {}", property.title, scalar(value))),
        }
    }
    parts
}

/// Bytes of colour in what [`values`] gives, which take no room on the screen.
fn paint_cost(
    change: &Change,
    property: Option<&'static Property>,
    resource: &Resource,
    look: Look,
) -> usize {
    let plain = Look {
        colour: false,
        ..look
    };
    values(change, property, resource, look).chars().count()
        - values(change, property, resource, plain).chars().count()
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

fn note(finding: &Finding, look: Look, out: &mut String) {
    let (word, style) = match (finding.severity, finding.allowed) {
        (Severity::Error, false) => ("error", REMOVED.bold()),
        (Severity::Error, true) => ("allowed", REPLACED.bold()),
        (Severity::Warning, _) => ("warning", REPLACED.bold()),
        (Severity::Note, _) => ("note", ADDED.bold()),
    };
    let head = format!(
        "{}[{}]",
        look.paint(style, word),
        clean::line(&finding.code)
    );
    let place = if finding.path.is_empty() {
        String::new()
    } else {
        format!(" {}", clean::line(&finding.path))
    };
    out.push_str(&format!("  {head}{place}\n"));
    let mut lines = vec![clean::line(&finding.message)];
    if let Some(hint) = &finding.hint {
        lines.push(format!("hint: {}", clean::line(hint)));
    }
    if finding.stops() && finding.allowable {
        lines.push(format!("`--allow {}` accepts it", finding.code));
    }
    for line in lines {
        for line in wrap(&line, look.width.saturating_sub(5)).lines() {
            out.push_str(&format!("    {line}\n"));
        }
    }
}
