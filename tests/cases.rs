//! The net: every folder below `tests/cases` is a baseline, a tenant and what
//! must come of them. `BLESS=1 cargo test --test cases` rewrites the golden
//! files but for `requests.txt`, which is written by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use support::{Run, Served, entrue, root, steady, steady_text};

struct Case {
    name: String,
    folder: PathBuf,
    args: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(root().join("tests/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| Case {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            args: std::fs::read_to_string(folder.join("args.txt"))
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect(),
            folder,
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    /// What the program makes of the case; run once, for every law looks at it.
    fn plan(&self, format: &'static str) -> Run {
        static RUNS: Mutex<BTreeMap<(String, &str), Run>> = Mutex::new(BTreeMap::new());
        let key = (self.name.clone(), format);
        if let Some(run) = RUNS.lock().unwrap().get(&key) {
            return run.clone();
        }
        let run = self.plan_of("desired.yaml", "tenant.json", format);
        RUNS.lock().unwrap().insert(key, run.clone());
        run
    }

    fn plan_of(&self, desired: &str, tenant: &str, format: &str) -> Run {
        let mut args = vec!["plan", desired, "--sandbox", tenant, "--detailed-exitcode"];
        args.extend(["--format", format]);
        args.extend(self.args.iter().map(String::as_str));
        entrue(&self.folder, &args)
    }

    fn tenant(&self) -> Value {
        let text = std::fs::read_to_string(self.folder.join("tenant.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Whether the case is about a tenant that misbehaves or refuses.
    fn misbehaves(&self) -> bool {
        let tenant = self.tenant();
        tenant.get("faults").is_some() || tenant.get("permissions").is_some()
    }
}

/// Runs a check on every case and reports all that fail.
fn every(check: impl Fn(&Case) -> Result<(), String>) {
    let cases = cases();
    assert!(!cases.is_empty());
    let mut failures = String::new();
    for case in &cases {
        if let Err(why) = check(case) {
            let _ = writeln!(failures, "\n=== {}\n{why}", case.name);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn golden(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(expected.as_str(), actual);
    Err(format!("{}:\n{}", path.display(), diff.unified_diff()))
}

#[test]
fn every_case_says_what_its_golden_files_say() {
    every(|case| {
        let why = std::fs::read_to_string(case.folder.join("why.md")).unwrap_or_default();
        if why.trim().is_empty() {
            return Err("no why.md".to_owned());
        }
        let text = case.plan("text");
        let shown = format!(
            "exit code {}\n--- stdout\n{}--- stderr\n{}",
            text.code,
            text.stdout,
            steady_text(&text.stderr)
        );
        let json = serde_json::to_string_pretty(&steady(case.plan("json").json())).unwrap() + "\n";
        let shown = golden(&case.folder.join("plan.txt"), &shown);
        let json = golden(&case.folder.join("plan.json"), &json);
        shown.and(json)
    });
}

/// `requests.txt`: `nothing`, or for each request method and path in a line and
/// the body as JSON below.
#[test]
fn every_case_would_send_what_was_written_by_hand() {
    every(|case| {
        let expected = std::fs::read_to_string(case.folder.join("requests.txt"))
            .map_err(|_| "no requests.txt; write by hand what must go over the wire".to_owned())?;
        let report = case.plan("json").json();
        let stopped = !matches!(report["outcome"].as_str(), Some("inSync" | "changes"));
        let mut actual: Vec<(String, Value)> = Vec::new();
        for resource in report["plan"]["resources"].as_array().into_iter().flatten() {
            for request in resource["requests"].as_array().unwrap() {
                let line = format!(
                    "{} {}",
                    request["method"].as_str().unwrap(),
                    request["path"].as_str().unwrap()
                );
                actual.push((line, request["body"].clone()));
            }
        }
        if stopped {
            actual.clear();
        }
        let mut written: Vec<(String, String)> = Vec::new();
        for line in expected.trim().lines().filter(|line| *line != "nothing") {
            let begins = ["PATCH ", "DELETE "].iter().any(|m| line.starts_with(m));
            match written.last_mut() {
                Some((_, body)) if !begins => body.push_str(line),
                _ => written.push((line.to_owned(), String::new())),
            }
        }
        let mut expected: Vec<(String, Value)> = Vec::new();
        for (line, body) in written {
            let body = if body.trim().is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&body).map_err(|e| e.to_string())?
            };
            expected.push((line, body));
        }
        if actual == expected {
            return Ok(());
        }
        Err(format!("expected {expected:#?}\nbut {actual:#?}"))
    });
}

#[test]
fn what_a_plan_sends_is_taken_and_the_next_plan_is_empty() {
    every(|case| {
        let report = case.plan("json").json();
        if report["outcome"] != "changes" || case.misbehaves() {
            return Ok(());
        }
        let served = Served::tenant(&case.tenant());
        for resource in report["plan"]["resources"].as_array().unwrap() {
            for request in resource["requests"].as_array().unwrap() {
                let (status, body) = served.send(request);
                if status != 204 {
                    return Err(format!("answered {status}: {body}"));
                }
            }
        }
        let mut args = vec![
            "plan",
            "desired.yaml",
            "--detailed-exitcode",
            "--format",
            "json",
        ];
        args.extend(case.args.iter().map(String::as_str));
        let again = served.run(&case.folder, &args);
        let outcome = again.json()["outcome"].clone();
        if (again.code, outcome.as_str()) == (0, Some("inSync")) {
            return Ok(());
        }
        Err(format!("the second plan is not empty:\n{}", again.stdout))
    });
}

/// The whole way, over HTTP: apply, plan again, apply again, undo.
#[test]
fn an_apply_takes_the_next_sends_nothing_and_the_backup_brings_back_what_was() {
    every(|case| {
        let report = case.plan("json").json();
        if report["outcome"] != "changes" || case.misbehaves() {
            return Ok(());
        }
        let served = Served::tenant(&case.tenant());
        let backups = tempfile::tempdir().unwrap();
        let folder = backups.path().to_string_lossy().into_owned();
        let apply = |file: &str, args: &[&str]| {
            let tenant = case.tenant()["tenant"]["id"].as_str().unwrap().to_owned();
            let mut all = vec!["apply", file, "--auto-approve", "--backup-dir", &folder];
            all.extend(["--format", "json", "--tenant", &tenant]);
            all.extend(args);
            served.run(&case.folder, &all)
        };
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let first = apply("desired.yaml", &args);
        let told = first.json();
        let as_expected = first.code == 0
            && told["outcome"] == "applied"
            && told["written"] == "yes"
            && told["plan"]["resources"][0]["requests"]
                == report["plan"]["resources"][0]["requests"];
        if !as_expected {
            return Err(format!("the apply ends otherwise:\n{first:#?}"));
        }
        let writes = || {
            let requests = served.sandbox.requests();
            requests
                .iter()
                .filter(|r| matches!(r.method.as_str(), "PATCH" | "DELETE"))
                .count()
        };
        if writes() != 1 {
            return Err(format!("{} writes", writes()));
        }
        let second = apply("desired.yaml", &args);
        if (second.code, second.json()["outcome"].as_str()) != (0, Some("inSync")) || writes() != 1
        {
            return Err(format!("the second apply does something:\n{second:#?}"));
        }
        let backup = told["backup"].as_str().unwrap();
        let backup = case.folder.join(backup).to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&backup).unwrap();
        let command = text
            .lines()
            .find(|line| line.contains("entrue apply"))
            .unwrap();
        let allow: Vec<&str> = match command.split_once(" --allow ") {
            Some((_, codes)) => vec!["--allow", codes],
            None => vec![],
        };
        let undone = apply(&backup, &allow);
        let again: Value = apply(&backup, &allow).json();
        let was = &report["plan"]["resources"][0]["before"];
        let is = &again["plan"]["resources"][0]["before"];
        let came_back = undone.code == 0 && means_the_same(was, is);
        // `cannot-be-undone.md` says why, and what the user hears of it.
        match (came_back, case.folder.join("cannot-be-undone.md").exists()) {
            (true, false) | (false, true) => Ok(()),
            (true, true) => Err("it can be undone after all".to_owned()),
            (false, false) => Err(format!("{undone:#?}\n{text}\nwas {was:#}\nis {is:#}")),
        }
    });
}

/// Equal, but for members that are off on either side.
fn means_the_same(one: &Value, other: &Value) -> bool {
    fn tidy(value: &Value) -> Value {
        match value {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), tidy(value)))
                .filter(|(_, value)| !is_off(value))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(tidy).collect(),
            Value::String(text) => text.trim().into(),
            other => other.clone(),
        }
    }
    fn is_off(value: &Value) -> bool {
        matches!(value, Value::Null | Value::Bool(false))
            || ["low", "disabled", "x509CertificateSingleFactor"]
                .iter()
                .any(|off| value == off)
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty)
    }
    tidy(one) == tidy(other)
}

/// A plan that was saved writes what the files would have written.
#[test]
fn a_saved_plan_is_taken_and_taken_once() {
    every(|case| {
        let report = case.plan("json").json();
        if report["outcome"] != "changes" || case.misbehaves() {
            return Ok(());
        }
        let served = Served::tenant(&case.tenant());
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let tenant = case.tenant()["tenant"]["id"].as_str().unwrap().to_owned();
        let (plan, backups) = (place("plan.json"), place("backups"));
        let mut args = vec!["plan", "desired.yaml", "--out", &plan, "--tenant", &tenant];
        args.extend(case.args.iter().map(String::as_str));
        let planned = served.run(&case.folder, &args);
        let mut args = vec![
            "apply",
            "--plan",
            &plan,
            "--tenant",
            &tenant,
            "--backup-dir",
            &backups,
        ];
        // What is known of defaults is not in a plan; allowances are.
        for pair in case
            .args
            .windows(2)
            .filter(|pair| pair[0] == "--known-default")
        {
            args.extend(pair.iter().map(String::as_str));
        }
        let applied = served.run(&case.folder, &args);
        if (planned.code, applied.code) != (0, 0) || !applied.stdout.contains("\nApplied: ") {
            return Err(format!("{planned:#?}\n{applied:#?}"));
        }
        let again = served.run(&case.folder, &args);
        if again.code != 1 || !again.stderr.contains("plan-stale") {
            return Err(format!("the plan is taken twice:\n{again:#?}"));
        }
        Ok(())
    });
}

#[test]
fn previews_send_no_write_and_few_requests() {
    every(|case| {
        let served = Served::tenant(&case.tenant());
        let mut args = vec!["plan", "desired.yaml", "--timeout", "20"];
        args.extend(case.args.iter().map(String::as_str));
        let tenant = case.tenant()["tenant"]["id"].as_str().unwrap().to_owned();
        args.extend(["--tenant", &tenant]);
        let run = served.run(&case.folder, &args);
        let sent = served.sandbox.requests();
        if let Some(write) = sent.iter().find(|request| request.method != "GET") {
            return Err(format!("sent {} {}", write.method, write.path));
        }
        let many = case.folder.join("many-groups").exists();
        // One read a policy, names, ids.
        let resources = case.plan("json").json()["plan"]["resources"]
            .as_array()
            .map_or(1, Vec::len);
        let most = 2 + resources;
        if matches!(run.code, 0 | 2) && !many && !case.misbehaves() && sent.len() > most {
            return Err(format!("{} requests", sent.len()));
        }
        Ok(())
    });
}

#[test]
fn exit_code_json_and_text_agree() {
    every(|case| {
        let (json, text, diff) = (case.plan("json"), case.plan("text"), case.plan("diff"));
        let report = json.json();
        let codes = [
            json.code,
            text.code,
            diff.code,
            report["exitCode"].as_i64().unwrap() as i32,
        ];
        if codes.iter().any(|code| *code != json.code) {
            return Err(format!("exit codes differ: {codes:?}"));
        }
        let expected = match report["outcome"].as_str().unwrap() {
            "inSync" => 0,
            "changes" => 2,
            "invalid" => 1,
            "blocked" => 3,
            "unknown" => 4,
            other => return Err(format!("outcome {other}")),
        };
        if json.code != expected {
            return Err(format!("{} exits with {}", report["outcome"], json.code));
        }
        let has_errors = !report["errors"].as_array().unwrap().is_empty();
        if has_errors != matches!(expected, 1 | 3 | 4) {
            return Err("errors and exit code disagree".to_owned());
        }
        if matches!(expected, 1 | 4) && (!report["plan"].is_null() || text.stdout.contains("Plan:"))
        {
            return Err("a plan is shown although there is none to trust".to_owned());
        }
        let summary = &report["plan"]["summary"];
        let closing = format!(
            "Plan: {} patch, {} delete, {} none, {} blocked\n",
            summary["patch"], summary["delete"], summary["none"], summary["blocked"]
        );
        if !report["plan"].is_null() && !text.stdout.ends_with(&closing) {
            return Err(format!("the text does not end with {closing}"));
        }
        Ok(())
    });
}

/// Lists have no order: turned round on both sides, everything but the places
/// in the file comes out the same.
#[test]
fn the_order_of_lists_changes_nothing() {
    every(|case| {
        let report = case.plan("json").json();
        if report["plan"].is_null() {
            return Ok(());
        }
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(case.folder.join("desired.yaml")).unwrap();
        let Ok(mut desired) = serde_yaml::from_str::<Value>(&text) else {
            return Ok(());
        };
        for resource in desired["resources"].as_array_mut().unwrap() {
            turn(&mut resource["properties"]);
        }
        let mut tenant = case.tenant();
        turn(&mut tenant["policies"]);
        let desired_file = folder.path().join("desired.yaml");
        let tenant_file = folder.path().join("tenant.json");
        std::fs::write(&desired_file, desired.to_string()).unwrap();
        std::fs::write(&tenant_file, tenant.to_string()).unwrap();
        let turned = case
            .plan_of(
                &desired_file.to_string_lossy(),
                &tenant_file.to_string_lossy(),
                "json",
            )
            .json();
        let resources = |report: &Value| report["plan"]["resources"].as_array().unwrap().clone();
        for (one, other) in resources(&report).iter().zip(&resources(&turned)) {
            for part in ["action", "changes", "before", "after", "groups", "requests"] {
                // As text, for the bytes must be the same too.
                let [one, other] = [&one[part], &other[part]].map(Value::to_string);
                if one != other {
                    return Err(format!("`{part}` differs:\n{one}\n{other}"));
                }
            }
        }
        Ok(())
    });
}

fn turn(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.reverse();
            items.iter_mut().for_each(turn);
        }
        Value::Object(members) => members.values_mut().for_each(turn),
        _ => {}
    }
}
