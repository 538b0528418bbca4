//! Laws that hold for every policy and every declaration, tried on random ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/anything.rs"]
mod anything;

use std::collections::BTreeSet;

use anything::{maybe, object, word};

use entrue::core::defaults;
use entrue::core::diff::diff;
use entrue::core::directory::Directory;
use entrue::core::live::{decode, encode};
use entrue::core::overlay::overlay;
use entrue::core::path::Path;
use entrue::core::plan::{Action, Desired, Inputs, Plan, Resource, Source, Tenant, plan_resource};
use entrue::core::spec::{Object, find};
use entrue::policy::x509::SPEC;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

const MODES: &[&str] = &[
    "x509CertificateSingleFactor",
    "X509certificateMultiFactor",
    "unknownFutureValue",
    "other",
];
const AFFINITIES: &[&str] = &["low", "HIGH", "high"];
const FIELDS: &[&str] = &[
    "PrincipalName",
    "principalname",
    "RFC822Name",
    "SubjectKeyIdentifier",
    "NewField",
];
const PROPERTIES: &[&str] = &[
    "userPrincipalName",
    "CertificateUserIds",
    "onPremisesUserPrincipalName",
];
const IDS: &[&str] = &[
    "3d0c6a5e-7b41-4c0e-8a92-1f5be0c9d301",
    "3D0C6A5E-7B41-4C0E-8A92-1F5BE0C9D301",
    "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
    "9b7d4c3a-2e58-4f91-a6d0-8e3c5b1f7a24",
    "all_users",
    "All_Users",
];
const IDENTIFIERS: &[&str] = &[
    "CN=a,DC=b",
    "cn=a, dc=b ",
    "1.2.3.4",
    "1.02.3.4",
    "2.5.29.32.0",
    "odd [text], #1",
];
const TYPES: &[&str] = &[
    "issuerSubject",
    "policyOID",
    "issuerSubjectAndPolicyOID",
    "policyoid",
];
const SKIS: &[&str] = &["0a1b", "0A:1B", "ffee", "zz"];

fn targets(registration: bool) -> impl Strategy<Value = Value> {
    let target = (
        word(IDS),
        maybe(word(&["group", "user", "Group"])),
        maybe(any::<bool>().prop_map(Value::from)),
    );
    vec(target, 0..4).prop_map(move |targets| {
        targets
            .into_iter()
            .map(|(id, kind, required)| {
                let required = required.filter(|_| registration);
                object(vec![
                    ("id", Some(id)),
                    ("targetType", kind),
                    ("isRegistrationRequired", required),
                ])
            })
            .collect()
    })
}

fn rule() -> impl Strategy<Value = Value> {
    (
        word(TYPES),
        maybe(word(IDENTIFIERS)),
        maybe(word(IDENTIFIERS)),
        maybe(word(IDENTIFIERS)),
        maybe(word(MODES)),
        maybe(word(AFFINITIES)),
    )
        .prop_map(|(kind, identifier, issuer, oid, mode, affinity)| {
            object(vec![
                ("x509CertificateRuleType", Some(kind)),
                ("identifier", identifier),
                ("issuerSubjectIdentifier", issuer),
                ("policyOidIdentifier", oid),
                ("x509CertificateAuthenticationMode", mode),
                ("x509CertificateRequiredAffinityLevel", affinity),
                ("futureMember", Some(json!({"kept": [1, null]}))),
            ])
        })
}

fn binding() -> impl Strategy<Value = Value> {
    (
        0..5i64,
        word(FIELDS),
        word(PROPERTIES),
        maybe(word(AFFINITIES)),
    )
        .prop_map(|(priority, field, property, affinity)| {
            object(vec![
                ("priority", Some(priority.into())),
                ("x509CertificateField", Some(field)),
                ("userProperty", Some(property)),
                ("trustAffinityLevel", affinity),
            ])
        })
}

