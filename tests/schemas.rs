//! The checked-in schemas are those of the types, every example fits them, and
//! they have something to say in an editor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::Value;
use support::{entrue, root};

fn schema(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("schemas/{name}.schema.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn assert_fits(name: &str, value: &Value, what: &str) {
    let validator = jsonschema::validator_for(&schema(name)).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn the_checked_in_schemas_are_fresh() {
    for name in ["baseline", "plan", "report", "tenant"] {
        let run = entrue(&root(), &["schema", name]);
        let file = root().join(format!("schemas/{name}.schema.json"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &run.stdout).unwrap();
        }
        let checked_in = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            checked_in, run.stdout,
            "{name}: run `BLESS=1 cargo test --test schemas`"
        );
    }
}

#[test]
fn every_example_and_every_tenant_of_a_case_fits_its_schema() {
    let mut folders = vec![root().join("examples")];
    let cases = std::fs::read_dir(root().join("tests/cases")).unwrap();
    folders.extend(
        cases
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir()),
    );
    let (mut baselines, mut tenants) = (0, 0);
    for entry in folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = || std::fs::read_to_string(&path).unwrap();
        if name.ends_with("tenant.json") {
            assert_fits("tenant", &serde_json::from_str(&text()).unwrap(), &name);
            tenants += 1;
        } else if name.ends_with(".yaml") && path.parent().unwrap().ends_with("examples") {
            assert_fits("baseline", &serde_yaml::from_str(&text()).unwrap(), &name);
            let run = entrue(&root(), &["validate", &path.to_string_lossy()]);
            assert_eq!(run.code, 0, "{}", run.stderr);
            baselines += 1;
        }
    }
    assert!(baselines >= 4 && tenants > 4);
}

#[test]
fn plans_and_reports_fit_their_schemas() {
    for args in [
        vec![
            "plan",
            "examples/contoso.yaml",
            "--sandbox",
            "examples/contoso.tenant.json",
        ],
        vec![
            "drift",
            "examples/absent.yaml",
            "--sandbox",
            "examples/customised.tenant.json",
        ],
        vec!["validate", "tests/bad/judgements.yaml"],
        vec!["validate", "examples"],
        vec!["show", "nowhere.json"],
        vec!["plan"],
    ] {
        let mut args = args;
        args.extend(["--format", "json"]);
        let report = entrue(&root(), &args).json();
        assert_fits("report", &report, &args.join(" "));
        if report["plan"].is_object() {
            assert_fits("plan", &report["plan"], &args.join(" "));
        }
    }
}

/// Everything that an editor can complete explains itself.
#[test]
fn every_property_of_a_schema_has_a_description() {
    fn walk(value: &Value, definitions: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = value["properties"].as_object()
            && value["type"] == "object"
        {
            for (name, property) in properties {
                let target = property["$ref"].as_str().and_then(|r| r.rsplit('/').next());
                // The tag of an alternative is explained by the alternative.
                let is_tag = property["const"].is_string() && value["description"].is_string();
                let described = is_tag
                    || property["description"].is_string()
                    || target.is_some_and(|name| definitions[name]["description"].is_string());
                if !described {
                    missing.push(format!("{path}.{name}"));
                }
            }
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(name, inner)| {
                walk(inner, definitions, &format!("{path}.{name}"), missing)
            }),
            Value::Array(items) => items
                .iter()
                .for_each(|inner| walk(inner, definitions, path, missing)),
            _ => {}
        }
    }
    for name in ["baseline", "plan", "report", "tenant"] {
        let schema = schema(name);
        let mut missing = Vec::new();
        walk(&schema, &schema["$defs"], name, &mut missing);
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
