//! From flags and environment to a connection to one tenant.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::baseline::Declared;
use crate::core::codes;
use crate::core::compare::is_guid;
use crate::core::plan::Tenant;
use crate::core::report::{Outcome, Problem};
use crate::graph::auth::{Tokens, tenant_id};
use crate::graph::client::Graph;
use crate::graph::cloud::{self, Cloud};
use crate::graph::error::GraphError;
use crate::graph::seam::{Network, NoClient, Seam};
use crate::graph::token::{Secret, claims};
use crate::sandbox::Sandbox;

use super::args::Connection;
use super::sign_in::choose;
use super::tokens::{Place, tokens};

/// A connection, and what it is to.
pub struct Connected {
    /// The connection.
    pub graph: Graph,
    /// The tenant, as a plan names it.
    pub tenant: Tenant,
    /// Where it is reached, for people: Graph's host, or the simulated tenant.
    pub host: String,
    /// What to tell on stderr.
    pub notes: Vec<String>,
}

/// Why there is no connection.
pub struct NoConnection {
    /// How the command ends.
    pub outcome: Outcome,
    /// Why.
    pub problem: Problem,
}

impl From<GraphError> for NoConnection {
    fn from(error: GraphError) -> Self {
        NoConnection {
            outcome: Outcome::Unknown,
            problem: error.into(),
        }
    }
}

/// Something of the command line's or the environment's that is the user's to mend.
pub fn invalid(code: &str, message: impl Into<String>) -> NoConnection {
    NoConnection {
        outcome: Outcome::Invalid,
        problem: Problem::new(code, message),
    }
}

impl NoConnection {
    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }
}

/// A variable of the environment; an empty one counts as unset.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// A setting from its flag or its variable; where both stand they must agree,
/// for these are assertions.
fn agreed(
    flag: Option<&String>,
    name: &str,
    flag_name: &str,
) -> Result<Option<String>, NoConnection> {
    match (flag, variable(name)) {
        (Some(flag), Some(variable)) if !flag.trim().eq_ignore_ascii_case(variable.trim()) => {
            Err(invalid(
                codes::TENANT_MISMATCH.name,
                format!("`{flag_name}` says `{flag}`, but {name} says `{variable}`"),
            )
            .hint("make the two agree, or unset the variable"))
        }
        (Some(flag), _) => Ok(Some(flag.trim().to_owned())),
        (None, variable) => Ok(variable.map(|value| value.trim().to_owned())),
    }
}

/// What a command may do to the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: whatever a simulated tenant is told, its file stays.
    Reads,
    /// Writes, which a simulated tenant keeps in its file.
    Writes,
}

/// A tenant that something beside flags and environment says this run is for.
#[derive(Clone, Debug)]
pub struct Asserted {
    /// The tenant, by id or domain.
    pub tenant: String,
    /// The cloud, where it says so.
    pub cloud: Option<String>,
    /// The file that says so.
    pub file: String,
    /// The line in it.
    pub line: Option<usize>,
}

/// What baselines assert.
pub fn asserted(policies: &[Declared]) -> Vec<Asserted> {
    let of = |policy: &Declared| {
        let (file, line) = policy.line();
        Some(Asserted {
            tenant: policy.tenant.clone()?,
            cloud: None,
            file,
            line: Some(line),
        })
    };
    policies.iter().filter_map(of).collect()
}

