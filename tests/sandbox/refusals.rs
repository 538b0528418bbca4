//! Requests that the service does not understand, or does not allow.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{PILOT, Server, X509, X509_TYPE, send, start};

pub const FIDO2: &str =
    "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2";

/// Asserts that a PATCH is refused with a message that names the culprit, and
/// that nothing was written.
pub async fn refuses(server: &Server, body: Value, code: &str, culprit: &str) {
    let before = server.stored();
    let answer = server.patch(body.clone()).await;
    assert_eq!(answer.status, 400, "{body} was answered {}", answer.text);
    let message = answer.refused(400, code);
    assert!(
        message.contains(culprit),
        "{message} does not name {culprit}"
    );
    assert_eq!(server.stored(), before);
}

#[tokio::test]
async fn a_patch_must_state_its_type() {
    let server = start(json!({})).await;
    let answer = server.patch_raw(X509, &json!({ "state": "enabled" })).await;
    assert!(answer.refused(400, "BadRequest").contains("@odata.type"));
    let body = json!({ "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration" });
    server
        .patch_raw(X509, &body)
        .await
        .refused(400, "BadRequest");
    let without_mark = json!({ "@odata.type": X509_TYPE.trim_start_matches('#') });
    server
        .patch_raw(X509, &without_mark)
        .await
        .refused(400, "BadRequest");
}

#[tokio::test]
async fn a_patch_must_be_a_json_object() {
    let server = start(json!({})).await;
    let body = json!({ "@odata.type": X509_TYPE }).to_string();
    let patch = || server.request(Method::PATCH, X509);
    send(patch().body(body.clone()))
        .await
        .refused(400, "BadRequest");
    send(
        patch()
            .header(CONTENT_TYPE, "text/plain")
            .body(body.clone()),
    )
    .await
    .refused(400, "BadRequest");
    let typed = || patch().header(CONTENT_TYPE, "application/json; charset=utf-8");
    send(typed().body("{")).await.refused(400, "BadRequest");
    send(typed().body("[]")).await.refused(400, "BadRequest");
    assert_eq!(send(typed().body(body)).await.status, 204);
}

