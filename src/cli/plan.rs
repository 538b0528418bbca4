//! `entrue plan`, and what it shares with `drift`.

use std::collections::BTreeMap;

use crate::baseline::find;
use crate::core::defaults::Known;
use crate::core::finding::{Kind, Severity};
use crate::core::plan::Plan;
use crate::core::report::{Outcome, Report};
use crate::reconcile::{self, Planned, Wanted};
use crate::view::text::Purpose;

use super::args::{self, Compare};
use super::output::{Ended, Shown, of_plan};
use super::{connect, known, saved, validate};

/// Runs it.
pub async fn run(command: &args::Plan) -> Ended {
    let differences = if command.detailed_exitcode { 2 } else { 0 };
    let mut ended = compare(&command.compare, "plan", differences).await;
    if let (Some(path), Some(plan)) = (&command.out, &ended.report.plan) {
        match saved::save(plan, path) {
            Ok(()) => {
                let name = find::name(path);
                let note = format!("saved to {name} as plan {}", plan.plan_id);
                ended.notes.push(note);
            }
            Err(problem) => {
                ended.report.errors.push(problem);
                ended.report = ended.report.ended(Outcome::Invalid, 2);
                ended.report.plan = None;
                ended.shown = Shown::Nothing;
            }
        }
    }
    ended
}

/// What comparing gave, with what is needed to go on from it.
pub struct Compared {
    /// How a command that only looks ends here.
    pub ended: Ended,
    /// The connection, where it came so far.
    pub connection: Option<connect::Connected>,
    /// Defaults that the user knows of.
    pub known_defaults: BTreeMap<&'static str, Vec<Known>>,
}

impl From<Ended> for Compared {
    fn from(ended: Ended) -> Self {
        Compared {
            ended,
            connection: None,
            known_defaults: BTreeMap::new(),
        }
    }
}

/// Reads files and tenant and compares them.
pub async fn compare(command: &Compare, name: &'static str, differences: u8) -> Ended {
    let access = connect::Access::Reads;
    gather(command, name, differences, access).await.ended
}

/// The same, keeping what a command that goes on needs.
pub async fn gather(
    command: &Compare,
    name: &'static str,
    differences: u8,
    access: connect::Access,
) -> Compared {
    let invalid = |problem| Ended::failed(name, Outcome::Invalid, vec![problem]).into();
    let allowed = match validate::allowed(&command.against.allow) {
        Ok(allowed) => allowed,
        Err(problem) => return invalid(problem),
    };
    let known_defaults = match known::read(&command.against.known_default) {
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
        }
        .into();
    }
    let asserted = connect::asserted(&files.loaded.policies);
    let connected = connect::connect(&command.against.connection, &asserted, access).await;
    let connection = match connected {
        Ok(connection) => connection,
        Err(error) => {
            let mut ended = Ended::failed(name, error.outcome, vec![error.problem]);
            ended.found = files.found;
            return ended.into();
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
    // Where nothing was compared nobody knows which codes would be needed.
    if plan.is_some() {
        let unused = validate::unused(&allowed, findings.chain(in_plan));
        files.found.extend(unused);
    }
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
    let shown = match (&report.plan, name) {
        (None, _) => no_plan(&report, name),
        (Some(_), "drift") => Shown::Plan(Purpose::Drift),
        (Some(_), "apply") => Shown::Plan(Purpose::Blocked),
        (Some(_), _) => Shown::Plan(Purpose::Plan),
    };
    Compared {
        ended: Ended {
            report,
            shown,
            found: files.found,
            notes: files.notes,
        },
        connection: Some(connection),
        known_defaults,
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
        "apply" => format!("Not applied, {errors}: {why}\n"),
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
                // There is nothing to accept where nothing is written.
                let check = finding
                    .hint
                    .as_deref()
                    .and_then(|hint| hint.split("; `--allow ").next());
                finding.hint = check.map(str::to_owned);
            }
        }
    }
    plan.summary.blocked = 0;
    plan.plan_id = plan.content_id();
}
