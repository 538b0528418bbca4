//! Several policies in one plan, over real HTTP. One policy is managed today, so
//! a second table is made here: what applies must not depend on there being one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entrue::core::approval::{Approved, Consent, NotApproved};
use entrue::core::directory::Directory;
use entrue::core::live::decode;
use entrue::core::plan::{Desired, Inputs, Plan, Source, Tenant, plan_resource};
use entrue::core::report::{Outcome, Written};
use entrue::core::spec::{Absent, Object, PolicySpec};
use entrue::graph::auth::Tokens;
use entrue::graph::client::Graph;
use entrue::graph::seam::Network;
use entrue::graph::token::Secret;
use entrue::policy::{self, guards, method, target};
use entrue::reconcile::apply::{Applied, Options, apply};
use entrue::reconcile::interrupt::Progress;
use serde_json::{Value, json};
use support::Served;

const TENANT: &str = "8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55";

/// Software OATH tokens, as far as this test needs them.
const OATH: PolicySpec = PolicySpec {
    resource_type: "microsoft.entra.authenticationMethodPolicySoftware",
    title: "Software OATH tokens",
    id: "SoftwareOath",
    odata_type: "#microsoft.graph.softwareOathAuthenticationMethodConfiguration",
    path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/softwareOath",
    properties: &[
        method::STATE,
        target::INCLUDE_TARGETS,
        target::EXCLUDE_TARGETS,
    ],
    exclusive: &[],
    schema: |generator| generator.subschema_for::<bool>(),
    check: |_, _| {},
    guards: guards::review,
    absent: Absent::Reset,
    known_defaults: &[],
};

fn spec_of(resource_type: &str) -> Option<&'static PolicySpec> {
    policy::find(resource_type).or((resource_type == OATH.resource_type).then_some(&OATH))
}

fn tenant(faults: Value) -> Value {
    json!({
        "formatVersion": "1.0",
        "tenant": {"id": TENANT},
        "policies": {"SoftwareOath": {
            "@odata.type": OATH.odata_type, "id": "SoftwareOath", "state": "disabled",
            "includeTargets": [], "excludeTargets": []
        }},
        "faults": faults
    })
}

/// A plan that switches issuer hints on, and software tokens for nobody yet.
fn plan(served: &Served, more: Value) -> Plan {
    let resources = [
        (
            &policy::x509::SPEC,
            json!({"IssuerHintsConfiguration": {"State": "enabled"}}),
        ),
        (&OATH, more),
    ]
    .into_iter()
    .map(|(spec, desired)| {
        let wire = served.sandbox.policy(spec.id).unwrap();
        let desired: Object = desired.as_object().unwrap().clone();
        plan_resource(Inputs {
            spec,
            display_name: None,
            source: Source {
                file: "x.yaml".to_owned(),
                line: 1,
            },
            desired: &Desired::Present(desired),
            live: decode(spec, &wire).unwrap(),
            directory: &Directory::default(),
            defaults: &[],
            findings: Vec::new(),
            allowed: &[],
        })
    })
    .collect();
    let tenant = Tenant {
        id: Some(TENANT.to_owned()),
        cloud: "global".to_owned(),
    };
    Plan::new(
        tenant,
        "2026-11-22T10:00:00Z".to_owned(),
        Vec::new(),
        resources,
    )
}

fn run(served: &Served, plan: Plan) -> Applied {
    let approved = Approved::new(plan, Consent::AutoApprove, spec_of).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let root = url::Url::parse(&served.url).unwrap();
        let seam = Arc::new(Network::new().unwrap());
        let token = Tokens::given(Secret::new("x"));
        let graph = Graph::new(seam, root, token, Duration::from_secs(60));
        let options = Options {
            verify_within: Duration::from_secs(2),
            known_defaults: &BTreeMap::new(),
        };
        apply(&graph, &approved, &options, &Progress::default()).await
    })
}

/// Applies the plan to a tenant with these faults, and holds it to this end.
fn ended(faults: Value, outcome: Outcome, written: Written) -> (Served, Applied) {
    let served = Served::tenant(&tenant(faults));
    let applied = run(&served, plan(&served, on()));
    assert_eq!(
        (applied.outcome, applied.written),
        (outcome, written),
        "{applied:?}"
    );
    (served, applied)
}

fn writes(served: &Served) -> Vec<String> {
    let requests = served.sandbox.requests();
    let writes = requests.iter().filter(|request| request.method != "GET");
    writes
        .map(|request| request.path.rsplit('/').next().unwrap().to_owned())
        .collect()
}

fn on() -> Value {
    json!({"State": "enabled"})
}

#[test]
fn all_are_written_in_order_each_read_back_before_the_next() {
    let (served, _) = ended(json!([]), Outcome::Applied, Written::Yes);
    assert_eq!(writes(&served), ["x509Certificate", "softwareOath"]);
    let methods: Vec<String> = served
        .sandbox
        .requests()
        .iter()
        .map(|r| r.method.clone())
        .collect();
    assert_eq!(methods, ["GET", "PATCH", "GET", "GET", "PATCH", "GET"]);
}

#[test]
fn after_a_write_that_fails_the_rest_is_not_tried() {
    let faults = json!([{"on": "policy", "method": "PATCH", "kind": "status", "status": 400}]);
    let (served, applied) = ended(faults, Outcome::Unknown, Written::No);
    assert_eq!(writes(&served), ["x509Certificate"]);
    assert!(applied.remaining.is_empty());
}

#[test]
fn a_write_that_fails_after_another_took_says_both() {
    let faults =
        json!([{"on": "policy", "method": "PATCH", "kind": "status", "status": 403, "skip": 1}]);
    let (_, applied) = ended(faults, Outcome::Unknown, Written::Yes);
    assert_eq!(applied.remaining, ["State"]);
}

#[test]
fn what_does_not_come_out_as_planned_stops_the_rest() {
    let faults = json!([{"on": "policy", "kind": "staleRead", "skip": 1}]);
    let (served, applied) = ended(faults, Outcome::Changes, Written::Yes);
    assert_eq!(writes(&served), ["x509Certificate"]);
    assert_eq!(
        applied.remaining,
        ["IssuerHintsConfiguration.State", "State"]
    );
}

#[test]
fn a_second_policy_that_changed_meanwhile_is_left_alone() {
    let other = json!({
        "@odata.type": OATH.odata_type, "id": "SoftwareOath", "state": "disabled",
        "includeTargets": [{"id": "all_users", "targetType": "group", "isRegistrationRequired": false}]
    });
    let faults =
        json!([{"on": "policy", "method": "GET", "kind": "body", "value": other, "skip": 2}]);
    let (served, applied) = ended(faults, Outcome::Changes, Written::Yes);
    assert_eq!(applied.problems[0].code, "plan-stale");
    assert_eq!(applied.remaining, ["State"]);
    assert_eq!(writes(&served), ["x509Certificate"]);
}

#[test]
fn one_that_is_blocked_blocks_all() {
    let served = Served::tenant(&tenant(json!([])));
    let everybody = json!({
        "State": "enabled",
        "IncludeTargets": [{"Id": "all_users", "TargetType": "group"}]
    });
    let plan = plan(&served, everybody);
    let refused = Approved::new(plan, Consent::AutoApprove, spec_of).unwrap_err();
    let NotApproved::Stopped(findings) = refused else {
        panic!("{refused}");
    };
    assert_eq!(findings[0].code, "scope-all-users");
    assert!(writes(&served).is_empty());
}
