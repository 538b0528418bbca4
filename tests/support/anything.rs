//! Live policies and directories as no test author would think of them.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use entrue::core::directory::{ById, ByName, Directory, Group};
use entrue::core::export::names;
use entrue::core::spec::Object;
use entrue::policy::x509::SPEC;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts that mean something to some reader.
pub const ODD: &[&str] = &[
    "CN=a,DC=b",
    "cn=a, dc=b ",
    "1.2.3.4",
    "1.02.3.4",
    "1.2",
    "010",
    "yes",
    "~",
    "null",
    "",
    " ",
    "[x]",
    "[[x]",
    "[[",
    "]",
    "[]",
    "[parameters('x')]",
    "a: b",
    "a #b",
    "# c",
    "{a}",
    "{ a: b }",
    "a, b",
    "'",
    "\"",
    "\\",
    "\\n",
    "x\ny",
    "x\r\ny",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}x",
    "\u{feff}",
    "\u{fffe}",
    "\u{e0001}",
    "\u{1f600}",
    "é",
    "グループ",
    "::error::x",
    "##[error]x",
    "##vso[x]",
    "###",
    "@x",
    "%x",
    "- x",
    "? x",
    "| x",
    "> x",
    "&a",
    "*a",
    "!t",
    "`x`",
    "=",
    "<<",
    " a ",
    "\ta",
    "...",
    "---",
    "unknownFutureValue",
    " UNKNOWNFUTUREVALUE",
    "yaml-language-server: $schema=x",
    "all_users",
    "CBA Pilot",
    "cba pilot",
    "CBA Pilot ",
    "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
    "password: x",
    "12:30",
    "0x1F",
];

pub const IDS: &[&str] = &[
    "3d0c6a5e-7b41-4c0e-8a92-1f5be0c9d301",
    "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
    "9b7d4c3a-2e58-4f91-a6d0-8e3c5b1f7a24",
    "c4a8e6f2-1d37-4b59-9e80-7f5d2c6b3a48",
    "00000000-0000-0000-0000-00000000000a",
    "11111111-1111-1111-1111-111111111111",
    "22222222-2222-2222-2222-222222222222",
];
const RARE_IDS: &[&str] = &[
    "3D0C6A5E-7B41-4C0E-8A92-1F5BE0C9D301",
    " 5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
    "all_users",
    "All_Users",
    "CBA Pilot",
    "",
];

pub fn word(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(words).prop_map(Value::from)
}

fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => word(&["CN=a,DC=b", "CN=x,O=y", "1.2.3.4", "2.5.29.32.0", "1.3.6.1.4.1.311"]),
        2 => word(ODD),
        1 => "\\PC{0,6}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ]
}

/// Mostly the usual words, now and then one that no file takes.
fn mostly(
    usual: &'static [&'static str],
    rare: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    prop_oneof![24 => word(usual), 1 => word(rare)]
}

pub fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        6 => value.prop_map(Some),
        1 => Just(Some(Value::Null)),
        1 => Just(None),
    ]
}

fn nearly_always(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![40 => value.prop_map(Some), 1 => Just(None)]
}

