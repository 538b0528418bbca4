//! The command line: what it prints where, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};
use support::{Served, entrue, program, root};

const CONTOSO: [&str; 3] = [
    "examples/contoso.yaml",
    "--sandbox",
    "examples/contoso.tenant.json",
];

#[test]
fn a_wrong_command_line_is_yours_to_mend() {
    for args in [
        vec!["plan"],
        vec!["plna"],
        vec![
            "plan",
            "examples/contoso.yaml",
            "--cloud",
            "mars",
            "--auth",
            "token",
        ],
        vec![
            "plan",
            "examples/contoso.yaml",
            "--sandbox",
            "x.json",
            "--tenant",
            "contoso.com",
        ],
        vec!["plan", "examples/contoso.yaml", "--sandbox", "nowhere.json"],
        vec!["plan", "examples/contoso.yaml"],
        vec!["plan", "examples/contoso.yaml", "--timeout", "0"],
        vec!["show", "README.md"],
        vec!["validate", "examples/contoso.yaml", "--format", "diff"],
        vec![
            "sandbox",
            "serve",
            "examples/contoso.tenant.json",
            "--listen",
            "0.0.0.0:0",
        ],
    ] {
        let run = entrue(&root(), &args);
        assert_eq!(run.code, 1, "{args:?}: {run:#?}");
        assert!(!run.stderr.is_empty() && run.stdout.is_empty(), "{args:?}");
        let mut with_json = args.clone();
        if !args.contains(&"--format") {
            with_json.extend(["--format", "json"]);
            let report = entrue(&root(), &with_json).json();
            assert_eq!(
                (&report["outcome"], &report["exitCode"]),
                (&json!("invalid"), &json!(1)),
                "{args:?}"
            );
            assert!(!report["errors"].as_array().unwrap().is_empty());
        }
    }
    assert_eq!(entrue(&root(), &["--help"]).code, 0);
    assert_eq!(entrue(&root(), &["--version"]).code, 0);
}

#[test]
fn data_goes_to_stdout_and_everything_else_to_stderr() {
    let mut args = vec!["plan"];
    args.extend(CONTOSO);
    let run = entrue(&root(), &args);
    assert!(run.stdout.starts_with("Tenant 8a4c2d10-"));
    assert!(
        run.stdout
            .ends_with("Plan: 1 patch, 0 delete, 0 none, 0 blocked\n")
    );
    assert!(
        run.stderr.starts_with("graph: 2 requests, 0 retries, "),
        "{}",
        run.stderr
    );
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80));
    args.extend(["--format", "json", "-vv"]);
    let run = entrue(&root(), &args);
    assert_eq!(run.json()["command"], "plan");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let run = |color: &str| {
        let mut args = vec!["plan", "--color", color];
        args.extend(CONTOSO);
        entrue(&root(), &args).stdout
    };
    assert!(!run("auto").contains('\u{1b}'));
    assert!(!run("never").contains('\u{1b}'));
    let coloured = run("always");
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(
        strip(&coloured),
        run("never"),
        "colours change no text and no layout"
    );
}

fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch == '\u{1b}' {
            chars.by_ref().find(|ch| *ch == 'm');
        } else {
            out.push(ch);
        }
    }
    out
}

#[test]
fn drift_tells_differences_by_its_exit_code() {
    let drift = |baseline: &str, tenant: &str| {
        entrue(
            &root(),
            &[
                "drift",
                &format!("examples/{baseline}.yaml"),
                "--sandbox",
                &format!("examples/{tenant}.tenant.json"),
            ],
        )
    };
    let run = drift("minimal", "contoso");
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.ends_with("Drift: 1 of 1 policy differs\n"),
        "{}",
        run.stdout
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("t.json"),
        r#"{"formatVersion":"1.0","tenant":{"id":"11111111-2222-3333-4444-555555555555"}}"#,
    )
    .unwrap();
    let file = folder.path().join("t.json");
    let run = entrue(
        &root(),
        &[
            "drift",
            "examples/absent.yaml",
            "--sandbox",
            &file.to_string_lossy(),
        ],
    );
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.ends_with("Drift: none, 1 policy as declared\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn guards_block_a_plan_and_are_notes_in_drift() {
    let case = root().join("tests/cases/the-rules-change-beside-a-hidden-word");
    let case = if case.exists() { case } else { blocked_case() };
    let plan = entrue(
        &case,
        &[
            "plan",
            "desired.yaml",
            "--sandbox",
            "tenant.json",
            "--format",
            "json",
        ],
    );
    assert_eq!(plan.code, 3);
    assert_eq!(plan.json()["plan"]["summary"]["blocked"], 1);
    let drift = entrue(
        &case,
        &[
            "drift",
            "desired.yaml",
            "--sandbox",
            "tenant.json",
            "--format",
            "json",
        ],
    );
    assert_eq!(
        (drift.code, &drift.json()["outcome"]),
        (2, &json!("changes"))
    );
    assert_eq!(drift.json()["errors"], json!([]));
    let allowed = entrue(
        &case,
        &[
            "plan",
            "desired.yaml",
            "--sandbox",
            "tenant.json",
            "--allow",
            "sentinel-sent",
        ],
    );
    assert_eq!(allowed.code, 1, "a hard guard cannot be allowed");
}

