//! How the tenant misbehaves when told to.

use std::time::{Duration, Instant};

use entrue::sandbox::{ConnectionReset, Sandbox};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use crate::{Server, X509, send, start, tenant};

async fn with_fault(fault: Value) -> Server {
    start(json!({ "faults": [fault] })).await
}

/// Sends a GET over a bare socket and returns all that comes back.
async fn raw(server: &Server, path: &str) -> std::io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn a_status_fault_strikes_after_the_skipped_and_as_often_as_it_says() {
    let server = with_fault(
        json!({ "on": "policy", "method": "get", "skip": 1, "times": 2,
        "kind": "status", "status": 429, "retryAfter": 3 }),
    )
    .await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        // Other areas and other methods neither suffer nor count.
        assert_eq!(server.get("/v1.0/groups").await.status, 200);
        assert_eq!(
            server.patch(json!({ "state": "enabled" })).await.status,
            204
        );
        let answer = server.get(X509).await;
        if answer.status == 429 {
            answer.refused(429, "TooManyRequests");
            assert_eq!(answer.header("retry-after"), "3");
        }
        seen.push(answer.status.as_u16());
    }
    assert_eq!(seen, [200, 429, 429, 200]);
}

#[tokio::test]
async fn faults_are_judged_in_order() {
    let server = start(json!({ "faults": [
        { "on": "any", "times": 1, "kind": "status", "status": 503, "body": "empty" },
        { "on": "policy", "times": 1, "kind": "status", "status": 500, "body": "html", "retryAfter": "soon" },
    ] })).await;
    let first = server.get(X509).await;
    assert_eq!((first.status.as_u16(), first.text.as_str()), (503, ""));
    let second = server.get(X509).await;
    assert_eq!(
        (second.status.as_u16(), second.header("retry-after")),
        (500, "soon")
    );
    assert!(
        second.header("content-type").starts_with("text/html") && second.text.contains("<html>")
    );
    assert_eq!(server.get(X509).await.status, 200);
}

#[tokio::test]
async fn a_fault_comes_before_the_write_unless_it_is_applied() {
    let fault = |applied: bool| {
        json!({ "on": "policy", "method": "PATCH", "times": 1,
        "kind": "status", "status": 504, "applied": applied })
    };
    for (applied, state) in [(false, "disabled"), (true, "enabled")] {
        let server = with_fault(fault(applied)).await;
        server
            .patch(json!({ "state": "enabled" }))
            .await
            .refused(504, "GatewayTimeout");
        assert_eq!(server.stored()["state"], state);
    }
}

#[tokio::test]
async fn a_reset_ends_the_connection_without_an_answer() {
    let server = with_fault(json!({ "on": "any", "kind": "reset" })).await;
    let error = raw(&server, X509).await.expect_err("an answer came");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(server.request(Method::PATCH, X509).send().await.is_err());
    assert_eq!(server.sandbox.requests().len(), 2);
    assert!(
        server
            .sandbox
            .requests()
            .iter()
            .all(|request| request.status.is_none())
    );
}

#[tokio::test]
async fn a_lost_answer_is_to_a_write_that_happened() {
    let server =
        with_fault(json!({ "on": "policy", "method": "PATCH", "kind": "resetAfter" })).await;
    let body = json!({ "@odata.type": crate::X509_TYPE, "state": "enabled" });
    let sent = server.request(Method::PATCH, X509).json(&body).send().await;
    assert!(sent.is_err(), "{sent:?}");
    assert_eq!(server.stored()["state"], "enabled");
    assert_eq!(server.get(X509).await.json()["state"], "enabled");
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_sends() {
    let server = with_fault(json!({ "on": "policy", "kind": "truncate" })).await;
    let bytes = String::from_utf8(raw(&server, X509).await.unwrap()).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse::<usize>()
                .ok()
        })
        .unwrap();
    assert!(
        !body.is_empty() && body.len() < length,
        "{} of {length}",
        body.len()
    );
    let response = server.request(Method::GET, X509).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn a_hanging_request_is_never_answered() {
    let server = with_fault(json!({ "on": "policy", "kind": "hang" })).await;
    let request = server
        .request(Method::GET, X509)
        .timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(server.get("/v1.0/groups").await.status, 200);
}

