//! Guards of certificate-based authentication: what a change does to people who
//! sign in with a certificate.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::core::codes;
use crate::core::compare::Compare;
use crate::core::finding::Finding;
use crate::core::guard::{Reviewed, stop};
use crate::core::live::holds_sentinel;
use crate::core::plan::Action;
use crate::core::spec::Object;

use super::{BINDINGS, CA_SCOPES, COMBINED, RULES};
use crate::policy::guards::{self, has_everybody, idle, labels, listed, lost, missing};
use crate::policy::target::{entries, text};

const MODE: &str = "AuthenticationModeConfiguration";

/// Judges a finished plan.
pub fn review(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    guards::review(plan, found);
    if plan.action != Action::Patch {
        return;
    }
    lost_bindings(plan, found);
    lost_scopes(plan, found);
    affinity(plan, found);
    hidden_rules(plan, found);
}

fn lost_bindings(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    const LIST: &str = "CertificateUserBindings";
    const CHECK: &str = "make sure that the remaining bindings find every user; the sign-in logs tell which are used";
    let name = |binding: &Object| {
        let part = |name| text(binding, name).unwrap_or("?").trim();
        format!(
            "{} to {}",
            part("X509CertificateField"),
            part("UserProperty")
        )
    };
    let gone = lost(&BINDINGS, plan.before, plan.after, LIST);
    if !gone.is_empty() {
        found.push(stop(
            &codes::BINDING_LOST,
            LIST,
            format!(
                "the binding of {} would go{}: users whose certificate finds their account by it \
                 alone could not sign in with it any more",
                listed(gone.into_iter().map(name).collect()),
                idle(plan.before)
            ),
            CHECK,
        ));
    }
    // Where high affinity is required, a binding that loses it is as good as
    // gone. Where none is left that has it, another guard says so.
    if !requires_high(plan.after) || !has_high_binding(plan.after) {
        return;
    }
    let high = |policy: &Object| -> BTreeMap<String, String> {
        entries(policy.get(LIST))
            .filter(|(_, binding)| is_high(binding, "TrustAffinityLevel"))
            .map(|(_, binding)| (BINDINGS.key_text(binding), name(binding)))
            .collect()
    };
    let still_high = high(plan.after);
    let stays: BTreeSet<String> = entries(plan.after.get(LIST))
        .map(|(_, binding)| BINDINGS.key_text(binding))
        .collect();
    let lowered: Vec<String> = high(plan.before)
        .into_iter()
        .filter(|(key, _)| stays.contains(key) && !still_high.contains_key(key))
        .map(|(_, name)| name)
        .collect();
    if !lowered.is_empty() {
        found.push(stop(
            &codes::BINDING_LOST,
            LIST,
            format!(
                "the binding of {} would lose its high affinity{}: where high affinity is \
                 required, users whose certificate finds their account by it alone could not \
                 sign in with it any more",
                listed(lowered),
                idle(plan.before)
            ),
            CHECK,
        ));
    }
}

fn lost_scopes(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    const LIST: &str = "CertificateAuthorityScopes";
    const CHECK: &str = "make sure that this CA may sign in everybody whom the method is for";
    let idle = idle(plan.before);
    let name = |scope: &Object| {
        let part = |name| text(scope, name).unwrap_or("?").trim().to_owned();
        format!(
            "{} of PKI {}",
            part("SubjectKeyIdentifier"),
            part("PublicKeyInfrastructureIdentifier")
        )
    };
    let gone = lost(&CA_SCOPES, plan.before, plan.after, LIST);
    if !gone.is_empty() {
        found.push(stop(
            &codes::CA_SCOPE_LOST,
            LIST,
            format!(
                "the scope of CA {} would go{idle}: its certificates would no longer count for \
                 the groups that it names alone, but for every user of the method",
                listed(gone.iter().map(|scope| name(scope)).collect())
            ),
            CHECK,
        ));
    }
    // A service that holds the scope of one CA twice holds it for the targets
    // of both.
    let mut targets: HashMap<String, Vec<&Object>> = HashMap::new();
    for (_, scope) in entries(plan.after.get(LIST)) {
        let of = entries(scope.get("IncludeTargets")).map(|(_, target)| target);
        targets
            .entry(CA_SCOPES.key_text(scope))
            .or_default()
            .extend(of);
    }
    for (_, before) in entries(plan.before.get(LIST)) {
        let Some(after) = targets.get(&CA_SCOPES.key_text(before)) else {
            continue;
        };
        let was = || entries(before.get("IncludeTargets")).map(|(_, target)| target);
        let is = || after.iter().copied();
        if has_everybody(is()) {
            if !has_everybody(was()) {
                found.push(stop(
                    &codes::CA_SCOPE_LOST,
                    LIST,
                    format!(
                        "the scope of CA {} would name everybody{idle}: its certificates would no \
                         longer count for {} alone, but for every user of the method",
                        name(before),
                        labels(&was().collect::<Vec<_>>(), plan.names)
                    ),
                    CHECK,
                ));
            }
            continue;
        }
        let lost = missing(was(), is());
        if !lost.is_empty() {
            found.push(stop(
                &codes::INCLUDE_LOST,
                LIST,
                format!(
                    "{} would no longer be in the scope of CA {}{idle}: members could not sign in \
                     with its certificates any more",
                    labels(&lost, plan.names),
                    name(before)
                ),
                "make sure that they have another certificate or another way to sign in",
            ));
        }
    }
}

