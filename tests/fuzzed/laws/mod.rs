//! What must hold for any bytes at all. The fuzz targets in `fuzz/` try it on
//! bytes of their own making; the test beside this tries it on every example,
//! every case, and every input that once broke it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

pub mod baseline;
pub mod graph;
pub mod plan;

use entrue::core::codes;
use entrue::core::directory::{ById, ByName, Directory, Group};
use entrue::core::finding::Severity;
use entrue::core::live::decode;
use entrue::core::references::References;
use entrue::core::spec::Object;
use entrue::policy::x509::SPEC;
use entrue::view::{Look, clean};
use serde_json::Value;

pub const PLAIN: Look = Look {
    colour: false,
    width: 80,
};
pub const COLOURED: Look = Look {
    colour: true,
    width: 80,
};

/// Every code that can be allowed, so that nothing but what can never be
/// allowed stands in the way of a plan.
pub fn allowed() -> Vec<String> {
    let mut names: Vec<String> = codes::ALL
        .iter()
        .filter(|code| code.allowable)
        .map(|code| code.name.to_owned())
        .collect();
    names.sort();
    names
}

/// Nothing in a text for people acts on a terminal or on a CI system.
pub fn is_tame(text: &str) {
    for line in text.split('\n') {
        assert!(!line.chars().any(clean::acts), "{line:?}");
        assert!(
            !line.contains("##[") && !line.contains("##vso["),
            "{line:?}"
        );
        // What stands between a place and a window of its line is no command.
        let is_command = line.trim_start().starts_with("::") && line.trim() != ":::";
        assert!(!is_command, "{line:?}");
    }
}

/// A directory in which every name is one group's, and every id a group that
/// is there, but for those that end in `f`, which are gone.
pub fn directory(references: &References) -> Directory {
    let mut directory = Directory::default();
    for id in &references.ids {
        let told = if id.ends_with('f') {
            ById::Gone
        } else {
            ById::Found(Group {
                id: id.clone(),
                display_name: format!("Group {}", &id[..8]),
                ..Group::default()
            })
        };
        directory.learn_id(id, told);
    }
    for (index, name) in references.names.iter().enumerate() {
        let group = Group {
            id: format!("5e1f8b27-94d3-4a6c-b0f5-{index:012x}"),
            display_name: name.clone(),
            ..Group::default()
        };
        let matches = vec![group];
        let similar = Vec::new();
        directory.learn_name(name, ByName { matches, similar });
    }
    directory
}

/// The policy after a body was taken as it is.
pub fn sent(wire: &Value, body: &Value) -> Value {
    let mut wire = wire.clone();
    for (name, value) in body.as_object().expect("a body is an object") {
        if !name.contains('@') {
            wire[name] = value.clone();
        }
    }
    wire
}

/// A check that no file could pass speaks against this policy.
pub fn is_impossible(policy: &Object) -> bool {
    let mut checks = entrue::core::finding::Checks::default();
    (SPEC.check)(policy, &mut checks);
    let mut found = checks.found.iter();
    found.any(|(_, finding)| finding.severity == Severity::Error && !finding.allowable)
}

/// A tenant that somebody set up, and one that nobody did.
pub fn lives() -> [Object; 2] {
    let file = include_str!("../../../examples/customised.tenant.json");
    let tenant: Value = serde_json::from_str(file).unwrap();
    let customised = &tenant["policies"]["X509Certificate"];
    let untouched: Value = serde_json::from_str(SPEC.known_defaults[0].json).unwrap();
    [customised, &untouched].map(|wire| decode(&SPEC, wire).unwrap())
}
