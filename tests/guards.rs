//! Guards are complete: each is explained, each stops, lets its near miss pass
//! and can be allowed, or cannot by any means.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use entrue::core::codes;
use entrue::core::finding::{Code, Kind, Severity};
use entrue::core::plan::{Plan, summarise};
use serde_json::{Value, json};
use support::{Run, Served, entrue, root};

fn guards() -> Vec<&'static Code> {
    let guards: Vec<&Code> = codes::ALL
        .iter()
        .copied()
        .filter(|code| code.kind == Kind::Guard)
        .collect();
    assert!(guards.len() > 10);
    guards
}

fn hard_guards() -> Vec<&'static Code> {
    let hard: Vec<&Code> = guards()
        .into_iter()
        .filter(|code| !code.allowable)
        .collect();
    assert!(!hard.is_empty());
    hard
}

/// What a case's plan says; `tests/cases.rs` holds it to what is.
fn report(case: &str) -> Value {
    let file = root().join(format!("tests/cases/{case}/plan.json"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

fn tenant(case: &str) -> Value {
    let file = root().join(format!("tests/cases/{case}/tenant.json"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The guards' codes in a plan that are allowed, or that are not.
fn said(report: &Value, allowed: bool) -> BTreeSet<&str> {
    report["plan"]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|resource| resource["findings"].as_array().unwrap())
        .filter(|finding| finding["kind"] == "guard" && finding["allowed"] == allowed)
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

#[test]
fn every_guard_is_explained() {
    let text = std::fs::read_to_string(root().join("docs/guards.md")).unwrap();
    let headings: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let codes: BTreeSet<&str> = guards().iter().map(|code| code.name).collect();
    assert_eq!(headings, codes);
}

#[test]
fn every_guard_stops_what_it_is_there_to_stop() {
    for code in guards() {
        let case = format!("guard-{}-stops", code.name);
        let report = report(&case);
        assert_eq!(report["outcome"], "blocked", "{case}");
        assert_eq!(said(&report, false), BTreeSet::from([code.name]), "{case}");
    }
}

#[test]
fn every_guard_lets_its_near_miss_pass() {
    for code in guards() {
        let case = format!("guard-{}-near-miss", code.name);
        let report = report(&case);
        assert_eq!(report["outcome"], "changes", "{case}");
        for allowed in [true, false] {
            assert!(!said(&report, allowed).contains(code.name), "{case}");
        }
    }
}

#[test]
fn every_guard_can_be_allowed_but_for_the_hard_ones() {
    for code in guards() {
        if code.allowable {
            let case = format!("guard-{}-is-allowed", code.name);
            let report = report(&case);
            assert_eq!(report["outcome"], "changes", "{case}");
            assert!(said(&report, true).contains(code.name), "{case}");
        } else {
            let case = format!("guard-{}-cannot-be-allowed", code.name);
            let report = report(&case);
            assert_eq!(report["outcome"], "invalid", "{case}");
            assert_eq!(report["errors"][0]["code"], "usage", "{case}");
            assert!(report["plan"].is_null(), "{case}");
        }
    }
}

#[test]
fn in_drift_a_guard_is_a_note() {
    for code in guards() {
        let folder = root().join(format!("tests/cases/guard-{}-stops", code.name));
        let allow = std::fs::read_to_string(folder.join("args.txt")).unwrap_or_default();
        let mut args = vec!["drift", "desired.yaml", "--sandbox", "tenant.json"];
        args.extend(["--format", "json"]);
        args.extend(allow.lines());
        let run = entrue(&folder, &args);
        assert_eq!(run.code, 2, "{run:#?}");
        let report = run.json();
        let finding = report["plan"]["resources"][0]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["code"] == code.name)
            .unwrap_or_else(|| panic!("no {}: {report:#}", code.name));
        assert_eq!(finding["severity"], "note");
        assert_eq!(report["plan"]["summary"]["blocked"], 0);
    }
}

#[test]
fn no_flag_allows_a_hard_guard() {
    for code in hard_guards() {
        let case = format!("guard-{}-stops", code.name);
        let folder = root().join("tests/cases").join(&case);
        let served = Served::tenant(&tenant(&case));
        for command in ["validate", "plan", "apply", "drift"] {
            let mut args = vec![command, "desired.yaml", "--allow", code.name];
            if command == "apply" {
                args.push("--auto-approve");
            }
            let run = if command == "validate" {
                entrue(&folder, &args)
            } else {
                served.run(&folder, &args)
            };
            assert_eq!(run.code, 1, "{run:#?}");
            assert!(run.stderr.contains("cannot be allowed"), "{run:#?}");
        }
        assert!(served.sandbox.requests().is_empty());
    }
}

/// A saved plan that was edited, and what an apply makes of it.
struct Saved {
    served: Served,
    folder: tempfile::TempDir,
    tenant: String,
    plan: Plan,
}

impl Saved {
    fn of(case: &str) -> Self {
        let tenant_file = tenant(case);
        let tenant = tenant_file["tenant"]["id"].as_str().unwrap().to_owned();
        let served = Served::tenant(&tenant_file);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        let cases = root().join("tests/cases").join(case);
        let allow = std::fs::read_to_string(cases.join("args.txt")).unwrap_or_default();
        let mut args = vec!["plan", "desired.yaml", "--tenant", &tenant];
        args.extend(["--out", file.to_str().unwrap()]);
        args.extend(allow.lines());
        let run = served.run(&cases, &args);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{run:#?}"));
        let plan = serde_json::from_str(&text).unwrap();
        Saved {
            served,
            folder,
            tenant,
            plan,
        }
    }

    /// Applies the plan with this change made to it, under a planId that fits.
    fn apply(&self, edit: impl FnOnce(&mut Plan)) -> Run {
        let mut plan = self.plan.clone();
        edit(&mut plan);
        plan.summary = summarise(&plan.resources);
        plan.plan_id = plan.content_id();
        let file = self.folder.path().join("edited.json");
        std::fs::write(&file, json!(plan).to_string()).unwrap();
        let backups = self.folder.path().join("backups");
        let mut args = vec!["apply", "--plan", file.to_str().unwrap()];
        args.extend(["--tenant", &self.tenant, "--format", "json"]);
        args.extend(["--backup-dir", backups.to_str().unwrap()]);
        self.served.run(self.folder.path(), &args)
    }

    fn refuses(&self, what: &str, edit: impl FnOnce(&mut Plan)) {
        let before = self.served.sandbox.requests().len();
        let run = self.apply(edit);
        let report = run.json();
        assert_eq!(run.code, 1, "{what}: {run:#?}");
        assert_eq!(report["errors"][0]["code"], "plan-edited", "{what}");
        assert_eq!(report["written"], "no", "{what}");
        assert_eq!(self.served.sandbox.requests().len(), before, "{what}");
    }
}

#[test]
fn no_edited_plan_allows_a_hard_guard() {
    for code in hard_guards() {
        let saved = Saved::of(&format!("guard-{}-stops", code.name));
        let untouched = saved.apply(|_| ());
        assert_eq!(untouched.code, 3, "{untouched:#?}");
        let name = code.name.to_owned();
        saved.refuses("an allowance", |plan| plan.allowed.push(name));
        saved.refuses("findings that are allowed", |plan| {
            for finding in &mut plan.resources[0].findings {
                finding.allowed = true;
            }
        });
        saved.refuses("findings that can be allowed", |plan| {
            plan.allowed.push(code.name.to_owned());
            for finding in &mut plan.resources[0].findings {
                finding.allowable = true;
                finding.allowed = true;
            }
        });
        saved.refuses("findings that are notes", |plan| {
            for finding in &mut plan.resources[0].findings {
                finding.severity = Severity::Note;
            }
        });
        saved.refuses("no findings", |plan| plan.resources[0].findings.clear());

        let other = Saved::of("guard-method-disabled-is-allowed");
        other.refuses("a hard code among the allowed", |plan| {
            plan.allowed.push(code.name.to_owned());
            plan.allowed.sort();
        });
    }
}

/// What a guard said cannot be taken out of a plan, nor allowed by half.
#[test]
fn no_edited_plan_hides_what_a_guard_said() {
    for code in guards().into_iter().filter(|code| code.allowable) {
        let saved = Saved::of(&format!("guard-{}-stops", code.name));
        saved.refuses("the finding goes", |plan| {
            plan.resources[0]
                .findings
                .retain(|finding| finding.code != code.name);
        });
        saved.refuses("the finding alone is allowed", |plan| {
            for finding in &mut plan.resources[0].findings {
                finding.allowed = true;
            }
        });
    }
    let allowed = Saved::of("guard-method-disabled-is-allowed");
    allowed.refuses("the finding goes", |plan| {
        plan.resources[0].findings.clear();
    });
    allowed.refuses("the allowance goes", |plan| plan.allowed.clear());
}

#[test]
fn nothing_can_be_allowed_when_a_saved_plan_is_applied() {
    let saved = Saved::of("guard-method-disabled-stops");
    let file = saved.folder.path().join("plan.json");
    let before = saved.served.sandbox.requests().len();
    let mut args = vec!["apply", "--plan", file.to_str().unwrap()];
    args.extend(["--tenant", &saved.tenant]);
    args.extend(["--allow", "method-disabled"]);
    let run = saved.served.run(saved.folder.path(), &args);
    assert_eq!(run.code, 1, "{run:#?}");
    assert_eq!(saved.served.sandbox.requests().len(), before);
}