/// Connects. Sends no request but a look-up of a tenant that is given by domain.
pub async fn connect(
    with: &Connection,
    asserted: &[Asserted],
    access: Access,
) -> Result<Connected, NoConnection> {
    let within = Duration::from_secs(u64::from(with.timeout));
    let seam: Arc<dyn Seam> = Arc::new(Network::new().map_err(no_client)?);
    if let Some(file) = &with.sandbox {
        return sandbox(with, file, seam, asserted, access).await;
    }
    let cloud = agreed(with.cloud.as_ref(), "ENTRUE_CLOUD", "--cloud")?;
    let cloud = match cloud.as_deref() {
        None => &cloud::CLOUDS[0],
        Some(name) => Cloud::find(name).ok_or_else(|| {
            let known: Vec<&str> = cloud::CLOUDS.iter().map(|cloud| cloud.name).collect();
            invalid(
                "usage",
                format!(
                    "`--cloud {name}`: there is no such cloud; known: {}",
                    known.join(", ")
                ),
            )
        })?,
    };
    let url = |flag: &Option<String>, name: &str, what: &str, default: &str| {
        let given = flag.clone().or_else(|| variable(name));
        cloud::root(given.as_deref().unwrap_or(default), what)
            .map_err(|message| invalid("usage", message))
    };
    let root = url(
        &with.graph_url,
        "ENTRUE_GRAPH_URL",
        "--graph-url",
        cloud.graph,
    )?;
    let authority = url(
        &with.authority_url,
        "AZURE_AUTHORITY_HOST",
        "--authority-url",
        cloud.authority,
    )?;
    let tenant = agreed(with.tenant.as_ref(), "AZURE_TENANT_ID", "--tenant")?;
    let chosen = choose(with, tenant.as_deref())?;
    let mut told = Told {
        seam: seam.clone(),
        authority: authority.clone(),
        within,
        id: None,
    };
    if let Some(tenant) = &tenant {
        told.take(tenant, "`--tenant` or AZURE_TENANT_ID").await?;
    }
    if let Some(tenant) = &chosen.tenant {
        told.take(
            tenant,
            "the service connection (AZURESUBSCRIPTION_TENANT_ID)",
        )
        .await?;
    }
    // Notes are shown where the command gets that far; the log has it anyway.
    tracing::info!("{}", chosen.note);
    let mut notes = vec![chosen.note];
    if root.as_str().trim_end_matches('/') != cloud.graph {
        notes.push(format!(
            "Graph is reached at {root}, not at the cloud's own {}",
            cloud.graph
        ));
    }
    let place = Place {
        cloud,
        authority,
        tenant: told.id.clone(),
        seam: seam.clone(),
    };
    let (tokens, whose) = tokens(chosen.auth, place).map_err(no_client)?;
    let begun = Instant::now();
    if let Some(whose) = whose {
        let token = tokens.get(None, Instant::now() + within).await?;
        match claims(&token).tenant {
            Some(tenant) => told.take(&tenant, whose).await?,
            None if told.id.is_some() => notes.push(
                "the token says nothing that can be read, so nobody checked that it is for this tenant"
                    .to_owned(),
            ),
            None => {}
        }
    }
    told.files(asserted, cloud.name).await?;
    Ok(Connected {
        host: root.host_str().unwrap_or_default().to_owned(),
        // A sign-in that took its time took it from the command's.
        graph: Graph::new(
            seam,
            root,
            tokens,
            within.saturating_sub(Duration::from_secs(begun.elapsed().as_secs())),
        ),
        tenant: Tenant {
            id: told.id,
            cloud: cloud.name.to_owned(),
        },
        notes,
    })
}

fn no_client(error: NoClient) -> NoConnection {
    NoConnection {
        outcome: Outcome::Unknown,
        problem: Problem::new("http-client", error.to_string())
            .hint("this machine may have no CA certificates: install ca-certificates, or set SSL_CERT_FILE"),
    }
}

