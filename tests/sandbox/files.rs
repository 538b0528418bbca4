//! Tenant files: loading, saving, and what is wrong with one.

use std::fs;
use std::path::PathBuf;

use entrue::sandbox::{Sandbox, Tenant};
use serde_json::{Value, json};

use crate::{PILOT, TENANT, X509, serve, tenant};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenant.json");
    fs::write(&path, text).unwrap();
    File {
        _folder: folder,
        path,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// The message about a file that is no tenant, without its path.
fn complaint(text: &str) -> String {
    let file = file(text);
    let message = Sandbox::load(&file.path)
        .expect_err("the file was accepted")
        .to_string();
    message
        .strip_prefix(&format!("{}:", file.path.display()))
        .expect("no position")
        .to_owned()
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Sandbox::load(std::path::Path::new("/nowhere/tenant.json"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("`/nowhere/tenant.json`"), "{error}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let head =
        format!("{{\n  \"formatVersion\": \"1.0\",\n  \"tenant\": {{ \"id\": \"{TENANT}\" }},\n");
    let cases = [
        ("{".to_owned(), "1:1: ", "EOF"),
        (
            format!("{head}  \"colour\": 1\n}}"),
            "4:10: ",
            "unknown field `colour`",
        ),
        (
            format!(
                "{head}  \"groups\": [\n    {{ \"id\": \"x\", \"displayName\": \"a\" }}\n  ]\n}}"
            ),
            "5:",
            "groups[0].id: `x` is not a GUID",
        ),
        (
            format!(
                "{head}  \"groups\": [\n    {{ \"id\": \"{PILOT}\", \"displayName\": \"a\" }},\n    \
            {{ \"id\": \"{}\", \"displayName\": \"b\" }}\n  ]\n}}",
                PILOT.to_uppercase()
            ),
            "7:",
            "groups 1 and 2 both have the id",
        ),
        (
            format!("{head}  \"groups\": [{{ \"id\": \"{PILOT}\", \"displayName\": \"\" }}]\n}}"),
            "4:",
            "1 to 256",
        ),
        (
            format!("{head}  \"groups\": [{{ \"id\": \"{PILOT}\" }}]\n}}"),
            "4:",
            "missing field `displayName`",
        ),
        (
            format!("{head}  \"policies\": {{ \"X509\": {{}} }}\n}}"),
            "4:",
            "`X509` is no authentication method",
        ),
        (
            format!("{head}  \"policies\": {{ \"Sms\": {{}}, \"SMS\": {{}} }}\n}}"),
            "4:",
            "given twice",
        ),
        (
            format!("{head}  \"policies\": {{ \"Sms\": [] }}\n}}"),
            "4:",
            "policies.Sms: invalid type",
        ),
        (
            format!("{head}  \"faults\": [{{ \"on\": \"policy\", \"kind\": \"explode\" }}]\n}}"),
            "4:",
            "unknown variant `explode`",
        ),
        (
            format!(
                "{head}  \"faults\": [{{ \"on\": \"policy\", \"kind\": \"reset\", \"time\": 1 }}]\n}}"
            ),
            "4:",
            "unknown field `time`",
        ),
        (
            format!(
                "{head}  \"faults\": [{{ \"on\": \"policy\", \"kind\": \"status\", \"status\": 99 }}]\n}}"
            ),
            "4:",
            "200 to 599",
        ),
        (
            format!("{head}  \"behavior\": {{ \"listOrder\": \"random\" }}\n}}"),
            "4:",
            "unknown variant `random`",
        ),
        (
            "{\n  \"formatVersion\": \"2.0\"\n}".to_owned(),
            "2:",
            "`1.0`",
        ),
        (
            format!("{{ \"formatVersion\": \"1.0\", \"tenant\": {{ \"id\": \"{TENANT}\" }} }} x"),
            "1:",
            "trailing",
        ),
    ];
    for (text, place, what) in cases {
        let message = complaint(&text);
        assert!(
            message.starts_with(place) && message.contains(what),
            "{message}\n  is not {place} … {what}"
        );
    }
}

#[test]
fn a_tenant_made_in_memory_is_held_to_the_same_rules() {
    let mut tenant: Tenant = serde_json::from_value(tenant(&json!({}))).unwrap();
    tenant.groups.push(tenant.groups[0].clone());
    let error = Sandbox::from_tenant(tenant).unwrap_err().to_string();
    assert!(error.contains("groups 1 and 3 both have the id"), "{error}");
}

#[tokio::test]
async fn a_write_is_saved_and_the_rest_of_the_file_stays() {
    let text = pretty(&tenant(&json!({
        "$schema": "../schemas/tenant.schema.json",
        "policies": { "x509certificate": { "state": "disabled", "future": { "a": null } } },
        "faults": [{ "kind": "status", "status": 503, "on": "token", "times": 1 }],
    })));
    let file = file(&text);
    let sandbox = Sandbox::load(&file.path).unwrap().save_on_write(true);
    assert_eq!(sandbox.tenant_id(), TENANT);
    let server = serve(sandbox).await;
    assert_eq!(
        server.patch(json!({ "state": "enabled" })).await.status,
        204
    );
    let expected = text.replace("\"state\": \"disabled\"", "\"state\": \"enabled\"");
    assert_ne!(expected, text);
    assert_eq!(fs::read_to_string(&file.path).unwrap(), expected);
    let again = Sandbox::load(&file.path).unwrap();
    assert_eq!(
        again.policy("X509Certificate"),
        server.sandbox.policy("X509Certificate")
    );
    let left: Vec<_> = fs::read_dir(file.path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file was left: {left:?}");
}

#[tokio::test]
async fn nothing_is_saved_unless_asked_for() {
    let text = pretty(&tenant(&json!({})));
    let file = file(&text);
    let server = serve(Sandbox::load(&file.path).unwrap()).await;
    assert_eq!(
        server.patch(json!({ "state": "enabled" })).await.status,
        204
    );
    assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
    server.sandbox.save().unwrap();
    let saved: Value = serde_json::from_str(&fs::read_to_string(&file.path).unwrap()).unwrap();
    assert_eq!(saved["policies"]["X509Certificate"]["state"], "enabled");
}

#[tokio::test]
async fn a_refused_write_saves_nothing() {
    let text = pretty(&tenant(&json!({}))) + "\n\n";
    let file = file(&text);
    let server = serve(Sandbox::load(&file.path).unwrap().save_on_write(true)).await;
    server
        .patch(json!({ "state": "on" }))
        .await
        .refused(400, "BadRequest");
    assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
}

#[tokio::test]
async fn a_write_that_cannot_be_saved_has_not_happened() {
    let file = file(&pretty(&tenant(&json!({}))));
    let server = serve(Sandbox::load(&file.path).unwrap().save_on_write(true)).await;
    fs::remove_file(&file.path).unwrap();
    server
        .patch(json!({ "state": "enabled" }))
        .await
        .refused(409, "Conflict");
    assert_eq!(server.get(X509).await.json()["state"], "disabled");
}

#[test]
fn a_tenant_without_a_file_cannot_be_saved() {
    let sandbox =
        Sandbox::from_tenant(serde_json::from_value(tenant(&json!({}))).unwrap()).unwrap();
    assert!(
        sandbox
            .save()
            .unwrap_err()
            .to_string()
            .contains("not loaded from a file")
    );
}

#[test]
fn the_schema_accepts_what_the_loader_accepts() {
    let schema = serde_json::to_value(schemars::schema_for!(Tenant)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults = json!([
        { "on": "policy", "kind": "status", "status": 429, "retryAfter": 1, "times": 2 },
        { "on": "groups", "method": "GET", "skip": 1, "kind": "reset" },
        { "on": "any", "kind": "hang", "seconds": 3 },
        { "on": "batch", "kind": "body", "value": { "a": 1 } },
        { "on": "token", "kind": "latency", "milliseconds": 5 },
    ]);
    let good = tenant(&json!({
        "$schema": "x", "permissions": ["Group.Read.All"], "latencyMs": 5, "faults": faults,
        "behavior": { "nestedObjects": "replace" }, "policies": { "Sms": { "anything": [1] } },
        "applications": [{ "appId": PILOT, "secrets": ["s"] }],
    }));
    let errors: Vec<String> = validator
        .iter_errors(&good)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(serde_json::from_value::<Tenant>(good).is_ok());
    for bad in [
        json!({ "colour": 1 }),
        json!({ "groups": [{ "id": "x", "displayName": "a" }] }),
        json!({ "groups": [{ "id": PILOT, "displayName": "" }] }),
        json!({ "policies": { "Sms": 1 } }),
        json!({ "faults": [{ "on": "policy", "kind": "explode" }] }),
        json!({ "faults": [{ "on": "policy", "kind": "reset", "time": 1 }] }),
        json!({ "faults": [{ "on": "policy", "kind": "status" }] }),
        json!({ "faults": [{ "on": "policy", "kind": "status", "status": 99 }] }),
        json!({ "formatVersion": "2.0" }),
    ] {
        let bad = tenant(&bad);
        assert!(!validator.is_valid(&bad), "the schema accepts {bad}");
        assert!(
            serde_json::from_value::<Tenant>(bad.clone()).is_err(),
            "the loader accepts {bad}"
        );
    }
}
