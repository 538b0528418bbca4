//! Any bytes as a baseline file.

use std::sync::LazyLock;

use entrue::baseline::{self, Declared, Loaded};
use entrue::core::defaults;
use entrue::core::finding::{Kind, Severity};
use entrue::core::live::decode;
use entrue::core::plan::{Action, Desired, Inputs, Plan, Resource, Source, Tenant, plan_resource};
use entrue::core::references::{References, references};
use entrue::core::resolve::resolve;
use entrue::core::spec::Object;
use entrue::core::verify::to_wire;
use entrue::view::findings;
use serde::Deserialize;
use serde_json::Value;

use super::{COLOURED, PLAIN, allowed, directory, is_tame, lives, plan, sent};

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = entrue::cli::schema_of_baseline();
    jsonschema::validator_for(&schema).unwrap()
});

/// Codes of which a JSON Schema can say the same.
const SAYABLE: &[&str] = &[
    "unknown-property",
    "missing-property",
    "null-value",
    "unknown-value",
    "wrong-id",
    "unknown-resource-type",
];

pub fn hold(bytes: &[u8]) {
    let loaded = baseline::load_bytes("x.yaml", bytes.to_vec());
    is_tame(&findings::render(&loaded.findings, PLAIN));
    findings::render(&loaded.findings, COLOURED);
    for found in &loaded.findings {
        let place = found.place.as_ref();
        let (line, column) = place.map_or((1, 1), |p| p.source.position(p.span.start));
        assert!(line >= 1 && column >= 1);
    }
    readers_agree(bytes, &loaded);
    let is_well_formed = loaded
        .findings
        .iter()
        .all(|found| !found.finding.stops() || found.finding.allowable);
    if is_well_formed {
        assert!(!loaded.policies.is_empty(), "nothing is never green");
        for policy in &loaded.policies {
            plans(policy);
        }
    }
}

/// The schema takes what the parser takes, and a second reader reads the same
/// values from it.
fn readers_agree(bytes: &[u8], loaded: &Loaded) {
    let codes: Vec<&str> = loaded
        .findings
        .iter()
        .filter(|found| found.finding.severity == Severity::Error)
        .map(|found| found.finding.code.as_str())
        .collect();
    let is_text = |code: &&str| {
        code.starts_with("yaml-") || code.starts_with("file-") || *code == "duplicate-key"
    };
    if codes.iter().any(is_text) {
        return;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).expect("what is not UTF-8 is refused");
    let is_refused = loaded.findings.iter().any(|found| {
        found.finding.severity == Severity::Error && found.finding.kind == Kind::Structural
    });
    let documents: Result<Vec<Value>, _> = serde_yaml::Deserializer::from_str(text)
        .map(Value::deserialize)
        .filter(|document| !matches!(document, Ok(Value::Null)))
        .collect();
    let documents = match documents {
        Ok(documents) => documents,
        // A key that is no text has no place in JSON.
        Err(_) if is_refused => return,
        Err(error) => panic!("the parser takes what a second reader refuses: {error}: {text}"),
    };
    let is_valid = documents.iter().all(|document| SCHEMA.is_valid(document));
    if !is_refused {
        assert!(is_valid, "the parser takes what the schema refuses: {text}");
    }
    if codes.iter().any(|code| SAYABLE.contains(code)) {
        assert!(!is_valid, "the schema takes what is {codes:?}: {text}");
    }
    if is_refused {
        return;
    }
    let entries: Vec<&Value> = documents
        .iter()
        .flat_map(|document| document["resources"].as_array().unwrap())
        .collect();
    assert_eq!(entries.len(), loaded.policies.len());
    for (entry, policy) in entries.iter().zip(&loaded.policies) {
        let mut other = unescaped(&entry["properties"]);
        let members = other.as_object_mut().unwrap();
        members.shift_remove("Id");
        let ensure = members.shift_remove("Ensure");
        assert_eq!(ensure == Some("Absent".into()), policy.absent);
        assert_eq!(other, Value::Object(policy.properties.clone()));
    }
}

/// `[[…]` is the text `[…]`.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("[[") && text.ends_with(']') => text[1..].into(),
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), unescaped(value)))
            .collect::<Object>()
            .into(),
        other => other.clone(),
    }
}

/// What the file declares can be planned, approved and sent, and then there is
/// nothing left to do.
fn plans(policy: &Declared) {
    for live in lives() {
        let mut found = References::default();
        references(policy.spec, &policy.properties, &mut found);
        references(policy.spec, &live, &mut found);
        let directory = directory(&found);
        let (desired, checks) = resolve(policy.spec, &policy.properties, &live, &directory);
        let mut checks = checks.found.iter();
        if !policy.absent && checks.any(|(_, f)| f.stops() && !f.allowable) {
            continue;
        }
        let desired = if policy.absent {
            Desired::Absent
        } else {
            Desired::Present(desired)
        };
        let (file, line) = policy.line();
        let make = |live: Object| -> Resource {
            plan_resource(Inputs {
                spec: policy.spec,
                display_name: policy.display_name.clone(),
                source: Source {
                    file: file.clone(),
                    line,
                },
                desired: &desired,
                live,
                directory: &directory,
                defaults: &defaults::built_in(policy.spec),
                findings: policy.findings.clone(),
                allowed: &allowed(),
            })
        };
        let resource = make(live.clone());
        if let (Action::Patch, [request]) = (resource.action, resource.requests.as_slice()) {
            let wire = sent(&to_wire(policy.spec, &live), &request.body);
            let after = decode(policy.spec, &wire).unwrap();
            let again = make(after);
            assert_eq!(again.action, Action::None, "{:?}", again.changes);
        }
        let tenant = Tenant {
            id: None,
            cloud: "sandbox".to_owned(),
        };
        let made = Plan::new(tenant, String::new(), allowed(), vec![resource]);
        plan::made_by_entrue(&made);
    }
}
