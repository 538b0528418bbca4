//! `entrue export`: what the tenant has, as a file.

use crate::core::finding::{Finding, Severity};
use crate::core::report::{Outcome, Problem, Report};
use crate::policy::REGISTRY;
use crate::reconcile::export::{Exported, export};
use crate::view::baseline;

use super::args::{self, Format};
use super::connect;
use super::output::{Ended, Shown, of_plan};

/// Runs it.
pub async fn run(command: &args::Export, format: Format) -> Ended {
    if format == Format::Diff {
        return Ended::usage(
            "export",
            "`--format diff` needs a file to compare with; use `plan`",
        );
    }
    let connection = match connect::connect(&command.connection, &[], connect::Access::Reads).await
    {
        Ok(connection) => connection,
        Err(error) => return Ended::failed("export", error.outcome, vec![error.problem]),
    };
    let Exported {
        policies,
        findings,
        failed,
    } = export(&connection.graph, REGISTRY).await;
    let mut report = Report::new("export");
    report.graph = Some(connection.graph.used());
    let mut ended = Ended {
        report,
        shown: Shown::Nothing,
        found: Vec::new(),
        notes: connection.notes,
    };
    if !failed.is_empty() {
        ended.report = ended.report.ended(Outcome::Unknown, 2);
        ended.report.errors = failed;
        return ended;
    }
    let warnings = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .map(of_plan);
    let rendered = baseline::export(&policies, &connection.tenant);
    ended.report.warnings = warnings
        .chain(rendered.needs.iter().map(needed))
        .chain(rendered.left_out.iter().map(of_plan))
        .chain(rendered.unknown.iter().map(of_plan))
        .collect();
    ended.report.baseline = Some(rendered.json);
    ended.report.allow = Some(rendered.codes);
    ended.shown = Shown::Text(rendered.text);
    ended
}

/// What the file needs allowed stops nothing here.
fn needed(finding: &Finding) -> Problem {
    of_plan(finding).hint(format!(
        "the tenant is like that; planning the file needs `--allow {}`",
        finding.code
    ))
}
