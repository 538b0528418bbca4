//! `apply` through the built program: approval, saved plans, backups, what
//! became of a write, interruption.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use entrue::core::plan::Plan;
use serde_json::{Value, json};
use support::{Run, Served, program, root};

const TENANT: &str = "8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55";

fn example() -> Value {
    let text = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A folder with the examples, and Contoso's tenant with these faults.
struct Place {
    folder: tempfile::TempDir,
    served: Served,
}

impl Place {
    fn new(faults: Value) -> Self {
        Place::of(|tenant| tenant["faults"] = faults)
    }

    fn of(change: impl FnOnce(&mut Value)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["contoso.yaml", "minimal.yaml", "absent.yaml"] {
            std::fs::copy(root().join("examples").join(name), folder.path().join(name)).unwrap();
        }
        let mut tenant = example();
        change(&mut tenant);
        Place {
            folder,
            served: Served::tenant(&tenant),
        }
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut all = args.to_vec();
        if !args.contains(&"--tenant") {
            all.extend(["--tenant", TENANT]);
        }
        self.served.run(self.folder.path(), &all)
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        let mut all = args.to_vec();
        all.extend(["--format", "json"]);
        let run = self.run(&all);
        (run.code, run.json())
    }

    /// An approved apply of the full example, as JSON.
    fn apply(&self, more: &[&str]) -> (i32, Value) {
        let mut args = vec!["apply", "contoso.yaml", "--auto-approve"];
        args.extend(more);
        self.json(&args)
    }

    fn writes(&self) -> usize {
        let requests = self.served.sandbox.requests();
        requests
            .iter()
            .filter(|request| request.method != "GET")
            .count()
    }

    fn saved(&self) -> Value {
        let run = self.run(&["plan", "contoso.yaml", "--out", "plan.json"]);
        assert_eq!(run.code, 0, "{run:#?}");
        self.read("plan.json")
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.folder.path().join(name)).unwrap())
            .unwrap()
    }

    fn write(&self, name: &str, json: &Value) {
        std::fs::write(self.folder.path().join(name), json.to_string()).unwrap();
    }

    fn backups(&self) -> usize {
        std::fs::read_dir(self.folder.path().join(".entrue/backups")).map_or(0, Iterator::count)
    }
}

