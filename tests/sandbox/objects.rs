//! Groups by their ids, and who may read groups.

use serde_json::{Value, json};

use crate::{BREAK_GLASS, NOBODY, PILOT, start};

#[tokio::test]
async fn a_group_is_read_by_its_id() {
    let server = start(json!({})).await;
    let group = server
        .get(&format!("/v1.0/groups/{}", PILOT.to_uppercase()))
        .await
        .json();
    assert_eq!(group["displayName"], "CBA Pilot");
    assert_eq!(group["securityEnabled"], true);
    let selected = server
        .get(&format!("/v1.0/groups/{PILOT}?$select=displayName"))
        .await
        .json();
    assert_eq!(selected["displayName"], "CBA Pilot");
    assert_eq!(selected.get("id"), None);
    let missing = format!("/v1.0/groups/{NOBODY}");
    server
        .get(&missing)
        .await
        .refused(404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn objects_are_read_by_their_ids() {
    let server = start(json!({})).await;
    let path = "/v1.0/directoryObjects/getByIds";
    let ids = json!([BREAK_GLASS, NOBODY, PILOT.to_uppercase()]);
    let answer = server
        .post(path, &json!({ "ids": ids, "types": ["Group"] }))
        .await
        .json();
    let found = answer["value"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|object| object["@odata.type"] == "#microsoft.graph.group")
    );
    assert_eq!(found[0]["displayName"], "CBA Pilot");
    let users = server
        .post(path, &json!({ "ids": ids, "types": ["user"] }))
        .await
        .json();
    assert_eq!(users["value"], json!([]));
    let many = |count: usize| json!({ "ids": (0..count).map(|number| format!("cccccccc-0000-0000-0000-{number:012}")).collect::<Vec<_>>() });
    assert_eq!(server.post(path, &many(1000)).await.status, 200);
    server
        .post(path, &many(1001))
        .await
        .refused(400, "Request_BadRequest");
    for body in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": "x" }),
        json!({ "ids": ["x"] }),
        json!({ "ids": [1] }),
    ] {
        server
            .post(path, &body)
            .await
            .refused(400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn reading_groups_needs_a_permission() {
    let allowed = [
        "GroupMember.Read.All",
        "Group.Read.All",
        "Directory.Read.All",
        "GroupMember.ReadWrite.All",
        "Group.ReadWrite.All",
        "Directory.ReadWrite.All",
    ];
    for permission in allowed {
        let server = start(json!({ "permissions": [permission] })).await;
        assert_eq!(server.get("/v1.0/groups").await.status, 200, "{permission}");
    }
    let server = start(json!({ "permissions": ["Policy.ReadWrite.AuthenticationMethod"] })).await;
    server
        .get("/v1.0/groups")
        .await
        .refused(403, "Authorization_RequestDenied");
    let one = format!("/v1.0/groups/{PILOT}");
    server
        .get(&one)
        .await
        .refused(403, "Authorization_RequestDenied");
    let body = json!({ "ids": [PILOT] });
    let path = "/v1.0/directoryObjects/getByIds";
    server
        .post(path, &body)
        .await
        .refused(403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn objects_by_id_are_hollow_without_directory_read() {
    let server = start(json!({ "permissions": ["Group.Read.All"] })).await;
    let answer = server
        .post(
            "/v1.0/directoryObjects/getByIds",
            &json!({ "ids": [PILOT] }),
        )
        .await
        .json();
    let object = &answer["value"][0];
    assert_eq!(
        (&object["id"], &object["@odata.type"]),
        (&json!(PILOT), &json!("#microsoft.graph.group"))
    );
    assert_eq!(object["displayName"], Value::Null);
}
