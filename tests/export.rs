//! What a tenant has comes out as a file that plans to nothing, and a backup
//! brings back what was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/anything.rs"]
mod anything;
mod support;

use std::path::{Path, PathBuf};

use entrue::baseline::{Declared, judge, load};
use entrue::core::defaults;
use entrue::core::diff::diff;
use entrue::core::directory::{ById, ByName, Directory, Group};
use entrue::core::export::{Purpose, declare};
use entrue::core::finding::Finding;
use entrue::core::live::decode;
use entrue::core::overlay::overlay;
use entrue::core::plan::{Action, Desired, Inputs, Resource, Source, Tenant, plan_resource};
use entrue::core::resolve::resolve;
use entrue::core::spec::{Kind, Object, Property, find};
use entrue::policy::x509::SPEC;
use entrue::view::baseline::{Rendered, backup, export};
use entrue::view::clean;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Served, entrue, root};

/// Every tenant file of the repository that is a whole tenant.
fn tenants() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".tenant.json"))
        .collect();
    for case in std::fs::read_dir(root().join("tests/cases")).unwrap() {
        found.push(case.unwrap().path().join("tenant.json"));
    }
    found.retain(|path| path.is_file());
    found.sort();
    assert!(found.len() > 50);
    found
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tenant() -> Tenant {
    Tenant {
        id: Some("8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55".to_owned()),
        cloud: "sandbox".to_owned(),
    }
}

/// A rendered baseline, read back from a file.
fn read_back(rendered: &Rendered) -> Declared {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.yaml");
    std::fs::write(&path, &rendered.text).unwrap();
    let mut loaded = load(&[path.to_string_lossy().into_owned()]);
    let wrong: Vec<&Finding> = loaded
        .findings
        .iter()
        .map(|found| &found.finding)
        .filter(|finding| finding.stops() && !rendered.codes.contains(&finding.code))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", rendered.text);
    let acts = |ch: char| ch != '\n' && clean::acts(ch);
    assert!(!rendered.text.contains(acts), "{}", rendered.text);
    let commands = ["##[", "##vso["];
    assert!(
        !commands.iter().any(|one| rendered.text.contains(one)),
        "{}",
        rendered.text
    );
    let as_json: Value = serde_yaml::from_str(&rendered.text).unwrap();
    assert_eq!(as_json, rendered.json, "{}", rendered.text);
    assert_eq!(loaded.policies.len(), 1, "{}", rendered.text);
    loaded.policies.remove(0)
}

/// A plan of a rendered baseline over this live policy.
fn planned(rendered: &Rendered, live: &Object, directory: &Directory) -> Resource {
    let declared = read_back(rendered);
    let (desired, checks) = resolve(&SPEC, &declared.properties, live, directory);
    let mut findings = declared.findings.clone();
    findings.extend(checks.found.into_iter().map(|(_, finding)| finding));
    plan_resource(Inputs {
        spec: &SPEC,
        display_name: None,
        source: Source {
            file: "x.yaml".to_owned(),
            line: 1,
        },
        desired: &Desired::Present(desired),
        live: live.clone(),
        directory,
        defaults: &defaults::built_in(&SPEC),
        findings,
        allowed: &rendered.codes,
    })
}

fn assert_nothing_to_do(rendered: &Rendered, live: &Object, directory: &Directory) {
    let resource = planned(rendered, live, directory);
    assert_eq!(
        resource.action,
        Action::None,
        "{:#?}\n{}",
        resource.changes,
        rendered.text
    );
    let stops: Vec<_> = resource.findings.iter().filter(|f| f.stops()).collect();
    assert!(stops.is_empty(), "{stops:#?}\n{}", rendered.text);
    for code in &rendered.codes {
        let used = resource
            .findings
            .iter()
            .any(|f| f.allowed && f.code == *code);
        assert!(used, "{code} is not needed\n{}", rendered.text);
    }
}

fn exported(live: &Object, directory: &Directory) -> Rendered {
    export(
        &[declare(&SPEC, live, directory, Purpose::Export, &judge)],
        &tenant(),
    )
}

fn saved(live: &Object, directory: &Directory) -> Rendered {
    backup(
        &[(&SPEC, live, directory)],
        &tenant(),
        "2026-11-22T00:00:00Z",
    )
}

