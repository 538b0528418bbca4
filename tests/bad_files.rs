//! Every bad file ends in exit code 1, with its code at its line and column,
//! and without a request. Each case is a file below `tests/bad`, whose first
//! comment says what must be found: `# expect: code@line:column …`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Served, entrue, root};

fn bad_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/bad"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The codes that a JSON Schema cannot express, or that are about text and not
/// about values.
const BEYOND_SCHEMAS: &[&str] = &[
    "yaml-syntax",
    "yaml-ambiguous",
    "yaml-limit",
    "duplicate-key",
    "duplicate-entry",
    "priority-duplicate",
    "duplicate-policy",
    "reserved",
    "user-target-name",
    "label-without-id",
    "file-encoding",
];

fn is_judgement(code: &str) -> bool {
    entrue::core::codes::find(code).is_some_and(|code| code.allowable)
}

#[test]
fn every_finding_is_reported_with_its_line_and_column() {
    let mut failures = Vec::new();
    for file in bad_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# expect: "))
            .flat_map(|line| line.split(' ').map(str::to_owned))
            .collect();
        assert!(!expected.is_empty(), "{}", file.display());
        let run = entrue(
            &root(),
            &["validate", &file.to_string_lossy(), "--format", "json"],
        );
        let report = run.json();
        let actual: Vec<String> = report["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                let code = error["code"].as_str().unwrap();
                assert!(entrue::core::codes::find(code).is_some(), "{code}");
                format!("{code}@{}:{}", error["line"], error["column"])
            })
            .collect();
        if actual != expected || run.code != 1 || report["outcome"] != "invalid" {
            failures.push(format!(
                "{}\n  expected {expected:?}\n  but      {actual:?}, exit {}",
                file.display(),
                run.code
            ));
        }
        let text = entrue(&root(), &["validate", &file.to_string_lossy()]);
        for (code, place) in expected.iter().map(|one| one.split_once('@').unwrap()) {
            if !text.stderr.contains(&format!("error[{code}]"))
                || !text.stderr.contains(&format!(":{place}\n"))
            {
                failures.push(format!(
                    "{}: the text lacks {code} at {place}:\n{}",
                    file.display(),
                    text.stderr
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn no_bad_file_costs_a_request() {
    let tenant = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    let served = Served::tenant(&serde_json::from_str(&tenant).unwrap());
    for file in bad_files() {
        let run = served.run(
            &root(),
            &["plan", &file.to_string_lossy(), "--format", "json"],
        );
        assert_eq!(run.code, 1, "{}: {}", file.display(), run.stdout);
        assert_eq!(run.json()["plan"], Value::Null);
    }
    assert_eq!(served.sandbox.requests().len(), 0);
}

/// What the schema refuses, the parser refuses; what it takes, the parser takes,
/// but for what schemas cannot say.
#[test]
fn schema_and_parser_agree_on_the_bad_files() {
    let schema: Value = entrue::cli::schema_of_baseline();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in bad_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let Ok(value) = serde_yaml::from_str::<Value>(&text) else {
            continue;
        };
        let expected: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# expect: "))
            .flat_map(|line| line.split(' '))
            .map(|one| one.split('@').next().unwrap())
            .collect();
        let sayable = expected
            .iter()
            .any(|code| !BEYOND_SCHEMAS.contains(code) && !is_judgement(code))
            // Of what is reserved, schemas know the key but not the form of texts.
            || value.get("parameters").is_some();
        assert_eq!(
            !validator.is_valid(&value),
            sayable,
            "{}: {:?}",
            file.display(),
            validator
                .iter_errors(&value)
                .map(|error| error.to_string())
                .collect::<Vec<_>>()
        );
    }
}

fn run_on(bytes: &[u8]) -> (support::Run, std::time::Duration) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.yaml"), bytes).unwrap();
    let start = std::time::Instant::now();
    let run = entrue(folder.path(), &["validate", "x.yaml", "--format", "json"]);
    (run, start.elapsed())
}

fn codes(run: &support::Run) -> Vec<String> {
    let errors = run.json()["errors"].clone();
    let codes = errors.as_array().unwrap().iter();
    codes
        .map(|error| error["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn hostile_text_is_refused() {
    let mut deep = "a: ".to_owned() + &"[".repeat(200_000);
    deep.push('\n');
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let list = vec![format!("*a{}", n - 1); 10].join(", ");
            text.push_str(&format!("a{n}: &a{n} [{list}]\n"));
        }
        text
    };
    let wide = "- a\n".repeat(2_000_000);
    for (bytes, code) in [
        (vec![b'a'; 50 << 20], "file-too-large"),
        (deep.into_bytes(), "yaml-limit"),
        (bomb.into_bytes(), "yaml-limit"),
        (wide.into_bytes(), "yaml-limit"),
        (b"a: \xff\xfe".to_vec(), "file-encoding"),
        (b"\x7fELF\x02\x01\x01\0\0\0".to_vec(), "file-encoding"),
        (b"resources: \x1b[31m".to_vec(), "file-encoding"),
        (Vec::new(), "no-baseline"),
        (b"---\n---\n".to_vec(), "no-baseline"),
        (b"# only a comment\n".to_vec(), "no-baseline"),
        (b"a: *a\n".to_vec(), "yaml-syntax"),
        (b"a: &a [*a]\n".to_vec(), "yaml-limit"),
    ] {
        let (run, _) = run_on(&bytes);
        assert_eq!(run.code, 1);
        assert_eq!(
            codes(&run),
            [code],
            "{}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(60)])
        );
    }
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_are_fine() {
    let text = std::fs::read_to_string(root().join("examples/contoso.yaml")).unwrap();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (run, _) = run_on(windows.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let typo = windows.replace("State: enabled", "Sate: enabled");
    let (run, _) = run_on(typo.as_bytes());
    assert_eq!(run.json()["errors"][0]["line"], 12);
    assert_eq!(run.json()["errors"][0]["column"], 7);
}

#[test]
fn a_secret_is_never_printed() {
    const VALUE: &str = "hunter2-Zq81";
    let resource = "resources:\n  - resourceType: microsoft.entra.authenticationMethodPolicyX509\n";
    for text in [
        format!("ClientSecret: {VALUE}\n{resource}    properties: {{Id: X509Certificate}}\n"),
        format!("{resource}    properties: {{Id: X509Certificate, Sate: x, Password: {VALUE}}}\n"),
        format!("{resource}    properties: {{Id: X509Certificate, Password: {VALUE}, Sate: x}}\n"),
        format!(
            "{resource}    properties:\n      Id: X509Certificate\n      AccessToken: |\n        {VALUE}\n        {VALUE}\n"
        ),
        format!("ClientSecret: {VALUE} : [\n{resource}"),
        format!("ClientSecret: \"{VALUE}\n{resource}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.yaml"), &text).unwrap();
        for format in ["text", "json"] {
            for color in ["always", "never"] {
                let run = entrue(
                    folder.path(),
                    &[
                        "validate", "x.yaml", "--format", format, "--color", color, "-vv",
                    ],
                );
                assert_eq!(run.code, 1);
                assert!(
                    !run.stdout.contains(VALUE) && !run.stderr.contains(VALUE),
                    "{text}\n{run:#?}"
                );
            }
        }
    }
}

#[test]
fn folders_globs_and_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let good = std::fs::read_to_string(root().join("examples/minimal.yaml")).unwrap();
    std::fs::create_dir_all(at("policies/deep/.hidden")).unwrap();
    std::fs::write(at("policies/deep/x509.yml"), &good).unwrap();
    std::fs::write(at("policies/values.yaml"), "chart: 1\n").unwrap();
    std::fs::write(at("policies/deep/.hidden/broken.yaml"), "a: [").unwrap();
    std::fs::write(at("policies/notes.txt"), "a: [").unwrap();

    let run = entrue(folder.path(), &["validate", "policies"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "Valid: 1 policy in 1 baseline\n")
    );
    assert!(
        run.stderr.contains("policies/values.yaml is skipped"),
        "{}",
        run.stderr
    );

    // The same file twice is one declaration.
    let run = entrue(
        folder.path(),
        &["validate", "policies", "policies/**/*.yml"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);

    for nothing in ["policies/values.yaml", "nowhere.yaml", "*.json"] {
        let run = entrue(folder.path(), &["validate", nothing]);
        assert_eq!(run.code, 1, "{nothing}");
    }
    std::fs::create_dir(at("empty")).unwrap();
    // Each path must yield something, also beside others that do.
    for paths in [
        &["empty"][..],
        &["policies", "empty"],
        &["empty", "policies/deep/x509.yml"],
    ] {
        let mut args = vec!["validate", "--format", "json"];
        args.extend(paths);
        let run = entrue(folder.path(), &args);
        assert_eq!(codes(&run), ["no-baseline"], "{paths:?}");
    }
    let run = entrue(folder.path(), &["validate", "policies", "policies"]);
    assert_eq!(run.code, 0, "{}", run.stderr);

    let run = support::program(folder.path())
        .args(["validate", "-"])
        .stdin(std::fs::File::open(at("policies/deep/x509.yml")).unwrap())
        .output()
        .unwrap();
    assert_eq!(support::Run::from(run).code, 0);

    // A file of a folder that cannot be read as YAML may well be a baseline.
    std::fs::write(at("policies/broken.yaml"), "resources: [").unwrap();
    let run = entrue(folder.path(), &["validate", "policies", "--format", "json"]);
    assert_eq!(codes(&run), ["yaml-syntax"]);
}

#[test]
fn several_documents_are_several_baselines_and_one_policy_stands_once() {
    let good = std::fs::read_to_string(root().join("examples/minimal.yaml")).unwrap();
    let (run, _) = run_on(format!("---\n{good}---\n---\n{good}").as_bytes());
    assert_eq!(codes(&run), ["duplicate-policy"]);
}

#[test]
fn json_is_yaml_too() {
    let value = json!({
        "$schema": "../schemas/baseline.schema.json",
        "resources": [{
            "resourceType": "Microsoft.Entra.AuthenticationMethodPolicyX509",
            "properties": {"Id": "X509Certificate", "State": "disabled"}
        }]
    });
    let (run, _) = run_on(serde_json::to_string_pretty(&value).unwrap().as_bytes());
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn judgements_can_be_allowed_and_structure_cannot() {
    let file = "tests/bad/judgements.yaml";
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let expected = text
        .lines()
        .find_map(|line| line.strip_prefix("# expect: "))
        .unwrap();
    let mut codes: Vec<&str> = expected
        .split(' ')
        .map(|one| one.split('@').next().unwrap())
        .collect();
    codes.dedup();
    let all = codes.join(",");
    let run = entrue(&root(), &["validate", file, "--allow", &all]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = entrue(&root(), &["validate", file, "--allow", "unknown-property"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("cannot be allowed"), "{}", run.stderr);
    let run = entrue(&root(), &["validate", file, "--allow", "oid-invaild"]);
    assert!(
        run.stderr.contains("did you mean `oid-invalid`?"),
        "{}",
        run.stderr
    );
    let run = entrue(
        &root(),
        &[
            "validate",
            "examples/minimal.yaml",
            "--allow",
            "oid-invalid",
        ],
    );
    assert_eq!(run.code, 0);
    assert!(
        run.stderr.contains("warning[allow-unused]"),
        "{}",
        run.stderr
    );
}

/// What people write by habit is answered with what to write instead.
#[test]
fn hints_say_what_to_write() {
    let head = "resources:\n  - resourceType: microsoft.entra.authenticationMethodPolicyX509\n    properties:\n      Id: X509Certificate\n";
    for (body, hint) in [
        (
            "      IncludeTargets:\n        - CBA Pilot\n",
            "write `{ Id: CBA Pilot }`",
        ),
        (
            "      AuthenticationModeConfiguration: {X509CertificateAuthenticationDefaultMode: multiFactor}\n",
            "did you mean `x509CertificateMultiFactor`?",
        ),
        ("      state: enabled\n", "names are spelt exactly: `State`"),
        (
            "      IncludeTargets: {Id: CBA Pilot}\n",
            "write a list: each entry begins with `-`",
        ),
    ] {
        let (run, _) = run_on(format!("{head}{body}").as_bytes());
        assert_eq!(run.json()["errors"][0]["hint"], hint, "{body}");
    }
}
