//! The one place that prints: data to stdout, everything else to stderr.

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ColorChoice;

use crate::baseline::Found;
use crate::core::finding::{Finding, Severity};
use crate::core::plan::Plan;
use crate::core::report::{Outcome, Problem, Report, Written};
use crate::policy;
use crate::view::{Look, diff, findings, json, text};

use super::args::{Args, Format};

/// Columns that every text fits, as far as names let it.
const WIDTH: usize = 80;

/// How a command ended, and what there is to show.
#[derive(Debug)]
pub struct Ended {
    /// The report; its exit code is the process's.
    pub report: Report,
    /// What the text format prints to stdout.
    pub shown: Shown,
    /// Findings with their places, for stderr.
    pub found: Vec<Found>,
    /// Notes for stderr.
    pub notes: Vec<String>,
}

/// What a command shows on stdout.
#[derive(Debug)]
pub enum Shown {
    /// Nothing but the report in JSON.
    Nothing,
    /// This text.
    Text(String),
    /// The report's plan.
    Plan(text::Purpose),
    /// This text, whatever the format: a schema.
    Raw(String),
}

impl Ended {
    /// Ended before it came to anything.
    pub fn failed(command: &str, outcome: Outcome, errors: Vec<Problem>) -> Self {
        let mut report = Report::new(command).ended(outcome, 2);
        report.errors = errors;
        Ended {
            report,
            shown: Shown::Nothing,
            found: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A wrong command line, in the words of `message`.
    pub fn usage(command: &str, message: impl Into<String>) -> Self {
        Ended::failed(
            command,
            Outcome::Invalid,
            vec![Problem::new("usage", message)],
        )
    }
}

/// A finding as the report lists it.
pub fn to_problem(found: &Found) -> Problem {
    let finding = &found.finding;
    let place = found.place.as_ref();
    let position = place
        .filter(|place| !place.source.text.is_empty())
        .map(|place| place.source.position(place.span.start));
    Problem {
        code: finding.code.clone(),
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        file: place.map(|place| place.source.name.clone()),
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        resource: (!finding.path.is_empty()).then(|| finding.path.clone()),
        ..Problem::default()
    }
}

/// A finding of a plan as the report lists it.
pub fn of_plan(finding: &Finding) -> Problem {
    Problem {
        code: finding.code.clone(),
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        resource: (!finding.path.is_empty()).then(|| finding.path.clone()),
        ..Problem::default()
    }
}

/// How and where things are printed.
pub struct Output {
    format: Format,
    stdout: Look,
    stderr: Look,
}

impl Output {
    /// As the arguments and the terminals say.
    pub fn new(args: &Args) -> Self {
        let look = |terminal: bool| Look {
            colour: match args.color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => {
                    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                    terminal && !no_color && !dumb
                }
            },
            width: WIDTH,
        };
        Output {
            format: args.format,
            stdout: look(std::io::stdout().is_terminal()),
            stderr: look(std::io::stderr().is_terminal()),
        }
    }

    /// Shows a plan before the command has ended, for whoever is to approve it,
    /// or to say what is about to be done. JSON is printed once, at the end.
    pub fn show_plan(&self, plan: &Plan) {
        if !self.format.is_json() {
            self.show(&Shown::Plan(text::Purpose::Plan), self.format, Some(plan));
        }
    }

    /// Tells something at once that must be known whatever comes.
    pub fn tell(&self, note: &str) {
        if !self.format.is_json() {
            write_stderr(&format!("note: {}\n", crate::view::clean::line(note)));
        }
    }

    /// Whether data could not be written so far.
    pub fn has_failed(&self) -> bool {
        NOT_WRITTEN.load(Ordering::Relaxed)
    }

    /// Shows a plan where a question is asked, for whoever sent the data elsewhere.
    pub fn show_plan_beside_the_question(&self, plan: &Plan) {
        if !std::io::stdout().is_terminal() {
            write_stderr(&text::render(
                plan,
                text::Purpose::Plan,
                policy::find,
                self.stderr,
            ));
        }
    }

    /// Whether the report itself is what is printed.
    pub fn is_json(&self) -> bool {
        self.format.is_json()
    }

    /// Prints how a command ended and gives the exit code.
    pub fn print(&self, ended: Ended) -> u8 {
        let Ended {
            report,
            shown,
            found,
            notes,
        } = ended;
        match (&shown, self.format) {
            (Shown::Raw(text), _) => write_stdout(text),
            (_, Format::Json) => write_stdout(&json::render(&report)),
            (shown, format) => {
                self.problems(&report, &found, &notes);
                self.show(shown, format, report.plan.as_ref());
                self.cost(&report);
            }
        }
        if NOT_WRITTEN.load(Ordering::Relaxed) {
            // Exit code 1 says that nothing was written to the tenant.
            return match report.written {
                Written::No => 1,
                Written::Yes | Written::Unknown => {
                    write_stderr(
                        "error: the tenant was written to, and nobody could read how it ended\n",
                    );
                    4
                }
            };
        }
        report.exit_code
    }

    fn show(&self, shown: &Shown, format: Format, plan: Option<&Plan>) {
        match (shown, plan, format) {
            (Shown::Text(text), _, _) => write_stdout(text),
            (Shown::Plan(_), Some(plan), Format::Diff) => {
                write_stdout(&diff::render(plan, self.stdout));
            }
            (Shown::Plan(purpose), Some(plan), _) => {
                write_stdout(&text::render(plan, *purpose, policy::find, self.stdout));
            }
            _ => {}
        }
    }

    /// What a plan shows itself is not said twice.
    fn problems(&self, report: &Report, found: &[Found], notes: &[String]) {
        let mut out = String::new();
        for note in notes {
            out.push_str(&format!("note: {}\n", crate::view::clean::line(note)));
        }
        let in_plan = report.plan.is_some() && self.format == Format::Text;
        let beside: Vec<Found> = found
            .iter()
            .filter(|found| {
                let resources = report.plan.iter().flat_map(|plan| &plan.resources);
                !in_plan
                    || !resources
                        .flat_map(|r| &r.findings)
                        .any(|f| *f == found.finding)
            })
            .cloned()
            .collect();
        out.push_str(&findings::render(&beside, self.stderr));
        // What identifies a problem; thousands of them must not be compared in pairs.
        let key = |problem: &Problem| {
            let Problem {
                code,
                message,
                line,
                column,
                ..
            } = problem;
            format!("{code}\0{message}\0{line:?}\0{column:?}")
        };
        let mut already: HashSet<String> = HashSet::new();
        // What the plan shows is said there, everything else that was found above.
        already.extend(beside.iter().map(|found| key(&to_problem(found))));
        let resources = report.plan.iter().flat_map(|plan| &plan.resources);
        for finding in resources.flat_map(|r| &r.findings).filter(|_| in_plan) {
            let in_file = found.iter().find(|found| found.finding == *finding);
            already.insert(key(&in_file.map_or_else(|| of_plan(finding), to_problem)));
        }
        let said = |problem: &Problem| already.contains(&key(problem));
        for problem in report.errors.iter().filter(|problem| !said(problem)) {
            out.push_str(&findings::problem(problem, Severity::Error, self.stderr));
        }
        for problem in report.warnings.iter().filter(|problem| !said(problem)) {
            out.push_str(&findings::problem(problem, Severity::Warning, self.stderr));
        }
        write_stderr(&out);
    }

    fn cost(&self, report: &Report) {
        let Report {
            graph: Some(graph), ..
        } = report
        else {
            return;
        };
        write_stderr(&format!(
            "graph: {} requests, {} retries, {} ms\n",
            graph.requests, graph.retries, graph.milliseconds
        ));
    }
}

/// Whether data could not be written; kept until the exit code is given, for a
/// full disk must not look like a job well done.
static NOT_WRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes data. Whoever closed the pipe has read enough; that is no error.
pub fn write_stdout(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        NOT_WRITTEN.store(true, Ordering::Relaxed);
        write_stderr(&format!(
            "error: the output could not be written: {error}\n"
        ));
    }
}

/// Writes everything else.
pub fn write_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Turns on as much of the log as was asked for. Only entrue's own events are
/// ever shown: libraries below log URLs and bodies as they please.
pub fn log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => "entrue=info",
        _ => "entrue=debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .try_init();
}
