//! What the tenant does where Graph's documentation is silent.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::refusals::refuses;
use crate::{Answer, NOBODY, PILOT, Server, X509, X509_TYPE, send, start};

async fn with(behavior: Value) -> Server {
    start(json!({ "behavior": behavior })).await
}

fn rules(rules: Value) -> Value {
    json!({ "authenticationModeConfiguration": { "rules": rules } })
}

async fn state(server: &Server) -> String {
    let shown = server.get(X509).await.json();
    shown["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_may_know_a_bindings_class_better_than_the_caller() {
    let binding = json!({ "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName",
        "priority": 1, "trustAffinityLevel": "high" });
    for (how, stored) in [("asSent", "high"), ("derived", "low")] {
        let server = with(json!({ "bindingAffinity": how, "omittedAffinity": "leaveOut" })).await;
        let body = json!({ "certificateUserBindings": [binding] });
        assert_eq!(server.patch(body).await.status, 204);
        let binding = &server.stored()["certificateUserBindings"][0];
        assert_eq!(binding["trustAffinityLevel"], stored);
    }
}

#[tokio::test]
async fn written_text_may_be_trimmed_and_reformatted() {
    let body = || {
        rules(json!([
            { "x509CertificateRuleType": "issuerSubject", "identifier": "cn=ContosoCA,DC=Contoso " },
            { "x509CertificateRuleType": "policyOID", "identifier": " 1.2.3" },
            { "x509CertificateRuleType": "issuerSubjectAndPolicyOID", "identifier": null,
              "issuerSubjectIdentifier": "CN=A,O=B", "policyOidIdentifier": "1.2 " },
        ]))
    };
    for (how, identifiers) in [
        (
            "asSent",
            ["cn=ContosoCA,DC=Contoso ", " 1.2.3", "CN=A,O=B", "1.2 "],
        ),
        (
            "trimmed",
            ["cn=ContosoCA,DC=Contoso", "1.2.3", "CN=A,O=B", "1.2"],
        ),
        (
            "reformatted",
            ["CN=ContosoCA, DC=Contoso", "1.2.3", "CN=A, O=B", "1.2"],
        ),
    ] {
        let server = with(json!({ "writtenText": how })).await;
        assert_eq!(server.patch(body()).await.status, 204);
        let rules = &server.stored()["authenticationModeConfiguration"]["rules"];
        let stored = [
            &rules[0]["identifier"],
            &rules[1]["identifier"],
            &rules[2]["issuerSubjectIdentifier"],
            &rules[2]["policyOidIdentifier"],
        ];
        assert_eq!(stored, identifiers);
        assert_eq!(rules[2]["identifier"], json!(null));
    }
}

#[tokio::test]
async fn issuer_hints_may_follow_the_state() {
    let server = with(json!({ "recalculated": "issuerHints" })).await;
    let hints = |server: &Server| server.stored()["issuerHintsConfiguration"]["state"].clone();
    let enable = json!({ "state": "enabled" });
    assert_eq!(server.patch(enable.clone()).await.status, 204);
    assert_eq!(hints(&server), "enabled");
    let off = json!({ "issuerHintsConfiguration": { "state": "disabled" } });
    assert_eq!(server.patch(off).await.status, 204);
    // What changes nothing moves nothing.
    assert_eq!(server.patch(enable).await.status, 204);
    assert_eq!(hints(&server), "disabled");
    // What is sent stands.
    let both = json!({ "state": "disabled", "issuerHintsConfiguration": { "state": "enabled" } });
    assert_eq!(server.patch(both).await.status, 204);
    assert_eq!(hints(&server), "enabled");
}

#[tokio::test]
async fn what_a_get_adds_may_be_overlooked_in_a_patch() {
    let server = with(json!({ "annotations": "ignore" })).await;
    let mut body = server.get(X509).await.json();
    body["state"] = json!("enabled");
    body["authenticationModeConfiguration"]["rules@odata.count"] = json!(0);
    body["includeTargets"][0]["@odata.id"] = json!("x");
    assert_eq!(server.patch(body.clone()).await.status, 204);
    assert_eq!(server.stored()["state"], "enabled");
    assert!(!server.stored().to_string().contains('@'));
    // Its type must still be right, and by default the rest is refused.
    body["@odata.type"] = json!("#microsoft.graph.group");
    server
        .patch_raw(X509, &body)
        .await
        .refused(400, "BadRequest");
    let server = start(json!({})).await;
    body["@odata.type"] = json!(X509_TYPE);
    refuses(&server, body, "BadRequest", "@odata.").await;
}

#[tokio::test]
async fn a_policy_without_bindings_may_be_refused() {
    let server = with(json!({ "emptyBindings": "refuse" })).await;
    for nothing in [json!([]), json!(null)] {
        let body = json!({ "certificateUserBindings": nothing });
        refuses(
            &server,
            body,
            "Request_BadRequest",
            "certificateUserBindings",
        )
        .await;
    }
    let body = json!({ "state": "enabled" });
    assert_eq!(server.patch(body).await.status, 204);
}

#[tokio::test]
async fn a_method_enabled_for_nobody_may_be_refused() {
    let server = with(json!({ "emptyTargets": "refuse" })).await;
    let none = || json!({ "includeTargets": [] });
    assert_eq!(server.patch(none()).await.status, 204);
    let enable = json!({ "state": "enabled" });
    refuses(&server, enable, "Request_BadRequest", "includeTargets").await;
    let body = json!({ "state": "enabled",
        "includeTargets": [{ "id": PILOT, "targetType": "group" }] });
    assert_eq!(server.patch(body).await.status, 204);
    refuses(&server, none(), "Request_BadRequest", "includeTargets").await;
    // One that is so already can be changed elsewhere.
    let mut stored = server.stored();
    stored["includeTargets"] = json!([]);
    server.sandbox.set_policy("X509Certificate", stored);
    let hints = json!({ "issuerHintsConfiguration": { "state": "enabled" } });
    assert_eq!(server.patch(hints).await.status, 204);
}

#[tokio::test]
async fn text_for_an_oid_may_be_refused() {
    let by_oid =
        |oid: &str| rules(json!([{ "x509CertificateRuleType": "policyOID", "identifier": oid }]));
    let both = |oid: &str| {
        rules(
            json!([{ "x509CertificateRuleType": "issuerSubjectAndPolicyOID",
            "issuerSubjectIdentifier": "CN=A", "policyOidIdentifier": oid }]),
        )
    };
    let by_issuer =
        || rules(json!([{ "x509CertificateRuleType": "issuerSubject", "identifier": "CN=A" }]));
    let server = with(json!({ "malformedOids": "refuse" })).await;
    for body in [by_oid("high"), both("1.x")] {
        refuses(&server, body, "Request_BadRequest", "OID").await;
    }
    for body in [by_oid("1.2.3"), both("1.2"), by_issuer()] {
        assert_eq!(server.patch(body).await.status, 204);
    }
    let server = start(json!({})).await;
    assert_eq!(server.patch(by_oid("high")).await.status, 204);
}

#[tokio::test]
async fn an_unknown_group_may_be_taken_but_a_name_never() {
    let target = |id: &str| json!({ "includeTargets": [{ "id": id, "targetType": "group" }] });
    let server = with(json!({ "unknownGroups": "accept" })).await;
    assert_eq!(server.patch(target(NOBODY)).await.status, 204);
    refuses(
        &server,
        target("CBA Pilot"),
        "Request_BadRequest",
        "CBA Pilot",
    )
    .await;
}

#[tokio::test]
async fn a_patch_may_be_answered_with_the_policy() {
    let server = with(json!({ "writeAnswer": "entity" })).await;
    let answer = server.patch(json!({ "state": "enabled" })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["state"], "enabled");
    assert_eq!(answer.json()["@odata.type"], X509_TYPE);
    assert_eq!(server.delete(X509).await.status, 204);
}

#[tokio::test]
async fn reads_may_lag_behind_each_write() {
    let server = with(json!({ "staleReads": 2 })).await;
    let body = |state: &str| json!({ "state": state });
    for (before, after) in [("disabled", "enabled"), ("enabled", "disabled")] {
        assert_eq!(state(&server).await, before);
        assert_eq!(server.patch(body(after)).await.status, 204);
        assert_eq!(server.stored()["state"], after);
        let whole = server
            .get("/v1.0/policies/authenticationMethodsPolicy")
            .await;
        assert_eq!(
            whole.json()["authenticationMethodConfigurations"][0]["state"],
            before
        );
        let seen = [
            state(&server).await,
            state(&server).await,
            state(&server).await,
        ];
        assert_eq!(seen, [before, before, after]);
    }
    // A write sees what is stored, not what is shown.
    assert_eq!(server.patch(body("enabled")).await.status, 204);
    let hints = json!({ "issuerHintsConfiguration": { "state": "enabled" } });
    assert_eq!(server.patch(hints).await.status, 204);
    assert_eq!(server.stored()["state"], "enabled");
}

#[tokio::test]
async fn reads_may_lag_for_a_while() {
    let server = with(json!({ "staleMilliseconds": 400 })).await;
    let body = json!({ "state": "enabled" });
    assert_eq!(server.patch(body).await.status, 204);
    assert_eq!(state(&server).await, "disabled");
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(state(&server).await, "enabled");
}

fn with_nothing() -> Value {
    json!({
        "state": "disabled",
        "certificateUserBindings": null,
        "authenticationModeConfiguration": { "rules": [
            { "x509CertificateRuleType": "policyOID", "identifier": "1.2", "issuerSubjectIdentifier": "" },
        ] },
        "excludeTargets": [],
        "crlValidationConfiguration": { "state": "disabled" },
        "certificateAuthorityScopes": [],
    })
}

#[tokio::test]
async fn nothing_comes_back_in_several_ways() {
    for how in ["asStored", "null", "missing", "empty"] {
        let server = start(json!({ "behavior": { "emptyValues": how },
            "policies": { "X509Certificate": with_nothing() } }))
        .await;
        let shown = server.get(X509).await.json();
        let held = |pointer: &str| shown.pointer(pointer).cloned();
        let rule = "/authenticationModeConfiguration/rules/0";
        let seen = [
            held("/certificateUserBindings"),
            held("/excludeTargets"),
            held("/includeTargets"),
            held("/crlValidationConfiguration/exemptedCertificateAuthoritiesSubjectKeyIdentifiers"),
            held(&format!("{rule}/issuerSubjectIdentifier")),
            held(&format!("{rule}/policyOidIdentifier")),
        ];
        let (null, list, text) = (Some(json!(null)), Some(json!([])), Some(json!("")));
        let expected = match how {
            "asStored" => [null, list, None, None, text, None],
            "null" => [null.clone(), null.clone(), None, None, null, None],
            "missing" => [None, None, None, None, None, None],
            _ => [list.clone(), list.clone(), list.clone(), list, text, None],
        };
        assert_eq!(seen, expected, "{how}");
        assert_eq!(shown["state"], "disabled");
        assert_eq!(held(&format!("{rule}/identifier")), Some(json!("1.2")));
        assert_eq!(server.stored(), with_nothing());
    }
}

#[tokio::test]
async fn ids_may_come_in_another_case_and_be_sent_back_so() {
    let server = start(json!({ "behavior": { "idCase": "changed" }, "policies": {
        "X509Certificate": {
            "state": "disabled",
            "includeTargets": [{ "id": PILOT, "targetType": "group", "isRegistrationRequired": false }],
            "excludeTargets": [{ "id": "all_users", "targetType": "group" }],
            "crlValidationConfiguration": { "state": "disabled",
                "exemptedCertificateAuthoritiesSubjectKeyIdentifiers": ["aB12"] },
            "certificateAuthorityScopes": [{ "subjectKeyIdentifier": "00ff",
                "publicKeyInfrastructureIdentifier": "Contoso Root" }],
        },
    } }))
    .await;
    let shown = server.get(X509).await.json();
    assert_eq!(shown["id"], "x509Certificate");
    assert_eq!(shown["includeTargets"][0]["id"], PILOT.to_uppercase());
    assert_eq!(shown["excludeTargets"][0]["id"], "all_users");
    let exempted =
        "/crlValidationConfiguration/exemptedCertificateAuthoritiesSubjectKeyIdentifiers/0";
    assert_eq!(shown.pointer(exempted), Some(&json!("AB12")));
    let scope = &shown["certificateAuthorityScopes"][0];
    assert_eq!(scope["subjectKeyIdentifier"], "00FF");
    assert_eq!(scope["publicKeyInfrastructureIdentifier"], "Contoso Root");
    let back = json!({ "id": shown["id"], "includeTargets": shown["includeTargets"] });
    assert_eq!(server.patch(back).await.status, 204);
}

#[tokio::test]
async fn words_may_come_in_lower_case_and_be_sent_back_so() {
    let server = with(json!({ "wordCase": "lower" })).await;
    let request = || server.request(Method::GET, X509);
    let shown = send(request()).await.json();
    let mode = &shown["authenticationModeConfiguration"];
    assert_eq!(
        mode["x509CertificateAuthenticationDefaultMode"],
        "x509certificatesinglefactor"
    );
    let binding = &shown["certificateUserBindings"][0];
    assert_eq!(binding["x509CertificateField"], "principalname");
    assert_eq!(binding["userProperty"], "userprincipalname");
    let combined = rules(
        json!([{ "x509CertificateRuleType": "ISSUERSUBJECTANDPOLICYOID",
        "x509CertificateAuthenticationMode": "x509certificatemultifactor",
        "issuerSubjectIdentifier": "CN=Ä", "policyOidIdentifier": "1.2" }]),
    );
    assert_eq!(server.patch(combined).await.status, 204);
    let stored = &server.stored()["authenticationModeConfiguration"]["rules"][0];
    assert_eq!(
        stored["x509CertificateRuleType"],
        "issuerSubjectAndPolicyOID"
    );
    let whole = request().header("Prefer", "include-unknown-enum-members");
    let shown = send(whole).await.json();
    let rule = &shown["authenticationModeConfiguration"]["rules"][0];
    assert_eq!(rule["x509CertificateRuleType"], "issuersubjectandpolicyoid");
    assert_eq!(rule["issuerSubjectIdentifier"], "CN=Ä");
    // Elsewhere words are spelt exactly.
    let server = start(json!({})).await;
    let body = json!({ "state": "Enabled" });
    server.patch(body).await.refused(400, "BadRequest");
}

#[tokio::test]
async fn a_property_of_tomorrow_is_shown_and_taken() {
    const NEW: &str = "requireCertificateSidAlignment";
    let server = with(json!({ "betaProperties": "present" })).await;
    assert_eq!(server.get(X509).await.json()[NEW], false);
    assert_eq!(server.stored().get(NEW), None);
    assert_eq!(server.patch(json!({ NEW: true })).await.status, 204);
    assert_eq!(server.get(X509).await.json()[NEW], true);
    let server = start(json!({})).await;
    assert_eq!(server.get(X509).await.json().get(NEW), None);
    server
        .patch(json!({ NEW: true }))
        .await
        .refused(400, "BadRequest");
}

async fn patch_if(server: &Server, tag: &str, state: &str) -> Answer {
    let body = json!({ "@odata.type": X509_TYPE, "state": state });
    let request = server.request(Method::PATCH, X509).json(&body);
    send(request.header("If-Match", tag)).await
}

#[tokio::test]
async fn an_entity_tag_guards_a_write() {
    let server = with(json!({ "etag": "present" })).await;
    let answer = server.get(X509).await;
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(answer.json()["@odata.etag"], json!(tag));
    assert_eq!(server.get(X509).await.header("etag"), tag);
    assert_eq!(patch_if(&server, &tag, "enabled").await.status, 204);
    let late = patch_if(&server, &tag, "disabled").await;
    late.refused(412, "PreconditionFailed");
    assert_eq!(patch_if(&server, "*", "disabled").await.status, 204);
    assert_eq!(server.get(X509).await.header("etag"), tag);
    let delete = server
        .request(Method::DELETE, X509)
        .header("If-Match", "W/\"0\"");
    send(delete).await.refused(412, "PreconditionFailed");

    let server = start(json!({})).await;
    let answer = server.get(X509).await;
    assert_eq!(answer.header("etag"), "");
    assert_eq!(answer.json().get("@odata.etag"), None);
    assert_eq!(patch_if(&server, "W/\"0\"", "enabled").await.status, 204);
}