/// A live policy as Graph might answer it.
fn live() -> impl Strategy<Value = Value> {
    let list = |strategy: BoxedStrategy<Value>| maybe(vec(strategy, 0..5).prop_map(Value::from));
    let mode = (
        maybe(word(MODES)),
        maybe(word(AFFINITIES)),
        list(rule().boxed()),
    )
        .prop_map(|(mode, affinity, rules)| {
            object(vec![
                ("x509CertificateAuthenticationDefaultMode", mode),
                ("x509CertificateDefaultRequiredAffinityLevel", affinity),
                ("rules", rules),
            ])
        });
    let scope = (word(SKIS), word(&["Contoso", " Contoso"]), targets(false)).prop_map(|(ski, pki, targets)| {
        json!({"subjectKeyIdentifier": ski, "publicKeyInfrastructureIdentifier": pki, "includeTargets": targets})
    });
    let crl = (
        maybe(word(&["enabled", "disabled"])),
        maybe(vec(word(SKIS), 0..3).prop_map(Value::from)),
    )
        .prop_map(|(state, skis)| {
            object(vec![
                ("state", state),
                ("exemptedCertificateAuthoritiesSubjectKeyIdentifiers", skis),
            ])
        });
    (
        word(&["enabled", "disabled", "Enabled"]),
        list(binding().boxed()),
        maybe(mode),
        maybe(targets(true)),
        maybe(targets(false)),
        maybe(word(&["enabled", "disabled"]).prop_map(|state| json!({"state": state}))),
        maybe(crl),
        list(scope.boxed()),
        maybe(prop_oneof![
            Just(json!(true)),
            Just(json!(false)),
            Just(json!([])),
            Just(json!({"@odata.x": 1}))
        ]),
    )
        .prop_map(
            |(state, bindings, mode, include, exclude, hints, crl, scopes, future)| {
                object(vec![
                    ("@odata.context", Some(json!("x"))),
                    ("id", Some(json!("x509certificate"))),
                    ("state", Some(state)),
                    ("certificateUserBindings", bindings),
                    ("authenticationModeConfiguration", mode),
                    ("includeTargets", include),
                    ("excludeTargets", exclude),
                    ("issuerHintsConfiguration", hints),
                    ("crlValidationConfiguration", crl),
                    ("certificateAuthorityScopes", scopes),
                    ("requireSomethingNew", future),
                ])
            },
        )
}

/// A declaration: parts of another policy, each identity once.
fn desired() -> impl Strategy<Value = Object> {
    (live(), vec(any::<bool>(), 12)).prop_map(|(wire, keep)| {
        let mut policy = decode(&SPEC, &wire).unwrap();
        let mut keep = keep.into_iter().cycle();
        policy.retain(|name, _| find(SPEC.properties, name).is_some() && keep.next().unwrap());
        once(SPEC.properties, &mut policy);
        policy
    })
}

fn once(table: &'static [entrue::core::spec::Property], members: &mut Object) {
    use entrue::core::spec::Kind;
    members.retain(|name, _| find(table, name).is_some());
    for property in table {
        match (&property.kind, members.get_mut(property.name)) {
            (kind, Some(Value::Object(inner))) => once(kind.object().unwrap_or_default(), inner),
            (Kind::List(list), Some(Value::Array(entries))) => {
                let mut seen = BTreeSet::new();
                for entry in entries.iter_mut() {
                    once(list.entry, entry.as_object_mut().unwrap());
                }
                entries.retain(|entry| seen.insert(list.key(entry.as_object().unwrap())));
            }
            _ => {}
        }
    }
}

fn planned(live: &Object, desired: Desired) -> Resource {
    plan_resource(Inputs {
        spec: &SPEC,
        display_name: None,
        source: Source {
            file: "x.yaml".to_owned(),
            line: 1,
        },
        desired: &desired,
        live: live.clone(),
        directory: &Directory::default(),
        defaults: &defaults::built_in(&SPEC),
        findings: Vec::new(),
        allowed: &[],
    })
}

/// The live policy after the planned body was taken as it is.
fn sent(wire: &Value, body: &Value) -> Value {
    let mut wire = wire.clone();
    for (name, value) in body
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !name.contains('@'))
    {
        wire[name] = value.clone();
    }
    wire
}