/// Required affinity: what the policy asks of a binding before a certificate
/// may sign somebody in.
struct Required<'a> {
    default: Levels,
    rules: BTreeMap<String, (&'a Object, Levels)>,
    /// What the rules of a tier ask for: of one issuer, of [`ANY_ISSUER`], or
    /// with `None` all of them. Kept, so that thousands of rules are not
    /// compared in pairs.
    tiers: BTreeMap<(u8, Option<String>), Levels>,
}

/// Which affinities may be asked of one certificate: by two rules of a tier, or
/// by one that the service holds twice, it can be both.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Levels {
    low: bool,
    high: bool,
}

impl Levels {
    fn one(high: bool) -> Self {
        Levels { low: !high, high }
    }

    fn and(self, other: Levels) -> Self {
        Levels {
            low: self.low || other.low,
            high: self.high || other.high,
        }
    }
}

impl<'a> Required<'a> {
    fn of(policy: &'a Object) -> Self {
        let mode = policy.get(MODE).and_then(Value::as_object);
        let mut required =
            Required {
                default: Levels::one(mode.is_some_and(|mode| {
                    is_high(mode, "X509CertificateDefaultRequiredAffinityLevel")
                })),
                rules: BTreeMap::new(),
                tiers: BTreeMap::new(),
            };
        for (_, rule) in entries(mode.and_then(|mode| mode.get("Rules"))) {
            let asked = Levels::one(is_high(rule, "X509CertificateRequiredAffinityLevel"));
            let known = required.rules.entry(RULES.key_text(rule));
            let known = known.or_insert((rule, asked));
            known.1 = known.1.and(asked);
            // Under `None` stand all rules of the tier: a rule without an issuer
            // has any of them behind it.
            let issuer = issuer(rule);
            for key in [(tier(rule), None), (tier(rule), issuer.clone())] {
                let levels = required.tiers.entry(key).or_default();
                *levels = levels.and(asked);
            }
            if issuer.is_none() {
                let key = (tier(rule), Some(ANY_ISSUER.to_owned()));
                let levels = required.tiers.entry(key).or_default();
                *levels = levels.and(asked);
            }
        }
        required
    }

    /// What may be asked of a certificate that this rule matches: the rule's
    /// own word. Where there is no such rule, the default's, or that of a rule
    /// behind it, which is looked at only because this one is not there.
    fn asked_by(&self, key: &str, rule: &Object) -> Levels {
        if let Some((_, asked)) = self.rules.get(key) {
            return *asked;
        }
        let of = match issuer(rule) {
            // Those of this issuer, and those of a rule that asks for none.
            Some(issuer) => vec![Some(issuer), Some(ANY_ISSUER.to_owned())],
            None => vec![None],
        };
        (tier(rule) + 1..=LAST_TIER)
            .flat_map(|tier| of.iter().map(move |issuer| (tier, issuer.clone())))
            .filter_map(|place| self.tiers.get(&place))
            .fold(self.default, |all, levels| all.and(*levels))
    }
}

/// Stands for the rules that ask for no issuer. No distinguished name is empty.
const ANY_ISSUER: &str = "";
const LAST_TIER: u8 = 2;

/// Rules are looked at in tiers, a later one only where no earlier one matches.
/// A type that is not understood is behind no other.
fn tier(rule: &Object) -> u8 {
    let kind = text(rule, "X509CertificateRuleType").map_or("", str::trim);
    if kind.eq_ignore_ascii_case("issuerSubject") {
        LAST_TIER
    } else if kind.eq_ignore_ascii_case("policyOID") {
        1
    } else {
        0
    }
}

