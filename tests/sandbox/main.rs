//! The simulated tenant, over real HTTP: what it answers, what it refuses, how
//! it misbehaves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod batches;
mod behaviors;
mod faults;
mod files;
mod groups;
mod objects;
mod policies;
mod refusals;
mod rules;
mod sign_in;

use entrue::sandbox::{Sandbox, Tenant};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";
pub const PILOT: &str = "aaaaaaaa-0000-0000-0000-000000000001";
pub const BREAK_GLASS: &str = "aaaaaaaa-0000-0000-0000-000000000002";
pub const NOBODY: &str = "ffffffff-0000-0000-0000-00000000000f";
pub const X509: &str =
    "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/x509Certificate";
pub const X509_TYPE: &str = "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration";

/// A running tenant and a client for it.
pub struct Server {
    pub sandbox: Sandbox,
    pub url: String,
    pub client: Client,
    _stop: oneshot::Sender<()>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that this is an error of Graph, and returns its message.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["error"]["code"], code, "{body}");
        for member in ["date", "request-id", "client-request-id"] {
            assert!(
                body["error"]["innerError"][member].is_string(),
                "{member} is missing: {body}"
            );
        }
        assert_eq!(
            self.header("request-id"),
            body["error"]["innerError"]["request-id"]
        );
        body["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// A tenant with the given members beside the required ones.
pub fn tenant(more: &Value) -> Value {
    let mut tenant = json!({
        "formatVersion": "1.0",
        "tenant": { "id": TENANT, "displayName": "Contoso", "domains": ["contoso.com"] },
        "groups": [
            { "id": PILOT, "displayName": "CBA Pilot" },
            { "id": BREAK_GLASS, "displayName": "Break Glass" },
        ],
    });
    for (name, value) in more.as_object().unwrap() {
        tenant[name] = value.clone();
    }
    tenant
}

pub async fn start(more: Value) -> Server {
    let tenant: Tenant = serde_json::from_value(tenant(&more)).unwrap();
    serve(Sandbox::from_tenant(tenant).unwrap()).await
}

pub async fn serve(sandbox: Sandbox) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(sandbox.clone().serve(listener, async {
        let _ = stopped.await;
    }));
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    Server {
        sandbox,
        url,
        client,
        _stop: stop,
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

impl Server {
    /// A request with a token. `path` is sent as it is written.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth("opaque")
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// PATCHes the certificate policy; the type is added.
    pub async fn patch(&self, body: Value) -> Answer {
        let mut typed = json!({ "@odata.type": X509_TYPE });
        for (name, value) in body.as_object().unwrap() {
            typed[name] = value.clone();
        }
        self.patch_raw(X509, &typed).await
    }

    pub async fn patch_raw(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub fn stored(&self) -> Value {
        self.sandbox.policy("X509Certificate").unwrap()
    }
}
