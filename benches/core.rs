//! What must stay linear and quick: planning many rules, reading long files.
//!
//! `cargo bench` prints times; ratios between sizes of one run are what counts.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::{Bencher, black_box};
use entrue::baseline;
use entrue::core::defaults;
use entrue::core::directory::Directory;
use entrue::core::export::{Purpose, declare};
use entrue::core::live::decode;
use entrue::core::plan::{Desired, Inputs, Plan, Source, Tenant, plan_resource};
use entrue::core::spec::Object;
use entrue::core::verify::verify;
use entrue::policy;
use entrue::policy::x509::SPEC;
use entrue::view::baseline::export;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

fn rules(count: usize, mode: &str) -> Vec<Value> {
    (0..count)
        .map(|n| {
            json!({
                "x509CertificateRuleType": "policyOID",
                "identifier": format!("1.3.6.1.4.1.{}.{}", n / 1000, n % 1000),
                "x509CertificateAuthenticationMode": mode,
                "x509CertificateRequiredAffinityLevel": "low"
            })
        })
        .collect()
}

fn wire(rules: Vec<Value>) -> Value {
    json!({
        "id": "X509Certificate",
        "state": "enabled",
        "authenticationModeConfiguration": {
            "x509CertificateAuthenticationDefaultMode": "x509CertificateSingleFactor",
            "rules": rules
        }
    })
}

/// Every `nth` rule changes; one in fifty goes, one in fifty comes.
fn sides(count: usize, nth: usize) -> (Value, Object) {
    let live = wire(rules(count, "x509CertificateSingleFactor"));
    let mut wanted = rules(count + count / 50, "x509CertificateSingleFactor");
    wanted.drain(..count / 50);
    for rule in wanted.iter_mut().step_by(nth) {
        rule["x509CertificateAuthenticationMode"] = "x509CertificateMultiFactor".into();
    }
    wanted.reverse();
    let mut desired = decode(&SPEC, &wire(wanted)).unwrap();
    desired.retain(|name, _| name == "AuthenticationModeConfiguration");
    (live, desired)
}

/// From Graph's JSON to the canonical live policy.
#[divan::bench(args = [10_000], sample_count = 10)]
fn decode_rules(bencher: Bencher, count: usize) {
    let (wire, _) = sides(count, 50);
    bencher.bench_local(|| decode(&SPEC, black_box(&wire)).unwrap());
}

/// From Graph's JSON and a declaration to a finished, named plan: few changes.
#[divan::bench(args = [1_000, 10_000, 20_000, 40_000, 80_000], sample_count = 10)]
fn plan_rules(bencher: Bencher, count: usize) {
    let (wire, desired) = sides(count, 50);
    let desired = Desired::Present(desired);
    bencher.bench_local(|| plan(black_box(&wire), &desired));
}

/// The same where every second rule changes.
#[divan::bench(args = [10_000], sample_count = 10)]
fn plan_half_the_rules(bencher: Bencher, count: usize) {
    let (wire, desired) = sides(count, 2);
    let desired = Desired::Present(desired);
    bencher.bench_local(|| plan(black_box(&wire), &desired));
}

fn plan(wire: &Value, desired: &Desired) -> Plan {
    let resource = plan_resource(Inputs {
        spec: &SPEC,
        display_name: None,
        source: Source {
            file: "x.yaml".to_owned(),
            line: 1,
        },
        desired,
        live: decode(&SPEC, wire).unwrap(),
        directory: &Directory::default(),
        defaults: &defaults::built_in(&SPEC),
        findings: Vec::new(),
        allowed: &[],
    });
    Plan::new(tenant(), String::new(), Vec::new(), vec![resource])
}

fn tenant() -> Tenant {
    Tenant {
        id: None,
        cloud: "global".to_owned(),
    }
}

/// A saved plan checked against its own states, as an apply does twice.
#[divan::bench(args = [1_000, 10_000], sample_count = 10)]
fn verify_a_plan(bencher: Bencher, count: usize) {
    let (wire, desired) = sides(count, 50);
    let plan = plan(&wire, &Desired::Present(desired));
    bencher.bench_local(|| verify(black_box(&plan), policy::find).unwrap());
}

/// From the canonical live policy to the text of a baseline, checked as a file is.
#[divan::bench(args = [1_000, 10_000], sample_count = 10)]
fn export_rules(bencher: Bencher, count: usize) {
    let live = decode(&SPEC, &wire(rules(count, "x509CertificateMultiFactor"))).unwrap();
    let directory = Directory::default();
    let tenant = tenant();
    bencher.bench_local(|| {
        let judge = &baseline::judge;
        let declared = declare(&SPEC, black_box(&live), &directory, Purpose::Export, judge);
        export(&[declared], &tenant)
    });
}

/// From the path of a file to its declared policies, in lines.
#[divan::bench(args = [1_000, 10_000], sample_count = 20)]
fn validate_lines(bencher: Bencher, lines: usize) {
    let mut text = String::from(
        "resources:\n  - resourceType: microsoft.entra.authenticationMethodPolicyX509\n    properties:\n      Id: X509Certificate\n      AuthenticationModeConfiguration:\n        Rules:\n",
    );
    for n in 0..lines / 3 {
        text.push_str(&format!(
            "          - X509CertificateRuleType: policyOID\n            Identifier: 1.3.6.1.4.{}.{}\n            X509CertificateAuthenticationMode: x509CertificateMultiFactor\n",
            n / 1000,
            n % 1000
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.yaml");
    std::fs::write(&file, text).unwrap();
    let paths = [file.to_string_lossy().into_owned()];
    bencher.bench_local(|| {
        let loaded = baseline::load(black_box(&paths));
        assert!(loaded.findings.is_empty());
        loaded
    });
}