fn codes(report: &Value) -> Vec<&str> {
    let errors = report["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect()
}

#[test]
fn nothing_is_written_that_nobody_approved() {
    let place = Place::new(json!([]));
    let (code, report) = place.json(&["apply", "contoso.yaml"]);
    assert_eq!(
        (code, codes(&report).as_slice()),
        (1, &["not-approved"][..])
    );
    assert_eq!(report["written"], "no");
    assert_eq!((place.writes(), place.backups()), (0, 0));
}

#[test]
fn a_guard_that_is_not_allowed_stops_an_approved_apply() {
    let place =
        Place::of(|tenant| tenant["policies"]["X509Certificate"]["state"] = "enabled".into());
    std::fs::write(
        place.folder.path().join("off.yaml"),
        "resources:\n  - resourceType: microsoft.entra.authenticationMethodPolicyX509\n    properties: { Id: X509Certificate, State: disabled }\n",
    )
    .unwrap();
    let (code, report) = place.json(&["apply", "off.yaml", "--auto-approve"]);
    assert_eq!((code, &report["outcome"]), (3, &json!("blocked")));
    assert_eq!(
        (codes(&report).as_slice(), place.writes()),
        (&["method-disabled"][..], 0)
    );
    let allow = [
        "apply",
        "off.yaml",
        "--auto-approve",
        "--allow",
        "method-disabled",
    ];
    assert_eq!(place.json(&allow).0, 0);
    assert_eq!(place.writes(), 1);
}

#[test]
fn the_policy_is_read_once_more_directly_before_the_write_and_after_it() {
    let place = Place::new(json!([]));
    let run = place.run(&["apply", "contoso.yaml", "--auto-approve"]);
    assert_eq!(run.code, 0, "{run:#?}");
    let requests = place.served.sandbox.requests();
    let policy: Vec<&str> = requests
        .iter()
        .filter(|request| request.path.contains("/policies/"))
        .map(|request| request.method.as_str())
        .collect();
    assert_eq!(policy, ["GET", "GET", "PATCH", "GET"]);
    assert!(
        run.stdout
            .contains("Sign-ins may take up to an hour to follow, as would an undo")
    );
    let patch = requests
        .iter()
        .find(|request| request.method == "PATCH")
        .unwrap();
    assert!(
        patch
            .headers
            .iter()
            .any(|(name, _)| name == "client-request-id")
    );
}

#[test]
fn the_backup_is_for_its_owner_and_says_how_to_use_it() {
    let place = Place::new(json!([]));
    let run = place.run(&["apply", "contoso.yaml", "--auto-approve"]);
    let folder = place.folder.path().join(".entrue/backups");
    let file = std::fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&file).unwrap();
    let command = text.lines().nth(1).unwrap().trim_start_matches("#   ");
    assert!(run.stderr.contains(command), "{}\n{text}", run.stderr);
    assert!(text.contains("# CBA Testers"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let words: Vec<&str> = command
        .split(' ')
        .skip(1)
        .chain(["--auto-approve"])
        .collect();
    let undone = program(place.folder.path())
        .env("ENTRUE_ACCESS_TOKEN", "x")
        .args(words)
        .output()
        .unwrap();
    assert_eq!(Run::from(undone).code, 0);
    let live = place.served.sandbox.policy("X509Certificate").unwrap();
    assert_eq!(live["state"], "disabled");
    assert_eq!(live["includeTargets"].as_array().unwrap().len(), 1);
}

#[test]
fn without_a_backup_nothing_is_written_unless_that_is_said() {
    let place = Place::new(json!([]));
    std::fs::write(place.folder.path().join("file"), "").unwrap();
    let (code, report) = place.apply(&["--backup-dir", "file/backups"]);
    assert_eq!(
        (code, codes(&report).as_slice()),
        (1, &["backup-not-saved"][..])
    );
    assert_eq!(place.writes(), 0);
    let (code, report) = place.apply(&["--no-backup"]);
    assert_eq!((code, &report["backup"]), (0, &Value::Null));
    assert_eq!(place.backups(), 0);
}

#[test]
fn a_saved_plan_is_its_own_approval_and_can_be_pinned() {
    let place = Place::new(json!([]));
    let plan = place.saved();
    let id = plan["planId"].as_str().unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    let (code, report) = place.json(&["apply", "--plan", "plan.json", "--expect", &other]);
    assert_eq!(
        (code, codes(&report).as_slice()),
        (1, &["plan-unexpected"][..])
    );
    let (code, report) = place.json(&["apply", "--plan", "plan.json", "--expect", id]);
    assert_eq!(
        (code, &report["outcome"]),
        (0, &json!("applied")),
        "{report:#}"
    );
    assert_eq!(report["plan"]["planId"], plan["planId"]);
    assert_eq!(place.writes(), 1);
}

#[test]
fn a_plan_of_a_tenant_that_changed_says_what_changed() {
    let place = Place::new(json!([]));
    place.saved();
    let mut policy = place.served.sandbox.policy("X509Certificate").unwrap();
    policy["issuerHintsConfiguration"] = json!({"state": "enabled"});
    place.served.sandbox.set_policy("X509Certificate", policy);
    let run = place.run(&["apply", "--plan", "plan.json"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("plan-stale"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("~ IssuerHintsConfiguration.State: disabled -> enabled"),
        "{}",
        run.stderr
    );
    assert_eq!((place.writes(), place.backups()), (0, 0));
}

/// What is written are ids, but what was approved are names.
#[test]
fn a_plan_that_brings_in_a_group_under_another_name_is_refused() {
    const PILOT: &str = "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12";
    const CONTRACTORS: &str = "c4a8e6f2-1d37-4b59-9e80-7f5d2c6b3a48";
    let place = Place::new(json!([]));
    let text = place.saved().to_string();
    let text = text.replace(PILOT, CONTRACTORS);
    let mut plan: Plan = serde_json::from_str(&text).unwrap();
    plan.plan_id = plan.content_id();
    place.write("edited.json", &serde_json::to_value(&plan).unwrap());
    let (code, report) = place.json(&["apply", "--plan", "edited.json"]);
    assert_eq!(code, 1, "{report:#}");
    // Entries are sorted by id, so some such edits end sooner.
    let told = codes(&report)[0];
    assert!(matches!(told, "plan-stale" | "plan-edited"), "{report:#}");
    assert_eq!(place.writes(), 0);
}

#[test]
fn a_group_that_was_renamed_since_the_plan_was_made_stops_it() {
    let place = Place::new(json!([]));
    let plan = place.saved();
    let mut tenant = example();
    tenant["groups"][1]["displayName"] = "Everybody else".into();
    let other = Served::tenant(&tenant);
    place.write("plan.json", &plan);
    let run = other.run(
        place.folder.path(),
        &[
            "apply",
            "--plan",
            "plan.json",
            "--tenant",
            TENANT,
            "--format",
            "json",
        ],
    );
    let report = run.json();
    assert_eq!(
        (run.code, codes(&report).as_slice()),
        (1, &["plan-stale"][..]),
        "{report:#}"
    );
    let message = report["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("`CBA Pilot`") && message.contains("`Everybody else`"),
        "{message}"
    );
    assert!(
        other
            .sandbox
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

#[test]
fn a_plan_grows_stale_and_does_not_come_from_the_future() {
    let place = Place::new(json!([]));
    let mut plan = place.saved();
    for (created, args, code) in [
        ("2020-01-01T00:00:00Z", vec![], 1),
        ("2020-01-01T00:00:00Z", vec!["--max-age", "36500d"], 0),
        ("2999-01-01T00:00:00Z", vec![], 1),
        ("yesterday", vec![], 1),
    ] {
        plan["createdAt"] = created.into();
        place.write("aged.json", &plan);
        let mut all = vec!["apply", "--plan", "aged.json"];
        all.extend(args);
        let (was, report) = place.json(&all);
        assert_eq!(was, code, "{created}: {report:#}");
        if code == 0 {
            let before = example()["policies"]["X509Certificate"].clone();
            place.served.sandbox.set_policy("X509Certificate", before);
        }
    }
    assert_eq!(place.writes(), 1);
    let bad = place.run(&["apply", "--plan", "plan.json", "--max-age", "soon"]);
    assert_eq!(bad.code, 1);
}

#[test]
fn a_plan_of_another_tenant_cloud_or_format_is_refused() {
    let place = Place::new(json!([]));
    let plan: Plan = serde_json::from_value(place.saved()).unwrap();
    let mut other = plan.clone();
    other.tenant.id = Some("11111111-2222-3333-4444-555555555555".to_owned());
    let mut cloud = plan.clone();
    cloud.tenant.cloud = "usgov".to_owned();
    let mut version = plan.clone();
    version.format_version = "2.0".to_owned();
    let mut minor = plan;
    minor.format_version = "1.1".to_owned();
    for (mut plan, code) in [
        (other, "tenant-mismatch"),
        (cloud, "tenant-mismatch"),
        (version, "plan-version"),
        (minor, "plan-edited"),
    ] {
        plan.plan_id = plan.content_id();
        place.write("other.json", &serde_json::to_value(&plan).unwrap());
        let (exit, report) = place.json(&["apply", "--plan", "other.json"]);
        assert_eq!(
            (exit, codes(&report).as_slice()),
            (1, &[code][..]),
            "{report:#}"
        );
    }
    assert_eq!(
        place
            .served
            .sandbox
            .requests()
            .iter()
            .filter(|r| r.method != "GET")
            .count(),
        0
    );
}

/// Every leaf of a plan, with its place.
fn leaves(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{at}/{name}"), all);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{at}/{index}"), all);
            }
        }
        _ => all.push(at.to_owned()),
    }
}

/// Whoever edits a plan can compute its id anew; every part but the words for
/// people must follow from the rest all the same.
#[test]
fn a_plan_with_any_edited_field_writes_nothing() {
    let place = Place::of(|tenant| {
        tenant["policies"]["X509Certificate"]["authenticationModeConfiguration"]["rules"][0]["x509CertificateRequiredAffinityLevel"] =
            "high".into();
    });
    let text = std::fs::read_to_string(place.folder.path().join("contoso.yaml")).unwrap();
    let text = text.replace(
        "{ Priority: 3, X509CertificateField: RFC822Name, UserProperty: userPrincipalName }",
        "{ Priority: 3, X509CertificateField: Subject, UserProperty: certificateUserIds }",
    );
    std::fs::write(place.folder.path().join("x.yaml"), text).unwrap();
    let run = place.run(&[
        "plan",
        "x.yaml",
        "--out",
        "plan.json",
        "--allow",
        "binding-lost",
    ]);
    assert_eq!(run.code, 0, "{run:#?}");
    let plan = place.read("plan.json");
    let mut all = Vec::new();
    leaves(&plan, "", &mut all);
    assert!(all.len() > 100, "{all:#?}");
    let words_for_people = ["/displayName", "/source/file", "/source/line"];
    for at in all {
        let mut edited = plan.clone();
        let leaf = edited.pointer_mut(&at).unwrap();
        *leaf = match leaf.clone() {
            Value::String(text) => format!("{text}x").into(),
            Value::Bool(flag) => (!flag).into(),
            Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
            Value::Null => "x".into(),
            Value::Array(_) => json!(["x"]),
            Value::Object(_) => json!({"x": "y"}),
        };
        // Once as it is, once by somebody who knows how ids are made.
        place.write("edited.json", &edited);
        let plain = place.json(&["apply", "--plan", "edited.json"]);
        assert!(plain.0 == 1, "{at}: {:#}", plain.1);
        let Ok(mut known) = serde_json::from_value::<Plan>(edited) else {
            continue;
        };
        known.plan_id = known.content_id();
        let only_words = words_for_people.iter().any(|words| at.ends_with(words));
        if only_words || at == "/planId" || at == "/createdAt" {
            continue;
        }
        place.write("edited.json", &serde_json::to_value(&known).unwrap());
        let (code, report) = place.json(&["apply", "--plan", "edited.json"]);
        assert_eq!(code, 1, "{at}: {report:#}");
        let expected = [
            "plan-edited",
            "tenant-mismatch",
            "plan-version",
            "plan-stale",
        ];
        assert!(
            codes(&report).iter().all(|code| expected.contains(code)),
            "{at}: {report:#}"
        );
    }
    assert_eq!(place.writes(), 0);
}

#[test]
fn a_write_whose_answer_was_lost_is_settled_by_reading() {
    for (fault, code, written, writes) in [
        (json!({"kind": "resetAfter"}), 0, "yes", 1),
        (
            json!({"kind": "status", "status": 504, "applied": true}),
            0,
            "yes",
            1,
        ),
        (json!({"kind": "truncate"}), 0, "yes", 1),
        (json!({"kind": "reset"}), 4, "unknown", 1),
        (json!({"kind": "status", "status": 500}), 4, "unknown", 1),
        (json!({"kind": "html"}), 4, "unknown", 1),
        (json!({"kind": "status", "status": 503}), 0, "yes", 2),
        (
            json!({"kind": "status", "status": 429, "retryAfter": 1}),
            0,
            "yes",
            2,
        ),
        (json!({"kind": "status", "status": 400}), 4, "no", 1),
        (json!({"kind": "status", "status": 403}), 4, "no", 1),
    ] {
        let mut whole = json!({"on": "policy", "method": "PATCH", "times": 1});
        whole
            .as_object_mut()
            .unwrap()
            .extend(fault.as_object().unwrap().clone());
        let place = Place::new(json!([whole]));
        let (exit, report) = place.apply(&["--verify-timeout", "1"]);
        assert_eq!(
            (exit, &report["written"], place.writes()),
            (code, &json!(written), writes),
            "{fault}: {report:#}"
        );
    }
}

#[test]
fn a_write_that_does_not_show_is_told_with_what_remains() {
    let place =
        Place::new(json!([{"on": "policy", "method": "GET", "kind": "staleRead", "skip": 2}]));
    let (code, report) = place.apply(&["--verify-timeout", "1"]);
    assert_eq!(
        (code, &report["outcome"], &report["written"]),
        (2, &json!("changes"), &json!("yes"))
    );
    assert_eq!(codes(&report), ["not-as-planned"]);
    let planned: Vec<&Value> = report["plan"]["resources"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["path"])
        .collect();
    let remaining: Vec<&Value> = report["remaining"].as_array().unwrap().iter().collect();
    assert_eq!(remaining, planned);
}

#[test]
fn what_moves_unplanned_is_told_too() {
    let place = Place::of(|tenant| tenant["behavior"] = json!({"recalculated": "issuerHints"}));
    let run = place.run(&[
        "apply",
        "contoso.yaml",
        "--auto-approve",
        "--verify-timeout",
        "0",
    ]);
    assert_eq!(run.code, 2, "{run:#?}");
    let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "IssuerHintsConfiguration.State",
        "1 property differs from what was planned, one that this plan does not change",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_reset_to_a_default_that_nobody_knows_stops_and_says_what_to_do() {
    let odd = json!({
        "@odata.type": "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration",
        "id": "X509Certificate", "state": "disabled", "certificateUserBindings": [],
        "includeTargets": [], "excludeTargets": []
    });
    let place = Place::of(|tenant| tenant["defaults"] = json!({"X509Certificate": odd}));
    let apply = [
        "apply",
        "absent.yaml",
        "--auto-approve",
        "--verify-timeout",
        "0",
        "--allow",
        "policy-reset",
    ];
    let run = place.run(&apply);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("default-unknown") && run.stderr.contains("--known-default"));
    let json = &run.stdout[run.stdout.find("\n{\n").expect("the default is printed")..];
    std::fs::write(place.folder.path().join("default.json"), json).unwrap();
    // The next run of the pipeline finds what the reset left, and knows it no better.
    let (code, report) = place.json(&apply);
    assert_eq!(
        (code, codes(&report).as_slice()),
        (2, &["default-unknown"][..])
    );
    assert_eq!(report["resetLeft"]["state"], "disabled");
    let writes = place.writes();
    let mut known = apply.to_vec();
    known.extend(["--known-default", "default.json"]);
    let run = place.run(&known);
    assert_eq!((run.code, place.writes()), (0, writes), "{run:#?}");
}

#[test]
fn a_failed_read_before_the_write_writes_nothing() {
    let place = Place::new(
        json!([{"on": "policy", "method": "GET", "kind": "status", "status": 403, "skip": 1}]),
    );
    let (code, report) = place.apply(&[]);
    assert_eq!(
        (code, &report["written"], place.writes()),
        (4, &json!("no"), 0)
    );
}

#[test]
fn a_simulated_tenant_keeps_what_an_apply_wrote_and_a_plan_keeps_its_hands_off() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["contoso.yaml", "contoso.tenant.json"] {
        std::fs::copy(root().join("examples").join(name), folder.path().join(name)).unwrap();
    }
    let file = folder.path().join("contoso.tenant.json");
    let before = std::fs::read_to_string(&file).unwrap();
    let run = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--sandbox", "contoso.tenant.json"]);
        support::entrue(folder.path(), &all)
    };
    assert_eq!(run(&["plan", "contoso.yaml"]).code, 0);
    assert_eq!(run(&["drift", "contoso.yaml"]).code, 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(run(&["apply", "contoso.yaml", "--auto-approve"]).code, 0);
    assert_eq!(run(&["drift", "contoso.yaml"]).code, 0);
}

