//! From one document to the policies that it declares.

use std::sync::{Arc, LazyLock};

use serde_json::Value as Json;

use crate::core::codes;
use crate::core::finding::{At, Checks, Finding};
use crate::core::spec::{Object, PolicySpec};
use crate::policy;
use crate::way;

use super::duplicates;
use super::schema;
use super::shape::{self, Shape};
use super::source::Source;
use super::tree::{Member, Node, Value};
use super::walk::{Walker, list, nearest};
use super::yaml::Pointed;
use super::{Declared, Place};

/// The shape of a document, without the policies' own properties.
static ENVELOPE: LazyLock<Shape> = LazyLock::new(|| {
    let mut schema = schema::baseline();
    schema["$defs"]["ResourceEntry"]["allOf"] = Json::Null;
    shape::read(&schema).unwrap_or(Shape::Any)
});

/// What people call a document.
pub const WHOLE: &str = "the baseline";

/// Reads the policies of a document and reports what does not fit.
pub fn read(source: &Arc<Source>, document: &Node, found: &mut Vec<Pointed>) -> Vec<Declared> {
    let envelope = Walker {
        whole: WHOLE,
        found,
    }
    .walk(document, &ENVELOPE);
    let tenant = tenant(document, &envelope, found);
    let Some(resources) = document.member("resources") else {
        return Vec::new();
    };
    let Value::List(entries) = &resources.node.value else {
        return Vec::new();
    };
    if entries.is_empty() {
        let finding = Finding::new(&codes::NO_BASELINE, "resources", "`resources` is empty")
            .hint("a baseline that declares nothing would always be green");
        found.push((finding, resources.key_span));
    }
    let mut policies = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let names = &envelope["resources"][index];
        let Some(spec) = resource_type(index, entry, names, found) else {
            continue;
        };
        let Some(member) = entry.member("properties") else {
            continue;
        };
        // A missing value is told by now; anything else that is no mapping is not.
        if matches!(member.node.value, Value::Null) {
            continue;
        }
        policies.push(policy(
            Entry {
                source,
                spec,
                entry,
                member,
                names,
                tenant: tenant.clone(),
            },
            found,
        ));
    }
    policies
}

fn tenant(document: &Node, envelope: &Json, found: &mut Vec<Pointed>) -> Option<String> {
    let text = envelope["tenant"].as_str()?.trim();
    let label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || ch == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.split('.').all(label) {
        return Some(text.to_owned());
    }
    let finding = Finding::new(
        &codes::TENANT_MISMATCH,
        "tenant",
        format!("`{text}` is neither a tenant id nor a domain"),
    );
    let span = document.member("tenant").map(|member| member.node.span);
    found.push((finding, span.unwrap_or(document.span)));
    None
}

fn resource_type(
    index: usize,
    entry: &Node,
    names: &Json,
    found: &mut Vec<Pointed>,
) -> Option<&'static PolicySpec> {
    let text = names["resourceType"].as_str()?;
    if let Some(spec) = policy::find(text) {
        return Some(spec);
    }
    let known = || policy::REGISTRY.iter().map(|spec| spec.resource_type);
    let message = format!(
        "`{text}` is no resource type that entrue manages; it manages {}",
        list(known())
    );
    let mut finding = Finding::new(
        &codes::UNKNOWN_RESOURCE_TYPE,
        format!("resources[{index}].resourceType"),
        message,
    );
    finding.hint = nearest(text, known()).map(|word| format!("did you mean `{word}`?"));
    let span = entry.member("resourceType").map(|member| member.node.span);
    found.push((finding, span.unwrap_or(entry.span)));
    None
}

struct Entry<'a> {
    source: &'a Arc<Source>,
    spec: &'static PolicySpec,
    entry: &'a Node,
    member: &'a Member,
    names: &'a Json,
    tenant: Option<String>,
}

fn policy(entry: Entry<'_>, found: &mut Vec<Pointed>) -> Declared {
    let Entry {
        source,
        spec,
        entry,
        member,
        names,
        tenant,
    } = entry;
    let (mut properties, mut checks) = examine(spec, &member.node, found);
    let absent = properties.get("Ensure").and_then(Json::as_str) == Some("Absent");
    if absent {
        beside_absent(&properties, &mut checks);
    }
    let key = |name: &str| member.node.member(name).map(|member| member.key_span);
    declared_only(&mut properties);
    let mut declared = Declared {
        spec,
        display_name: names["displayName"].as_str().map(str::to_owned),
        absent,
        properties,
        tenant,
        findings: Vec::new(),
        source: source.clone(),
        entry: entry.span,
        node: member.node.clone(),
    };
    for (way, finding) in checks.found {
        let Place { span, .. } = declared.place(&way);
        // What is about a whole property points at its name.
        let span = match way.as_slice() {
            [At::Key(name)] => key(name).unwrap_or(span),
            _ => span,
        };
        if finding.severity != crate::core::finding::Severity::Error || finding.allowable {
            declared.findings.push(finding.clone());
        }
        found.push((finding, span));
    }
    declared
}

/// The properties of a policy as they are understood, with null for what was
/// refused, and what the schema cannot say about them. `found` gets the rest.
pub fn examine(spec: &PolicySpec, node: &Node, found: &mut Vec<Pointed>) -> (Object, Checks) {
    let shape = shape::read(&schema::properties(spec)).unwrap_or(Shape::Any);
    let walked = Walker {
        whole: "`properties`",
        found,
    }
    .walk(node, &shape);
    let properties = match walked {
        Json::Object(members) => members,
        _ => Object::new(),
    };
    let mut checks = Checks::default();
    (spec.check)(&properties, &mut checks);
    duplicates::check(spec, &properties, &mut checks);
    (properties, checks)
}

/// Leaves what is to be compared: neither the key nor what was refused.
pub fn declared_only(properties: &mut Object) {
    properties.retain(|name, value| !matches!(name.as_str(), "Id" | "Ensure") && !value.is_null());
}

/// Beside `Ensure: Absent` nothing else counts, and nothing may say the opposite.
fn beside_absent(properties: &Object, checks: &mut Checks) {
    let others = properties
        .keys()
        .filter(|name| !matches!(name.as_str(), "Id" | "Ensure"));
    let ignored = list(others.map(String::as_str));
    if properties.get("State").and_then(Json::as_str) == Some("enabled") {
        checks
            .add(
                &codes::ABSENT_ENABLED,
                way!["State"],
                "`State: enabled` contradicts `Ensure: Absent`: in the tenant's default the method is disabled",
            )
            .hint = Some("take one of the two out".to_owned());
    }
    if !ignored.is_empty() {
        checks
            .add(
                &codes::ABSENT_IGNORED,
                way!["Ensure"],
                format!(
                    "`Ensure: Absent` means the tenant's default; ignored beside it: {ignored}"
                ),
            )
            .hint = Some("take them out, or declare `Ensure: Present`".to_owned());
    }
}
