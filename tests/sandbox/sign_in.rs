//! Tokens: issuing them and refusing them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Server, TENANT, X509, send, start};

const APP: &str = "dddddddd-0000-0000-0000-000000000001";
const SCOPE: &str = "https://graph.microsoft.com/.default";

async fn server() -> Server {
    start(json!({ "applications": [{ "appId": APP, "displayName": "entrue", "secrets": ["old", "sesame"] }] })).await
}

async fn token(server: &Server, tenant: &str, changes: &[(&str, Option<&str>)]) -> Answer {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", "sesame"),
        ("scope", SCOPE),
    ];
    for (name, value) in changes {
        form.retain(|(other, _)| other != name);
        form.extend(value.map(|value| (*name, value)));
    }
    let url = format!("{}/{tenant}/oauth2/v2.0/token", server.url);
    send(server.client.post(url).form(&form)).await
}

/// Asserts that a sign-in failed in Entra's shape.
#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str, code: u32) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["error"], error);
    assert_eq!(body["error_codes"], json!([code]));
    let description = body["error_description"].as_str().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    for member in ["timestamp", "trace_id", "correlation_id"] {
        assert!(body[member].is_string(), "{member} is missing");
    }
}

#[tokio::test]
async fn an_application_signs_in_with_any_of_its_secrets() {
    let server = server().await;
    for tenant in [TENANT, "contoso.com", "CONTOSO.com"] {
        for secret in ["old", "sesame"] {
            let answer = token(&server, tenant, &[("client_secret", Some(secret))]).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let body = answer.json();
            assert_eq!(
                (&body["token_type"], &body["expires_in"]),
                (&json!("Bearer"), &json!(3599))
            );
            let bearer = body["access_token"].as_str().unwrap();
            assert_eq!(bearer.split('.').count(), 3);
            let request = server
                .client
                .get(format!("{}{X509}", server.url))
                .bearer_auth(bearer);
            assert_eq!(send(request).await.status, 200);
        }
    }
}

#[tokio::test]
async fn failed_sign_ins_say_why_as_entra_does() {
    let server = server().await;
    let other = "dddddddd-0000-0000-0000-000000000002";
    refused(
        &token(&server, TENANT, &[("client_secret", Some("wrong"))]).await,
        401,
        "invalid_client",
        7_000_215,
    );
    refused(
        &token(&server, TENANT, &[("client_id", Some(other))]).await,
        400,
        "unauthorized_client",
        700_016,
    );
    refused(
        &token(&server, other, &[]).await,
        400,
        "invalid_request",
        90002,
    );
    refused(
        &token(&server, "fabrikam.com", &[]).await,
        400,
        "invalid_request",
        90002,
    );
    refused(
        &token(&server, TENANT, &[("grant_type", Some("password"))]).await,
        400,
        "unsupported_grant_type",
        70003,
    );
    for name in ["grant_type", "client_id", "client_secret", "scope"] {
        let answer = token(&server, TENANT, &[(name, None)]).await;
        refused(&answer, 400, "invalid_request", 900_144);
        assert!(answer.text.contains(name));
    }
    for scope in ["https://graph.microsoft.com", "User.Read", "/.default"] {
        refused(
            &token(&server, TENANT, &[("scope", Some(scope))]).await,
            400,
            "invalid_scope",
            1_002_012,
        );
    }
    let assertion = [("client_secret", None), ("client_assertion", Some("x"))];
    let answer = token(&server, TENANT, &assertion).await;
    refused(&answer, 400, "invalid_request", 900_144);
    assert!(answer.text.contains("client_assertion_type"));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let assertion = [
        ("client_secret", None),
        ("client_assertion", Some("x")),
        ("client_assertion_type", Some(kind)),
    ];
    let answer = token(&server, TENANT, &assertion).await;
    refused(&answer, 401, "invalid_client", 50_027);
}

#[tokio::test]
async fn no_secret_is_recorded() {
    let server = server().await;
    token(&server, TENANT, &[]).await;
    assert!(!format!("{:?}", server.sandbox.requests()).contains("sesame"));
}

#[tokio::test]
async fn a_domain_leads_to_the_tenants_issuer() {
    let server = server().await;
    let path = |tenant: &str| {
        format!(
            "{}/{tenant}/v2.0/.well-known/openid-configuration",
            server.url
        )
    };
    let found = send(server.client.get(path("contoso.com"))).await.json();
    assert_eq!(
        found["issuer"],
        format!("https://login.microsoftonline.com/{TENANT}/v2.0")
    );
    assert_eq!(
        found["token_endpoint"],
        format!("{}/{TENANT}/oauth2/v2.0/token", server.url)
    );
    refused(
        &send(server.client.get(path("fabrikam.com"))).await,
        400,
        "invalid_request",
        90002,
    );
}

#[tokio::test]
async fn no_token_is_refused() {
    let server = server().await;
    let url = format!("{}{X509}", server.url);
    for header in [None, Some("Bearer "), Some("Basic eDp5")] {
        let request = server.client.get(&url);
        let request = match header {
            None => request,
            Some(value) => request.header("Authorization", value),
        };
        let answer = send(request).await;
        answer.refused(401, "InvalidAuthenticationToken");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
}

/// Base64 with the URL alphabet, by the book and slowly.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_'])
        .collect();
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    bits.as_bytes()
        .chunks(6)
        .map(|chunk| {
            let chunk = std::str::from_utf8(chunk).unwrap();
            alphabet[usize::from_str_radix(&format!("{chunk:0<6}"), 2).unwrap()]
        })
        .collect()
}

async fn with_claims(server: &Server, claims: Value) -> Answer {
    let jwt = format!(
        "{}.{}.sig",
        base64(b"{\"alg\":\"none\"}"),
        base64(claims.to_string().as_bytes())
    );
    send(
        server
            .client
            .request(Method::GET, format!("{}{X509}", server.url))
            .bearer_auth(jwt),
    )
    .await
}

#[tokio::test]
async fn a_token_for_something_else_is_refused() {
    let server = server().await;
    for claims in [
        json!({ "exp": 1 }),
        json!({ "tid": "dddddddd-0000-0000-0000-000000000009" }),
        json!({ "aud": "https://vault.azure.net" }),
    ] {
        with_claims(&server, claims)
            .await
            .refused(401, "InvalidAuthenticationToken");
    }
    for claims in [
        json!({}),
        json!({ "exp": 99_999_999_999_i64, "tid": TENANT.to_uppercase(), "aud": "https://graph.microsoft.com/" }),
        json!({ "aud": "00000003-0000-0000-c000-000000000000" }),
        json!({ "aud": server.url }),
    ] {
        let answer = with_claims(&server, claims.clone()).await;
        assert_eq!(answer.status, 200, "{claims}");
    }
    for opaque in ["a.b", "a.b.c", "ey..", "x"] {
        let request = server
            .client
            .get(format!("{}{X509}", server.url))
            .bearer_auth(opaque);
        assert_eq!(send(request).await.status, 200, "{opaque}");
    }
}

#[tokio::test]
async fn a_token_for_another_resource_opens_nothing_here() {
    let server = server().await;
    let answer = token(
        &server,
        TENANT,
        &[("scope", Some("https://vault.azure.net/.default"))],
    )
    .await;
    let body = answer.json();
    let bearer = body["access_token"].as_str().unwrap();
    let request = server
        .client
        .get(format!("{}{X509}", server.url))
        .bearer_auth(bearer);
    send(request)
        .await
        .refused(401, "InvalidAuthenticationToken");
}
