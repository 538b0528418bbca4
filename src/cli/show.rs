//! `entrue show`: a saved plan in any format.

use crate::core::report::{Outcome, Report};
use crate::view::text::Purpose;

use super::args::Show;
use super::output::{Ended, Shown};
use super::saved;

/// Runs it.
pub fn run(command: &Show) -> Ended {
    match saved::read(&command.plan) {
        Ok(plan) => {
            let outcome = if plan.has_changes() {
                Outcome::Changes
            } else {
                Outcome::InSync
            };
            let made = format!("plan {}, made at {}", plan.plan_id, plan.created_at);
            let mut report = Report::new("show").ended(outcome, 0);
            report.plan = Some(plan);
            Ended {
                report,
                shown: Shown::Plan(Purpose::Plan),
                found: Vec::new(),
                notes: vec![made],
            }
        }
        Err(problem) => Ended::failed("show", Outcome::Invalid, vec![problem]),
    }
}
