//! The laws of `fuzz/`, on the inputs that are known: every example and case,
//! which are the seeds of the fuzzer too, and every input that once broke a law.
//!
//! `SEED=1 cargo test --test fuzzed` writes the seeds to `fuzz/corpus`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod laws;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::root;

type Seeds = BTreeMap<String, Vec<u8>>;

/// The files of a folder with this ending; none where there is no such folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

fn cases() -> Vec<PathBuf> {
    let folders = files(&root().join("tests/cases"), "");
    folders.into_iter().filter(|path| path.is_dir()).collect()
}

fn name(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.to_string_lossy().replace(['/', '\\'], "-")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn baselines() -> Seeds {
    let mut paths = files(&root().join("tests/bad"), ".yaml");
    paths.extend(files(&root().join("examples"), ".yaml"));
    paths.extend(cases().iter().map(|case| case.join("desired.yaml")));
    let read = |path: PathBuf| (name(&path), std::fs::read(&path).unwrap());
    paths.into_iter().map(read).collect()
}

fn plans() -> Seeds {
    let reports = cases().into_iter().map(|case| case.join("plan.json"));
    let plans = reports.filter(|path| path.exists()).filter_map(|path| {
        let plan = &json(&path)["plan"];
        (!plan.is_null()).then(|| (name(&path), plan.to_string().into_bytes()))
    });
    let kept = files(&root().join("tests/plans/1.0"), "").into_iter();
    let kept = kept.map(|folder| folder.join("plan.json"));
    let kept = kept.map(|path| (name(&path), std::fs::read(&path).unwrap()));
    plans.chain(kept).collect()
}

/// What Graph answers: policies, pages of groups, refusals.
fn answers() -> Seeds {
    let mut tenants = files(&root().join("examples"), ".tenant.json");
    tenants.extend(cases().iter().map(|case| case.join("tenant.json")));
    let mut seeds = Seeds::new();
    for path in tenants {
        let tenant = json(&path);
        let page = serde_json::json!({"value": tenant["groups"]});
        let answers = [
            ("policy", &tenant["policies"]["X509Certificate"]),
            ("groups", &page),
        ];
        for (kind, answer) in answers.iter().filter(|(_, answer)| !answer.is_null()) {
            let name = format!("{kind}-{}", name(&path));
            seeds.insert(name, answer.to_string().into_bytes());
        }
    }
    let inner = serde_json::json!({"request-id": "b6a2f4d8-0c1e-4d3b-9a57-2e8f6c4b1d90"});
    let refusal = serde_json::json!({
        "error": {"code": "accessDenied", "message": "Refused.", "innerError": inner}
    });
    // The length decides the status that it comes with.
    for padding in 0..10 {
        let text = refusal.to_string() + &" ".repeat(padding);
        seeds.insert(format!("refusal-{padding}"), text.into_bytes());
    }
    seeds
}

fn hold(target: &str, law: fn(&[u8]), seeds: Seeds) {
    assert!(seeds.len() > 20, "{target}: {}", seeds.len());
    if std::env::var_os("SEED").is_some() {
        let folder = root().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in &seeds {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let once = files(&root().join("fuzz/regressions").join(target), "");
    let once = once.iter().map(|p| (name(p), std::fs::read(p).unwrap()));
    for (name, bytes) in seeds.into_iter().chain(once) {
        let held = std::panic::catch_unwind(|| law(&bytes));
        assert!(held.is_ok(), "{target}: {name}");
    }
}

#[test]
fn laws_of_baselines_hold_for_every_known_input() {
    hold("baseline", laws::baseline::hold, baselines());
}

#[test]
fn laws_of_plans_hold_for_every_known_input() {
    hold("plan", laws::plan::hold, plans());
}

#[test]
fn laws_of_answers_hold_for_every_known_input() {
    hold("graph", laws::graph::hold, answers());
}
