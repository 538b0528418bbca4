//! Reading, changing and resetting configurations.

use reqwest::Method;
use serde_json::json;

use crate::{PILOT, X509, X509_TYPE, send, start};

const BASE: &str = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations";

#[tokio::test]
async fn an_untouched_tenant_has_the_observed_default() {
    let server = start(json!({})).await;
    let answer = server.get(X509).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json;odata.metadata=minimal")
    );
    assert!(!answer.header("date").is_empty());
    assert!(!answer.header("request-id").is_empty());
    let policy = answer.json();
    assert_eq!(policy["@odata.type"], X509_TYPE);
    assert_eq!(policy["id"], "X509Certificate");
    assert_eq!(policy["state"], "disabled");
    assert_eq!(
        policy["certificateUserBindings"].as_array().unwrap().len(),
        3
    );
    let context = policy["@odata.context"].as_str().unwrap();
    assert!(context.starts_with(&server.url), "{context}");
    assert!(policy["includeTargets@odata.context"].is_string());
}

#[tokio::test]
async fn a_configuration_id_is_read_without_case() {
    let server = start(json!({})).await;
    for id in ["X509Certificate", "x509certificate", "X509CERTIFICATE"] {
        assert_eq!(
            server.get(&format!("{BASE}/{id}")).await.json()["id"],
            "X509Certificate"
        );
    }
}

#[tokio::test]
async fn the_client_request_id_comes_back() {
    let server = start(json!({})).await;
    let request = server
        .request(Method::GET, X509)
        .header("client-request-id", "mine");
    assert_eq!(send(request).await.header("client-request-id"), "mine");
    let request = server
        .request(Method::GET, "/v1.0/nowhere")
        .header("client-request-id", "mine");
    let answer = send(request).await;
    answer.refused(404, "ResourceNotFound");
    assert_eq!(
        answer.json()["error"]["innerError"]["client-request-id"],
        "mine"
    );
}

#[tokio::test]
async fn a_patch_keeps_what_it_leaves_out_at_the_top() {
    let server = start(json!({})).await;
    let before = server.stored();
    let answer = server.patch(json!({ "state": "enabled" })).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    let mut expected = before;
    expected["state"] = json!("enabled");
    assert_eq!(server.stored(), expected);
}

#[tokio::test]
async fn a_patch_merges_a_nested_object_and_replaces_a_list() {
    let server = start(json!({})).await;
    let rule = |oid: &str| {
        json!({ "x509CertificateRuleType": "policyOID", "identifier": oid,
        "x509CertificateAuthenticationMode": "x509CertificateMultiFactor",
        "x509CertificateRequiredAffinityLevel": "low" })
    };
    let modes =
        |rules: serde_json::Value| json!({ "authenticationModeConfiguration": { "rules": rules } });
    assert_eq!(
        server
            .patch(modes(json!([rule("1.2.3"), rule("1.2.4")])))
            .await
            .status,
        204
    );
    assert_eq!(
        server.patch(modes(json!([rule("1.2.5")]))).await.status,
        204
    );
    assert_eq!(
        server.stored()["authenticationModeConfiguration"],
        json!({
            "x509CertificateAuthenticationDefaultMode": "x509CertificateSingleFactor",
            "x509CertificateDefaultRequiredAffinityLevel": "low",
            "rules": [rule("1.2.5")],
        })
    );
}

#[tokio::test]
async fn a_service_that_replaces_nested_objects_forgets_what_was_left_out() {
    let server = start(json!({ "behavior": { "nestedObjects": "replace" } })).await;
    let rules = json!({ "authenticationModeConfiguration": { "rules": [] } });
    assert_eq!(server.patch(rules).await.status, 204);
    assert_eq!(
        server.stored()["authenticationModeConfiguration"],
        json!({ "rules": [] })
    );
    assert_eq!(server.stored()["state"], "disabled");
}

#[tokio::test]
async fn a_service_that_reorders_lists_stores_them_backwards() {
    let server = start(json!({ "behavior": { "listOrder": "reversed" } })).await;
    let bindings = json!([
        { "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName", "priority": 1 },
        { "x509CertificateField": "RFC822Name", "userProperty": "userPrincipalName", "priority": 2 },
    ]);
    assert_eq!(
        server
            .patch(json!({ "certificateUserBindings": bindings }))
            .await
            .status,
        204
    );
    assert_eq!(server.stored()["certificateUserBindings"][0]["priority"], 2);
}

