//! What the schema cannot say about a declared X.509 policy.

use std::collections::{BTreeSet, HashMap};

use crate::core::codes;
use crate::core::compare::{Compare, is_oid};
use crate::core::finding::Checks;
use crate::core::spec::Object;
use crate::policy::target::{self, entries, text};
use crate::way;

use super::{COMBINED, FIELDS, USER_PROPERTIES};

/// At most this many CA scopes: Microsoft's technical deep dive on CBA.
const CA_SCOPES_MAX: usize = 30;

/// Words that were documented once, with the current one.
const STALE: &[(&str, &str)] = &[
    ("SKI", "SubjectKeyIdentifier"),
    ("SHA1PublicKeyIdentifier", "SHA1PublicKey"),
    ("RFC822", "RFC822Name"),
    ("UPN", "userPrincipalName"),
];

/// Checks the properties of a declaration.
pub fn check(properties: &Object, checks: &mut Checks) {
    bindings(properties, checks);
    rules(properties, checks);
    target::check(properties, checks);
    ca_scopes(properties, checks);
}

fn bindings(properties: &Object, checks: &mut Checks) {
    const LIST: &str = "CertificateUserBindings";
    let Some(list) = properties.get(LIST).and_then(|list| list.as_array()) else {
        return;
    };
    if list.is_empty() {
        checks
            .add(
                &codes::BINDINGS_EMPTY,
                way![LIST],
                "the list of bindings is empty, and what the service does without any is not documented",
            )
            .hint = Some("leave the property out to keep the live bindings".to_owned());
    }
    let mut priorities: HashMap<i64, usize> = HashMap::new();
    for (index, binding) in entries(properties.get(LIST)) {
        if let Some(priority) = binding.get("Priority").and_then(|value| value.as_i64()) {
            if let Some(first) = priorities.get(&priority) {
                checks
                    .add(
                        &codes::PRIORITY_DUPLICATE,
                        way![LIST, index, "Priority"],
                        format!(
                            "priority {priority} is used by binding {} of the list too",
                            first + 1
                        ),
                    )
                    .hint = Some("the lowest number is tried first; give each its own".to_owned());
            } else {
                priorities.insert(priority, index);
            }
        }
        let field = text(binding, "X509CertificateField").map(str::trim);
        let property = text(binding, "UserProperty").map(str::trim);
        words(index, field, property, checks);
    }
}

/// Graph keeps both as plain strings, so a word that is not documented may still
/// be right: a warning, never an error.
fn words(index: usize, field: Option<&str>, property: Option<&str>, checks: &mut Checks) {
    let at = |name: &str| way!["CertificateUserBindings", index, name];
    let fields: Vec<&str> = FIELDS.iter().map(|(word, _)| *word).collect();
    let known = |words: &[&'static str], word: Option<&str>| {
        words
            .iter()
            .copied()
            .find(|known| word.is_some_and(|word| known.eq_ignore_ascii_case(word)))
    };
    let known_field = known(&fields, field);
    let known_property = known(USER_PROPERTIES, property);
    if let (Some(field), None) = (field.filter(|word| !word.is_empty()), known_field) {
        unknown_word(
            &codes::FIELD_UNKNOWN,
            "certificate field",
            at("X509CertificateField"),
            field,
            &fields,
            checks,
        );
    }
    if let (Some(property), None) = (property.filter(|word| !word.is_empty()), known_property) {
        unknown_word(
            &codes::USER_PROPERTY_UNKNOWN,
            "user property",
            at("UserProperty"),
            property,
            USER_PROPERTIES,
            checks,
        );
    }
    let (Some(field), Some(property)) = (known_field, known_property) else {
        return;
    };
    if !matches!(field, "PrincipalName" | "RFC822Name") && property != "certificateUserIds" {
        checks
            .add(
                &codes::BINDING_IMPOSSIBLE,
                at("UserProperty"),
                format!("`{field}` cannot be bound to `{property}`; it binds to `certificateUserIds` only"),
            )
            .hint = Some(
            "only PrincipalName and RFC822Name bind to userPrincipalName and onPremisesUserPrincipalName"
                .to_owned(),
        );
    }
}