pub fn object(members: Vec<(&'static str, Option<Value>)>) -> Value {
    let members = members.into_iter();
    members
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Object>()
        .into()
}

const RARE: &[&str] = &["unknownFutureValue", "other", "", "[x]"];
const STATES: &[&str] = &["enabled", "disabled", "Enabled"];
const MODES: &[&str] = &[
    "x509CertificateSingleFactor",
    "x509CertificateMultiFactor",
    "X509certificateMultiFactor",
];
const AFFINITIES: &[&str] = &["low", "high", "HIGH"];
const TYPES: &[&str] = &[
    "issuerSubject",
    "policyOID",
    "issuerSubjectAndPolicyOID",
    "policyoid",
];
const FIELDS: &[&str] = &[
    "PrincipalName",
    "rfc822name",
    "SubjectKeyIdentifier",
    "NewField",
    "SKI",
];
const PROPERTIES: &[&str] = &["userPrincipalName", "CertificateUserIds", "email"];
const SKIS: &[&str] = &["0a1b", "0A:1B", "ffee", "zz", "010"];

fn grown() -> impl Strategy<Value = Option<Value>> {
    let value = prop_oneof![
        Just(json!({"kept": [1, null, "##[x"]})),
        Just(json!("unknownFutureValue")),
        Just(json!(false)),
        word(ODD)
    ];
    prop_oneof![6 => Just(None), 1 => value.prop_map(Some)]
}

fn targets(registration: bool) -> impl Strategy<Value = Value> {
    let kinds = mostly(&["group", "group", "group", "Group", "user"], RARE);
    let id = prop_oneof![20 => word(IDS), 1 => word(RARE_IDS)];
    let required = maybe(any::<bool>().prop_map(Value::from));
    vec((id, maybe(kinds), required, grown()), 0..4).prop_map(move |targets| {
        targets
            .into_iter()
            .map(|(id, kind, required, grown)| {
                object(vec![
                    ("id", Some(id)),
                    ("targetType", kind),
                    ("isRegistrationRequired", required.filter(|_| registration)),
                    ("grown", grown),
                ])
            })
            .collect()
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let texts = (nearly_always(odd()), maybe(odd()), maybe(odd()));
    let words = (maybe(mostly(MODES, RARE)), maybe(mostly(AFFINITIES, RARE)));
    (mostly(TYPES, RARE), texts, words, grown()).prop_map(
        |(kind, (identifier, issuer, oid), (mode, affinity), grown)| {
            object(vec![
                ("x509CertificateRuleType", Some(kind)),
                ("identifier", identifier),
                ("issuerSubjectIdentifier", issuer),
                ("policyOidIdentifier", oid),
                ("x509CertificateAuthenticationMode", mode),
                ("x509CertificateRequiredAffinityLevel", affinity),
                ("grown", grown),
            ])
        },
    )
}

fn binding() -> impl Strategy<Value = Value> {
    let priority = prop_oneof![40 => 0..90i64, 1 => -1..9_000_000_000i64];
    let field = prop_oneof![12 => word(FIELDS), 1 => odd()];
    let affinity = maybe(mostly(AFFINITIES, RARE));
    (
        nearly_always(priority.prop_map(Value::from)),
        field,
        mostly(PROPERTIES, RARE),
        affinity,
        grown(),
    )
        .prop_map(|(priority, field, property, affinity, grown)| {
            object(vec![
                ("priority", priority),
                ("x509CertificateField", Some(field)),
                ("userProperty", Some(property)),
                ("trustAffinityLevel", affinity),
                ("grown", grown),
            ])
        })
}

fn scope() -> impl Strategy<Value = Value> {
    let ski = prop_oneof![9 => word(SKIS), 1 => odd()];
    (ski, odd(), maybe(targets(false)), grown()).prop_map(|(ski, pki, targets, grown)| {
        object(vec![
            ("subjectKeyIdentifier", Some(ski)),
            ("publicKeyInfrastructureIdentifier", Some(pki)),
            ("includeTargets", targets),
            ("grown", grown),
        ])
    })
}

/// A live policy as Graph might answer it.
pub fn live() -> impl Strategy<Value = Value> {
    let list = |strategy: BoxedStrategy<Value>| maybe(vec(strategy, 0..4).prop_map(Value::from));
    let mode = (
        maybe(mostly(MODES, RARE)),
        maybe(mostly(AFFINITIES, RARE)),
        list(rule().boxed()),
        grown(),
    )
        .prop_map(|(mode, affinity, rules, grown)| {
            object(vec![
                ("x509CertificateAuthenticationDefaultMode", mode),
                ("x509CertificateDefaultRequiredAffinityLevel", affinity),
                ("rules", rules),
                ("grown", grown),
            ])
        });
    let skis = vec(prop_oneof![9 => word(SKIS), 1 => odd()], 0..4).prop_map(Value::from);
    let crl = (maybe(mostly(STATES, RARE)), maybe(skis)).prop_map(|(state, skis)| {
        object(vec![
            ("state", state),
            ("exemptedCertificateAuthoritiesSubjectKeyIdentifiers", skis),
        ])
    });
    let hints = maybe(mostly(STATES, RARE)).prop_map(|state| object(vec![("state", state)]));
    (
        mostly(STATES, RARE),
        list(binding().boxed()),
        maybe(mode),
        (maybe(targets(true)), maybe(targets(false))),
        (maybe(hints), maybe(crl)),
        list(scope().boxed()),
        grown(),
    )
        .prop_map(
            |(state, bindings, mode, (include, exclude), (hints, crl), scopes, grown)| {
                object(vec![
                    ("id", Some(json!("X509Certificate"))),
                    ("state", Some(state)),
                    ("certificateUserBindings", bindings),
                    ("authenticationModeConfiguration", mode),
                    ("includeTargets", include),
                    ("excludeTargets", exclude),
                    ("issuerHintsConfiguration", hints),
                    ("crlValidationConfiguration", crl),
                    ("certificateAuthorityScopes", scopes),
                    ("clientSecretOfTomorrow", grown),
                ])
            },
        )
}

/// What the directory holds: for each id a group of some name, none, or no
/// right to look.
pub fn groups() -> impl Strategy<Value = Vec<ById>> {
    let name = prop_oneof![
        4 => prop::sample::select(&["Pilot", "Testers", "Break Glass", "pilot"][..]).prop_map(str::to_owned),
        4 => prop::sample::select(ODD).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let told = prop_oneof![
        8 => name.prop_map(|display_name| ById::Found(Group { display_name, ..Group::default() })),
        1 => Just(ById::Gone),
        1 => Just(ById::Unread),
    ];
    vec(told, IDS.len())
}

/// The directory as a run learns it: ids first, then their names.
pub fn learnt(groups: &[ById], live: &Object) -> Directory {
    let mut directory = Directory::default();
    let mut all = Vec::new();
    for (id, told) in IDS.iter().zip(groups) {
        let told = match told {
            ById::Found(group) => {
                let group = Group {
                    id: (*id).to_owned(),
                    ..group.clone()
                };
                all.push(group.clone());
                ById::Found(group)
            }
            other => other.clone(),
        };
        directory.learn_id(id, told);
    }
    for name in names(&SPEC, live, &directory) {
        let same = |group: &&Group| group.display_name.trim().to_lowercase() == name.to_lowercase();
        let told = ByName {
            matches: all.iter().filter(same).cloned().collect(),
            similar: Vec::new(),
        };
        directory.learn_name(&name, told);
    }
    directory
}
