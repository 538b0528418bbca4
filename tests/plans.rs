//! Plans that released versions saved: each must be readable for good, and say
//! the same. `tests/plans/<format version>/<what it does>/` holds the plan as it
//! was saved, which is never rewritten, and the tenant that it was made of.
//!
//! An apply takes it too, unless `refused.txt` names the code with which it is
//! refused, because a later version words a guard otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::PathBuf;

use support::{entrue, root};

fn plans() -> Vec<PathBuf> {
    let mut plans: Vec<PathBuf> = Vec::new();
    for version in std::fs::read_dir(root().join("tests/plans")).unwrap() {
        let version = version.unwrap().path();
        plans.extend(
            std::fs::read_dir(version)
                .unwrap()
                .map(|plan| plan.unwrap().path()),
        );
    }
    plans.sort();
    assert!(!plans.is_empty());
    plans
}

#[test]
fn every_plan_that_was_ever_saved_is_shown_as_it_was() {
    for folder in plans() {
        let run = entrue(&folder, &["show", "plan.json"]);
        assert_eq!(run.code, 0, "{}: {run:#?}", folder.display());
        let shown = folder.join("shown.txt");
        if std::env::var_os("BLESS").is_some() && !shown.exists() {
            std::fs::write(&shown, &run.stdout).unwrap();
        }
        let expected = std::fs::read_to_string(&shown).unwrap();
        assert_eq!(run.stdout, expected, "{}", folder.display());
        for format in ["json", "diff"] {
            assert_eq!(
                entrue(&folder, &["show", "plan.json", "--format", format]).code,
                0
            );
        }
    }
}

#[test]
fn every_plan_that_was_ever_saved_is_applied_or_refused_for_a_reason() {
    for folder in plans() {
        let place = tempfile::tempdir().unwrap();
        for name in ["plan.json", "tenant.json"] {
            std::fs::copy(folder.join(name), place.path().join(name)).unwrap();
        }
        let run = entrue(
            place.path(),
            &[
                "apply",
                "--plan",
                "plan.json",
                "--sandbox",
                "tenant.json",
                "--max-age",
                "36500d",
            ],
        );
        match std::fs::read_to_string(folder.join("refused.txt")) {
            Ok(code) => {
                assert_eq!(run.code, 1, "{}: {run:#?}", folder.display());
                assert!(run.stderr.contains(code.trim()), "{run:#?}");
            }
            Err(_) => assert_eq!(run.code, 0, "{}: {run:#?}", folder.display()),
        }
    }
}
