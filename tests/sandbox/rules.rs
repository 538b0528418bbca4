//! Policies that are well shaped and still not accepted.

use serde_json::json;

use crate::refusals::{FIDO2, refuses};
use crate::{BREAK_GLASS, NOBODY, PILOT, start};

#[tokio::test]
async fn priorities_must_be_unique_and_not_negative() {
    let server = start(json!({})).await;
    let bindings = |priorities: &[i32]| {
        let bindings: Vec<_> = priorities
            .iter()
            .map(|priority| json!({ "priority": priority }))
            .collect();
        json!({ "certificateUserBindings": bindings })
    };
    refuses(
        &server,
        bindings(&[1, 2, 1]),
        "Request_BadRequest",
        "priority 1",
    )
    .await;
    refuses(&server, bindings(&[-1]), "Request_BadRequest", "negative").await;
    assert_eq!(server.patch(bindings(&[0, 7, 3])).await.status, 204);
}

#[tokio::test]
async fn targets_must_be_groups_that_exist() {
    let server = start(json!({})).await;
    let includes =
        |id: &str, kind: &str| json!({ "includeTargets": [{ "id": id, "targetType": kind }] });
    let code = "Request_BadRequest";
    refuses(&server, includes(NOBODY, "group"), code, "does not exist").await;
    refuses(
        &server,
        includes("CBA Pilot", "group"),
        code,
        "neither an object id",
    )
    .await;
    refuses(
        &server,
        includes(&format!("{{{PILOT}}}"), "group"),
        code,
        "neither an object id",
    )
    .await;
    refuses(
        &server,
        includes("ALL_USERS", "group"),
        code,
        "neither an object id",
    )
    .await;
    refuses(&server, includes(NOBODY, "user"), code, "is a user").await;
    refuses(&server, includes("all_users", "user"), code, "is a user").await;
    refuses(
        &server,
        json!({ "excludeTargets": [{ "id": NOBODY, "targetType": "group" }] }),
        code,
        NOBODY,
    )
    .await;
    let scope = json!({ "includeTargets": [{ "id": NOBODY, "targetType": "group" }] });
    refuses(
        &server,
        json!({ "certificateAuthorityScopes": [scope] }),
        code,
        NOBODY,
    )
    .await;
    assert_eq!(
        server
            .patch(includes(&PILOT.to_uppercase(), "group"))
            .await
            .status,
        204
    );
    assert_eq!(
        server.patch(includes("all_users", "group")).await.status,
        204
    );
}

#[tokio::test]
async fn targets_that_are_stored_may_stay() {
    let targets = json!([
        { "id": NOBODY, "targetType": "group", "isRegistrationRequired": false },
        { "id": BREAK_GLASS, "targetType": "user", "isRegistrationRequired": false },
    ]);
    let policy = json!({ "includeTargets": targets });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;
    assert_eq!(server.patch(policy).await.status, 204);
    // Stored as a group is not stored as a user.
    let as_user = json!({ "includeTargets": [{ "id": NOBODY, "targetType": "user" }] });
    refuses(&server, as_user, "Request_BadRequest", "is a user").await;
    // Once gone, they don't come back.
    assert_eq!(
        server.patch(json!({ "includeTargets": [] })).await.status,
        204
    );
    let again = json!({ "includeTargets": [{ "id": NOBODY, "targetType": "group" }] });
    refuses(&server, again, "Request_BadRequest", "does not exist").await;
}

#[tokio::test]
async fn a_target_may_be_listed_once() {
    let server = start(json!({})).await;
    let targets = json!([{ "id": PILOT, "targetType": "group" },
        { "id": PILOT.to_uppercase(), "targetType": "group" }]);
    refuses(
        &server,
        json!({ "includeTargets": targets }),
        "Request_BadRequest",
        "twice",
    )
    .await;
    refuses(
        &server,
        json!({ "excludeTargets": targets }),
        "Request_BadRequest",
        "twice",
    )
    .await;
}

#[tokio::test]
async fn feature_targets_of_authenticator_must_exist() {
    let server =
        start(json!({ "policies": { "MicrosoftAuthenticator": { "state": "enabled" } } })).await;
    let path = FIDO2.replace("fido2", "microsoftAuthenticator");
    let body = |id: &str| {
        json!({
            "@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration",
            "featureSettings": { "displayAppInformationRequiredState":
                { "state": "enabled", "excludeTarget": { "id": id, "targetType": "group" } } },
        })
    };
    server
        .patch_raw(&path, &body(NOBODY))
        .await
        .refused(400, "Request_BadRequest");
    for id in [PILOT, "00000000-0000-0000-0000-000000000000", "all_users"] {
        assert_eq!(server.patch_raw(&path, &body(id)).await.status, 204, "{id}");
    }
}

#[tokio::test]
async fn there_are_at_most_thirty_authority_scopes() {
    let server = start(json!({})).await;
    let scopes = |count: usize| {
        let scopes: Vec<_> = (0..count)
            .map(|at| json!({ "subjectKeyIdentifier": format!("{at:02x}"), "includeTargets": [] }))
            .collect();
        json!({ "certificateAuthorityScopes": scopes })
    };
    refuses(&server, scopes(31), "Request_BadRequest", "at most 30").await;
    assert_eq!(server.patch(scopes(30)).await.status, 204);
}

#[tokio::test]
async fn the_whole_policy_has_at_most_twenty_kilobytes() {
    let rules = |count: usize| {
        let rules: Vec<_> = (0..count)
            .map(|at| json!({ "identifier": format!("{at}{}", "x".repeat(900)) }))
            .collect();
        json!({ "authenticationModeConfiguration": { "rules": rules } })
    };
    let server = start(json!({})).await;
    refuses(&server, rules(25), "Request_BadRequest", "bytes").await;
    assert_eq!(server.patch(rules(15)).await.status, 204);
    // Other methods count too.
    let padding = json!({ "state": "enabled", "padding": "x".repeat(6000) });
    let server = start(json!({ "policies": { "Fido2": padding } })).await;
    refuses(&server, rules(15), "Request_BadRequest", "bytes").await;
}
