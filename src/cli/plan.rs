//! `entrue plan`, and what it shares with `drift`.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::core::finding::{Kind, Severity};
use crate::core::plan::Plan;
use crate::core::report::{Outcome, Problem, Report};
use crate::reconcile::{self, Planned, Wanted};
use crate::view::json;
use crate::view::text::Purpose;

use super::args::{self, Compare};
use super::output::{Ended, Shown, of_plan};
use super::{connect, known, validate};

/// Runs it.
pub async fn run(command: &args::Plan) -> Ended {
    let differences = if command.detailed_exitcode { 2 } else { 0 };
    let mut ended = compare(&command.compare, "plan", differences).await;
    if let (Some(path), Some(plan)) = (&command.out, &ended.report.plan)
        && let Err(problem) = save(plan, path)
    {
        ended.report.errors.push(problem);
        ended.report = ended.report.ended(Outcome::Invalid, 2);
        ended.report.plan = None;
        ended.shown = Shown::Nothing;
    }
    ended
}

/// Reads files and tenant and compares them.
pub async fn compare(command: &Compare, name: &'static str, differences: u8) -> Ended {
    let invalid = |problem| Ended::failed(name, Outcome::Invalid, vec![problem]);
    let allowed = match validate::allowed(&command.allow) {
        Ok(allowed) => allowed,
        Err(problem) => return invalid(problem),
    };
    let known_defaults = match known::read(&command.known_default) {
        Ok(known) => known,
        Err(problem) => return invalid(problem),
    };
    let mut files = validate::load(&command.paths, &allowed);
    let mut report = Report::new(name);
    if files.found.iter().any(|found| found.finding.stops()) {
        validate::sort(&files.found, &mut report);
        let report = report.ended(Outcome::Invalid, 2);
        return Ended {
            shown: no_plan(&report, name),
            report,
            found: files.found,
            notes: files.notes,
        };
    }
    let connected = connect::connect(&command.connection, &files.loaded.policies).await;
    let connection = match connected {
        Ok(connection) => connection,
        Err(error) => {
            let mut ended = Ended::failed(name, error.outcome, vec![error.problem]);
            ended.found = files.found;
            return ended;
        }
    };
    files.notes.extend(connection.notes.clone());
    let wanted = Wanted {
        policies: &files.loaded.policies,
        allowed: &allowed,
        known_defaults: &known_defaults,
        tenant: connection.tenant.clone(),
    };
    let Planned {
        plan,
        found,
        failed,
    } = reconcile::plan(&connection.graph, wanted).await;
    report.graph = Some(connection.graph.used());
    files.found.extend(found);
    let findings = files.found.iter().map(|found| &found.finding);
    let in_plan = plan
        .iter()
        .flat_map(|plan| &plan.resources)
        .flat_map(|r| &r.findings);
    let unused = validate::unused(&allowed, findings.chain(in_plan));
    files.found.extend(unused);
    validate::sort(&files.found, &mut report);
    let invalid = !report.errors.is_empty();
    let failing = !failed.is_empty();
    report.errors.extend(failed);
    report.plan = plan;
    if name == "drift" {
        report.plan.as_mut().map(guards_to_notes);
    }
    let outcome = outcome(report.plan.as_ref(), invalid, failing);
    for finding in report
        .plan
        .iter()
        .flat_map(|p| &p.resources)
        .flat_map(|r| &r.findings)
    {
        let known = files.found.iter().any(|found| found.finding == *finding);
        match finding.severity {
            Severity::Error if finding.stops() && !known => report.errors.push(of_plan(finding)),
            Severity::Warning if !known => report.warnings.push(of_plan(finding)),
            _ => {}
        }
    }
    let report = report.ended(outcome, differences);
    if report.plan.is_none() {
        let shown = no_plan(&report, name);
        return Ended {
            report,
            shown,
            found: files.found,
            notes: files.notes,
        };
    }
    Ended {
        report,
        shown: Shown::Plan(if name == "drift" {
            Purpose::Drift
        } else {
            Purpose::Plan
        }),
        found: files.found,
        notes: files.notes,
    }
}

/// The closing line where there is nothing to show.
fn no_plan(report: &Report, name: &str) -> Shown {
    let why = match report.outcome {
        Outcome::Invalid => "something is yours to mend, nothing was compared",
        _ => "the tenant could not be read",
    };
    let errors = validate::count(report.errors.len(), "error", "errors");
    Shown::Text(match name {
        "drift" => format!("Drift: unknown, {errors}: {why}\n"),
        _ => format!("No plan, {errors}: {why}\n"),
    })
}

/// The first of 1, 4, 3, 2, 0 that applies.
fn outcome(plan: Option<&Plan>, invalid: bool, failed: bool) -> Outcome {
    match plan {
        _ if invalid => Outcome::Invalid,
        _ if failed => Outcome::Unknown,
        None => Outcome::Unknown,
        Some(plan) if plan.resources.iter().any(|r| r.is_invalid()) => Outcome::Invalid,
        Some(plan) if plan.summary.blocked > 0 => Outcome::Blocked,
        Some(plan) if plan.has_changes() => Outcome::Changes,
        Some(_) => Outcome::InSync,
    }
}

/// Drift only looks, so what a guard says about a write is no more than a note.
fn guards_to_notes(plan: &mut Plan) {
    for resource in &mut plan.resources {
        for finding in &mut resource.findings {
            if finding.kind == Kind::Guard {
                finding.severity = Severity::Note;
            }
        }
    }
    plan.summary.blocked = 0;
    plan.plan_id = plan.content_id();
}

fn save(plan: &Plan, path: &Path) -> Result<(), Problem> {
    if plan.tenant.id.is_none() {
        let message = "a plan is saved for one tenant, and nothing tells which one this is";
        return Err(Problem::new("plan-without-tenant", message)
            .hint("give `--tenant`; the token says nothing that can be read"));
    }
    let place = replaceable(path)?;
    let path = place.as_path();
    let failed = |error: std::io::Error| {
        let message = format!("the plan cannot be saved to `{}`: {error}", path.display());
        Problem::new("plan-not-saved", message)
    };
    // Written beside its place and moved there whole: half a plan never exists.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder
        .unwrap_or(Path::new("."))
        .join(format!(".{name}.{}", std::process::id()));
    std::fs::File::create(&draft)
        .and_then(|mut file| {
            file.write_all(json::render(plan).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| {
            let _ = std::fs::remove_file(&draft);
            failed(error)
        })
}

/// Where the plan goes: behind links, and never over anything but a plan. What
/// stands there may be a baseline or a tenant's file, given by mistake.
fn replaceable(path: &Path) -> Result<PathBuf, Problem> {
    let Ok(place) = std::fs::canonicalize(path) else {
        return Ok(path.to_path_buf());
    };
    let is_plan = || {
        let text = std::fs::read_to_string(&place).unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        text.is_empty() || json["planId"].is_string()
    };
    if place.is_file() && is_plan() {
        return Ok(place);
    }
    let message = format!("`{}` is there already and is no saved plan", path.display());
    Err(Problem::new("plan-not-saved", message)
        .hint("it is left as it is; give another name, or remove it yourself"))
}
