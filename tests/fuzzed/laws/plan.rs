//! Any bytes as a saved plan.

use entrue::core::approval::{Approved, Consent};
use entrue::core::defaults;
use entrue::core::directory::ById;
use entrue::core::live::decode;
use entrue::core::plan::{
    Action, Desired, Inputs, Plan, Resource, Tenant, plan_resource, summarise,
};
use entrue::core::references::{References, references};
use entrue::core::spec::find;
use entrue::core::verify::{bare, names_of, to_wire, verify};
use entrue::core::{compare::is_guid, spec::Object};
use entrue::policy;
use entrue::view::{diff, json, text};
use serde_json::Value;

use super::{COLOURED, PLAIN, allowed, is_impossible, is_tame, sent};

pub fn hold(bytes: &[u8]) {
    let Ok(mut plan) = serde_json::from_slice::<Plan>(bytes) else {
        return;
    };
    keeps(&plan);
    // What somebody wrote who knows how plans are named.
    plan.summary = summarise(&plan.resources);
    plan.plan_id = plan.content_id();
    keeps(&plan);
    rebuilt(&plan);
}

/// A plan that entrue made is one that entrue takes.
pub fn made_by_entrue(plan: &Plan) {
    if let Err(edited) = verify(plan, policy::find) {
        panic!("{edited}: {}", json::render(plan));
    }
    keeps(plan);
}

/// A plan reads back as it was written, every view of it is harmless, and one
/// that is accepted does what it says.
fn keeps(plan: &Plan) {
    let written = json::render(plan);
    let again: Plan = serde_json::from_str(&written).expect("a plan reads back");
    assert_eq!(&again, plan);
    assert_eq!(again.content_id(), plan.content_id());
    is_tame(&written);
    for purpose in [text::Purpose::Plan, text::Purpose::Drift] {
        is_tame(&text::render(plan, purpose, policy::find, PLAIN));
        text::render(plan, purpose, policy::find, COLOURED);
    }
    is_tame(&diff::render(plan, PLAIN));
    diff::render(plan, COLOURED);
    let verified = verify(plan, policy::find);
    assert_eq!(verify(&again, policy::find), verified);
    if verified.is_ok() {
        plan.resources.iter().for_each(does_what_it_says);
    }
    if let Ok(approved) = Approved::new(plan.clone(), Consent::SavedPlan, policy::find) {
        assert!(verified.is_ok());
        assert_eq!(
            approved.writes().count(),
            plan.resources
                .iter()
                .map(|r| r.requests.len())
                .sum::<usize>()
        );
    }
}

fn does_what_it_says(resource: &Resource) {
    let spec = policy::find(&resource.resource_type).expect("a table");
    let state = |stated: &Value| bare(spec, stated).expect("a state");
    let (before, after) = (state(&resource.before), state(&resource.after));
    match (resource.action, resource.requests.as_slice()) {
        (Action::None, []) => assert!(resource.changes.is_empty()),
        (Action::Delete, [request]) => {
            assert_eq!(
                (request.method.as_str(), &request.body),
                ("DELETE", &Value::Null)
            );
            assert_eq!(request.path, spec.path);
        }
        (Action::Patch, [request]) => {
            assert_eq!(
                (request.method.as_str(), request.path.as_str()),
                ("PATCH", spec.path)
            );
            let wire = sent(&to_wire(spec, &before), &request.body);
            let reached = decode(spec, &wire).expect("a policy");
            let names = names_of(resource);
            let left = entrue::core::diff::diff(spec, &reached, &after, &names);
            assert!(left.is_empty(), "{left:?}");
        }
        (action, requests) => panic!("{action:?} with {requests:?}"),
    }
}

/// From any two states entrue makes a plan that it takes itself.
fn rebuilt(plan: &Plan) {
    for resource in &plan.resources {
        let Some(spec) = policy::find(&resource.resource_type) else {
            continue;
        };
        let state = |stated: &Value| decode(spec, &to_wire(spec, &bare(spec, stated)?)).ok();
        let (Some(live), Some(mut wanted)) = (state(&resource.before), state(&resource.after))
        else {
            continue;
        };
        if is_impossible(&wanted) || !are_ids(&wanted) || !are_ids(&live) {
            continue;
        }
        // Every id was asked for; one that no answer named is gone.
        let mut directory = names_of(resource);
        let mut found = References::default();
        for state in [&live, &wanted] {
            references(spec, state, &mut found);
        }
        for known in defaults::built_in(spec) {
            references(spec, &known.policy, &mut found);
        }
        for id in &found.ids {
            if directory.id(id).is_none() {
                directory.learn_id(id, ById::Gone);
            }
        }
        wanted.retain(|name, _| find(spec.properties, name).is_some());
        for desired in [Desired::Present(wanted.clone()), Desired::Absent] {
            let made = plan_resource(Inputs {
                spec,
                display_name: resource.display_name.clone(),
                source: resource.source.clone(),
                desired: &desired,
                live: live.clone(),
                directory: &directory,
                defaults: &defaults::built_in(spec),
                findings: Vec::new(),
                allowed: &allowed(),
            });
            let tenant = Tenant {
                id: None,
                cloud: "sandbox".to_owned(),
            };
            made_by_entrue(&Plan::new(tenant, String::new(), allowed(), vec![made]));
        }
    }
}

/// Whether every group of a state is known by its id, as in every real one.
pub fn are_ids(state: &Object) -> bool {
    let mut found = References::default();
    references(&policy::x509::SPEC, state, &mut found);
    found.names.is_empty() && found.ids.iter().all(|id| is_guid(id))
}
