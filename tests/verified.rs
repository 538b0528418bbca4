//! Laws of saved plans: what was planned verifies, and follows from its states
//! alone; a plan that was tampered with does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/anything.rs"]
mod anything;

use entrue::core::defaults;
use entrue::core::directory::{ById, Directory};
use entrue::core::finding::Checks;
use entrue::core::live::decode;
use entrue::core::plan::{Desired, Inputs, Plan, Source, Tenant, plan_resource};
use entrue::core::references::{References, references};
use entrue::core::spec::Object;
use entrue::core::verify::verify;
use entrue::policy::{self, x509::SPEC};
use proptest::prelude::*;
use serde_json::Value;

/// A plan from one live policy towards the state of another, with everything
/// allowed that can be: what a file may hold is not the question here.
fn plan(from: &Object, to: &Object, absent: bool, directory: &Directory) -> Plan {
    let mut wanted = to.clone();
    wanted.shift_remove("Id");
    wanted.retain(|name, _| SPEC.properties.iter().any(|property| property.name == name));
    let desired = if absent {
        Desired::Absent
    } else {
        Desired::Present(wanted)
    };
    let allowed: Vec<String> = entrue::core::codes::ALL
        .iter()
        .filter(|code| code.allowable)
        .map(|code| code.name.to_owned())
        .collect();
    let resource = plan_resource(Inputs {
        spec: &SPEC,
        display_name: Some("x".to_owned()),
        source: Source {
            file: "x.yaml".to_owned(),
            line: 1,
        },
        desired: &desired,
        live: from.clone(),
        directory,
        defaults: &defaults::built_in(&SPEC),
        findings: Vec::new(),
        allowed: &allowed,
    });
    let tenant = Tenant {
        id: Some("8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55".to_owned()),
        cloud: "global".to_owned(),
    };
    Plan::new(
        tenant,
        "2026-11-22T10:00:00Z".to_owned(),
        allowed,
        vec![resource],
    )
}

/// A directory as one run learns it: what is missing is deleted, unless names
/// may not be read at all.
fn directory(told: &[ById], policy: &Object) -> Directory {
    let unread = told.contains(&ById::Unread);
    let told: Vec<ById> = told
        .iter()
        .map(|one| match one {
            ById::Gone if unread => ById::Unread,
            other => other.clone(),
        })
        .collect();
    anything::learnt(&told, policy)
}

/// Whether every target of it is known by id, as after resolving a file.
fn is_resolved(policy: &Object) -> bool {
    let mut found = References::default();
    references(&SPEC, policy, &mut found);
    found.names.is_empty()
}

/// Whether a file could say this at all. What it could not, an apply refuses.
fn can_be_declared(policy: &Object) -> bool {
    let mut checks = Checks::default();
    (SPEC.check)(policy, &mut checks);
    checks
        .found
        .iter()
        .all(|(_, finding)| finding.allowable || !finding.stops())
}

/// Turns one leaf of a value into another.
fn tampered(value: &mut Value, nth: &mut usize) -> bool {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.values_mut().any(|value| tampered(value, nth))
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter_mut().any(|value| tampered(value, nth))
        }
        leaf => {
            if *nth > 0 {
                *nth -= 1;
                return false;
            }
            *leaf = match &*leaf {
                Value::Bool(flag) => (!flag).into(),
                Value::Number(_) => 7_777.into(),
                Value::String(text) => format!("{text} x").into(),
                _ => "x".into(),
            };
            true
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_planned_verifies_after_a_round_trip(
        one in anything::live(), other in anything::live(), absent in any::<bool>(),
        told in anything::groups(),
    ) {
        let [from, to] = [&one, &other].map(|wire| decode(&SPEC, wire));
        prop_assume!(from.is_ok() && to.is_ok());
        let [from, to] = [from.unwrap(), to.unwrap()];
        prop_assume!(absent || (can_be_declared(&to) && is_resolved(&to)));
        let plan = plan(&from, &to, absent, &directory(&told, &from));
        let text = serde_json::to_string(&plan).unwrap();
        let again: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(verify(&again, policy::find), Ok(()), "{}", text);
    }

    #[test]
    fn what_was_tampered_with_does_not(
        one in anything::live(), other in anything::live(), nth in 0usize..60,
        told in anything::groups(),
    ) {
        let [from, to] = [&one, &other].map(|wire| decode(&SPEC, wire));
        prop_assume!(from.is_ok() && to.is_ok());
        let [from, to] = [from.unwrap(), to.unwrap()];
        prop_assume!(can_be_declared(&to) && is_resolved(&to));
        let plan = plan(&from, &to, false, &directory(&told, &from));
        let mut json = serde_json::to_value(&plan).unwrap();
        // Changes, requests and summary: all that says what would be done.
        let resource = &mut json["resources"][0];
        let mut count = nth;
        let done = tampered(&mut resource["requests"], &mut count)
            || tampered(&mut resource["changes"], &mut count)
            || tampered(&mut resource["groups"], &mut count);
        prop_assume!(done);
        let Ok(mut edited) = serde_json::from_value::<Plan>(json) else {
            return Ok(());
        };
        edited.plan_id = edited.content_id();
        prop_assert!(verify(&edited, policy::find).is_err());
    }
}