fn turned(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().rev().map(turned).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), turned(value)))
            .collect::<Object>()
            .into(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_does_not_differ_from_itself(wire in live()) {
        let policy = decode(&SPEC, &wire).unwrap();
        prop_assert!(diff(&SPEC, &policy, &policy, &Directory::default()).is_empty());
    }

    #[test]
    fn decoding_does_not_depend_on_the_order_of_lists(wire in live()) {
        let one = Value::from(decode(&SPEC, &wire).unwrap()).to_string();
        let other = Value::from(decode(&SPEC, &turned(&wire)).unwrap()).to_string();
        prop_assert_eq!(one, other);
    }

    #[test]
    fn imposing_twice_is_imposing_once(wire in live(), desired in desired()) {
        let live = decode(&SPEC, &wire).unwrap();
        let once = overlay(&SPEC, &live, &desired);
        let twice = overlay(&SPEC, &once, &desired);
        prop_assert_eq!(Value::from(once).to_string(), Value::from(twice).to_string());
    }

    #[test]
    fn an_empty_declaration_changes_nothing(wire in live()) {
        let live = decode(&SPEC, &wire).unwrap();
        let resource = planned(&live, Desired::Present(Object::new()));
        prop_assert_eq!(resource.action, Action::None);
        prop_assert!(resource.changes.is_empty() && resource.requests.is_empty());
    }

    #[test]
    fn the_body_carries_the_tops_of_the_changes_and_nothing_else(wire in live(), desired in desired()) {
        let live = decode(&SPEC, &wire).unwrap();
        let resource = planned(&live, Desired::Present(desired.clone()));
        let changed: BTreeSet<String> = resource.changes.iter()
            .map(|change| Path::parse(&change.path).unwrap().top().unwrap().to_owned()).collect();
        let sent: BTreeSet<String> = resource.requests.iter()
            .flat_map(|request| request.body.as_object().unwrap().keys().cloned())
            .filter(|name| !name.contains('@'))
            .map(|wire| SPEC.properties.iter().find(|p| p.wire == wire).unwrap().name.to_owned())
            .collect();
        prop_assert_eq!(&changed, &sent);
        prop_assert!(changed.iter().all(|name| desired.contains_key(name)), "only what is declared changes");
        prop_assert_eq!(resource.action == Action::None, changed.is_empty());
    }

    #[test]
    fn what_is_sent_leaves_nothing_to_do(wire in live(), desired in desired()) {
        let live = decode(&SPEC, &wire).unwrap();
        let resource = planned(&live, Desired::Present(desired.clone()));
        if let [request] = resource.requests.as_slice() {
            let after = decode(&SPEC, &sent(&wire, &request.body)).unwrap();
            prop_assert_eq!(&Value::from(after.clone()), &Value::from(overlay(&SPEC, &live, &desired)));
            let again = planned(&after, Desired::Present(desired));
            prop_assert_eq!(again.action, Action::None, "{:?}", again.changes);
        }
    }

    #[test]
    fn what_is_not_declared_goes_back_as_it_was_read(wire in live(), desired in desired()) {
        let live = decode(&SPEC, &wire).unwrap();
        let target = overlay(&SPEC, &live, &desired);
        for (name, value) in &live {
            if !desired.contains_key(name) {
                prop_assert_eq!(target.get(name), Some(value));
            }
        }
        for property in SPEC.properties {
            if let Some(value) = live.get(property.name) {
                let body = encode(property, value);
                let again = decode(&SPEC, &sent(&wire, &json!({property.wire: body}))).unwrap();
                prop_assert_eq!(again.get(property.name), Some(value));
            }
        }
    }

    #[test]
    fn absent_never_patches(wire in live()) {
        let live = decode(&SPEC, &wire).unwrap();
        let resource = planned(&live, Desired::Absent);
        prop_assert!(resource.action != Action::Patch);
        prop_assert_eq!(resource.action == Action::None, resource.changes.is_empty());
        for default in defaults::built_in(&SPEC) {
            prop_assert_eq!(planned(&default.policy, Desired::Absent).action, Action::None);
        }
    }

    #[test]
    fn paths_are_unique_and_read_back(wire in live(), other in live()) {
        let before = decode(&SPEC, &wire).unwrap();
        let after = decode(&SPEC, &other).unwrap();
        let changes = diff(&SPEC, &before, &after, &Directory::default());
        let paths: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        prop_assert_eq!(paths.len(), changes.len());
        for path in paths {
            prop_assert_eq!(Path::parse(path).unwrap().to_string(), path);
        }
    }

    #[test]
    fn every_path_reads_back(steps in vec((".{1,12}", option::of(vec(".{0,12}", 1..4))), 1..4)) {
        let mut path = Path::root();
        for (name, key) in steps {
            path = path.name(&name);
            if let Some(key) = key {
                path = path.entry(key, 2);
            }
        }
        prop_assert_eq!(Path::parse(&path.to_string()), Some(path));
    }

    #[test]
    fn a_plan_is_named_by_its_content(wire in live(), desired in desired()) {
        let live = decode(&SPEC, &wire).unwrap();
        let make = |at: &str| Plan::new(
            Tenant { id: None, cloud: "global".to_owned() }, at.to_owned(), Vec::new(),
            vec![planned(&live, Desired::Present(desired.clone()))],
        );
        let plan = make("2026-11-22T00:00:00Z");
        prop_assert_eq!(&plan.plan_id, &make("2027-01-01T00:00:00Z").plan_id);
        let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        prop_assert_eq!(&read.content_id(), &plan.plan_id);
        let mut edited = read;
        edited.resources[0].source.line += 1;
        prop_assert_ne!(edited.content_id(), plan.plan_id);
    }
}

