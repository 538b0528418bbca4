//! What a package installs beside the program: completion scripts and the
//! manual page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use support::{entrue, root};

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = entrue(&root(), &["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|command| command != "help")
        .collect()
}

/// What a program makes of this input, if the program is on this machine.
fn through(program: &str, args: &[&str], input: &str) -> Option<(bool, String)> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writes = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writes.join();
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8(text).unwrap_or_default(),
    ))
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = entrue(&root(), &["completions", shell]);
        assert_eq!(run.code, 0, "{shell}: {}", run.stderr);
        assert_eq!(run.stderr, "");
        for command in &commands {
            assert!(run.stdout.contains(command.as_str()), "{shell}: {command}");
        }
        assert!(run.stdout.contains("--detailed-exitcode") || shell == "fish");
    }
}

#[test]
fn the_scripts_are_read_by_their_shells() {
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = entrue(&root(), &["completions", shell]).stdout;
        if let Some((fine, said)) = through(shell, &[check], &script) {
            assert!(fine && said.is_empty(), "{shell}: {said}");
        }
    }
}

#[test]
fn bash_completes_a_command_and_its_flags() {
    let script = entrue(&root(), &["completions", "bash"]).stdout;
    let complete = |words: &str| {
        let asked = format!(
            "{script}\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _entrue entrue \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
             echo \"${{COMPREPLY[@]}}\"\n"
        );
        through("bash", &["--norc"], &asked)
    };
    let Some((_, said)) = complete("entrue va") else {
        return;
    };
    assert_eq!(said.trim(), "validate");
    let (_, said) = complete("entrue plan --det").unwrap();
    assert_eq!(said.trim(), "--detailed-exitcode");
    let (_, said) = complete("entrue completions f").unwrap();
    assert_eq!(said.trim(), "fish");
}

#[test]
fn an_unknown_shell_is_yours_to_mend() {
    let run = entrue(&root(), &["completions", "tcsh"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("bash") && run.stdout.is_empty());
}

#[test]
fn the_manual_page_tells_of_every_command() {
    let run = entrue(&root(), &["man"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains(".TH entrue 1"), "{}", run.stdout);
    for command in commands() {
        let heading = format!(".SH \"ENTRUE {}\"\n", command.to_uppercase());
        assert!(run.stdout.contains(&heading), "{heading}");
    }
    assert!(run.stdout.contains(".SH \"ENTRUE SANDBOX SERVE\"\n"));
}

#[test]
fn the_manual_page_can_be_read() {
    let page = entrue(&root(), &["man"]).stdout;
    let rendered = through("groff", &["-man", "-Tutf8", "-ww", "-P-cbou"], &page);
    let Some((fine, shown)) = rendered else {
        return;
    };
    assert!(fine && !shown.contains("warning"), "{shown}");
    assert!(
        shown.contains("EXIT STATUS") && shown.contains("3 blocked by a guard"),
        "{shown}"
    );
    for example in [
        "entrue apply --plan plan.json --tenant contoso.com",
        "entrue drift policies/ --tenant contoso.com",
    ] {
        let line = shown.lines().find(|line| line.trim() == example);
        assert!(line.is_some(), "{example}\n{shown}");
    }
    // What every command takes stands there once.
    assert_eq!(shown.matches("--color").count(), 2, "{shown}");
}