/// Starts an apply that hangs where the faults say, and interrupts it.
fn interrupted(place: &Place, signal: &str, ready: impl Fn(&Place) -> bool) -> Run {
    let child = program(place.folder.path())
        .env("ENTRUE_ACCESS_TOKEN", "x")
        .args([
            "apply",
            "contoso.yaml",
            "--auto-approve",
            "--tenant",
            TENANT,
            "--format",
            "json",
        ])
        .args(["--graph-url", &place.served.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    while !ready(place) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it never came so far"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    let kill = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    child.wait_with_output().unwrap().into()
}

#[cfg(unix)]
#[test]
fn interrupted_before_a_write_nothing_was_written() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let place =
            Place::new(json!([{"on": "policy", "method": "GET", "kind": "hang", "skip": 1}]));
        let reads = |place: &Place| {
            place
                .served
                .sandbox
                .requests()
                .iter()
                .filter(|r| r.path.contains("/policies/"))
                .count()
                == 2
        };
        let run = interrupted(&place, signal, reads);
        assert_eq!((run.code, &run.json()["written"]), (code, &json!("no")));
        // A backup of what nobody wrote would undo what others do next.
        assert_eq!((place.writes(), place.backups()), (0, 0));
    }
}

#[cfg(unix)]
#[test]
fn interrupted_after_a_write_it_says_what_is_known() {
    // While it is read back.
    let place =
        Place::new(json!([{"on": "policy", "method": "GET", "kind": "staleRead", "skip": 2}]));
    let run = interrupted(&place, "-TERM", |place| place.writes() == 1);
    let report = run.json();
    assert_eq!(
        (run.code, &report["written"]),
        (4, &json!("yes")),
        "{report:#}"
    );
    assert_eq!(codes(&report), ["interrupted"]);
    assert_eq!(place.backups(), 1);
    // While nobody knows yet what became of it.
    let place = Place::new(json!([{"on": "policy", "method": "PATCH", "kind": "hang"}]));
    let run = interrupted(&place, "-INT", |place| place.writes() == 1);
    let report = run.json();
    assert_eq!(
        (run.code, &report["written"]),
        (4, &json!("unknown")),
        "{report:#}"
    );
}

