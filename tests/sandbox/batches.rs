//! Batches.

use serde_json::{Value, json};

use crate::{NOBODY, PILOT, Server, X509, X509_TYPE, start};

async fn batch(server: &Server, requests: Value) -> Value {
    let answer = server
        .post("/v1.0/$batch", &json!({ "requests": requests }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["responses"].clone()
}

fn by_id<'a>(responses: &'a Value, id: &str) -> &'a Value {
    responses
        .as_array()
        .unwrap()
        .iter()
        .find(|response| response["id"] == id)
        .unwrap()
}

#[tokio::test]
async fn each_request_of_a_batch_has_its_own_answer() {
    let server = start(json!({})).await;
    let responses = batch(
        &server,
        json!([
            { "id": "1", "method": "GET", "url": format!("/groups/{PILOT}") },
            { "id": "2", "method": "GET", "url": format!("groups/{NOBODY}?$select=id") },
            { "id": "3", "method": "PATCH", "url": X509.replace("/v1.0", ""),
              "headers": { "Content-Type": "application/json" },
              "body": { "@odata.type": X509_TYPE, "state": "enabled" } },
            { "id": "4", "method": "GET", "url": "/nowhere" },
        ]),
    )
    .await;
    assert_eq!(responses.as_array().unwrap().len(), 4);
    assert_eq!(by_id(&responses, "1")["body"]["displayName"], "CBA Pilot");
    let missing = by_id(&responses, "2");
    assert_eq!(missing["status"], 404);
    assert_eq!(missing["body"]["error"]["code"], "Request_ResourceNotFound");
    assert!(missing["headers"]["Content-Type"].is_string());
    let written = by_id(&responses, "3");
    assert_eq!(
        (written["status"].as_u64(), written.get("body")),
        (Some(204), None)
    );
    assert_eq!(by_id(&responses, "4")["status"], 404);
    assert_eq!(server.stored()["state"], "enabled");
    // Answers come in no promised order: here never in that of the requests.
    assert_eq!(responses[0]["id"], "4");
}

#[tokio::test]
async fn headers_inside_a_batch_count() {
    let policy = json!({ "authenticationModeConfiguration":
        { "rules": [{ "x509CertificateRuleType": "issuerSubjectAndPolicyOID" }] } });
    let server = start(json!({ "policies": { "X509Certificate": policy } })).await;
    let url = X509.replace("/v1.0", "");
    let responses = batch(&server, json!([
        { "id": "a", "method": "GET", "url": url },
        { "id": "b", "method": "GET", "url": url, "headers": { "Prefer": "include-unknown-enum-members" } },
    ])).await;
    let word = |id: &str| {
        by_id(&responses, id)["body"]["authenticationModeConfiguration"]["rules"][0]["x509CertificateRuleType"].clone()
    };
    assert_eq!(word("a"), "unknownFutureValue");
    assert_eq!(word("b"), "issuerSubjectAndPolicyOID");
}

#[tokio::test]
async fn what_depends_on_a_failure_fails() {
    let server = start(json!({})).await;
    let pilot = format!("/groups/{PILOT}");
    let responses = batch(
        &server,
        json!([
            { "id": "1", "method": "GET", "url": format!("/groups/{NOBODY}") },
            { "id": "2", "method": "GET", "url": pilot, "dependsOn": ["1"] },
            { "id": "3", "method": "GET", "url": pilot, "dependsOn": ["2"] },
            { "id": "4", "method": "GET", "url": pilot },
            { "id": "5", "method": "GET", "url": pilot, "dependsOn": ["4"] },
        ]),
    )
    .await;
    let status = |id: &str| by_id(&responses, id)["status"].as_u64().unwrap();
    assert_eq!(
        ["1", "2", "3", "4", "5"].map(status),
        [404, 424, 424, 200, 200]
    );
}

#[tokio::test]
async fn batches_outside_the_rules_are_refused() {
    let server = start(json!({})).await;
    let get = |id: &str, url: &str| json!({ "id": id, "method": "GET", "url": url });
    let many = |count: usize| {
        (0..count)
            .map(|at| get(&at.to_string(), "/groups"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        batch(&server, json!(many(20)))
            .await
            .as_array()
            .unwrap()
            .len(),
        20
    );
    for requests in [
        json!(many(21)),
        json!([]),
        json!("x"),
        json!([get("1", "/groups"), get("1", "/groups")]),
        json!([get("1", &format!("{}/v1.0/groups", server.url))]),
        json!([get("1", "//example.com/groups")]),
        json!([{ "id": "1", "url": "/groups" }]),
        json!([{ "method": "GET", "url": "/groups" }]),
        json!([{ "id": "1", "method": "GET", "url": "/groups", "dependsOn": ["2"] }]),
        json!([{ "id": "1", "method": "PATCH", "url": "/groups", "body": {} }]),
    ] {
        let answer = server
            .post("/v1.0/$batch", &json!({ "requests": requests }))
            .await;
        answer.refused(400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn a_batch_holds_no_batch() {
    let server = start(json!({})).await;
    let inner = json!([{ "id": "1", "method": "POST", "url": "/$batch",
        "headers": { "Content-Type": "application/json" }, "body": { "requests": [] } }]);
    assert_eq!(by_id(&batch(&server, inner).await, "1")["status"], 404);
}

#[tokio::test]
async fn one_request_of_a_batch_can_be_throttled_alone() {
    let server = start(json!({ "faults": [
        { "on": "groups", "times": 1, "kind": "status", "status": 429, "retryAfter": 7 },
    ] }))
    .await;
    let url = format!("/groups/{PILOT}");
    let responses = batch(
        &server,
        json!([
            { "id": "1", "method": "GET", "url": url },
            { "id": "2", "method": "GET", "url": url },
        ]),
    )
    .await;
    assert_eq!(by_id(&responses, "1")["status"], 429);
    assert_eq!(by_id(&responses, "1")["headers"]["Retry-After"], "7");
    assert_eq!(by_id(&responses, "2")["status"], 200);
}
