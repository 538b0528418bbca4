//! Every failed read, over real HTTP, ends in exit code 4: never in a plan,
//! never in "absent".
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{Run, Served, root};

fn contoso(faults: Value) -> Served {
    let text = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    let mut tenant: Value = serde_json::from_str(&text).unwrap();
    tenant["faults"] = faults;
    Served::tenant(&tenant)
}

fn plan(served: &Served, more: &[&str]) -> Run {
    let mut args = vec!["plan", "examples/contoso.yaml", "--format", "json"];
    if !more.contains(&"--timeout") {
        args.extend(["--timeout", "30"]);
    }
    args.extend(more);
    served.run(&root(), &args)
}

/// Runs with one fault that never ends and checks that nothing was concluded.
fn unknown(fault: Value, code: &str, more: &[&str]) -> (Run, Served) {
    let served = contoso(json!([fault]));
    let run = plan(&served, more);
    let report = run.json();
    assert_eq!(run.code, 4, "{fault}: {run:#?}");
    assert_eq!(report["outcome"], "unknown");
    assert_eq!(report["plan"], Value::Null, "{fault}");
    assert_eq!(report["errors"][0]["code"], code, "{fault}: {}", run.stdout);
    assert!(!run.stdout.contains("a-token-of-a-test") && !run.stderr.contains("a-token-of-a-test"));
    (run, served)
}

#[test]
fn refusals_are_not_tried_again() {
    for (status, code) in [
        (400, "graph-refused"),
        (403, "graph-forbidden"),
        (404, "graph-not-found"),
        (405, "graph-refused"),
        (409, "graph-refused"),
        (412, "graph-refused"),
        (401, "graph-unauthorized"),
    ] {
        let fault = json!({"on": "policy", "kind": "status", "status": status});
        let (run, served) = unknown(fault, code, &[]);
        let report = run.json();
        assert_eq!(report["graph"]["retries"], 0, "{status}");
        assert_eq!(report["errors"][0]["retryable"], false);
        let id = report["errors"][0]["requestId"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(id.len(), 36, "{status}: Graph's request-id is told");
        let policy_reads = served
            .sandbox
            .requests()
            .iter()
            .filter(|r| r.path.contains("x509"))
            .count();
        assert_eq!(policy_reads, 1, "{status}");
    }
}

#[test]
fn a_refused_policy_names_the_least_right() {
    let (run, _) = unknown(
        json!({"on": "policy", "kind": "status", "status": 403}),
        "graph-forbidden",
        &[],
    );
    let hint = run.json()["errors"][0]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("Policy.Read.AuthenticationMethod"), "{hint}");
}

#[test]
fn failures_that_may_pass_are_tried_six_times() {
    let faults = [
        (
            json!({"on": "policy", "kind": "status", "status": 500}),
            "graph-unavailable",
        ),
        (
            json!({"on": "policy", "kind": "status", "status": 503, "retryAfter": 0}),
            "graph-unavailable",
        ),
        (
            json!({"on": "policy", "kind": "status", "status": 429, "retryAfter": 0}),
            "graph-throttled",
        ),
        (json!({"on": "policy", "kind": "reset"}), "graph-broken"),
        (json!({"on": "policy", "kind": "truncate"}), "graph-broken"),
        (json!({"on": "policy", "kind": "html"}), "graph-not-json"),
        (json!({"on": "policy", "kind": "notJson"}), "graph-not-json"),
    ];
    // Back-off takes its time, so they wait together.
    std::thread::scope(|scope| {
        for (fault, code) in faults {
            scope.spawn(move || {
                let (run, served) = unknown(fault.clone(), code, &["--timeout", "120"]);
                assert_eq!(run.json()["errors"][0]["retryable"], true, "{fault}");
                let requests = served.sandbox.requests();
                let policy_reads = requests.iter().filter(|r| r.path.contains("x509")).count();
                assert_eq!(policy_reads, 6, "{fault}");
            });
        }
    });
}

#[test]
fn a_failure_that_passes_leaves_a_plan() {
    for kind in [
        json!({"kind": "status", "status": 429, "retryAfter": 1}),
        json!({"kind": "status", "status": 502}),
        json!({"kind": "reset"}),
        json!({"kind": "truncate"}),
        json!({"kind": "html"}),
    ] {
        let mut fault = kind.clone();
        fault["on"] = "any".into();
        fault["times"] = 2.into();
        let served = contoso(json!([fault]));
        let run = plan(&served, &[]);
        assert_eq!(run.code, 0, "{kind}: {run:#?}");
        assert_eq!(run.json()["outcome"], "changes");
        assert_eq!(run.json()["graph"]["retries"], 2, "{kind}");
    }
}