fn unknown_word(
    code: &'static crate::core::finding::Code,
    what: &str,
    way: Vec<crate::core::finding::At>,
    word: &str,
    allowed: &[&str],
    checks: &mut Checks,
) {
    let stale = STALE.iter().find(|(old, _)| old.eq_ignore_ascii_case(word));
    if matches!(word.to_ascii_lowercase().as_str(), "email" | "mail") {
        checks
            .add(
                &codes::STALE_SPELLING,
                way,
                format!(
                    "the {what} `{word}` stood in older documentation and is no longer offered"
                ),
            )
            .hint = Some(format!("today's words: {}", allowed.join(", ")));
    } else if let Some((_, current)) = stale {
        checks
            .add(
                &codes::STALE_SPELLING,
                way,
                format!("`{word}` is an older word for the {what} `{current}`"),
            )
            .hint = Some(format!("write `{current}`; `{word}` is sent as it stands"));
    } else {
        checks
            .add(code, way, format!("`{word}` is no documented {what}"))
            .hint = Some(format!(
            "documented: {}; it is sent as it stands",
            allowed.join(", ")
        ));
    }
}

fn rules(properties: &Object, checks: &mut Checks) {
    let Some(mode) = properties
        .get("AuthenticationModeConfiguration")
        .and_then(|value| value.as_object())
    else {
        return;
    };
    for (index, rule) in entries(mode.get("Rules")) {
        let at = |name: &str| way!["AuthenticationModeConfiguration", "Rules", index, name];
        let entry = || way!["AuthenticationModeConfiguration", "Rules", index];
        let kind = text(rule, "X509CertificateRuleType");
        let needed: &[&str] = match kind {
            Some(COMBINED) => &["IssuerSubjectIdentifier", "PolicyOidIdentifier"],
            Some(_) => &["Identifier"],
            None => &[],
        };
        for name in needed.iter().filter(|name| !rule.contains_key(**name)) {
            let (code, message) = if kind == Some(COMBINED) {
                (
                    &codes::RULE_INCOMPLETE,
                    format!(
                        "a rule of type `{COMBINED}` needs `IssuerSubjectIdentifier` and `PolicyOidIdentifier`; `{name}` is missing"
                    ),
                )
            } else {
                (
                    &codes::MISSING_PROPERTY,
                    format!("the rule lacks `{name}`, which says what it matches"),
                )
            };
            checks.add(code, entry(), message);
        }
        let oids: &[&str] = match kind {
            Some("policyOID") => &["Identifier", "PolicyOidIdentifier"],
            _ => &["PolicyOidIdentifier"],
        };
        for name in oids {
            let Some(oid) = text(rule, name).map(str::trim) else {
                continue;
            };
            if !oid.is_empty() && !is_oid(oid) {
                checks
                    .add(
                        &codes::OID_INVALID,
                        at(name),
                        format!(
                            "`{oid}` is no OID in dotted decimal, so no certificate will ever match"
                        ),
                    )
                    .hint =
                    Some("for example 1.2.3.4; all issuance policies is 2.5.29.32.0".to_owned());
            }
        }
    }
}

fn ca_scopes(properties: &Object, checks: &mut Checks) {
    const LIST: &str = "CertificateAuthorityScopes";
    let count = entries(properties.get(LIST)).count();
    if count > CA_SCOPES_MAX {
        checks
            .add(
                &codes::CA_SCOPES_TOO_MANY,
                way![LIST],
                format!("{count} CA scopes are declared, and the service takes {CA_SCOPES_MAX}"),
            )
            .hint = Some(
            "scope fewer CAs; a CA without a scope is open to everybody in the policy".to_owned(),
        );
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (index, scope) in entries(properties.get(LIST)) {
        let ski = text(scope, "SubjectKeyIdentifier")
            .map(|ski| Compare::Hex.key(ski, scope).into_owned());
        let targets: Vec<(usize, &Object)> = entries(scope.get("IncludeTargets")).collect();
        for (target_index, target) in &targets {
            let base = way![LIST, index, "IncludeTargets", *target_index];
            target::check_target(target, &base, checks);
        }
        let again = ski.is_some_and(|ski| !seen.insert(ski));
        if targets.len() > 1 || again {
            let message = if again {
                "this CA has a scope further up already; the service takes one group for a CA"
                    .to_owned()
            } else {
                format!(
                    "the CA is scoped to {} groups, and the service takes one",
                    targets.len()
                )
            };
            checks
                .add(
                    &codes::CA_SCOPE_GROUPS,
                    way![LIST, index, "IncludeTargets"],
                    message,
                )
                .hint = Some("put the users into one group".to_owned());
        }
    }
}
