//! A simulated tenant that speaks Microsoft Graph over HTTP.
//!
//! Users rehearse against it, and every test has it as the tenant under test.
//! It is made from a tenant file ([`Tenant`]), answers as Graph is documented
//! or was seen to answer, and misbehaves where the file's `faults` say so.
//! Where Graph's documentation is silent, [`Behavior`] says what it does.
//!
//! It knows nothing of the rest of the crate: its table of types comes from the
//! published schema, so a mistake in one table shows up against the other.
//!
//! Nothing it holds is secret and nothing it issues opens anything. It belongs
//! on loopback.

mod base64;
mod batch;
mod bearer;
mod behavior;
mod check;
mod defaults;
mod directory_objects;
mod edge;
mod error;
mod fault;
mod federation;
mod filter;
mod groups;
mod guid;
mod guise;
mod incoming;
mod issuers;
mod merge;
mod policies;
mod reply;
mod routes;
mod rules;
mod schema;
mod serve;
mod sign_in;
mod spec;
mod state;
mod switch;
mod tenant;
mod text;
mod vocabulary;

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

pub use behavior::{
    Annotations, Behavior, BetaProperties, BindingAffinity, EmptyValues, Etag, IdCase, ListOrder,
    NestedObjects, OmittedAffinity, Recalculated, Verdict, WordCase, WriteAnswer, WrittenText,
};
pub use edge::ConnectionReset;
pub use error::SandboxError;
pub use fault::{Area, Fault, FaultBody, FaultKind, RetryAfter};
pub use spec::SpecError;
pub use switch::Switch;
pub use tenant::{
    Application, FederatedIdentity, FormatVersion, Group, KeyType, ManagedIdentity, Organization,
    PublicKey, Tenant,
};

use fault::FaultKind as Kind;
use incoming::Incoming;
use reply::{Ids, Reply};
use state::State;

/// A simulated tenant. Clones share one state.
#[derive(Debug, Clone)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
}

/// A request that the tenant received.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// The method, in capitals.
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// The query's pairs, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// The headers in the order received, without those that carry secrets.
    pub headers: Vec<(String, String)>,
    /// The body, where it is JSON.
    pub body: Option<Value>,
    /// The status that was answered; nothing where no whole answer was sent.
    pub status: Option<u16>,
    /// The `request-id` of the exchange.
    pub request_id: String,
}

/// A request under way.
struct Turn {
    record: usize,
    ids: Ids,
    delay_ms: u64,
    fault: Option<Kind>,
}

impl Sandbox {
    /// Reads a tenant file.
    pub fn load(path: &Path) -> Result<Self, SandboxError> {
        State::load(path).map(Self::new)
    }

    /// A tenant made in memory, without a file.
    pub fn from_tenant(tenant: Tenant) -> Result<Self, SandboxError> {
        State::from_tenant(&tenant).map(Self::new)
    }

    fn new(state: State) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Whether every successful write is saved to the tenant's file. A tenant
    /// without a file has nothing to save.
    #[must_use]
    pub fn save_on_write(self, on: bool) -> Self {
        self.lock().save_on_write = on;
        self
    }

    /// Adds to what the tenant's file says of its behaviour and its faults. The
    /// switches override the file's, the faults are judged before the file's.
    /// None of it is ever saved.
    #[must_use]
    pub fn misbehave(self, switches: &[Switch], faults: &[Fault]) -> Self {
        {
            let mut state = self.lock();
            let mut behavior = state.tenant.behavior;
            for switch in switches {
                switch.turn(&mut behavior);
            }
            state.misbehave(behavior, faults);
        }
        self
    }

    /// Writes the present state to the file it came from. Only the policies in
    /// it change. A reader sees the old file or the new one, never a part.
    pub fn save(&self) -> Result<(), SandboxError> {
        self.lock().save()
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> String {
        self.lock().tenant.tenant.id.clone()
    }

    /// A configuration as it is stored, without what a GET adds.
    pub fn policy(&self, id: &str) -> Option<Value> {
        self.lock().policy(id)
    }

    /// Puts a configuration in place, as if another administrator had changed
    /// it. Not checked and not saved.
    pub fn set_policy(&self, id: &str, policy: Value) {
        self.lock().set_policy(id, policy);
    }

    /// The requests received so far.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.lock().records.clone()
    }

    /// The tenant as a service, for use in process. Faults of the connection
    /// are marked by [`ConnectionReset`].
    pub fn router(&self) -> axum::Router {
        edge::router(self.clone())
    }

    /// Answers on a listener until `shutdown` comes: HTTP/1.1 and, with prior
    /// knowledge, HTTP/2.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        serve::serve(self.router(), listener, shutdown).await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as it was between two requests.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request and lets the faults judge it.
    fn begin(&self, request: &Incoming) -> Turn {
        let mut state = self.lock();
        let misfortune = state.faults.strike(routes::occasion(request, false));
        let ids = Ids {
            request: state.next_request_id(),
            client: request.header("client-request-id").map(str::to_owned),
        };
        let headers = request
            .headers
            .iter()
            .filter(|(name, _)| {
                **name != http::header::AUTHORIZATION && name.as_str() != issuers::IDENTITY_HEADER
            })
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let record = state.records.len();
        state.records.push(RequestRecord {
            method: request.method.to_string(),
            path: request.path(),
            query: request.query.clone(),
            headers,
            body: request.json().ok(),
            status: None,
            request_id: ids.request.clone(),
        });
        let delay_ms = state.tenant.latency_ms.saturating_add(misfortune.delay_ms);
        Turn {
            record,
            ids,
            delay_ms,
            fault: misfortune.kind,
        }
    }

    /// The ids of a request that could not be read, so is not recorded.
    fn unread(&self) -> Ids {
        Ids {
            request: self.lock().next_request_id(),
            client: None,
        }
    }

    fn answer(&self, request: &Incoming, turn: &Turn) -> Reply {
        routes::answer(&mut self.lock(), request, &turn.ids, turn.fault.as_ref())
    }

    fn note_status(&self, turn: &Turn, status: StatusCode) {
        if let Some(record) = self.lock().records.get_mut(turn.record) {
            record.status = Some(status.as_u16());
        }
    }
}