/// The schema that checks files and the table that compares them know the same
/// properties, and the known defaults are policies.
#[test]
fn schema_and_table_know_the_same_properties() {
    use entrue::baseline::schema::properties;
    use entrue::baseline::shape::{Shape, read};
    use entrue::core::spec::{Kind, Property};
    fn compare(shape: &Shape, table: &[Property], top: bool) {
        let Shape::Map(members) = shape else {
            panic!("{shape:?}")
        };
        let mut known: Vec<&str> = table.iter().map(|property| property.name).collect();
        if top {
            known.extend(["Id", "Ensure"]);
        }
        let mut declared: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        known.sort_unstable();
        declared.sort_unstable();
        assert_eq!(known, declared);
        for member in members {
            let Some(property) = table.iter().find(|property| property.name == member.name) else {
                continue;
            };
            match (&member.shape, &property.kind) {
                (Shape::Text { .. }, Kind::Text { .. } | Kind::Label)
                | (Shape::Flag, Kind::Flag)
                | (Shape::Integer { .. }, Kind::Integer) => {}
                (shape @ Shape::Map(_), Kind::Object(_) | Kind::Single(_)) => {
                    compare(shape, property.kind.object().unwrap(), false);
                }
                (Shape::List(entry), Kind::List(list)) => compare(entry, list.entry, false),
                (Shape::List(entry), Kind::Set(_)) => {
                    assert!(matches!(**entry, Shape::Text { .. }))
                }
                other => panic!("{}: {other:?}", property.name),
            }
        }
    }
    for spec in entrue::policy::REGISTRY {
        let shape = read(&properties(spec)).expect("shapes can say what the schema says");
        compare(&shape, spec.properties, true);
        assert_eq!(defaults::built_in(spec).len(), spec.known_defaults.len());
    }
}

/// Names on the wire are those of the published schema.
#[test]
fn wire_names_are_the_published_ones() {
    use entrue::core::spec::{Kind, Property};
    fn collect<'a>(table: &'a [Property], names: &mut BTreeSet<&'a str>) {
        for property in table.iter().filter(|property| !property.wire.is_empty()) {
            names.insert(property.wire);
            match &property.kind {
                Kind::Object(inner) => collect(inner, names),
                Kind::Single(list) | Kind::List(list) => collect(list.entry, names),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(SPEC.properties, &mut names);
    // Graph v1.0 CSDL, 2026-08-20: every property of
    // x509CertificateAuthenticationMethodConfiguration and the types it holds.
    let published: BTreeSet<&str> = [
        "authenticationModeConfiguration",
        "certificateAuthorityScopes",
        "certificateUserBindings",
        "crlValidationConfiguration",
        "excludeTargets",
        "exemptedCertificateAuthoritiesSubjectKeyIdentifiers",
        "id",
        "identifier",
        "includeTargets",
        "isRegistrationRequired",
        "issuerHintsConfiguration",
        "issuerSubjectIdentifier",
        "policyOidIdentifier",
        "priority",
        "publicKeyInfrastructureIdentifier",
        "rules",
        "state",
        "subjectKeyIdentifier",
        "targetType",
        "trustAffinityLevel",
        "userProperty",
        "x509CertificateAuthenticationDefaultMode",
        "x509CertificateAuthenticationMode",
        "x509CertificateDefaultRequiredAffinityLevel",
        "x509CertificateField",
        "x509CertificateRequiredAffinityLevel",
        "x509CertificateRuleType",
    ]
    .into_iter()
    .collect();
    assert_eq!(names, published);
}

/// What entrue does not know goes back as it was read, to the last digit. A
/// library that only tests need would turn this on for them alone, so the
/// manifest is looked at too.
#[test]
fn numbers_go_back_as_they_came() {
    let manifest = include_str!("../Cargo.toml");
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    assert!(dependencies.contains("float_roundtrip"));
    for digits in ["0.11370000000000001", "6.934698245112694e+276", "0.237"] {
        let text =
            format!(r#"{{"id":"X509Certificate","state":"disabled","future":{{"x":{digits}}}}}"#);
        let policy = decode(&SPEC, &serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(policy["future"].to_string(), format!(r#"{{"x":{digits}}}"#));
    }
}