#[test]
fn a_retry_after_beyond_the_deadline_fails_at_once() {
    let start = std::time::Instant::now();
    let fault = json!({"on": "policy", "kind": "status", "status": 429, "retryAfter": 3600});
    let (run, _) = unknown(fault, "graph-throttled", &["--timeout", "20"]);
    assert!(
        run.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("3600 s")
    );
    assert!(start.elapsed().as_secs() < 15, "it did not wait");
}

#[test]
fn an_answer_that_never_comes_ends_with_the_deadline() {
    unknown(
        json!({"on": "policy", "kind": "hang"}),
        "deadline",
        &["--timeout", "2"],
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = contoso(json!([]));
    let location = format!("{}/v1.0/stolen", elsewhere.url);
    let fault = json!({"on": "policy", "kind": "redirect", "location": location});
    unknown(fault, "graph-redirect", &[]);
    assert_eq!(
        elsewhere.sandbox.requests().len(),
        0,
        "the token went along"
    );
}

#[test]
fn a_link_to_another_origin_is_not_followed() {
    let elsewhere = contoso(json!([]));
    let location = format!("{}/v1.0/groups?$skiptoken=x", elsewhere.url);
    let fault = json!({"on": "groups", "kind": "foreignNextLink", "location": location});
    unknown(fault, "graph-foreign-link", &[]);
    assert_eq!(
        elsewhere.sandbox.requests().len(),
        0,
        "the token went along"
    );
}

#[test]
fn pages_that_do_not_end_are_left() {
    unknown(
        json!({"on": "groups", "kind": "loopNextLink"}),
        "graph-not-a-policy",
        &[],
    );
}

#[test]
fn a_failed_look_up_of_names_is_not_an_unknown_name() {
    for status in [403, 404, 500] {
        let fault = json!({"on": "groups", "kind": "status", "status": status});
        let served = contoso(json!([fault]));
        let run = plan(&served, &["--timeout", "120"]);
        assert_eq!(run.code, 4, "{status}");
        assert!(!run.stdout.contains("group-not-found"), "{status}");
    }
}

#[test]
fn a_200_that_is_no_policy_is_unknown() {
    let policy = json!({"id": "X509Certificate", "state": "enabled"});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = policy.clone();
        change(&mut body);
        body
    };
    for body in [
        json!([]),
        json!("x"),
        json!(null),
        json!({}),
        with(&|body| body["id"] = "Fido2".into()),
        with(&|body| {
            body["@odata.type"] = "#microsoft.graph.fido2AuthenticationMethodConfiguration".into()
        }),
        with(&|body| {
            body.as_object_mut().unwrap().remove("state");
        }),
        with(&|body| body["state"] = json!(null)),
        with(&|body| body["includeTargets"] = json!({"id": "all_users"})),
        with(&|body| body["certificateUserBindings"] = json!(["PrincipalName"])),
        with(&|body| body["authenticationModeConfiguration"] = json!([])),
        with(&|body| body["authenticationModeConfiguration"] = json!({"rules": "none"})),
        with(&|body| body["State"] = json!("disabled")),
    ] {
        let fault = json!({"on": "policy", "kind": "body", "value": body});
        unknown(fault, "graph-not-a-policy", &[]);
    }
}

#[test]
fn a_host_that_nobody_listens_on_is_unknown() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let run: Run = support::program(&root())
        .env("ENTRUE_ACCESS_TOKEN", "x")
        .args([
            "plan",
            "examples/contoso.yaml",
            "--format",
            "json",
            "--timeout",
            "5",
        ])
        .args(["--graph-url", &format!("http://127.0.0.1:{port}")])
        .output()
        .unwrap()
        .into();
    assert_eq!(run.code, 4);
    assert_eq!(run.json()["errors"][0]["code"], "graph-unreachable");
}

