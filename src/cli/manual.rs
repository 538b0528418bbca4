//! `entrue man`: the manual page. One page for all commands, so that a package
//! installs one file and readers search in one place.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::core::report::{Outcome, Problem, Report};

use super::args::Args;
use super::output::{Ended, Shown};

/// Runs it.
pub fn run() -> Ended {
    match page() {
        Ok(page) => Ended {
            report: Report::new("man").ended(Outcome::InSync, 2),
            shown: Shown::Raw(page),
            found: Vec::new(),
            notes: Vec::new(),
        },
        // Writing to memory cannot fail; if it did, half a page is none.
        Err(error) => {
            let message = format!("the page cannot be written: {error}");
            Ended::failed(
                "man",
                Outcome::Unknown,
                vec![Problem::new("runtime", message)],
            )
        }
    }
}

fn page() -> io::Result<String> {
    let mut whole = Args::command().disable_help_subcommand(true);
    whole.build();
    let name = whole.get_name().to_owned();
    let man = Man::new(whole.clone()).manual("entrue manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut page = text(&page);
    for command in whole.get_subcommands() {
        chapter(command, &name, &mut page)?;
    }
    if let Some(codes) = whole.get_after_help() {
        page.push_str(".SH \"EXIT STATUS\"\n");
        page.push_str(&verbatim(&codes.to_string()));
    }
    Ok(page)
}

/// A command, and the commands below it, each under a heading of its own.
fn chapter(command: &Command, above: &str, page: &mut String) -> io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    page.push_str(&format!(".SH \"{}\"\n", name.to_uppercase()));
    if let Some(about) = command.get_about() {
        page.push_str(&escaped(&about.to_string()));
    }
    // What every command takes is told once, at the top.
    let own = command.clone().mut_args(|arg| {
        let everywhere = arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
        arg.hide(everywhere)
    });
    let man = Man::new(own.clone());
    let mut sections = Vec::new();
    man.render_synopsis_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    page.push_str(&text(&sections).replace("\n.SH ", "\n.SS "));
    if let Some(example) = own.get_after_help().map(ToString::to_string) {
        let (heading, lines) = example.split_once('\n').unwrap_or(("Example:", &example));
        let heading = heading.trim_end_matches(':').to_uppercase();
        page.push_str(&format!(".SS {heading}\n{}", verbatim(lines)));
    }
    for below in own.get_subcommands() {
        chapter(below, &name, page)?;
    }
    Ok(())
}

fn text(roff: &[u8]) -> String {
    String::from_utf8_lossy(roff).into_owned()
}

/// Lines that keep their breaks.
fn verbatim(lines: &str) -> String {
    format!(".nf\n{}.fi\n", escaped(lines))
}

/// Text in which nothing is a request of roff's.
fn escaped(text: &str) -> String {
    text.lines()
        .map(|line| {
            let line = line.replace('\\', "\\e").replace('-', "\\-");
            let front = if line.starts_with(['.', '\'']) {
                "\\&"
            } else {
                ""
            };
            format!("{front}{line}\n")
        })
        .collect()
}
