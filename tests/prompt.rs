//! The question before a write, on a real (pseudo) terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{Run, program, root};

/// Runs an apply whose questions are answered with this, and gives how it
/// ended and all that stood on the terminal.
fn ask(folder: &Path, answer: &str, args: &[&str]) -> (Run, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let child = program(folder)
        .args(["apply", "contoso.yaml", "--sandbox", "contoso.tenant.json"])
        .args(args)
        .env("TERM", "xterm")
        .stdin(Stdio::from(terminal.try_clone().unwrap()))
        .stderr(Stdio::from(terminal))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut screen = File::from(controller);
    let mut keys = screen.try_clone().unwrap();
    let answer = answer.to_owned();
    let reader = std::thread::spawn(move || {
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        let mut answered = false;
        // The terminal is gone when the program is: an error here is the end.
        while let Ok(count) = screen.read(&mut buffer) {
            if count == 0 {
                break;
            }
            shown.extend_from_slice(&buffer[..count]);
            if !answered && String::from_utf8_lossy(&shown).contains("[y/N]") {
                answered = true;
                keys.write_all(answer.as_bytes()).unwrap();
            }
        }
        String::from_utf8_lossy(&shown).into_owned()
    });
    let run = Run::from(child.wait_with_output().unwrap());
    (run, reader.join().unwrap())
}

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["contoso.yaml", "contoso.tenant.json"] {
        std::fs::copy(root().join("examples").join(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn only_yes_is_an_approval_and_the_plan_is_shown_before_the_question() {
    for (answer, code) in [
        ("\n", 1),
        ("n\n", 1),
        ("yeah\n", 1),
        ("\u{4}", 1),
        ("Y\n", 0),
    ] {
        let folder = place();
        let file = folder.path().join("contoso.tenant.json");
        let before = std::fs::read(&file).unwrap();
        let (run, screen) = ask(folder.path(), answer, &[]);
        assert_eq!(run.code, code, "{answer:?}: {run:#?}\n{screen}");
        assert!(run.stdout.contains("Plan: 1 patch"), "{run:#?}");
        let asks = "Write this to tenant 8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55 (sandbox)? [y/N]";
        assert!(screen.contains(asks), "{screen}");
        assert_eq!(
            std::fs::read(&file).unwrap() == before,
            code == 1,
            "{answer:?}"
        );
    }
}

#[test]
fn nobody_is_asked_where_the_plan_cannot_be_shown_or_nothing_is_to_do() {
    let folder = place();
    let (run, screen) = ask(folder.path(), "y\n", &["--format", "json"]);
    assert_eq!((run.code, screen.contains("[y/N]")), (1, false), "{run:#?}");
    let (run, screen) = ask(folder.path(), "y\n", &["--auto-approve"]);
    assert_eq!((run.code, screen.contains("[y/N]")), (0, false), "{run:#?}");
    let (run, screen) = ask(folder.path(), "n\n", &[]);
    assert_eq!((run.code, screen.contains("[y/N]")), (0, false), "{run:#?}");
    assert!(run.stdout.contains("nothing to do"), "{run:#?}");
}
