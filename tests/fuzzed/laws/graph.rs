//! Any bytes as an answer of Graph's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use entrue::baseline::{self, judge};
use entrue::core::defaults;
use entrue::core::diff::diff;
use entrue::core::directory::Directory;
use entrue::core::export::{Purpose, declare};
use entrue::core::finding::Severity;
use entrue::core::live::decode;
use entrue::core::overlay::overlay;
use entrue::core::plan::{Action, Desired, Inputs, Plan, Resource, Source, Tenant, plan_resource};
use entrue::core::references::{References, references};
use entrue::core::report::Problem;
use entrue::core::resolve::resolve;
use entrue::core::spec::{Object, find};
use entrue::core::verify::to_wire;
use entrue::graph::auth::Tokens;
use entrue::graph::client::Graph;
use entrue::graph::error::{CODES, GraphError};
use entrue::graph::seam::{Seam, SendFailure, Sending};
use entrue::graph::token::Secret;
use entrue::graph::{groups, policies};
use entrue::policy::x509::SPEC;
use entrue::view;
use serde_json::Value;

use super::plan::{are_ids, made_by_entrue};
use super::{PLAIN, allowed, directory, is_tame, lives, sent};

pub fn hold(bytes: &[u8]) {
    answers(bytes);
    let Ok(wire) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    match decode(&SPEC, &wire) {
        Ok(live) => policy(&wire, &live),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn policy(wire: &Value, live: &Object) {
    let mut found = References::default();
    references(&SPEC, live, &mut found);
    let directory = directory(&found);
    assert!(diff(&SPEC, live, live, &directory).is_empty());
    let encoded = to_wire(&SPEC, live);
    let again = decode(&SPEC, &encoded).expect("what was decoded can be sent and read again");
    assert_eq!(text(&again), text(live));
    assert_eq!(to_wire(&SPEC, &again).to_string(), encoded.to_string());
    for mut desired in lives() {
        desired.retain(|name, _| find(SPEC.properties, name).is_some());
        let once = overlay(&SPEC, live, &desired);
        assert_eq!(text(&overlay(&SPEC, &once, &desired)), text(&once));
        planned(wire, live, &Desired::Present(desired), &directory);
    }
    planned(wire, live, &Desired::Absent, &directory);
    exported(live, &directory);
}

fn text(policy: &Object) -> String {
    Value::Object(policy.clone()).to_string()
}

fn plan(live: &Object, desired: &Desired, directory: &Directory) -> Resource {
    plan_resource(Inputs {
        spec: &SPEC,
        display_name: None,
        source: Source {
            file: "x.yaml".to_owned(),
            line: 1,
        },
        desired,
        live: live.clone(),
        directory,
        defaults: &defaults::built_in(&SPEC),
        findings: Vec::new(),
        allowed: &allowed(),
    })
}

fn tenant() -> Tenant {
    Tenant {
        id: None,
        cloud: "sandbox".to_owned(),
    }
}

fn planned(wire: &Value, live: &Object, desired: &Desired, directory: &Directory) {
    let resource = plan(live, desired, directory);
    if let (Action::Patch, [request]) = (resource.action, resource.requests.as_slice()) {
        let after = decode(&SPEC, &sent(wire, &request.body)).expect("what is sent is a policy");
        let left = plan(&after, desired, directory).changes;
        assert!(left.is_empty(), "{left:?}");
    }
    if are_ids(live) {
        let made = Plan::new(tenant(), String::new(), allowed(), vec![resource]);
        made_by_entrue(&made);
    }
}

/// An export and a backup of any policy are baselines that plan to nothing, and
/// a backup brings back all that a file can hold.
fn exported(live: &Object, directory: &Directory) {
    let declared = declare(&SPEC, live, directory, Purpose::Export, &judge);
    let export = view::baseline::export(std::slice::from_ref(&declared), &tenant());
    is_tame(&export.text);
    let desired = read_back(&export.text, &export.codes, live, directory);
    let changes = plan(live, &Desired::Present(desired), directory).changes;
    assert!(changes.is_empty(), "{changes:?}\n{}", export.text);

    let backup = view::baseline::backup(&[(&SPEC, live, directory)], &tenant(), "today");
    is_tame(&backup.text);
    let desired = read_back(&backup.text, &backup.codes, live, directory);
    let changes = plan(live, &Desired::Present(desired.clone()), directory).changes;
    assert!(changes.is_empty(), "{changes:?}\n{}", backup.text);
    if backup.left_out.is_empty() && backup.unknown.is_empty() {
        for other in lives() {
            let back = overlay(&SPEC, &other, &desired);
            let mut changes = diff(&SPEC, &back, live, directory);
            // No file takes blank text, which says no more than none at all.
            changes.retain(|change| !is_blank(&change.before) || !is_blank(&change.after));
            assert!(changes.is_empty(), "{changes:?}\n{}", backup.text);
        }
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn read_back(text: &str, codes: &[String], live: &Object, directory: &Directory) -> Object {
    let loaded = baseline::load_bytes("export.yaml", text.as_bytes().to_vec());
    let mut found: Vec<_> = loaded.findings.into_iter().map(|one| one.finding).collect();
    let [policy] = loaded.policies.as_slice() else {
        panic!("{found:?}\n{text}");
    };
    let (desired, checks) = resolve(&SPEC, &policy.properties, live, directory);
    found.extend(checks.found.into_iter().map(|(_, finding)| finding));
    for mut finding in found {
        finding.allow(codes);
        let stops = finding.stops() && finding.severity == Severity::Error;
        assert!(!stops, "{finding:?}\n{text}");
    }
    desired
}

/// A network that has one answer for everything.
#[derive(Debug)]
struct Parrot(u16, Bytes);

impl Seam for Parrot {
    fn send(&self, _: http::Request<Bytes>, _: Duration) -> Sending<'_> {
        let answer = http::Response::builder()
            .status(self.0)
            .header("retry-after", "1")
            .body(self.1.clone());
        let failed = |error: http::Error| SendFailure::Broken {
            why: error.to_string(),
        };
        Box::pin(async move { answer.map_err(failed) })
    }
}

thread_local! {
    /// Waits cost nothing here: the clock runs ahead where nobody works.
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
}

/// Whatever is answered, with whatever status, is taken for what it is or told
/// as one of the documented errors.
fn answers(bytes: &[u8]) {
    const STATUSES: &[u16] = &[200, 200, 302, 400, 401, 403, 404, 429, 500, 503];
    let status = STATUSES[bytes.len() % STATUSES.len()];
    let body = Bytes::copy_from_slice(bytes);
    RUNTIME.with(|runtime| runtime.block_on(asked(status, body)));
}

async fn asked(status: u16, body: Bytes) {
    let root = url::Url::parse("https://graph.microsoft.com/").unwrap();
    let seam = Arc::new(Parrot(status, body.clone()));
    let tokens = Tokens::given(Secret::new("a-token".to_owned()));
    let graph = Graph::new(seam, root, tokens, Duration::from_secs(300));
    let tell = |error: GraphError| {
        assert!(CODES.contains(&error.code), "{error:?}");
        let problem = Problem::from(error);
        is_tame(&view::findings::problem(&problem, Severity::Error, PLAIN));
    };
    let json = serde_json::from_slice::<Value>(&body);
    match policies::read(&graph, &SPEC).await {
        Ok(policy) => {
            assert_eq!(status, 200);
            assert_eq!(decode(&SPEC, &json.unwrap()).unwrap(), policy);
        }
        Err(error) => tell(error),
    }
    let words = |words: &[&str]| -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let ids = words(&[
        "3d0c6a5e-7b41-4c0e-8a92-1f5be0c9d301",
        "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
    ]);
    let mut directory = Directory::default();
    match groups::by_ids(&graph, &ids, &mut directory).await {
        // Gone is only what a whole, successful answer does not hold.
        Ok(()) => assert!(status == 200 || directory.unread_because.is_some()),
        Err(error) => tell(error),
    }
    let names = words(&["CBA Pilot", "Break Glass"]);
    match groups::by_names(&graph, &names, &mut directory).await {
        Ok(()) => assert!(names.iter().all(|name| directory.name(name).is_some())),
        Err(error) => tell(error),
    }
}
