//! Faults and switches of the simulated tenant from the command line, and the
//! page that tells of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use entrue::sandbox::{Behavior, Fault, Switch};
use serde_json::{Value, json};
use support::{Run, entrue, program, root};

const TENANT: &str = "examples/contoso.tenant.json";
const X509: &str =
    "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/x509Certificate";

fn drift(more: &[&str]) -> Run {
    let mut args = vec!["drift", "examples/contoso.yaml", "--sandbox", TENANT];
    args.extend(more);
    entrue(&root(), &args)
}

#[test]
fn a_wrong_fault_or_switch_is_a_wrong_command_line() {
    for (flag, value, says) in [
        (
            "--fault",
            "polcy:reset",
            "allowed: policy, groups, batch, token, any",
        ),
        ("--fault", "policy:rest", "there is no fault `rest`"),
        ("--fault", "policy:status=99999", "allowed are 200 to 599"),
        (
            "--fault",
            r#"{"on": "policy", "kind": "rest"}"#,
            "expected one of `status`",
        ),
        ("--behavior", "listOrder", "NAME=VALUE"),
        ("--behavior", "listOrder=up", "allowed: asSent, reversed"),
        ("--behavior", "order=reversed", "there is no switch `order`"),
    ] {
        for start in [
            vec!["plan", "examples/minimal.yaml", "--sandbox", TENANT],
            vec!["drift", "examples/minimal.yaml", "--sandbox", TENANT],
            vec!["sandbox", "serve", TENANT],
        ] {
            let mut args = start;
            args.extend([flag, value]);
            let run = entrue(&root(), &args);
            assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:#?}");
            assert!(run.stderr.contains(says), "{}", run.stderr);
            args.extend(["--format", "json"]);
            let report = entrue(&root(), &args).json();
            assert_eq!(report["exitCode"], 1);
            let error = &report["errors"][0];
            assert_eq!(error["code"], "usage");
            assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        }
    }
}

#[test]
fn they_are_for_a_simulated_tenant_only() {
    for more in [["--fault", "any:reset"], ["--behavior", "etag=present"]] {
        let mut args = vec!["drift", "examples/minimal.yaml"];
        args.extend(more);
        let run = entrue(&root(), &args);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("--sandbox <FILE>"), "{}", run.stderr);
    }
}

#[test]
fn faults_strike_a_command() {
    let retried = drift(&[
        "--fault",
        "policy:GET:status=503,retryAfter=0,times=1",
        "--fault",
        r#"{"on": "groups", "kind": "status", "status": 429, "retryAfter": 0, "times": 1}"#,
        "--format",
        "json",
    ]);
    assert_eq!(retried.code, 2, "{}", retried.stderr);
    assert_eq!(retried.json()["graph"]["retries"], 2);
    let refused = drift(&["--fault", "policy:status=403"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
}

#[test]
fn the_faults_of_the_command_line_come_before_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    let fault = json!([{ "on": "policy", "kind": "status", "status": 403 }]);
    let mut tenant: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join(TENANT)).unwrap()).unwrap();
    tenant["faults"] = fault;
    tenant["$schema"] = json!(null);
    tenant.as_object_mut().unwrap().remove("$schema");
    std::fs::write(&file, tenant.to_string()).unwrap();
    let file = file.to_string_lossy();
    let policy = r#"policy:body={"id":"X509Certificate"}"#;
    let args = ["drift", "examples/minimal.yaml", "--sandbox", &file];
    let of_file = entrue(&root(), &args);
    assert!(of_file.stderr.contains("403"), "{}", of_file.stderr);
    let typed = entrue(&root(), &[&args[..], &["--fault", policy]].concat());
    assert_eq!(typed.code, 4);
    assert!(!typed.stderr.contains("403"), "{}", typed.stderr);
}

/// What a careful client makes of a tenant does not hang on how it shows things.
#[test]
fn a_drift_is_the_same_however_the_tenant_shows_itself() {
    let usual = drift(&["--format", "json"]).json();
    let paths = |report: &Value| -> Vec<String> {
        let changes = report["plan"]["resources"][0]["changes"]
            .as_array()
            .unwrap();
        let path = |change: &Value| change["path"].as_str().unwrap().to_lowercase();
        changes.iter().map(path).collect()
    };
    assert!(paths(&usual).len() > 3);
    for switch in [
        "emptyValues=null",
        "emptyValues=missing",
        "emptyValues=empty",
        "idCase=changed",
        "wordCase=lower",
        "etag=present",
        "betaProperties=present",
    ] {
        let run = drift(&["--behavior", switch, "--format", "json"]);
        assert_eq!(run.code, 2, "{switch}: {}", run.stderr);
        assert_eq!(paths(&run.json()), paths(&usual), "{switch}");
    }
}

struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn new(file: &Path, more: &[&str]) -> Self {
        let mut child = program(&root())
            .args(["sandbox", "serve", &file.to_string_lossy()])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().to_owned();
        Serving { child, url }
    }

    fn patch(&self, body: &Value) -> u16 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let request = reqwest::Client::new()
                .patch(format!("{}{X509}", self.url))
                .bearer_auth("x")
                .json(body);
            request.send().await.unwrap().status().as_u16()
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_the_command_line_adds_is_never_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    std::fs::copy(root().join(TENANT), &file).unwrap();
    let read =
        || -> Value { serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap() };
    let before = read();
    let serving = Serving::new(
        &file,
        &[
            "--fault",
            "policy:PATCH:status=500,times=1",
            "--behavior",
            "listOrder=reversed",
            "--behavior",
            "listOrder=asSent",
            "--behavior",
            "writtenText=trimmed",
        ],
    );
    let body = json!({
        "@odata.type": "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration",
        "authenticationModeConfiguration": { "rules": [
            { "x509CertificateRuleType": "policyOID", "identifier": " 1.2.3 " },
            { "x509CertificateRuleType": "policyOID", "identifier": "1.2.4" },
        ] },
    });
    assert_eq!([serving.patch(&body), serving.patch(&body)], [500, 204]);
    let after = read();
    // Of two words for one switch the last stands, as with most flags.
    let rules = "/policies/X509Certificate/authenticationModeConfiguration/rules";
    let rules = after.pointer(rules).unwrap();
    assert_eq!(
        [&rules[0]["identifier"], &rules[1]["identifier"]],
        ["1.2.3", "1.2.4"]
    );
    let names =
        |tenant: &Value| -> Vec<String> { tenant.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&after), names(&before));
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/sandbox.md")).unwrap()
}

#[test]
fn the_page_shows_every_fault_and_every_switch_with_all_its_values() {
    let page = page();
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(root().join("schemas/tenant.schema.json")).unwrap(),
    )
    .unwrap();
    let definitions = &schema["$defs"];
    for kind in definitions["Fault"]["oneOf"].as_array().unwrap() {
        let kind = kind["properties"]["kind"]["const"].as_str().unwrap();
        assert!(page.contains(&format!(":{kind}")), "no example of `{kind}`");
    }
    let behavior = serde_json::to_value(Behavior::default()).unwrap();
    for (name, usual) in behavior.as_object().unwrap() {
        let property = &definitions["Behavior"]["properties"][name];
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("no row for `{name}`"));
        let Some(usual) = usual.as_str() else {
            assert!(row.contains(&format!("`{usual}`")), "{row}");
            continue;
        };
        assert!(
            row.contains(&format!("| `{usual}`")),
            "the default comes first: {row}"
        );
        let type_name = property["$ref"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        for value in definitions[type_name]["oneOf"].as_array().unwrap() {
            let value = value["const"].as_str().unwrap();
            assert!(
                row.contains(&format!("`{value}`")),
                "`{name}` lacks `{value}`"
            );
        }
    }
}

/// The words after each `flag` on the page.
fn typed(flag: &str) -> Vec<String> {
    let page = page();
    page.split(&format!("{flag} "))
        .skip(1)
        .map(|rest| {
            let end = match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split('\'').next(),
                None => rest.split([' ', '\n', '`']).next(),
            };
            end.unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_example_of_the_page_can_be_typed() {
    let (faults, switches) = (typed("--fault"), typed("--behavior"));
    assert!(
        faults.len() > 13 && switches.len() > 3,
        "{faults:?} {switches:?}"
    );
    for fault in faults.iter().filter(|fault| *fault != "SPEC") {
        let parsed = fault.parse::<Fault>();
        assert!(parsed.is_ok(), "{fault}: {parsed:?}");
    }
    for switch in switches.iter().filter(|switch| *switch != "NAME=VALUE") {
        let parsed = switch.parse::<Switch>();
        assert!(parsed.is_ok(), "{switch}: {parsed:?}");
    }
}
