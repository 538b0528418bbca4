//! `entrue completions`: what a shell needs to complete the command line.

use clap::CommandFactory;

use crate::core::report::{Outcome, Report};

use super::args::{Args, Completions};
use super::output::{Ended, Shown};

/// Runs it.
pub fn run(command: &Completions) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Args::command(), "entrue", &mut script);
    Ended {
        report: Report::new("completions").ended(Outcome::InSync, 2),
        shown: Shown::Raw(String::from_utf8_lossy(&script).into_owned()),
        found: Vec::new(),
        notes: Vec::new(),
    }
}