#[test]
fn the_export_of_every_tenant_plans_to_nothing() {
    let mut failures = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing.yaml");
    let text = "resources: [{resourceType: microsoft.entra.authenticationMethodPolicyX509, properties: {Id: X509Certificate}}]\n";
    std::fs::write(&nothing, text).unwrap();
    let mut exported = 0;
    for file in tenants() {
        let name = file.display().to_string();
        let run = entrue(&root(), &["export", "--sandbox", &name, "--format", "json"]);
        let report = run.json();
        let plan = |path: &Path, more: &[&str]| {
            let path = path.to_string_lossy();
            let mut args = vec!["plan", &path, "--sandbox", &name, "--format", "json"];
            args.extend(["--detailed-exitcode", "--timeout", "20"]);
            args.extend(more);
            entrue(&root(), &args)
        };
        if run.code != 0 {
            let readable = plan(&nothing, &[]).code == 0;
            if run.code != 4 || readable {
                failures.push(format!("{name}: {run:?}"));
            }
            continue;
        }
        exported += 1;
        let text = entrue(&root(), &["export", "--sandbox", &name]);
        let yaml: Value = serde_yaml::from_str(&text.stdout).unwrap();
        assert_eq!(yaml, report["baseline"], "{name}");
        let codes: Vec<&str> = report["allow"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap())
            .collect();
        let more = match codes.join(",") {
            none if none.is_empty() => Vec::new(),
            codes => vec!["--allow".to_owned(), codes],
        };
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let as_yaml = folder.path().join("exported.yaml");
        let as_json = folder.path().join("exported.json");
        std::fs::write(&as_yaml, &text.stdout).unwrap();
        std::fs::write(&as_json, report["baseline"].to_string()).unwrap();
        for path in [as_yaml, as_json] {
            let run = plan(&path, &more);
            let again = run.json();
            let unused = again["warnings"].to_string().contains("allow-unused");
            if run.code != 0 || again["outcome"] != "inSync" || unused {
                failures.push(format!("{name}: {}\n{}", text.stdout, run.stdout));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(exported > 50, "{exported}");
}

#[test]
fn the_backup_of_every_tenant_plans_to_nothing_over_itself() {
    for file in tenants() {
        let json = read(&file);
        let Ok(live) = decode(&SPEC, &json["policies"]["X509Certificate"]) else {
            continue;
        };
        let mut directory = Directory::default();
        for group in json["groups"].as_array().into_iter().flatten() {
            let group = Group {
                id: group["id"].as_str().unwrap().to_owned(),
                display_name: group["displayName"].as_str().unwrap().to_owned(),
                ..Group::default()
            };
            directory.learn_id(&group.id.clone(), ById::Found(group));
        }
        assert_nothing_to_do(&saved(&live, &directory), &live, &directory);
    }
}

fn live(members: &Value) -> Object {
    let mut wire = json!({"id": "X509Certificate", "state": "enabled"});
    for (name, value) in members.as_object().unwrap() {
        wire[name] = value.clone();
    }
    decode(&SPEC, &wire).unwrap()
}

const PILOT: &str = "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12";
const TESTERS: &str = "3d0c6a5e-7b41-4c0e-8a92-1f5be0c9d301";

fn named(groups: &[(&str, &str)]) -> Directory {
    let group = |(id, name): &(&str, &str)| Group {
        id: (*id).to_owned(),
        display_name: (*name).to_owned(),
        ..Group::default()
    };
    let mut directory = Directory::default();
    for (_, name) in groups {
        let same = groups
            .iter()
            .filter(|(_, other)| other.to_lowercase() == name.to_lowercase());
        let told = ByName {
            matches: same.map(group).collect(),
            similar: Vec::new(),
        };
        directory.learn_name(name, told);
    }
    directory
}

fn properties(rendered: &Rendered) -> &Value {
    &rendered.json["resources"][0]["properties"]
}

#[test]
fn groups_go_by_name_where_the_name_is_theirs_alone() {
    let live = live(&json!({"includeTargets": [{"id": PILOT}, {"id": TESTERS}]}));
    let ids = |directory: &Directory| {
        let rendered = exported(&live, directory);
        let targets = properties(&rendered)["IncludeTargets"].clone();
        let ids = [1, 0].map(|index: usize| targets[index]["Id"].as_str().unwrap().to_owned());
        (ids, rendered.text)
    };
    let (shown, _) = ids(&named(&[(PILOT, "CBA Pilot"), (TESTERS, "Testers: all")]));
    assert_eq!(shown, ["CBA Pilot", "Testers: all"]);
    let (shown, _) = ids(&named(&[(PILOT, "CBA Pilot"), (TESTERS, "cba pilot")]));
    assert_eq!(shown, [PILOT, TESTERS], "one list takes no two spellings");
    let other = "9b7d4c3a-2e58-4f91-a6d0-8e3c5b1f7a24";
    let three = [(PILOT, "CBA Pilot"), (TESTERS, "T"), (other, "cba pilot")];
    assert_eq!(ids(&named(&three)).0, ["CBA Pilot", "T"]);
    let (shown, text) = ids(&named(&[(PILOT, "Same"), (TESTERS, "Same")]));
    assert_eq!(shown, [PILOT, TESTERS]);
    assert!(
        text.contains("# Same (a name that does not stand"),
        "{text}"
    );
    for odd in [
        TESTERS,
        "all_users",
        " CBA Pilot",
        "a\u{7}b",
        "unknownFutureValue",
    ] {
        let (shown, _) = ids(&named(&[(PILOT, odd), (TESTERS, "[Testers]")]));
        assert_eq!(shown, [PILOT, "[[Testers]"], "{odd:?}");
    }
}

#[test]
fn a_comment_holds_no_more_than_a_comment() {
    let live = live(&json!({
        "includeTargets": [{"id": PILOT}, {"id": TESTERS}],
        "x\nresources: 1": "y\nz", "clientSecret": "hunter2", "long": "x".repeat(500),
    }));
    let hostile = "a\nState: enabled #\u{202e}##[error]x";
    let directory = named(&[
        (PILOT, hostile),
        (TESTERS, "yaml-language-server: $schema=http://x"),
    ]);
    for rendered in [saved(&live, &directory), exported(&live, &directory)] {
        assert_nothing_to_do(&rendered, &live, &directory);
        let text = rendered.text;
        let lone = |line: &str| line.trim_start().starts_with("State: enabled");
        assert_eq!(text.lines().filter(|line| lone(line)).count(), 1, "{text}");
        for never in ["hunter2", "\u{202e}", "##[", "# yaml-language-server:"] {
            assert!(!text.contains(never), "{never}: {text}");
        }
        assert!(!text.contains(&"x".repeat(100)), "{text}");
    }
}

#[test]
fn what_no_file_can_hold_is_left_out_alone() {
    let rule = |mode: &str| json!({"x509CertificateRuleType": "policyOID", "identifier": "1.2.3.4", "x509CertificateAuthenticationMode": mode});
    let mode = |rules: Value, default: &str| json!({"authenticationModeConfiguration": {"x509CertificateAuthenticationDefaultMode": default, "rules": rules}});
    let single = "x509CertificateSingleFactor";
    let binding = |priority: i64, field: &str| json!({"priority": priority, "x509CertificateField": field, "userProperty": "userPrincipalName"});
    let rules = "AuthenticationModeConfiguration.Rules";
    for (members, left) in [
        (mode(json!([rule("unknownFutureValue")]), single), rules),
        (mode(json!([rule("new")]), single), rules),
        (mode(json!([rule(single), rule(single)]), single), rules),
        (
            mode(json!([rule(single)]), "unknownFutureValue"),
            "AuthenticationModeConfiguration.X509CertificateAuthenticationDefaultMode",
        ),
        (
            mode(
                json!([{"x509CertificateRuleType": "issuerSubjectAndPolicyOID", "issuerSubjectIdentifier": "CN=a"}]),
                single,
            ),
            rules,
        ),
        (
            json!({"certificateUserBindings": [binding(-1, "PrincipalName")]}),
            "CertificateUserBindings",
        ),
        (
            json!({"certificateUserBindings": [binding(1, "PrincipalName"), binding(1, "RFC822Name")]}),
            "CertificateUserBindings",
        ),
        (
            json!({"includeTargets": [{"id": "CBA Pilot"}]}),
            "IncludeTargets",
        ),
        (
            json!({"includeTargets": [{"id": PILOT, "targetType": "device"}]}),
            "IncludeTargets",
        ),
        (
            json!({"certificateAuthorityScopes": [{"publicKeyInfrastructureIdentifier": "unknownFutureValue", "subjectKeyIdentifier": "0a", "includeTargets": []}]}),
            "CertificateAuthorityScopes",
        ),
    ] {
        let live = live(&members);
        let directory = Directory::default();
        for rendered in [exported(&live, &directory), saved(&live, &directory)] {
            let paths: Vec<&str> = rendered
                .left_out
                .iter()
                .map(|one| one.path.as_str())
                .collect();
            assert_eq!(paths, [left], "{}", rendered.text);
            assert!(
                rendered.text.contains(&format!("# `{left}`")),
                "{}",
                rendered.text
            );
            assert_nothing_to_do(&rendered, &live, &directory);
        }
    }
}

#[test]
fn what_a_file_must_say_is_said_and_what_is_off_is_not() {
    let live = live(&json!({
        "excludeTargets": [], "includeTargets": null, "issuerHintsConfiguration": {"state": null},
        "authenticationModeConfiguration": {"rules": [{"x509CertificateRuleType": "policyOID", "identifier": "1.2.3.4", "issuerSubjectIdentifier": ""}]},
    }));
    let rendered = exported(&live, &Directory::default());
    let expected = json!({
        "Id": "X509Certificate", "State": "enabled",
        "AuthenticationModeConfiguration": {"Rules": [{
            "X509CertificateRuleType": "policyOID", "Identifier": "1.2.3.4",
            "X509CertificateAuthenticationMode": "x509CertificateSingleFactor",
        }]},
    });
    assert_eq!(*properties(&rendered), expected);
    let rendered = saved(&live, &Directory::default());
    let properties = properties(&rendered);
    for list in [
        "CertificateUserBindings",
        "IncludeTargets",
        "ExcludeTargets",
        "CertificateAuthorityScopes",
    ] {
        assert_eq!(properties[list], json!([]), "{list}");
    }
    assert_eq!(
        properties["CrlValidationConfiguration"]["State"],
        "disabled"
    );
    assert_eq!(rendered.codes, ["bindings-empty"]);
    assert_eq!(
        rendered.json["tenant"],
        "8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55"
    );
}

#[test]
fn an_export_reads_three_times_and_fails_as_a_plan_does() {
    let contoso = read(&root().join("examples/contoso.tenant.json"));
    let served = Served::tenant(&contoso);
    let run = served.run(&root(), &["export", "--timeout", "20"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let sent = served.sandbox.requests();
    assert!(sent.len() <= 3 && sent.iter().all(|request| request.method == "GET"));
    let mut refused = contoso;
    refused["permissions"] = json!(["GroupMember.Read.All"]);
    let served = Served::tenant(&refused);
    let run = served.run(&root(), &["export", "--format", "json"]);
    let report = run.json();
    assert_eq!((run.code, report["outcome"].as_str()), (4, Some("unknown")));
    assert_eq!(report["errors"][0]["code"], "graph-forbidden");
    assert!(report.get("baseline").is_none() && report.get("allow").is_none());
    let run = served.run(&root(), &["export"]);
    assert_eq!((run.code, run.stdout.as_str()), (4, ""));
    let args = [
        "export",
        "--sandbox",
        "examples/contoso.tenant.json",
        "--format",
        "diff",
    ];
    assert_eq!(entrue(&root(), &args).code, 1);
}

/// What this version knows of a policy.
fn known(table: &'static [Property], members: &mut Object, top: bool) {
    members.retain(|name, _| find(table, name).is_some() || (top && name == "Id"));
    for property in table {
        match (&property.kind, members.get_mut(property.name)) {
            (Kind::List(list), Some(Value::Array(entries))) => entries
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|entry| known(list.entry, entry, false)),
            (kind, Some(Value::Object(inner))) => {
                known(kind.object().unwrap_or_default(), inner, false);
            }
            _ => {}
        }
    }
}

/// Text of an entry that it had none of: a file cannot say that it has none.
fn unsayable(path: &str, was: &Value) -> bool {
    let blank = was.as_str().is_none_or(|text| text.trim().is_empty());
    let optional = [
        "Identifier",
        "IssuerSubjectIdentifier",
        "PolicyOidIdentifier",
    ];
    blank
        && path
            .rsplit('.')
            .next()
            .is_some_and(|name| optional.contains(&name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_export_plans_to_nothing(wire in anything::live(), groups in anything::groups()) {
        let Ok(live) = decode(&SPEC, &wire) else { return Ok(()) };
        let directory = anything::learnt(&groups, &live);
        assert_nothing_to_do(&exported(&live, &directory), &live, &directory);
    }

    #[test]
    fn any_backup_brings_back_what_was(
        before in anything::live(), after in anything::live(), groups in anything::groups()
    ) {
        let (Ok(mut was), Ok(mut is)) = (decode(&SPEC, &before), decode(&SPEC, &after)) else { return Ok(()) };
        let directory = anything::learnt(&groups, &was);
        assert_nothing_to_do(&saved(&was, &directory), &was, &directory);
        known(SPEC.properties, &mut was, true);
        known(SPEC.properties, &mut is, true);
        let rendered = saved(&was, &directory);
        let declared = read_back(&rendered);
        let (desired, _) = resolve(&SPEC, &declared.properties, &is, &directory);
        let back = overlay(&SPEC, &is, &desired);
        for change in diff(&SPEC, &was, &back, &directory) {
            let left = rendered.left_out.iter().any(|one| change.path.starts_with(&one.path));
            prop_assert!(
                left || unsayable(&change.path, &change.before),
                "{:#?}\n{}\n{}\n{}", change, rendered.text, Value::from(was), Value::from(is)
            );
        }
    }
}
