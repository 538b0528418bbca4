//! What may know what. The design lives as long as this holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use support::root;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file without its unit tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

#[test]
fn rooms_open_only_the_doors_they_are_given() {
    let allowed: &[(&str, &[&str])] = &[
        ("core", &["core"]),
        ("policy", &["policy", "core", "way"]),
        ("baseline", &["baseline", "policy", "core", "way"]),
        ("graph", &["graph", "core"]),
        ("sandbox", &["sandbox"]),
        ("view", &["view", "core", "baseline"]),
    ];
    for (room, doors) in allowed {
        for path in sources(&root().join("src").join(room)) {
            for (number, line) in code(&path).lines().enumerate() {
                for (index, _) in line.match_indices("crate::") {
                    let rest = &line[index + "crate::".len()..];
                    let door: String = rest
                        .chars()
                        .take_while(|ch| ch.is_alphanumeric() || *ch == '_')
                        .collect();
                    assert!(
                        doors.contains(&door.as_str()) || line.trim_start().starts_with("//"),
                        "{}:{}: {room} must not know {door}",
                        path.display(),
                        number + 1
                    );
                }
            }
        }
    }
}

#[test]
fn the_core_has_no_clock_no_files_no_network_and_no_environment() {
    for path in sources(&root().join("src/core"))
        .into_iter()
        .chain(sources(&root().join("src/policy")))
    {
        for word in [
            "std::env::",
            "std::fs",
            "std::net",
            "std::io::stdin",
            "std::io::stdout",
            "std::io::stderr",
            "tokio",
            "reqwest",
            "Timestamp::now",
            "SystemTime",
            "Instant",
            "println!",
        ] {
            assert!(!code(&path).contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn only_the_graph_room_and_the_sandbox_touch_the_network() {
    for path in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        if inside.starts_with("graph") || inside.starts_with("sandbox") {
            continue;
        }
        assert!(!code(&path).contains("reqwest"), "{}", path.display());
    }
}

#[test]
fn nothing_reachable_from_data_panics_and_nothing_is_unsafe() {
    for path in sources(&root().join("src")) {
        for word in [
            ".unwrap()",
            ".expect(\"",
            "panic!(",
            "unreachable!(",
            "todo!(",
            "unimplemented!(",
            "process::exit",
            "unsafe ",
        ] {
            for (number, line) in code(&path).lines().enumerate() {
                assert!(
                    !line.contains(word),
                    "{}:{}: {word}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn no_room_is_larger_than_one_purpose() {
    for path in sources(&root().join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 420, "{}: {lines} lines", path.display());
    }
}

/// A preview cannot write: the code that could is named in these places alone.
/// That nobody outside can build an approved plan, or a writer without one, is
/// for the compiler to refuse (see `src/core/approval.rs`).
#[test]
fn only_an_apply_can_name_what_writes() {
    let allowed: &[(&str, &[&str])] = &[
        ("Writer::", &["src/reconcile/apply.rs"]),
        ("writer::", &["src/reconcile/apply.rs"]),
        (".write(&write", &["src/graph/writer.rs"]),
        ("Approved::new", &["src/cli/apply.rs", "src/cli/ready.rs"]),
        (
            "Access::Writes",
            &["src/cli/apply.rs", "src/cli/ready.rs", "src/cli/connect.rs"],
        ),
        ("Method::PATCH", &["src/graph/writer.rs"]),
        ("Method::DELETE", &["src/graph/writer.rs"]),
    ];
    for path in sources(&root().join("src")) {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("src/sandbox") {
            continue;
        }
        let code = code(&path);
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for (word, places) in allowed {
                assert!(
                    !line.contains(word) || places.contains(&name.as_str()),
                    "{name} names `{word}`: {line}"
                );
            }
        }
    }
    for (word, places) in allowed {
        let used = places
            .iter()
            .any(|place| code(&root().join(place)).contains(word));
        assert!(
            used,
            "`{word}` is not used where it may be: this test looks for nothing"
        );
    }
}
