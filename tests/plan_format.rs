//! docs/plan-format.md: the plan in it is one that entrue makes and takes, and
//! its examples print what it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::{Command, Stdio};

use entrue::core::plan::Plan;
use entrue::core::verify::verify;
use serde_json::Value;
use support::{entrue, root};

const SAMPLE: &str = "examples/contoso.plan.json";
const MADE: &str = "2026-11-22T08:00:00Z";

/// `BLESS=1` writes it anew.
#[test]
fn the_sample_is_the_plan_of_the_full_example() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let mut args = vec!["plan", "examples/contoso.yaml", "--sandbox"];
    args.extend(["examples/contoso.tenant.json", "--out"]);
    args.push(file.to_str().unwrap());
    let run = entrue(&root(), &args);
    assert_eq!(run.code, 0, "{run:#?}");
    let text = std::fs::read_to_string(file).unwrap();
    let made: Value = serde_json::from_str(&text).unwrap();
    let text = text.replace(made["createdAt"].as_str().unwrap(), MADE);
    let sample = root().join(SAMPLE);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&sample, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(sample).unwrap(), text);
}

#[test]
fn the_sample_is_a_plan_that_would_be_taken() {
    let text = std::fs::read_to_string(root().join(SAMPLE)).unwrap();
    let plan: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(verify(&plan, entrue::policy::find), Ok(()));
    let shown = entrue(&root(), &["show", SAMPLE]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let schema = std::fs::read_to_string(root().join("schemas/plan.schema.json")).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&serde_json::from_str(&text).unwrap()));
}

fn is_here(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Commands after `$ ` in console blocks, and what they print.
fn examples() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("docs/plan-format.md")).unwrap();
    page.split("```console\n$ ")
        .skip(1)
        .map(|rest| {
            let block = rest.split("```").next().unwrap();
            let (command, output) = block.split_once('\n').unwrap();
            (command.to_owned(), output.to_owned())
        })
        .collect()
}

#[test]
fn the_examples_print_what_the_page_says() {
    let examples = examples();
    assert!(examples.len() > 6, "{examples:?}");
    for (command, output) in examples {
        let program = command.split(' ').next().unwrap();
        if cfg!(windows) || !is_here(program) {
            continue;
        }
        let run = Command::new("sh")
            .args(["-c", &command])
            .current_dir(root())
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(String::from_utf8(run.stdout).unwrap(), output, "{command}");
        assert_eq!(said, "", "{command}");
    }
}

#[test]
fn the_rego_policy_says_what_the_page_says() {
    if !is_here("opa") {
        return;
    }
    let run = Command::new("opa")
        .args(["eval", "--format", "raw", "-d", "examples/judge/plan.rego"])
        .args(["-i", SAMPLE, "data.entrue.deny"])
        .current_dir(root())
        .output()
        .unwrap();
    let denied: Value = serde_json::from_slice(&run.stdout).unwrap();
    let expected = serde_json::json!(["X509Certificate: CBA Pilot would come into scope"]);
    assert_eq!(denied, expected);
    let page = std::fs::read_to_string(root().join("docs/plan-format.md")).unwrap();
    assert!(page.contains(&expected.to_string()));
}

/// Every member of the schema has its line on the page.
#[test]
fn the_page_knows_every_member() {
    let page = std::fs::read_to_string(root().join("docs/plan-format.md")).unwrap();
    let schema = std::fs::read_to_string(root().join("schemas/plan.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let definitions = schema["$defs"].as_object().unwrap().values();
    for definition in definitions.chain([&schema]) {
        let members = definition["properties"].as_object().into_iter().flatten();
        for (name, _) in members {
            let named = [format!("`{name}`"), format!(".{name}`")];
            assert!(named.iter().any(|one| page.contains(one)), "{name}");
        }
    }
}