/// The issuer whose certificates alone a rule matches.
fn issuer(rule: &Object) -> Option<String> {
    let kind = text(rule, "X509CertificateRuleType")?.trim();
    let name = if kind.eq_ignore_ascii_case(COMBINED) {
        "IssuerSubjectIdentifier"
    } else if kind.eq_ignore_ascii_case("issuerSubject") {
        "Identifier"
    } else {
        return None;
    };
    Some(Compare::Dn.key(text(rule, name)?, rule).into_owned())
}

fn is_high(part: &Object, name: &str) -> bool {
    text(part, name).is_some_and(|level| level.trim().eq_ignore_ascii_case("high"))
}

fn has_high_binding(policy: &Object) -> bool {
    entries(policy.get("CertificateUserBindings"))
        .any(|(_, binding)| is_high(binding, "TrustAffinityLevel"))
}

fn requires_high(policy: &Object) -> bool {
    let Some(mode) = policy.get(MODE).and_then(Value::as_object) else {
        return false;
    };
    is_high(mode, "X509CertificateDefaultRequiredAffinityLevel")
        || entries(mode.get("Rules"))
            .any(|(_, rule)| is_high(rule, "X509CertificateRequiredAffinityLevel"))
}

fn affinity(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    if !requires_high(plan.after) {
        return;
    }
    let idle = idle(plan.before);
    if !has_high_binding(plan.after) {
        found.push(stop(
            &codes::AFFINITY_UNREACHABLE,
            MODE,
            format!(
                "high affinity is required, but no binding has it{idle}: whoever must meet the \
                 requirement could not sign in with a certificate at all"
            ),
            "add a binding of high affinity, such as SubjectKeyIdentifier to certificateUserIds, \
             and fill that property of the users first",
        ));
    }
    let (before, after) = (Required::of(plan.before), Required::of(plan.after));
    let mut raised: Vec<String> = Vec::new();
    let by_default = after.default.high && !before.default.high;
    if by_default {
        raised.push("by default".to_owned());
    }
    let keys: BTreeSet<&String> = before.rules.keys().chain(after.rules.keys()).collect();
    for key in keys {
        let stays = after.rules.get(key);
        let Some((rule, _)) = stays.or(before.rules.get(key)) else {
            continue;
        };
        let (was, is) = (before.asked_by(key, rule), after.asked_by(key, rule));
        // A rule that goes and leaves its certificates to the new default is
        // said with the default.
        let said = by_default && stays.is_none();
        if is != was && is.high && was.low && !said {
            raised.push(match stays {
                Some(_) => format!("by {}", rule_label(rule)),
                None => format!("where {} goes", rule_label(rule)),
            });
        }
    }
    if !raised.is_empty() {
        found.push(stop(
            &codes::AFFINITY_RAISED,
            MODE,
            format!(
                "high affinity would be required {}{idle}: users whose certificate finds them by \
                 a binding of low affinity, such as a principal name, could not sign in with it \
                 any more",
                listed(raised)
            ),
            "make sure that certificateUserIds is filled for everybody concerned",
        ));
    }
}

fn rule_label(rule: &Object) -> String {
    let part = |name| {
        text(rule, name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    let parts: Vec<&str> = RULES
        .identity_fields(rule)
        .iter()
        .filter_map(|name| part(name))
        .collect();
    format!("rule {}", parts.join(" "))
}

/// A rule whose type is hidden from this client is still a rule: certificates
/// may count as multifactor by it.
fn hidden_rules(plan: &Reviewed<'_>, found: &mut Vec<Finding>) {
    let hidden = |policy: &Object| {
        let rules = policy.get(MODE).and_then(|mode| mode.get("Rules"));
        entries(rules)
            .filter(|(_, rule)| {
                rule.get("X509CertificateRuleType")
                    .is_some_and(holds_sentinel)
            })
            .count()
    };
    let (before, after) = (hidden(plan.before), hidden(plan.after));
    if after < before {
        let count = match before - after {
            1 => "a rule".to_owned(),
            more => format!("{more} rules"),
        };
        found.push(stop(
            &codes::HIDDEN_RULE_DROPPED,
            &format!("{MODE}.Rules"),
            format!(
                "{count} of a type that Graph does not show to this client would be dropped{}: \
                 certificates that count for something by it would do so no more",
                idle(plan.before)
            ),
            "look at the rule in the Entra admin centre; a newer entrue may know its type",
        ));
    }
}
