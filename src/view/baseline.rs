//! A live policy as a baseline file: what `export` prints, and what a backup
//! holds. The text reads back as what was declared, whatever the tenant's names
//! are; what is only for people stands in comments.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::baseline::judge;
use crate::baseline::secret::looks_secret;
use crate::core::codes;
use crate::core::compare::is_guid;
use crate::core::directory::Directory;
use crate::core::export::{Declaration, Purpose, declare};
use crate::core::finding::{At, Finding};
use crate::core::plan::Tenant;
use crate::core::spec::{Object, PolicySpec};

use super::findings::wrap;
use super::{clean, yaml};

/// Columns of comments.
const WIDTH: usize = 80;
/// Columns of an entry that still stands in one line.
const ENTRY: usize = 110;
/// Characters of a value that is only mentioned.
const MENTIONED: usize = 60;

/// A baseline and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub text: String,
    /// The same as JSON.
    pub json: Value,
    /// The codes that it needs after `--allow`, sorted.
    pub codes: Vec<String>,
    /// Why it needs them.
    pub needs: Vec<Finding>,
    /// What it cannot hold: warnings with path, reason and advice.
    pub left_out: Vec<Finding>,
    /// What this version does not know: warnings, each with its path.
    pub unknown: Vec<Finding>,
}

/// What a tenant has, for people who begin to manage it.
pub fn export(policies: &[Declaration], tenant: &Tenant) -> Rendered {
    let head = format!(
        "What {} has, as `entrue export` read it. Planning this file finds nothing to do. Lists \
         that are empty there are left out, and so not managed: declare `[]` to hold one empty.",
        of(tenant)
    );
    render(policies, None, &head)
}