/// The first case whose plan is blocked.
fn blocked_case() -> std::path::PathBuf {
    let cases = std::fs::read_dir(root().join("tests/cases")).unwrap();
    cases
        .map(|entry| entry.unwrap().path())
        .find(|case| {
            let text = std::fs::read_to_string(case.join("plan.json")).unwrap_or_default();
            text.contains("\"outcome\": \"blocked\"")
        })
        .expect("a case that is blocked")
}

#[test]
fn a_saved_plan_is_shown_in_every_format_and_an_edited_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("plan.json");
    let out = out.to_string_lossy().into_owned();
    for format in ["text", "diff", "json"] {
        let mut args = vec!["plan", "--out", &out, "--format", format];
        args.extend(CONTOSO);
        let planned = entrue(&root(), &args);
        let shown = entrue(&root(), &["show", &out, "--format", format]);
        assert_eq!(shown.code, 0);
        if format == "json" {
            assert_eq!(shown.json()["plan"], planned.json()["plan"]);
        } else {
            assert_eq!(shown.stdout, planned.stdout, "{format}");
        }
    }
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    for (pointer, value) in [
        ("/resources/0/requests/0/body/state", json!("disabled")),
        ("/resources/0/changes/0/before", json!("x")),
        ("/resources/0/after/State", json!("disabled")),
        ("/tenant/id", json!("11111111-2222-3333-4444-555555555555")),
        ("/allowed", json!(["oid-invalid"])),
        ("/planId", json!("sha256:0")),
    ] {
        let mut edited = plan.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&out, edited.to_string()).unwrap();
        let run = entrue(&root(), &["show", &out, "--format", "json"]);
        assert_eq!(
            (run.code, &run.json()["errors"][0]["code"]),
            (1, &json!("plan-edited")),
            "{pointer}"
        );
    }
    let mut newer = plan.clone();
    newer["formatVersion"] = "2.0".into();
    std::fs::write(&out, newer.to_string()).unwrap();
    let run = entrue(&root(), &["show", &out, "--format", "json"]);
    assert_eq!(run.json()["errors"][0]["code"], "plan-version");
}

