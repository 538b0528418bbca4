//! Each example does what it is there to show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{Served, entrue, root};

fn plan(baseline: &str, tenant: &str, allow: &[&str]) -> Value {
    let baseline = format!("examples/{baseline}.yaml");
    let tenant = format!("examples/{tenant}.tenant.json");
    let mut args = vec!["plan", &baseline, "--sandbox", &tenant, "--format", "json"];
    args.extend(allow);
    let run = entrue(&root(), &args);
    assert_eq!(run.code, 0, "{run:#?}");
    run.json()["plan"]["resources"][0].clone()
}

#[test]
fn the_full_example_changes_what_it_says() {
    let resource = plan("contoso", "contoso", &[]);
    let paths: Vec<&str> = resource["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "AuthenticationModeConfiguration.Rules[issuerSubject,CN=ContosoCA,DC=Contoso,DC=org].X509CertificateAuthenticationMode"
                .replace("CN=ContosoCA,DC=Contoso,DC=org", "CN=ContosoCA\\,DC=Contoso\\,DC=org")
                .as_str(),
            "AuthenticationModeConfiguration.Rules[policyOID,1.2.3.4]",
            "CertificateUserBindings[PrincipalName,userPrincipalName].Priority",
            "CertificateUserBindings[RFC822Name,userPrincipalName].Priority",
            "CertificateUserBindings[SubjectKeyIdentifier,certificateUserIds].Priority",
            "ExcludeTargets[9b7d4c3a-2e58-4f91-a6d0-8e3c5b1f7a24]",
            "IncludeTargets[5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12]",
            "State",
        ]
    );
}

#[test]
fn the_minimal_example_sends_state_and_targets_only() {
    let body = plan("minimal", "contoso", &[])["requests"][0]["body"].clone();
    let sent: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(sent, ["@odata.type", "state", "includeTargets"]);
}

#[test]
fn absent_resets_what_was_customised_and_leaves_the_default_alone() {
    let allow = ["--allow", "policy-reset,method-disabled"];
    assert_eq!(plan("absent", "customised", &allow)["action"], "delete");
    let untouched = Served::tenant(&json!({
        "formatVersion": "1.0",
        "tenant": {"id": "11111111-2222-3333-4444-555555555555"}
    }));
    let run = untouched.run(
        &root(),
        &["plan", "examples/absent.yaml", "--format", "json"],
    );
    assert_eq!(run.json()["plan"]["resources"][0]["action"], "none");
}

/// The example of Microsoft's "Update" page, sent from a file: the page's JSON
/// but for the trailing space of the issuer and the optional `id`, and with the
/// live affinity levels that the file leaves out.
#[test]
fn microsofts_own_example_comes_out_as_their_page_has_it() {
    // It switches the method on for everybody, and takes away what was there.
    let allow = ["--allow", "scope-all-users,binding-lost"];
    let plan = plan("microsoft-update", "microsoft-update", &allow);
    let mut body = plan["requests"][0]["body"].clone();
    let live_only = [
        body["certificateUserBindings"][0]
            .as_object_mut()
            .unwrap()
            .remove("trustAffinityLevel"),
        body["authenticationModeConfiguration"]
            .as_object_mut()
            .unwrap()
            .remove("x509CertificateDefaultRequiredAffinityLevel"),
        body["authenticationModeConfiguration"]["rules"][0]
            .as_object_mut()
            .unwrap()
            .remove("x509CertificateRequiredAffinityLevel"),
        body["authenticationModeConfiguration"]["rules"][1]
            .as_object_mut()
            .unwrap()
            .remove("x509CertificateRequiredAffinityLevel"),
    ];
    assert!(live_only.iter().all(|value| *value == Some(json!("low"))));
    assert_eq!(
        body,
        json!({
            "@odata.type": "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration",
            "state": "enabled",
            "certificateUserBindings": [
                {"x509CertificateField": "PrincipalName", "userProperty": "onPremisesUserPrincipalName", "priority": 1}
            ],
            "authenticationModeConfiguration": {
                "x509CertificateAuthenticationDefaultMode": "x509CertificateMultiFactor",
                "rules": [
                    {
                        "x509CertificateRuleType": "issuerSubject",
                        "identifier": "CN=ContosoCA,DC=Contoso,DC=org",
                        "x509CertificateAuthenticationMode": "x509CertificateMultiFactor"
                    },
                    {
                        "x509CertificateRuleType": "policyOID",
                        "identifier": "1.2.3.4",
                        "x509CertificateAuthenticationMode": "x509CertificateMultiFactor"
                    }
                ]
            },
            "includeTargets": [{"targetType": "group", "id": "all_users", "isRegistrationRequired": false}]
        })
    );
}

/// Every example, the whole way: apply, nothing left, no second write, undo.
#[test]
fn every_example_is_applied_once_and_undone() {
    for (baseline, tenant, allow) in [
        ("contoso", "contoso", ""),
        ("minimal", "contoso", ""),
        ("absent", "customised", "policy-reset,method-disabled"),
        (
            "microsoft-update",
            "microsoft-update",
            "scope-all-users,binding-lost",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tenant.json");
        let from = root().join(format!("examples/{tenant}.tenant.json"));
        std::fs::copy(from, &file).unwrap();
        let policy = || -> Value {
            let tenant: Value =
                serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            tenant["policies"]["X509Certificate"].clone()
        };
        let baseline = root().join(format!("examples/{baseline}.yaml"));
        let baseline = baseline.to_string_lossy().into_owned();
        let run = |verb: &str, path: &str, allow: &str| {
            let mut args = vec![verb, path, "--sandbox", "tenant.json"];
            if verb == "apply" {
                args.push("--auto-approve");
            }
            if !allow.is_empty() {
                args.extend(["--allow", allow]);
            }
            entrue(folder.path(), &args)
        };
        // In canonical form: lists have no order.
        let canonical = || {
            let args = [
                "drift",
                baseline.as_str(),
                "--sandbox",
                "tenant.json",
                "--format",
                "json",
            ];
            entrue(folder.path(), &args).json()["plan"]["resources"][0]["before"].clone()
        };
        let was = canonical();
        let before = policy();
        let applied = run("apply", &baseline, allow);
        assert_eq!(applied.code, 0, "{applied:#?}");
        let written = policy();
        assert_ne!(written, before);
        assert_eq!(run("drift", &baseline, "").code, 0);
        let again = run("apply", &baseline, "");
        assert!(again.stdout.contains("nothing to do"), "{again:#?}");
        assert_eq!(policy(), written);
        // The command that the apply told.
        let note = applied
            .stderr
            .lines()
            .find(|line| line.contains("to bring it back: "));
        let command = note.unwrap().split_once("entrue apply ").unwrap().1;
        let words: Vec<&str> = command.split(' ').collect();
        let mut args = vec!["apply", "--auto-approve"];
        args.extend(&words);
        let undone = entrue(folder.path(), &args);
        assert_eq!(undone.code, 0, "{undone:#?}");
        assert_eq!(canonical(), was, "{baseline}");
    }
}
