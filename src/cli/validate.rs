//! `entrue validate`: everything that can be known offline.

use crate::baseline::{self, Found, Loaded};
use crate::core::codes;
use crate::core::finding::{Finding, Severity};
use crate::core::report::{Outcome, Problem, Report};

use super::args::{Allow, Format, Validate};
use super::output::{Ended, Shown, to_problem};

/// Runs it.
pub fn run(command: &Validate, format: Format) -> Ended {
    if format == Format::Diff {
        return Ended::usage(
            "validate",
            "`--format diff` needs a tenant to compare with; use `plan`",
        );
    }
    let allowed = match allowed(&command.allow) {
        Ok(allowed) => allowed,
        Err(problem) => return Ended::failed("validate", Outcome::Invalid, vec![problem]),
    };
    let mut files = load(&command.paths, &allowed);
    let mut report = Report::new("validate");
    files.found.extend(unused(
        &allowed,
        files.found.iter().map(|found| &found.finding),
    ));
    sort(&files.found, &mut report);
    let valid = report.errors.is_empty();
    let report = report.ended(
        if valid {
            Outcome::InSync
        } else {
            Outcome::Invalid
        },
        2,
    );
    let counted = format!(
        "{} in {}",
        count(files.loaded.policies.len(), "policy", "policies"),
        count(files.loaded.baselines, "baseline", "baselines"),
    );
    let text = if valid {
        format!("Valid: {counted}\n")
    } else {
        let errors = count(report.errors.len(), "error", "errors");
        match files.loaded.policies.len() {
            0 => format!("Invalid: {errors}\n"),
            _ => format!("Invalid: {errors} in {counted}\n"),
        }
    };
    Ended {
        report,
        shown: Shown::Text(text),
        found: files.found,
        notes: files.notes,
    }
}

/// A number with its noun.
pub fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Files that were read and judged.
pub struct Files {
    /// The policies and counts.
    pub loaded: Loaded,
    /// The findings, allowed ones marked.
    pub found: Vec<Found>,
    /// Files that were passed over.
    pub notes: Vec<String>,
}

/// Reads and judges files.
pub fn load(paths: &[String], allowed: &[String]) -> Files {
    let mut loaded = baseline::load(paths);
    let mut found = std::mem::take(&mut loaded.findings);
    for one in &mut found {
        one.finding.allow(allowed);
    }
    for policy in &mut loaded.policies {
        policy
            .findings
            .iter_mut()
            .for_each(|finding| finding.allow(allowed));
    }
    let notes = loaded
        .skipped
        .iter()
        .map(|name| format!("{name} is skipped: it has no `resources` at its top level"))
        .collect();
    Files {
        loaded,
        found,
        notes,
    }
}

/// The codes after `--allow`, checked: each must exist and be allowable.
pub fn allowed(allow: &Allow) -> Result<Vec<String>, Problem> {
    for name in &allow.allow {
        match codes::find(name) {
            None => {
                let near =
                    crate::baseline::walk::nearest(name, codes::ALL.iter().map(|code| code.name));
                let mut problem =
                    Problem::new("usage", format!("`--allow {name}`: there is no such code"));
                problem.hint = near.map(|near| format!("did you mean `{near}`?"));
                return Err(problem);
            }
            Some(code) if !code.allowable => {
                let message = format!("`--allow {name}`: this finding cannot be allowed");
                return Err(Problem::new("usage", message)
                    .hint("docs/findings.md says why, and what to do"));
            }
            Some(_) => {}
        }
    }
    let mut allowed = allow.allow.clone();
    allowed.sort();
    allowed.dedup();
    Ok(allowed)
}

/// A warning for each allowed code that set nothing aside.
pub fn unused<'a>(allowed: &[String], findings: impl Iterator<Item = &'a Finding>) -> Vec<Found> {
    let used: Vec<&str> = findings
        .filter(|finding| finding.allowed)
        .map(|finding| finding.code.as_str())
        .collect();
    allowed
        .iter()
        .filter(|code| !used.contains(&code.as_str()))
        .map(|code| Found {
            finding: Finding::new(
                &codes::ALLOW_UNUSED,
                "",
                format!("`--allow {code}` set nothing aside"),
            )
            .hint("take it away, before it hides something new"),
            place: None,
        })
        .collect()
}

/// Puts findings into the report: what stops under errors, the rest under warnings.
pub fn sort(found: &[Found], report: &mut Report) {
    for one in found {
        if one.finding.stops() {
            report.errors.push(to_problem(one));
        } else if one.finding.severity != Severity::Note {
            report.warnings.push(to_problem(one));
        }
    }
}
