//! What the documentation says is so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use support::{entrue, root, steady_text};

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

fn headings() -> BTreeSet<String> {
    let text = read("docs/findings.md");
    text.lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(str::to_owned)
        .collect()
}

/// Codes of problems, which stand as literals where they arise.
fn problems() -> BTreeSet<String> {
    let mut found: BTreeSet<String> = entrue::graph::error::CODES
        .iter()
        .map(|code| (*code).to_owned())
        .collect();
    for room in ["src/cli", "src/graph"] {
        for entry in std::fs::read_dir(root().join(room)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for (index, word) in text.split('"').enumerate() {
                let is_code = index % 2 == 1
                    && [
                        "plan-",
                        "graph-",
                        "sandbox-file",
                        "known-default",
                        "usage",
                        "interrupted",
                        "runtime",
                        "deadline",
                        "http-client",
                        "sign-in-failed",
                    ]
                    .iter()
                    .any(|start| word.starts_with(start))
                    && word.chars().all(|ch| ch.is_ascii_lowercase() || ch == '-');
                if is_code {
                    found.insert(word.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn every_code_has_its_paragraph_and_every_paragraph_its_code() {
    let mut codes: BTreeSet<String> = entrue::core::codes::ALL
        .iter()
        .map(|code| code.name.to_owned())
        .collect();
    codes.extend(problems());
    assert_eq!(codes, headings());
}

/// The fenced blocks of the README: commands after `$ `, and what they print.
fn blocks() -> Vec<(String, String)> {
    let text = read("README.md");
    let mut blocks = Vec::new();
    for fence in text.split("\n```").skip(1).step_by(2) {
        let body = fence.split_once('\n').unwrap().1;
        for part in body.split("\n$ ").map(|part| part.trim_start_matches("$ ")) {
            let (command, output) = part.split_once('\n').unwrap_or((part, ""));
            if fence.starts_with("console") {
                blocks.push((command.to_owned(), output.to_owned()));
            }
        }
    }
    blocks
}

#[test]
fn the_readme_shows_what_its_commands_print() {
    let blocks = blocks();
    assert!(
        blocks
            .iter()
            .any(|(command, _)| command == "cargo test --locked")
    );
    let mut run_any = false;
    for (command, output) in blocks {
        let Some(args) = command
            .strip_prefix("cargo run -- ")
            .or_else(|| command.strip_prefix("entrue "))
        else {
            continue;
        };
        run_any = true;
        let args: Vec<&str> = args.split(' ').collect();
        let run = entrue(&root(), &args);
        let shown = format!("{}{}", steady_text(&run.stderr), run.stdout);
        let shown_other = format!("{}{}", run.stdout, steady_text(&run.stderr));
        let expected = steady_text(&output);
        let same = |text: &str| text.trim_end() == expected.trim_end();
        assert!(
            same(&run.stdout) || same(&shown) || same(&shown_other),
            "{command}\n--- README\n{expected}\n--- now\n{shown_other}"
        );
    }
    assert!(run_any);
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    assert!(read(".ci/run").contains("cargo test --locked"));
}

#[test]
fn every_command_shows_an_example() {
    for command in ["validate", "plan", "show", "drift", "schema", "sandbox"] {
        let run = entrue(&root(), &[command, "--help"]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("Example:\n  entrue "), "{command}");
        assert!(
            run.stdout.lines().all(|line| line.chars().count() <= 80),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut files = vec![
        "README.md".to_owned(),
        "CONTRIBUTING.md".to_owned(),
        "CHANGELOG.md".to_owned(),
    ];
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        files.extend(
            entries
                .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())),
        );
    }
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let folder = root().join(file);
        let folder = folder.parent().unwrap();
        for link in read(file)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{file}: {link}");
            }
        }
    }
}
