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
fn is_code(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|ch| ch.is_ascii_lowercase() || ch == '-')
}

fn problems() -> BTreeSet<String> {
    let mut found: BTreeSet<String> = entrue::graph::error::CODES
        .iter()
        .map(|code| (*code).to_owned())
        .collect();
    for room in ["src/cli", "src/graph", "src/graph/auth", "src/reconcile"] {
        for entry in std::fs::read_dir(root().join(room)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            // Every way in which the code makes a problem begins with its code.
            for maker in ["Problem::new(", "invalid(", "wrong(", "code: "] {
                let uses = text.split(maker).skip(1);
                let literals = uses.filter_map(|rest| rest.trim_start().strip_prefix('"'));
                let words = literals.filter_map(|rest| rest.split('"').next());
                found.extend(words.filter(|word| is_code(word)).map(str::to_owned));
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
    let folder = tempfile::tempdir().unwrap();
    for path in ["examples", "tests/bad"] {
        let to = folder.path().join(path);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(root().join(path)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }
    let mut run_any = false;
    for (command, output) in blocks {
        let ours = command
            .strip_prefix("cargo run -- ")
            .or_else(|| command.strip_prefix("entrue "));
        let Some(args) = ours else {
            // What else a reader types stays in the shell.
            if !command.starts_with("cargo ") {
                let shell = std::process::Command::new("sh")
                    .args(["-c", &command])
                    .current_dir(folder.path())
                    .status();
                assert!(shell.unwrap().success(), "{command}");
            }
            continue;
        };
        run_any = true;
        let args: Vec<String> = args
            .split(' ')
            .map(|word| first_backup(folder.path(), word))
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = entrue(folder.path(), &args);
        let [stdout, stderr] = [&run.stdout, &run.stderr].map(|text| steady_text(&dated(text)));
        let expected = steady_text(&output);
        let notes: String = stderr
            .lines()
            .filter(|line| !line.starts_with("graph: "))
            .map(|line| format!("{line}\n"))
            .collect();
        let same = [
            stdout.clone(),
            format!("{stderr}{stdout}"),
            format!("{stdout}{stderr}"),
            format!("{notes}{stdout}"),
        ]
        .iter()
        .any(|shown| shows(&expected, shown));
        let silent = args.contains(&"--out") && expected.trim().is_empty() && run.code == 0;
        assert!(
            same || silent,
            "{command}\n--- README\n{expected}\n--- now\n{stdout}{stderr}"
        );
    }
    assert!(run_any);
}

/// The file that the first apply saved, in place of the README's.
fn first_backup(folder: &std::path::Path, word: &str) -> String {
    if !word.starts_with(".entrue/backups/") {
        return word.to_owned();
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.join(".entrue/backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    format!(".entrue/backups/{}", names[0])
}

/// A text with the README's time in the names of backups.
fn dated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(".entrue/backups/") {
        let (before, name) = rest.split_at(at + ".entrue/backups/".len());
        out.push_str(before);
        out.push_str("20261122T101500Z");
        rest = &name["20261122T101500Z".len()..];
    }
    out + rest
}

/// Whether an output is as shown, where a line `…` stands for any lines.
fn shows(expected: &str, shown: &str) -> bool {
    let mut rest = shown.trim_end();
    let parts: Vec<&str> = expected.trim_end().split("…\n").collect();
    for (index, part) in parts.iter().enumerate() {
        let at = match (index, index + 1 == parts.len()) {
            (0, true) => return rest == *part,
            (0, false) => rest.starts_with(part).then_some(0),
            (_, true) => return rest.ends_with(part),
            _ => rest.find(part),
        };
        let Some(at) = at else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    assert!(read(".ci/run").contains("cargo test --locked"));
}

#[test]
fn every_command_shows_an_example() {
    for command in [
        "validate",
        "plan",
        "show",
        "drift",
        "export",
        "schema",
        "sandbox",
        "completions",
        "man",
    ] {
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