/// A pin that pins nothing must not pass for one.
#[test]
fn a_pin_without_a_saved_plan_writes_nothing() {
    for pin in [["--expect", "sha256:0"], ["--max-age", "1s"]] {
        let place = Place::new(json!([]));
        let (code, report) = place.apply(&[pin[0], pin[1]]);
        assert_eq!((code, codes(&report).as_slice()), (1, &["usage"][..]));
        assert_eq!(place.writes(), 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_no_approval_and_no_silence() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for (format, code, writes) in [("text", 1, 0), ("json", 4, 1)] {
        let place = Place::new(json!([]));
        let run = program(place.folder.path())
            .env("ENTRUE_ACCESS_TOKEN", "x")
            .args([
                "apply",
                "contoso.yaml",
                "--auto-approve",
                "--tenant",
                TENANT,
            ])
            .args(["--graph-url", &place.served.url, "--format", format])
            .stdout(Stdio::from(full()))
            .output()
            .unwrap();
        assert_eq!(
            (run.status.code(), place.writes()),
            (Some(code), writes),
            "{format}"
        );
    }
}

#[test]
fn a_backup_of_what_was_not_written_is_taken_away() {
    let place =
        Place::new(json!([{"on": "policy", "method": "PATCH", "kind": "status", "status": 403}]));
    let (code, report) = place.apply(&[]);
    assert_eq!((code, &report["backup"]), (4, &Value::Null));
    assert_eq!(place.backups(), 0);
}

/// Two programs with one tenant file: the second write is refused, not lost.
#[test]
fn a_tenant_file_that_somebody_else_wrote_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    std::fs::copy(root().join("examples/contoso.tenant.json"), &file).unwrap();
    let sandbox = entrue::sandbox::Sandbox::load(&file)
        .unwrap()
        .save_on_write(true);
    let served = Served::new(sandbox);
    let other = support::entrue(
        &root(),
        &[
            "apply",
            "examples/minimal.yaml",
            "--auto-approve",
            "--no-backup",
            "--sandbox",
            &file.to_string_lossy(),
        ],
    );
    assert_eq!(other.code, 0, "{other:#?}");
    let kept = std::fs::read(&file).unwrap();
    let args = [
        "apply",
        "examples/contoso.yaml",
        "--auto-approve",
        "--no-backup",
        "--tenant",
        TENANT,
    ];
    let run = served.run(&root(), &args);
    assert_eq!(run.code, 4, "{run:#?}");
    let message = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(message.contains("changed by somebody else"), "{run:#?}");
    assert_eq!(std::fs::read(&file).unwrap(), kept);
}

#[test]
fn the_usage_of_apply_leaves_no_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| support::entrue(folder.path(), args);
    for args in [
        &["apply"][..],
        &["apply", "x.yaml", "--plan", "plan.json"],
        &["apply", "--plan", "plan.json", "--allow", "method-disabled"],
        &["apply", "x.yaml", "--expect", "sha256:0"],
        &["apply", "x.yaml", "--max-age", "1h"],
        &["apply", "--plan", "plan.json", "--max-age", "0s"],
        &[
            "apply",
            "--plan",
            "plan.json",
            "--max-age",
            "999999999999999999d",
        ],
        &["apply", "x.yaml", "--allow", "sentinel-sent"],
    ] {
        assert_eq!(run(args).code, 1, "{args:?}");
    }
    assert!(!Path::new(&folder.path().join(".entrue")).exists());
}
