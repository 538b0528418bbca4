//! The command line: arguments in, one report out.

mod apply;

pub mod args;
mod backup;
mod completions;
mod connect;
mod drift;
mod export;
mod known;
mod manual;
mod output;
mod plan;
mod ready;
mod sandbox;
mod saved;
mod schema;
mod show;
mod sign_in;
mod tokens;
mod validate;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::core::report::{Outcome, Problem, Report};

use args::{Args, Command, Format};
use output::Ended;

/// Runs what the process's arguments say and gives its exit code.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return ExitCode::from(usage(&error)),
    };
    output::log(args.verbose);
    let output = output::Output::new(&args);
    let ended = match &args.command {
        Command::Validate(command) => validate::run(command, args.format),
        Command::Plan(command) => run(plan::run(command), "plan"),
        Command::Apply(command) => served(apply::run(command, &output)),
        Command::Drift(command) => run(drift::run(command), "drift"),
        Command::Export(command) => run(export::run(command, args.format), "export"),
        Command::Show(command) => show::run(command),
        Command::Schema(command) => schema::run(command),
        Command::Sandbox(command) => served(sandbox::run(command)),
        Command::Completions(command) => completions::run(command),
        Command::Man => manual::run(),
    };
    ExitCode::from(output.print(ended))
}

/// Runs a command that reads a tenant, until it ends or is interrupted.
fn run(command: impl Future<Output = Ended>, name: &str) -> Ended {
    served(async {
        tokio::select! {
            ended = command => ended,
            signal = interrupted() => untouched(name, signal),
        }
    })
}

/// Interrupted before any write.
fn untouched(name: &str, signal: u8) -> Ended {
    let message = "interrupted before any write; the tenant is as it was";
    let problem = Problem {
        retryable: true,
        ..Problem::new("interrupted", message)
    };
    let mut ended = Ended::failed(name, Outcome::Unknown, vec![problem]);
    ended.report.exit_code = signal;
    ended
}

/// Runs a command that needs a runtime and minds signals itself.
fn served(command: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = Problem::new("runtime", format!("the program cannot start: {error}"));
            return Ended::failed("", Outcome::Unknown, vec![problem]);
        }
    };
    let ended = runtime.block_on(command);
    // Whatever still runs in the background is nothing to wait for.
    runtime.shutdown_background();
    ended
}

/// Waits for SIGINT, SIGTERM or SIGHUP and gives the exit code that belongs to it.
async fn interrupted() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let term = signal(SignalKind::terminate());
        // A terminal that is lost must not end a write unsettled.
        let hangup = signal(SignalKind::hangup());
        if let (Ok(mut term), Ok(mut hangup)) = (term, hangup) {
            return tokio::select! {
                _ = term.recv() => 143,
                _ = hangup.recv() => 129,
                _ = tokio::signal::ctrl_c() => 130,
            };
        }
    }
    match tokio::signal::ctrl_c().await {
        Ok(()) => 130,
        Err(_) => std::future::pending().await,
    }
}

/// Help and version are answers; everything else is a wrong command line, and a
/// report all the same where JSON was asked for.
fn usage(error: &clap::Error) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return 0;
    }
    let given: Vec<String> = std::env::args().skip(1).collect();
    let asked_for_json = given
        .iter()
        .zip(given.iter().skip(1).map(String::as_str).chain([""]))
        .any(|(flag, value)| flag == "--format=json" || (flag == "--format" && value == "json"));
    if asked_for_json {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ").to_owned();
        let command = given.iter().find(|word| !word.starts_with('-'));
        let mut report = Report::new(command.map_or("", String::as_str)).ended(Outcome::Invalid, 2);
        report.errors.push(Problem::new("usage", message));
        output::write_stdout(&crate::view::json::render(&report));
    } else {
        let _ = error.print();
    }
    1
}

/// The JSON Schema of a baseline, as `entrue schema` prints it.
pub fn schema_of_baseline() -> serde_json::Value {
    schema::schema(args::SchemaName::Baseline)
}

impl Format {
    /// Whether the report itself is what is printed.
    pub fn is_json(self) -> bool {
        self == Format::Json
    }
}
