//! From flags and environment to a connection to one tenant.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::baseline::Declared;
use crate::core::codes;
use crate::core::compare::is_guid;
use crate::core::plan::Tenant;
use crate::core::report::{Outcome, Problem};
use crate::graph::auth::{ClientSecret, Tokens, tenant_id};
use crate::graph::client::Graph;
use crate::graph::cloud::{self, Cloud};
use crate::graph::error::GraphError;
use crate::graph::seam::{Network, Seam};
use crate::graph::token::{self, Secret, claims};
use crate::sandbox::Sandbox;

use super::args::Connection;

/// A connection, and what it is to.
pub struct Connected {
    /// The connection.
    pub graph: Graph,
    /// The tenant, as a plan names it.
    pub tenant: Tenant,
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

fn invalid(code: &str, message: impl Into<String>) -> NoConnection {
    NoConnection {
        outcome: Outcome::Invalid,
        problem: Problem::new(code, message),
    }
}

impl NoConnection {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }
}

/// A variable of the environment; an empty one counts as unset.
fn variable(name: &str) -> Option<String> {
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

/// Connects. Sends no request but a look-up of a tenant that is given by domain.
pub async fn connect(with: &Connection, policies: &[Declared]) -> Result<Connected, NoConnection> {
    let within = Duration::from_secs(u64::from(with.timeout));
    let network = Network::new().map_err(|error| NoConnection {
        outcome: Outcome::Unknown,
        problem: Problem::new("http-client", error.to_string())
            .hint("this machine may have no CA certificates: install ca-certificates, or set SSL_CERT_FILE"),
    })?;
    let seam: Arc<dyn Seam> = Arc::new(network);
    if let Some(file) = &with.sandbox {
        return sandbox(with, file, seam, policies, within).await;
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
    let (auth, note) = choose(with, tenant.as_deref())?;
    let mut told = Told {
        seam: seam.clone(),
        authority: authority.clone(),
        within,
        id: None,
    };
    if let Some(tenant) = &tenant {
        told.take(tenant, "`--tenant` or AZURE_TENANT_ID").await?;
    }
    let mut notes = vec![note];
    if root.as_str().trim_end_matches('/') != cloud.graph {
        notes.push(format!(
            "Graph is reached at {root}, not at the cloud's own {}",
            cloud.graph
        ));
    }
    let tokens = match auth {
        Auth::Token(token) => {
            match claims(&token).tenant {
                Some(tenant) => told.take(&tenant, "the token").await?,
                None if told.id.is_some() => notes.push(
                    "the token says nothing that can be read, so nobody checked that it is for this tenant"
                        .to_owned(),
                ),
                None => {}
            }
            Tokens::given(token)
        }
        Auth::ClientSecret(client_id, secret) => {
            // Entra issues for the tenant that is asked, so no token can differ.
            let tenant = told.id.clone().or(tenant).unwrap_or_default();
            Tokens::client_secret(ClientSecret {
                tenant,
                client_id,
                secret,
                authority,
                scope: cloud.scope(),
                seam: seam.clone(),
            })
        }
    };
    told.files(policies).await?;
    Ok(Connected {
        graph: Graph::new(seam, root, tokens, within),
        tenant: Tenant {
            id: told.id,
            cloud: cloud.name.to_owned(),
        },
        notes,
    })
}

async fn sandbox(
    with: &Connection,
    file: &Path,
    seam: Arc<dyn Seam>,
    policies: &[Declared],
    within: Duration,
) -> Result<Connected, NoConnection> {
    let sandbox = Sandbox::load(file)
        .map_err(|error| invalid("sandbox-file", error.to_string()))?
        .misbehave(&with.behavior, &with.fault);
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
    told.files(policies).await?;
    let tokens = Tokens::given(Secret::new("sandbox"));
    Ok(Connected {
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

    /// The tenants that the baselines assert.
    async fn files(&mut self, policies: &[Declared]) -> Result<(), NoConnection> {
        for policy in policies {
            let Some(tenant) = &policy.tenant else {
                continue;
            };
            let (file, line) = policy.line();
            if self.id.is_none() {
                return Err(invalid(
                    codes::TENANT_MISMATCH.name,
                    format!("{file} is for tenant `{tenant}`, and nothing tells which tenant this run is for"),
                )
                .hint("give `--tenant`; the token says nothing that can be read"));
            }
            let place = format!("{file}:{line}");
            if let Err(mut error) = self.take(tenant, &place).await {
                error.problem.file = Some(file);
                error.problem.line = Some(line);
                return Err(error);
            }
        }
        Ok(())
    }
}

enum Auth {
    Token(Secret),
    ClientSecret(String, Secret),
}

/// The one kind of sign-in that is completely configured, and why it was taken.
fn choose(with: &Connection, tenant: Option<&str>) -> Result<(Auth, String), NoConnection> {
    const KINDS: &str = "auto, token, client-secret";
    let kind = with.auth.clone().or_else(|| variable("ENTRUE_AUTH"));
    let kind = kind.as_deref().unwrap_or("auto");
    let given = variable("ENTRUE_ACCESS_TOKEN");
    let secret = variable("AZURE_CLIENT_SECRET");
    let client = variable("AZURE_CLIENT_ID");
    let by_token = |text: String| {
        let token = token::tidy(&text)
            .map_err(|error| invalid("usage", format!("ENTRUE_ACCESS_TOKEN: {error}")))?;
        Ok((
            Auth::Token(token),
            "signing in with ENTRUE_ACCESS_TOKEN".to_owned(),
        ))
    };
    let by_secret = |client: String, secret: String| {
        let note = format!("signing in as app {client} with AZURE_CLIENT_SECRET");
        Ok((Auth::ClientSecret(client, Secret::new(secret.trim())), note))
    };
    let complete = (client.clone(), secret.clone(), tenant);
    match kind {
        "token" => by_token(given.ok_or_else(|| invalid("usage", "`--auth token` needs ENTRUE_ACCESS_TOKEN"))?),
        "client-secret" => match complete {
            (Some(client), Some(secret), Some(_)) => by_secret(client, secret),
            _ => Err(invalid(
                "usage",
                "`--auth client-secret` needs AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and the tenant (--tenant or AZURE_TENANT_ID)",
            )),
        },
        "auto" => match (given, complete) {
            (Some(_), (Some(_), Some(_), Some(_))) => Err(invalid(
                "usage",
                "two sign-ins are configured: a token (ENTRUE_ACCESS_TOKEN) and a client secret (AZURE_CLIENT_ID, AZURE_CLIENT_SECRET)",
            )
            .hint("choose one with `--auth token` or `--auth client-secret`")),
            (Some(token), _) => by_token(token),
            (None, (Some(client), Some(secret), Some(_))) => by_secret(client, secret),
            (None, (None, None, _)) => Err(invalid("usage", "nothing says how to sign in").hint(
                "set ENTRUE_ACCESS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; to try entrue without a tenant, use `--sandbox FILE`",
            )),
            (None, (client, secret, tenant)) => {
                let missing: Vec<&str> = [
                    (client.is_some(), "AZURE_CLIENT_ID"),
                    (secret.is_some(), "AZURE_CLIENT_SECRET"),
                    (tenant.is_some(), "AZURE_TENANT_ID (or --tenant)"),
                ]
                .into_iter()
                .filter_map(|(set, name)| (!set).then_some(name))
                .collect();
                Err(invalid(
                    "usage",
                    format!("signing in by client secret is half configured; missing: {}", missing.join(", ")),
                ))
            }
        },
        other => Err(invalid("usage", format!("`--auth {other}`: there is no such kind; known: {KINDS}"))),
    }
}