#[tokio::test]
async fn unknown_properties_are_refused_at_every_depth() {
    let server = start(json!({})).await;
    let mode = |member: &str| json!({ "authenticationModeConfiguration": { member: "x" } });
    refuses(
        &server,
        json!({ "State": "enabled" }),
        "BadRequest",
        "State",
    )
    .await;
    refuses(&server, mode("defaultMode"), "BadRequest", "defaultMode").await;
    let binding = json!({ "priority": 1, "field": "PrincipalName" });
    refuses(
        &server,
        json!({ "certificateUserBindings": [binding] }),
        "BadRequest",
        "field",
    )
    .await;
    // Only the outer include targets have this flag.
    let scope = json!({ "includeTargets": [{ "id": PILOT, "targetType": "group", "isRegistrationRequired": false }] });
    refuses(
        &server,
        json!({ "certificateAuthorityScopes": [scope] }),
        "BadRequest",
        "isRegistrationRequired",
    )
    .await;
    let target = json!({ "id": PILOT, "targetType": "group", "isRegistrationRequired": false });
    refuses(
        &server,
        json!({ "excludeTargets": [target] }),
        "BadRequest",
        "isRegistrationRequired",
    )
    .await;
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused() {
    let server = start(json!({})).await;
    let binding =
        |priority: Value| json!({ "certificateUserBindings": [{ "priority": priority }] });
    for priority in [
        json!("1"),
        json!(1.5),
        json!(2_147_483_648_i64),
        json!(true),
        json!([]),
    ] {
        refuses(&server, binding(priority), "BadRequest", "priority").await;
    }
    refuses(
        &server,
        json!({ "includeTargets": {} }),
        "BadRequest",
        "includeTargets",
    )
    .await;
    refuses(
        &server,
        json!({ "issuerHintsConfiguration": [] }),
        "BadRequest",
        "issuerHints",
    )
    .await;
    refuses(
        &server,
        json!({ "excludeTargets": [PILOT] }),
        "BadRequest",
        "excludeTargets[0]",
    )
    .await;
    refuses(
        &server,
        json!({ "excludeTargets": [null] }),
        "BadRequest",
        "excludeTargets[0]",
    )
    .await;
    let target = json!({ "id": PILOT, "targetType": "group", "isRegistrationRequired": "false" });
    refuses(
        &server,
        json!({ "includeTargets": [target] }),
        "BadRequest",
        "isRegistrationRequired",
    )
    .await;
    let exempted = json!({ "crlValidationConfiguration":
        { "exemptedCertificateAuthoritiesSubjectKeyIdentifiers": [7] } });
    refuses(&server, exempted, "BadRequest", "exempted").await;
}

#[tokio::test]
async fn enum_words_must_be_known_and_spelt_exactly() {
    let server = start(json!({})).await;
    for word in ["on", "Enabled", "", "unknownFutureValue", "0"] {
        refuses(&server, json!({ "state": word }), "BadRequest", "state").await;
    }
    refuses(&server, json!({ "state": 0 }), "BadRequest", "state").await;
    let rule = |word: &str| {
        json!({ "authenticationModeConfiguration":
        { "rules": [{ "x509CertificateRuleType": word }] } })
    };
    for word in ["unknownFutureValue", "policyOid", "PolicyOID"] {
        refuses(&server, rule(word), "BadRequest", "x509CertificateRuleType").await;
    }
    assert_eq!(
        server.patch(rule("issuerSubjectAndPolicyOID")).await.status,
        204
    );
}

#[tokio::test]
async fn the_sentinel_is_refused_even_where_it_is_stored() {
    let rules = json!({ "rules": [{ "x509CertificateRuleType": "unknownFutureValue" }] });
    let policy = json!({ "authenticationModeConfiguration": rules });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;
    refuses(&server, policy, "BadRequest", "unknownFutureValue").await;
}

#[tokio::test]
async fn null_is_refused_where_the_schema_has_none() {
    let server = start(json!({})).await;
    refuses(
        &server,
        json!({ "crlValidationConfiguration": null }),
        "BadRequest",
        "crlValidation",
    )
    .await;
    let state = json!({ "crlValidationConfiguration": { "state": null } });
    refuses(
        &server,
        state,
        "BadRequest",
        "crlValidationConfiguration.state",
    )
    .await;
    let binding = json!({ "certificateUserBindings": [{ "priority": null }] });
    refuses(&server, binding, "BadRequest", "priority").await;
    let target = json!({ "excludeTargets": [{ "id": null, "targetType": "group" }] });
    refuses(&server, target, "BadRequest", "id").await;
    assert_eq!(
        server
            .patch(json!({ "issuerHintsConfiguration": null }))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn entries_must_have_their_required_members() {
    let server = start(json!({})).await;
    let field =
        json!({ "x509CertificateField": "PrincipalName", "userProperty": "userPrincipalName" });
    refuses(
        &server,
        json!({ "certificateUserBindings": [field] }),
        "BadRequest",
        "priority",
    )
    .await;
    for list in ["includeTargets", "excludeTargets"] {
        refuses(
            &server,
            json!({ list: [{ "targetType": "group" }] }),
            "BadRequest",
            "'id'",
        )
        .await;
        refuses(
            &server,
            json!({ list: [{ "id": PILOT }] }),
            "BadRequest",
            "targetType",
        )
        .await;
    }
    let scope = json!({ "includeTargets": [{ "id": PILOT }] });
    refuses(
        &server,
        json!({ "certificateAuthorityScopes": [scope] }),
        "BadRequest",
        "targetType",
    )
    .await;
}

#[tokio::test]
async fn another_ones_id_is_refused() {
    let server = start(json!({})).await;
    refuses(&server, json!({ "id": "Fido2" }), "BadRequest", "Fido2").await;
    refuses(&server, json!({ "id": null }), "BadRequest", "id").await;
    assert_eq!(
        server
            .patch(json!({ "id": "x509certificate" }))
            .await
            .status,
        204
    );
    assert_eq!(server.stored()["id"], "X509Certificate");
}

#[tokio::test]
async fn annotations_are_refused() {
    let server = start(json!({})).await;
    refuses(
        &server,
        json!({ "@odata.context": "x" }),
        "BadRequest",
        "@odata.context",
    )
    .await;
    let annotation = json!({ "includeTargets@odata.context": "x" });
    refuses(
        &server,
        annotation,
        "BadRequest",
        "includeTargets@odata.context",
    )
    .await;
    let target = |name: &str| {
        json!({ "includeTargets":
        [{ "@odata.type": name, "id": PILOT, "targetType": "group" }] })
    };
    refuses(
        &server,
        target("#microsoft.graph.group"),
        "BadRequest",
        "@odata.type",
    )
    .await;
    assert_eq!(
        server
            .patch(target("#microsoft.graph.authenticationMethodTarget"))
            .await
            .status,
        204
    );
    assert_eq!(
        server.stored()["includeTargets"][0].get("@odata.type"),
        None
    );
}

#[tokio::test]
async fn query_options_are_refused_on_a_configuration() {
    let server = start(json!({})).await;
    for option in ["$select=state", "%24expand=includeTargets"] {
        let message = server
            .get(&format!("{X509}?{option}"))
            .await
            .refused(400, "BadRequest");
        assert!(message.contains("not supported"), "{message}");
    }
}

#[tokio::test]
async fn configurations_that_the_tenant_lacks_are_not_found() {
    let server = start(json!({})).await;
    server.get(FIDO2).await.refused(404, "ResourceNotFound");
    server.delete(FIDO2).await.refused(404, "ResourceNotFound");
    server
        .patch_raw(FIDO2, &json!({}))
        .await
        .refused(404, "ResourceNotFound");
    server
        .get(&FIDO2.replace("fido2", PILOT))
        .await
        .refused(404, "ResourceNotFound");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_graphs_shape() {
    let server = start(json!({})).await;
    for path in [
        "/",
        "/v1.0/users",
        &X509.replace("v1.0", "beta"),
        "/beta/groups",
        "/v1.0/groups/a/b",
    ] {
        server.get(path).await.refused(404, "ResourceNotFound");
    }
    let answer = server.post(X509, &json!({})).await;
    answer.refused(405, "Request_BadRequest");
    assert_eq!(answer.header("allow"), "GET, PATCH, DELETE");
    server
        .delete("/v1.0/groups")
        .await
        .refused(405, "Request_BadRequest");
}

#[tokio::test]
async fn a_policy_needs_its_own_permissions() {
    let patch = json!({ "state": "enabled" });
    let server = start(json!({ "permissions": ["Policy.Read.All", "Directory.Read.All"] })).await;
    server
        .get(X509)
        .await
        .refused(403, "Authorization_RequestDenied");
    let whole = "/v1.0/policies/authenticationMethodsPolicy";
    server
        .get(whole)
        .await
        .refused(403, "Authorization_RequestDenied");
    let server = start(json!({ "permissions": ["Policy.Read.AuthenticationMethod"] })).await;
    assert_eq!(server.get(X509).await.status, 200);
    server
        .patch(patch.clone())
        .await
        .refused(403, "Authorization_RequestDenied");
    server
        .delete(X509)
        .await
        .refused(403, "Authorization_RequestDenied");
    let server = start(json!({ "permissions": ["Policy.ReadWrite.AuthenticationMethod"] })).await;
    assert_eq!(server.get(X509).await.status, 200);
    assert_eq!(server.patch(patch).await.status, 204);
    assert_eq!(server.delete(X509).await.status, 204);
}