async fn sandbox(
    with: &Connection,
    file: &Path,
    seam: Arc<dyn Seam>,
    asserted: &[Asserted],
    access: Access,
) -> Result<Connected, NoConnection> {
    let within = Duration::from_secs(u64::from(with.timeout));
    let sandbox = Sandbox::load(file)
        .map_err(|error| invalid("sandbox-file", error.to_string()))?
        .misbehave(&with.behavior, &with.fault)
        .save_on_write(access == Access::Writes);
    let failed = |error: std::io::Error| NoConnection {
        outcome: Outcome::Unknown,
        problem: Problem::new(
            "sandbox-file",
            format!("the simulated tenant cannot listen: {error}"),
        ),
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let root = Url::parse(&format!("http://{address}"))
        .map_err(|error| invalid("sandbox-file", error.to_string()))?;
    let id = sandbox.tenant_id().to_ascii_lowercase();
    tokio::spawn(sandbox.serve(listener, std::future::pending::<()>()));
    let mut told = Told {
        seam: seam.clone(),
        authority: root.clone(),
        within,
        id: Some(id),
    };
    told.files(asserted, "sandbox").await?;
    let tokens = Tokens::given(Secret::new("sandbox"));
    Ok(Connected {
        host: "sandbox".to_owned(),
        graph: Graph::new(seam, root, tokens, within),
        tenant: Tenant {
            id: told.id,
            cloud: "sandbox".to_owned(),
        },
        notes: Vec::new(),
    })
}

/// What is known of the tenant's id; every source must agree.
struct Told {
    seam: Arc<dyn Seam>,
    authority: Url,
    within: Duration,
    id: Option<String>,
}

impl Told {
    async fn look_up(&self, tenant: &str) -> Result<String, NoConnection> {
        if is_guid(tenant) {
            return Ok(tenant.to_ascii_lowercase());
        }
        let is_domain = !tenant.is_empty()
            && tenant
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-'));
        if !is_domain {
            return Err(invalid(
                "usage",
                format!("`{tenant}` is neither a tenant id nor a domain"),
            ));
        }
        match tenant_id(&*self.seam, &self.authority, tenant, self.within).await {
            Ok(id) => Ok(id),
            // The authority answered, and knows no such tenant: a wrong name.
            Err(error) if error.status == Some(400) => {
                let message = format!("there is no tenant `{tenant}` at {}", self.authority);
                Err(invalid(codes::TENANT_MISMATCH.name, message)
                    .hint("check the domain and the cloud (--cloud, --authority-url), or give the tenant's id"))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn take(&mut self, tenant: &str, whence: &str) -> Result<(), NoConnection> {
        let id = self.look_up(tenant).await?;
        match &self.id {
            Some(known) if *known != id => Err(invalid(
                codes::TENANT_MISMATCH.name,
                format!("{whence} is about tenant {id}, but this run is for tenant {known}"),
            )
            .hint("nothing was read; check which tenant is meant before you go on")),
            _ => {
                self.id = Some(id);
                Ok(())
            }
        }
    }

    /// The tenants and clouds that files assert.
    async fn files(&mut self, asserted: &[Asserted], cloud: &str) -> Result<(), NoConnection> {
        for Asserted {
            tenant,
            cloud: other,
            file,
            line,
        } in asserted
        {
            let at = |mut error: NoConnection| {
                error.problem.file = Some(file.clone());
                error.problem.line = *line;
                error
            };
            if let Some(other) = other.as_deref().filter(|other| *other != cloud) {
                let message =
                    format!("{file} is for cloud `{other}`, but this run is for `{cloud}`");
                let hint = match other {
                    "sandbox" => "give the simulated tenant with `--sandbox FILE`".to_owned(),
                    other => format!("give `--cloud {other}`, or find out which one is meant"),
                };
                return Err(at(invalid(codes::TENANT_MISMATCH.name, message).hint(hint)));
            }
            if self.id.is_none() {
                return Err(invalid(
                    codes::TENANT_MISMATCH.name,
                    format!("{file} is for tenant `{tenant}`, and nothing tells which tenant this run is for"),
                )
                .hint("give `--tenant`; the token says nothing that can be read"));
            }
            let place = match line {
                Some(line) => format!("{file}:{line}"),
                None => file.clone(),
            };
            self.take(tenant, &place).await.map_err(at)?;
        }
        Ok(())
    }
}