#[test]
fn a_name_that_nobody_has_wins_over_a_policy_that_cannot_be_read() {
    let served = contoso(json!([{"on": "policy", "kind": "status", "status": 403}]));
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("examples/minimal.yaml")).unwrap();
    let text = text.replace("CBA Pilot", "Nobody");
    std::fs::write(folder.path().join("x.yaml"), text).unwrap();
    let run = served.run(folder.path(), &["plan", "x.yaml", "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let codes: Vec<String> = run.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["group-not-found", "graph-forbidden"]);
}

const APP: &str = "7c1e5b90-3f64-4d28-8a17-0b9e6d4f2c53";
const TENANT: &str = "8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55";
const SECRET: &str = "not-a-secret-only-for-the-simulated-tenant";

fn with_secret(served: &Served, tenant: &str, app: &str, secret: &str, more: &[&str]) -> Run {
    support::program(&root())
        .env("AZURE_TENANT_ID", tenant)
        .env("AZURE_CLIENT_ID", app)
        .env("AZURE_CLIENT_SECRET", secret)
        .args([
            "plan",
            "examples/contoso.yaml",
            "--format",
            "json",
            "--timeout",
            "20",
            "-vv",
        ])
        .args(["--graph-url", &served.url, "--authority-url", &served.url])
        .args(more)
        .output()
        .unwrap()
        .into()
}

#[test]
fn a_client_secret_signs_in_with_one_request() {
    let served = contoso(json!([]));
    for tenant in [TENANT, "contoso.com"] {
        let run = with_secret(&served, tenant, APP, SECRET, &[]);
        assert_eq!(run.code, 0, "{run:#?}");
        assert_eq!(run.json()["plan"]["tenant"]["id"], TENANT);
        assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET));
    }
    let requests = served.sandbox.requests();
    assert_eq!(
        requests
            .iter()
            .filter(|r| r.path.ends_with("/token"))
            .count(),
        2
    );
}

#[test]
fn a_refused_sign_in_says_why_and_hides_the_secret() {
    let served = contoso(json!([]));
    let other_app = "00000000-1111-2222-3333-444444444444";
    for (tenant, app, secret, said) in [
        (TENANT, APP, "wrong-one", "AADSTS7000215"),
        (TENANT, other_app, SECRET, "AADSTS700016"),
        (other_app, APP, SECRET, "AADSTS90002"),
    ] {
        let run = with_secret(&served, tenant, app, secret, &[]);
        assert_eq!(run.code, 4, "{run:#?}");
        let error = &run.json()["errors"][0];
        assert_eq!(error["code"], "sign-in-failed");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret));
    }
    let graph = served
        .sandbox
        .requests()
        .iter()
        .filter(|r| r.path.starts_with("/v1.0"))
        .count();
    assert_eq!(graph, 0);
}

#[test]
fn tenants_that_differ_are_an_error_before_any_read() {
    let served = contoso(json!([]));
    let other = "00000000-1111-2222-3333-444444444444";
    let run = with_secret(&served, TENANT, APP, SECRET, &["--tenant", other]);
    assert_eq!(
        (run.code, run.json()["errors"][0]["code"].as_str()),
        (1, Some("tenant-mismatch"))
    );

    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("examples/minimal.yaml")).unwrap();
    for (tenant, code) in [
        (other, 1),
        ("contoso.com", 0),
        (TENANT, 0),
        ("fabrikam.com", 1),
    ] {
        std::fs::write(
            folder.path().join("x.yaml"),
            format!("tenant: {tenant}\n{text}"),
        )
        .unwrap();
        let run = served.run(
            folder.path(),
            &[
                "plan",
                "x.yaml",
                "--tenant",
                TENANT,
                "--authority-url",
                &served.url,
            ],
        );
        assert_eq!(run.code, code, "{tenant}: {}", run.stderr);
        let file = root().join("examples/contoso.tenant.json");
        let run = support::entrue(
            folder.path(),
            &["plan", "x.yaml", "--sandbox", &file.to_string_lossy()],
        );
        assert_eq!(run.code, code, "{tenant}: {}", run.stderr);
    }
    assert!(served.sandbox.requests().iter().all(|r| r.method == "GET"));
}

#[test]
fn tokens_are_trimmed_and_refused_unprinted() {
    let served = contoso(json!([]));
    let run = |token: &str| -> Run {
        support::program(&root())
            .env("ENTRUE_ACCESS_TOKEN", token)
            .args(["plan", "examples/contoso.yaml", "--graph-url", &served.url])
            .output()
            .unwrap()
            .into()
    };
    assert_eq!(run("  abc.def \n").code, 0);
    let refused = run("abc def");
    assert_eq!(refused.code, 1);
    assert!(!refused.stderr.contains("abc def"), "{}", refused.stderr);
    assert_eq!(run(" ").code, 1, "an empty variable counts as unset");
}

#[test]
fn a_plan_without_a_tenant_is_not_saved() {
    let served = contoso(json!([]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("plan.json");
    let out = out.to_string_lossy();
    let run = plan(&served, &["--out", &out]);
    assert_eq!(
        (run.code, run.json()["errors"][0]["code"].as_str()),
        (1, Some("plan-without-tenant"))
    );
    assert!(!std::path::Path::new(&*out).exists());
    let run = plan(&served, &["--out", &out, "--tenant", TENANT]);
    assert_eq!(run.code, 0, "{run:#?}");
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&*out).unwrap()).unwrap();
    assert_eq!(saved, run.json()["plan"]);
}
