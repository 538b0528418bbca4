//! `entrue show`: a saved plan in any format.

use crate::baseline::find;
use crate::core::plan::{FORMAT_VERSION, Plan};
use crate::core::report::{Outcome, Problem, Report};
use crate::view::text::Purpose;

use super::args::Show;
use super::output::{Ended, Shown};

/// Runs it.
pub fn run(command: &Show) -> Ended {
    match read(command) {
        Ok(plan) => {
            let outcome = if plan.has_changes() {
                Outcome::Changes
            } else {
                Outcome::InSync
            };
            let mut report = Report::new("show").ended(outcome, 0);
            report.plan = Some(plan);
            Ended {
                report,
                shown: Shown::Plan(Purpose::Plan),
                found: Vec::new(),
                notes: Vec::new(),
            }
        }
        Err(problem) => Ended::failed("show", Outcome::Invalid, vec![problem]),
    }
}

/// Reads a plan and checks that it is whole: its id must be that of its content.
fn read(command: &Show) -> Result<Plan, Problem> {
    let name = find::name(&command.plan);
    let wrong = |code: &str, message: String, hint: &str| Problem {
        file: Some(name.clone()),
        ..Problem::new(code, message).hint(hint)
    };
    let again = "make the plan anew with `entrue plan --out`";
    let text = std::fs::read_to_string(&command.plan).map_err(|error| {
        wrong(
            "plan-unreadable",
            format!("`{name}` cannot be read: {error}"),
            again,
        )
    })?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
        wrong(
            "plan-unreadable",
            format!("`{name}` is not JSON: {error}"),
            again,
        )
    })?;
    let version = json["formatVersion"].as_str().unwrap_or("none");
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(version) != major(FORMAT_VERSION) {
        let message =
            format!("`{name}` has plan format {version:?}; this entrue reads {FORMAT_VERSION}");
        return Err(wrong(
            "plan-version",
            message,
            "use the entrue that made the plan",
        ));
    }
    let plan: Plan = serde_path_to_error::deserialize(json).map_err(|error| {
        let message = format!(
            "`{name}` is no plan: {} at `{}`",
            error.inner(),
            error.path()
        );
        wrong("plan-unreadable", message, again)
    })?;
    if plan.content_id() != plan.plan_id {
        let message = format!(
            "`{name}` was changed after it was made: its content is not that of its `planId`"
        );
        return Err(wrong("plan-edited", message, again));
    }
    Ok(plan)
}