/// What a tenant had before a write, such that applying it brings exactly that
/// back. `created_at` is when it was read (RFC 3339).
pub fn backup(
    policies: &[(&'static PolicySpec, &Object, &Directory)],
    tenant: &Tenant,
    created_at: &str,
) -> Rendered {
    let policies: Vec<Declaration> = policies
        .iter()
        .map(|(spec, live, directory)| declare(spec, live, directory, Purpose::Backup, &judge))
        .collect();
    let head = format!(
        "What {} had at {created_at}, before `entrue apply` wrote to it. Applying this file \
         brings it back. Groups stand by object id, for names change.",
        of(tenant)
    );
    let id = tenant.id.as_deref().filter(|id| is_guid(id));
    render(&policies, id, &head)
}

fn of(tenant: &Tenant) -> String {
    match &tenant.id {
        Some(id) => format!("tenant {id} ({})", tenant.cloud),
        None => format!("a tenant of unknown id ({})", tenant.cloud),
    }
}

/// `tenant` is the one that the file asserts.
fn render(policies: &[Declaration], tenant: Option<&str>, head: &str) -> Rendered {
    let codes: BTreeSet<String> = policies.iter().flat_map(Declaration::codes).collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let needs: Vec<Finding> = policies.iter().flat_map(|one| one.needs.clone()).collect();
    let left_out = policies.iter().flat_map(|one| &one.left_out);
    let left_out: Vec<Finding> = left_out.map(|one| one.finding.clone()).collect();
    let mut page = Page::default();
    page.comment(0, head);
    if !codes.is_empty() {
        page.comment(0, "");
        let needed = format!("It needs `--allow {}`:", codes.join(","));
        page.comment(0, &needed);
        for one in &needs {
            page.comment(0, &format!("- {}: {}", one.path, one.message));
        }
    }
    if !left_out.is_empty() {
        page.comment(0, "");
        let paths: Vec<&str> = left_out.iter().map(|one| one.path.as_str()).collect();
        let except = format!(
            "Left out, and so neither managed nor brought back: {}. Comments at their places say why.",
            paths.join(", ")
        );
        page.comment(0, &except);
    }
    let mut json = Object::new();
    if let Some(tenant) = tenant {
        page.line(0, &format!("tenant: {}", yaml::text(tenant)));
        json.insert("tenant".to_owned(), tenant.into());
    }
    page.line(0, "resources:");
    let mut resources = Vec::new();
    for policy in policies {
        page.policy(policy);
        resources.push(json!({
            "resourceType": policy.spec.resource_type,
            "displayName": policy.spec.title,
            "properties": policy.properties,
        }));
    }
    json.insert("resources".to_owned(), resources.into());
    let unknown = policies.iter().flat_map(|policy| &policy.unknown);
    Rendered {
        text: page.text,
        json: json.into(),
        codes,
        needs,
        left_out,
        unknown: unknown.map(|(path, _)| not_known(path)).collect(),
    }
}

fn not_known(path: &str) -> Finding {
    let message = format!("this version does not know `{path}`, so the file does not hold it");
    Finding::new(&codes::EXPORT_UNKNOWN, path, message)
        .hint("it is never compared and never changed; a newer entrue may know it")
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn comment(&mut self, indent: usize, text: &str) {
        for line in wrap(&harmless(text), WIDTH.saturating_sub(indent + 2)).lines() {
            self.line(indent, &format!("# {line}"));
        }
        if text.is_empty() {
            self.line(indent, "#");
        }
    }

    fn policy(&mut self, policy: &Declaration) {
        let spec = policy.spec;
        self.line(
            2,
            &format!("- resourceType: {}", yaml::text(spec.resource_type)),
        );
        self.line(4, &format!("displayName: {}", yaml::text(spec.title)));
        self.line(4, "properties:");
        self.members(policy, &policy.properties, 6, &mut Vec::new());
        if policy.unknown.is_empty() {
            return;
        }
        self.comment(
            6,
            "Not known to this version of entrue, and so not managed:",
        );
        for (path, value) in &policy.unknown {
            let value = if looks_secret(path) {
                "…".to_owned()
            } else {
                value.to_string()
            };
            let mut shown: String = value.chars().take(MENTIONED).collect();
            if shown.len() < value.len() {
                shown.push('…');
            }
            self.line(6, &format!("#   {}", harmless(&format!("{path}: {shown}"))));
        }
    }

    fn members(
        &mut self,
        policy: &Declaration,
        members: &Object,
        indent: usize,
        way: &mut Vec<At>,
    ) {
        for (index, (key, value)) in members.iter().enumerate() {
            way.push(key.as_str().into());
            // The first key of an entry stands behind its dash.
            if index > 0 || !self.text.ends_with("- ") {
                self.text.push_str(&" ".repeat(indent));
            }
            self.text.push_str(&yaml::text(key));
            self.text.push(':');
            self.value(policy, value, indent + 2, way);
            way.pop();
        }
        let here = policy
            .left_out
            .iter()
            .filter(|one| place(policy, &one.way) == *way);
        for one in here {
            self.comment(indent, &one.finding.message);
        }
    }

    fn value(&mut self, policy: &Declaration, value: &Value, indent: usize, way: &mut Vec<At>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.text.push('\n');
                self.members(policy, members, indent, way);
            }
            Value::Array(items) if !items.is_empty() => {
                self.text.push('\n');
                self.items(policy, items, indent, way);
            }
            Value::String(text) => {
                self.text.push(' ');
                self.text.push_str(&yaml::text(text));
                self.end(policy, way);
            }
            other => {
                self.text.push(' ');
                self.text.push_str(&other.to_string());
                self.end(policy, way);
            }
        }
    }

    fn items(&mut self, policy: &Declaration, items: &[Value], indent: usize, way: &mut Vec<At>) {
        // Either every entry of a list stands in one line, or none.
        let short: Option<Vec<String>> = items
            .iter()
            .map(|item| flow(item).filter(|text| indent + 2 + text.chars().count() <= ENTRY))
            .collect();
        for (index, item) in items.iter().enumerate() {
            way.push(index.into());
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str("- ");
            match (&short, item) {
                (Some(short), Value::Object(_)) => {
                    self.text.push_str(&short[index]);
                    self.end(policy, way);
                }
                (_, Value::Object(members)) => self.members(policy, members, indent + 2, way),
                (_, Value::String(text)) => {
                    self.text.push_str(&yaml::text(text));
                    self.end(policy, way);
                }
                (_, other) => {
                    self.text.push_str(&other.to_string());
                    self.end(policy, way);
                }
            }
            way.pop();
        }
    }

    /// Ends a line, with what is to be said of the part that stands in it.
    fn end(&mut self, policy: &Declaration, way: &[At]) {
        for (_, note) in policy
            .notes
            .iter()
            .filter(|(noted, _)| noted.starts_with(way))
        {
            self.text.push_str(" # ");
            self.text.push_str(&harmless(note));
        }
        self.text.push('\n');
    }
}

/// The mapping of the file below which a property would stand.
fn place(policy: &Declaration, way: &[At]) -> Vec<At> {
    let mut here = &policy.properties;
    let mut place = Vec::new();
    for step in &way[..way.len().saturating_sub(1)] {
        let At::Key(name) = step else { break };
        let Some(Value::Object(inner)) = here.get(name) else {
            break;
        };
        here = inner;
        place.push(step.clone());
    }
    place
}

/// An entry of scalars in one line.
fn flow(item: &Value) -> Option<String> {
    let members = item.as_object().filter(|members| !members.is_empty())?;
    let mut parts = Vec::with_capacity(members.len());
    for (key, value) in members {
        let value = match value {
            // A comma would end the text.
            Value::String(text) if text.contains(',') => yaml::quoted(text),
            Value::String(text) => yaml::text(text),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        parts.push(format!("{}: {value}", yaml::text(key)));
    }
    Some(format!("{{ {} }}", parts.join(", ")))
}

/// A text as a comment may hold it: one line, and nothing that an editor takes
/// for a setting of its own.
fn harmless(text: &str) -> String {
    clean::line(text).replace("yaml-language-server", "yaml-language-server\\")
}