#[tokio::test]
async fn a_hang_can_end_in_a_reset() {
    let server = with_fault(json!({ "on": "policy", "kind": "hang", "seconds": 0 })).await;
    let error = raw(&server, X509).await.expect_err("an answer came");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn the_answer_to_a_write_that_happened_may_never_come() {
    let body = json!({ "@odata.type": crate::X509_TYPE, "state": "enabled" });
    for (applied, state) in [(false, "disabled"), (true, "enabled")] {
        let server = with_fault(
            json!({ "on": "policy", "method": "PATCH", "kind": "hang", "applied": applied }),
        )
        .await;
        let request = server
            .request(Method::PATCH, X509)
            .json(&body)
            .timeout(Duration::from_millis(200));
        assert!(request.send().await.unwrap_err().is_timeout());
        assert_eq!(server.get(X509).await.json()["state"], state);
        assert_eq!(server.sandbox.requests()[0].status, None);
    }
}

#[tokio::test]
async fn answers_can_be_something_else_than_asked_for() {
    let html = with_fault(json!({ "on": "policy", "kind": "html" }))
        .await
        .get(X509)
        .await;
    assert_eq!(html.status, 200);
    assert!(html.header("content-type").starts_with("text/html"));

    let broken = with_fault(json!({ "on": "policy", "kind": "notJson" }))
        .await
        .get(X509)
        .await;
    assert_eq!(broken.status, 200);
    assert!(
        broken
            .header("content-type")
            .starts_with("application/json")
    );
    assert!(serde_json::from_str::<Value>(&broken.text).is_err());

    let body = with_fault(json!({ "on": "policy", "kind": "body", "value": [1] }))
        .await
        .get(X509)
        .await;
    assert_eq!((body.status.as_u16(), body.json()), (200, json!([1])));

    let away = json!({ "on": "policy", "kind": "redirect", "location": "http://127.0.0.1:9/" });
    let redirect = with_fault(away).await.get(X509).await;
    assert_eq!(
        (redirect.status.as_u16(), redirect.header("location")),
        (302, "http://127.0.0.1:9/")
    );
}

#[tokio::test]
async fn a_next_link_can_lead_astray() {
    let server = start(json!({ "faults": [
        { "on": "groups", "times": 1, "kind": "foreignNextLink", "location": "http://evil.example/groups" },
        { "on": "groups", "kind": "loopNextLink" },
    ] })).await;
    // Only lists of groups have next links.
    let one = server
        .get(&format!("/v1.0/groups/{}", crate::PILOT))
        .await
        .json();
    assert_eq!(one.get("@odata.nextLink"), None);
    let page = server.get("/v1.0/groups?$top=5").await.json();
    assert_eq!(page["@odata.nextLink"], "http://evil.example/groups");
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let page = server.get("/v1.0/groups?$top=5").await.json();
    assert_eq!(
        page["@odata.nextLink"],
        format!("{}/v1.0/groups?$top=5", server.url)
    );
}

#[tokio::test]
async fn a_stale_read_shows_the_policy_before_the_last_write() {
    let server =
        with_fault(json!({ "on": "policy", "skip": 1, "times": 2, "kind": "staleRead" })).await;
    let state = async || {
        server.get(X509).await.json()["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(state().await, "disabled");
    assert_eq!(
        server.patch(json!({ "state": "enabled" })).await.status,
        204
    );
    assert_eq!(
        [state().await, state().await, state().await],
        ["disabled", "disabled", "enabled"]
    );
}

#[tokio::test]
async fn sign_in_fails_by_faults_of_its_own() {
    let server = with_fault(json!({ "on": "token", "kind": "status", "status": 503 })).await;
    let url = format!("{}/contoso.com/oauth2/v2.0/token", server.url);
    assert_eq!(send(server.client.post(url)).await.status, 503);
    assert_eq!(server.get(X509).await.status, 200);
}

#[tokio::test]
async fn latency_adds_up_and_lets_later_faults_strike() {
    let server = start(json!({ "latencyMs": 60, "faults": [
        { "on": "policy", "kind": "latency", "milliseconds": 60 },
        { "on": "policy", "kind": "status", "status": 500 },
    ] }))
    .await;
    let start = Instant::now();
    server.get(X509).await.refused(500, "InternalServerError");
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn http2_is_spoken_and_its_streams_can_be_reset() {
    let server =
        with_fault(json!({ "on": "policy", "method": "GET", "times": 1, "kind": "reset" })).await;
    let client = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let get = || {
        client
            .get(format!("{}{X509}", server.url))
            .bearer_auth("x")
            .send()
    };
    assert!(get().await.is_err());
    let response = get().await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    let policy: Value = response.json().await.unwrap();
    assert!(
        policy["@odata.context"]
            .as_str()
            .unwrap()
            .starts_with(&server.url)
    );
}

#[tokio::test]
async fn in_process_a_reset_is_marked() {
    let fault = json!({ "faults": [{ "on": "any", "times": 1, "kind": "reset" }] });
    let sandbox = Sandbox::from_tenant(serde_json::from_value(tenant(&fault)).unwrap()).unwrap();
    let request = || {
        http::Request::get(X509)
            .header("authorization", "Bearer x")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let broken = sandbox.router().oneshot(request()).await.unwrap();
    assert!(broken.extensions().get::<ConnectionReset>().is_some());
    let whole = sandbox.router().oneshot(request()).await.unwrap();
    assert!(whole.extensions().get::<ConnectionReset>().is_none());
    assert_eq!(whole.status(), 200);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_hanging_request() {
    let fault = json!({ "faults": [{ "on": "any", "kind": "hang" }] });
    let sandbox = Sandbox::from_tenant(serde_json::from_value(tenant(&fault)).unwrap()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(
        sandbox
            .clone()
            .serve(listener, async { stopped.await.unwrap() }),
    );
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    while sandbox.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