#[tokio::test]
async fn an_affinity_that_is_left_out_is_filled_in() {
    let server = start(json!({})).await;
    let body = json!({
        "certificateUserBindings": [
            { "x509CertificateField": "SubjectKeyIdentifier", "userProperty": "certificateUserIds", "priority": 1 },
            { "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName", "priority": 2 },
            { "x509CertificateField": "RFC822Name", "userProperty": "userPrincipalName", "priority": 3,
              "trustAffinityLevel": "high" },
        ],
        "authenticationModeConfiguration": {
            "x509CertificateDefaultRequiredAffinityLevel": "high",
            "rules": [{ "x509CertificateRuleType": "policyOID", "identifier": "1.2.3" }],
        },
    });
    assert_eq!(server.patch(body).await.status, 204);
    let stored = server.stored();
    let levels: Vec<_> = (0..3)
        .map(|at| {
            stored["certificateUserBindings"][at]["trustAffinityLevel"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(levels, ["high", "low", "high"]);
    let rule = &stored["authenticationModeConfiguration"]["rules"][0];
    assert_eq!(rule["x509CertificateRequiredAffinityLevel"], "high");
}

#[tokio::test]
async fn a_service_may_leave_an_omitted_affinity_out() {
    let server = start(json!({ "behavior": { "omittedAffinity": "leaveOut" } })).await;
    let binding = json!({ "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName", "priority": 1 });
    assert_eq!(
        server
            .patch(json!({ "certificateUserBindings": [binding] }))
            .await
            .status,
        204
    );
    assert_eq!(server.stored()["certificateUserBindings"], json!([binding]));
}

#[tokio::test]
async fn a_target_without_its_flag_is_stored_with_it_off() {
    let server = start(json!({})).await;
    let body = json!({ "includeTargets": [{ "id": PILOT, "targetType": "group" }] });
    assert_eq!(server.patch(body).await.status, 204);
    assert_eq!(
        server.stored()["includeTargets"],
        json!([{ "id": PILOT, "targetType": "group", "isRegistrationRequired": false }])
    );
}

#[tokio::test]
async fn a_delete_restores_the_default() {
    let server = start(json!({})).await;
    let default = server.stored();
    assert_eq!(
        server
            .patch(json!({ "state": "enabled", "certificateUserBindings": [] }))
            .await
            .status,
        204
    );
    assert_ne!(server.stored(), default);
    assert_eq!(server.delete(X509).await.status, 204);
    assert_eq!(server.stored(), default);
}

#[tokio::test]
async fn a_delete_restores_the_tenants_own_default() {
    let own =
        json!({ "id": "X509Certificate", "state": "disabled", "certificateUserBindings": [] });
    let server = start(json!({ "defaults": { "x509certificate": own } })).await;
    assert_eq!(
        server.patch(json!({ "state": "enabled" })).await.status,
        204
    );
    assert_eq!(server.delete(X509).await.status, 204);
    assert_eq!(server.stored(), own);
}

#[tokio::test]
async fn a_deleted_external_method_is_gone() {
    let id = "bbbbbbbb-0000-0000-0000-000000000001";
    let external = json!({ "@odata.type": "#microsoft.graph.externalAuthenticationMethodConfiguration",
        "id": id, "state": "disabled", "displayName": "Adatum", "appId": PILOT });
    let server = start(json!({ "policies": { id: external } })).await;
    let path = format!("{BASE}/{id}");
    assert_eq!(server.get(&path).await.json()["displayName"], "Adatum");
    assert_eq!(server.delete(&path).await.status, 204);
    server.get(&path).await.refused(404, "ResourceNotFound");
}

#[tokio::test]
async fn a_newer_enum_word_is_shown_on_request_only() {
    let rule = json!({ "x509CertificateRuleType": "issuerSubjectAndPolicyOID",
        "x509CertificateAuthenticationMode": "x509CertificateQuantum" });
    let policy =
        json!({ "state": "enabled", "authenticationModeConfiguration": { "rules": [rule] } });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;

    let answer = server.get(X509).await;
    assert_eq!(answer.header("preference-applied"), "");
    let shown = &answer.json()["authenticationModeConfiguration"]["rules"][0];
    assert_eq!(shown["x509CertificateRuleType"], "unknownFutureValue");
    assert_eq!(
        shown["x509CertificateAuthenticationMode"],
        "unknownFutureValue"
    );

    let request = server.request(Method::GET, X509);
    let answer = send(request.header("Prefer", "include-unknown-enum-members")).await;
    assert_eq!(
        answer.header("preference-applied"),
        "include-unknown-enum-members"
    );
    assert_eq!(
        answer.json()["authenticationModeConfiguration"]["rules"][0],
        rule
    );
}

#[tokio::test]
async fn what_a_stored_policy_holds_beyond_the_schema_can_be_sent_back() {
    let policy = json!({
        "state": "enabled",
        "requireCertificateSidAlignment": true,
        "authenticationModeConfiguration": {
            "x509CertificateAuthenticationDefaultMode": "x509CertificateQuantum", "newMember": null },
    });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;
    assert_eq!(server.patch(policy.clone()).await.status, 204);
    assert_eq!(server.stored(), policy);
    let other_word = json!({ "authenticationModeConfiguration":
        { "x509CertificateAuthenticationDefaultMode": "x509CertificateFuzzy" } });
    server.patch(other_word).await.refused(400, "BadRequest");
    server
        .patch(json!({ "newMember": null }))
        .await
        .refused(400, "BadRequest");
}

#[tokio::test]
async fn nulls_and_wrong_shapes_in_a_stored_policy_are_served_as_they_are() {
    let policy =
        json!({ "state": null, "certificateUserBindings": "none", "includeTargets": null });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;
    let shown = server.get(X509).await.json();
    assert_eq!(shown["state"], json!(null));
    assert_eq!(shown["certificateUserBindings"], "none");
    assert_eq!(shown["includeTargets"], json!(null));
}

#[tokio::test]
async fn another_administrators_change_shows() {
    let server = start(json!({})).await;
    server
        .sandbox
        .set_policy("x509certificate", json!({ "state": "enabled", "grown": 1 }));
    assert_eq!(server.get(X509).await.json()["grown"], 1);
    assert_eq!(server.patch(json!({ "grown": 2 })).await.status, 204);
}

#[tokio::test]
async fn the_whole_policy_holds_every_configuration() {
    let server = start(json!({ "policies": { "fido2": { "state": "enabled" } } })).await;
    let policy = server
        .get("/v1.0/policies/authenticationMethodsPolicy")
        .await
        .json();
    let ids: Vec<_> = policy["authenticationMethodConfigurations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|configuration| configuration["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["Fido2", "X509Certificate"]);
}

#[tokio::test]
async fn every_configuration_accepts_its_own_default_and_no_foreign_property() {
    let types = [
        ("Fido2", "fido2"),
        ("MicrosoftAuthenticator", "microsoftAuthenticator"),
        ("Sms", "sms"),
        ("Voice", "voice"),
        ("Email", "email"),
        ("SoftwareOath", "softwareOath"),
        ("TemporaryAccessPass", "temporaryAccessPass"),
        ("QRCodePin", "qrCodePin"),
        ("VerifiableCredentials", "verifiableCredentials"),
        ("X509Certificate", "x509Certificate"),
    ];
    for (id, name) in types {
        let server = start(json!({ "policies": { id: { "state": "enabled" } } })).await;
        let path = format!("{BASE}/{id}");
        assert_eq!(server.delete(&path).await.status, 204);
        let mut body = server.sandbox.policy(id).unwrap();
        assert!(body["includeTargets"].is_array(), "{id} has no default");
        body["@odata.type"] = json!(format!(
            "#microsoft.graph.{name}AuthenticationMethodConfiguration"
        ));
        let answer = server.patch_raw(&path, &body).await;
        assert_eq!(answer.status, 204, "{id}: {}", answer.text);
        body["foreign"] = json!(true);
        server
            .patch_raw(&path, &body)
            .await
            .refused(400, "BadRequest");
    }
}

#[tokio::test]
async fn passkey_profiles_and_combined_passkey_types_are_understood() {
    let server = start(json!({ "policies": { "Fido2": { "state": "enabled" } } })).await;
    let body = |types: &str| {
        json!({
            "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
            "includeTargets": [{ "id": "all_users", "targetType": "group", "allowedPasskeyProfiles": [PILOT] }],
            "passkeyProfiles": [{ "id": PILOT, "name": "Default", "passkeyTypes": types,
                "attestationEnforcement": "disabled" }],
        })
    };
    let path = format!("{BASE}/fido2");
    assert_eq!(
        server
            .patch_raw(&path, &body("deviceBound,synced"))
            .await
            .status,
        204
    );
    server
        .patch_raw(&path, &body("deviceBound,borrowed"))
        .await
        .refused(400, "BadRequest");
}

#[tokio::test]
async fn requests_are_recorded_for_golden_files() {
    let server = start(json!({})).await;
    server
        .get("/v1.0/groups?$filter=displayName%20eq%20'a%20%26%20b'&$top=5")
        .await;
    server.patch(json!({ "state": "enabled" })).await;
    let records = server.sandbox.requests();
    assert_eq!(records[0].path, "/v1.0/groups");
    assert_eq!(
        records[0].query,
        [
            ("$filter".to_owned(), "displayName eq 'a & b'".to_owned()),
            ("$top".to_owned(), "5".to_owned())
        ]
    );
    assert_eq!(records[0].status, Some(200));
    assert_eq!(
        (records[1].method.as_str(), records[1].status),
        ("PATCH", Some(204))
    );
    assert_eq!(records[1].body.as_ref().unwrap()["state"], "enabled");
    assert!(records.iter().all(|record| {
        record
            .headers
            .iter()
            .all(|(name, _)| name != "authorization")
    }));
    assert_ne!(records[0].request_id, records[1].request_id);
}