#[test]
fn a_plan_is_saved_over_nothing_but_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    for name in ["x.yaml", "t.json"] {
        let example = if name == "x.yaml" {
            "minimal.yaml"
        } else {
            "contoso.tenant.json"
        };
        std::fs::copy(root().join("examples").join(example), at(name)).unwrap();
    }
    let plan = |out: &str| {
        entrue(
            folder.path(),
            &["plan", "x.yaml", "--sandbox", "t.json", "--out", out],
        )
        .code
    };
    for input in ["x.yaml", "t.json", "/dev/null", "."] {
        let before = std::fs::read(at("x.yaml")).unwrap();
        assert_eq!(plan(input), 1, "{input}");
        assert_eq!(std::fs::read(at("x.yaml")).unwrap(), before);
    }
    assert_eq!((plan("plan.json"), plan("plan.json")), (0, 0));
    std::os::unix::fs::symlink(at("plan.json"), at("link.json")).unwrap();
    assert_eq!(plan("link.json"), 0);
    assert!(
        std::fs::symlink_metadata(at("link.json"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn output_that_cannot_be_written_is_no_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let run = program(&root())
        .args(["schema", "baseline"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(!run.stderr.is_empty());
}

#[test]
fn the_same_inputs_give_the_same_plan() {
    let mut args = vec!["plan", "--format", "json"];
    args.extend(CONTOSO);
    let id = || entrue(&root(), &args).json()["plan"]["planId"].clone();
    assert_eq!(id(), id());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut args = vec!["schema", "report"];
    args.extend(["--format", "json"]);
    let mut child = program(&root())
        .args(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
}

/// Names in a tenant are other people's text: they can drive neither a terminal
/// nor a CI system.
#[test]
fn hostile_names_do_nothing() {
    let text = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    let mut tenant: Value = serde_json::from_str(&text).unwrap();
    tenant["groups"][0]["displayName"] =
        "::error::x\u{1b}[2J\r##vso[task.setvariable]##[error]\u{202e}".into();
    let served = Served::tenant(&tenant);
    let folder = tempfile::tempdir().unwrap();
    let baseline = std::fs::read_to_string(root().join("examples/minimal.yaml")).unwrap();
    let baseline = baseline.replace("        - { Id: CBA Testers }\n", "");
    std::fs::write(folder.path().join("x.yaml"), baseline).unwrap();
    for format in ["text", "json", "diff"] {
        let args = [
            "plan",
            "x.yaml",
            "--allow",
            "include-lost",
            "--format",
            format,
        ];
        let run = served.run(folder.path(), &args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        for shown in [&run.stdout, &run.stderr] {
            assert!(
                !shown.contains("##vso[") && !shown.contains("##["),
                "{shown}"
            );
            assert!(
                shown
                    .lines()
                    .all(|line| !line.trim_start().starts_with("::")),
                "{shown}"
            );
            assert!(
                !shown
                    .chars()
                    .any(|ch| (ch.is_control() && ch != '\n') || ch == '\u{202e}'),
                "{shown:?}"
            );
        }
        if format == "json" {
            let groups = &run.json()["plan"]["resources"][0]["groups"];
            assert!(
                groups
                    .as_object()
                    .unwrap()
                    .values()
                    .any(|name| *name == tenant["groups"][0]["displayName"])
            );
        }
    }
}

/// A server that is stopped whatever becomes of the test.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_sandbox_prints_its_address_and_keeps_its_state_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    std::fs::copy(root().join("examples/contoso.tenant.json"), &file).unwrap();
    let file = file.to_string_lossy();
    let mut serving = Serving(
        program(&root())
            .args(["sandbox", "serve", &file, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut address = String::new();
    let stdout = serving.0.stdout.as_mut().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address).unwrap();
    let url = address.trim().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{address}");
    let applied = program(&root())
        .env("ENTRUE_ACCESS_TOKEN", "x")
        .args(["apply", "examples/minimal.yaml", "--graph-url", &url])
        .args(["--auto-approve", "--no-backup"])
        .output()
        .unwrap();
    let applied = support::Run::from(applied);
    assert_eq!(applied.code, 0, "{applied:#?}");
    let stopped = std::process::Command::new("kill")
        .args(["-s", "TERM", &serving.0.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    // Being told to stop is how serving ends.
    assert_eq!(serving.0.wait().unwrap().code(), Some(0));
    let run = entrue(
        &root(),
        &["drift", "examples/minimal.yaml", "--sandbox", &file],
    );
    assert_eq!(run.code, 0, "{}", run.stdout);
}

/// A run that is interrupted says so, and how it ends tells the signal.
#[cfg(unix)]
#[test]
fn an_interrupted_read_wrote_nothing() {
    let text = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    let mut tenant: Value = serde_json::from_str(&text).unwrap();
    tenant["faults"] = json!([{"on": "policy", "kind": "hang"}]);
    let served = Served::tenant(&tenant);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = program(&root())
            .env("ENTRUE_ACCESS_TOKEN", "x")
            .args([
                "plan",
                "examples/minimal.yaml",
                "--graph-url",
                &served.url,
                "--format",
                "json",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let before = served.sandbox.requests().len();
        while served.sandbox.requests().len() < before + 1 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        let kill = std::process::Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let run = support::Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, code);
        assert_eq!(
            (&run.json()["written"], &run.json()["errors"][0]["code"]),
            (&json!("no"), &json!("interrupted"))
        );
    }
}
