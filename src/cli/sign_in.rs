//! Which sign-in flags and environment configure. Looks at variables and
//! nothing else: no file, no program and no address is tried.

use std::path::PathBuf;

use url::Url;

use crate::graph::auth::Host;
use crate::graph::cloud;
use crate::graph::token::{self, Secret};

use super::args::Connection;
use super::connect::{NoConnection, invalid, variable};

/// A way to sign in, complete.
pub enum Auth {
    /// A token that something else got.
    Token(Secret),
    /// An app's id and its secret.
    ClientSecret(String, Secret),
    /// GitHub Actions: the app's id, where GitHub asserts, and its request token.
    GitHub(String, Url, Secret),
    /// The app's id and the file with the assertion.
    WorkloadIdentity(String, PathBuf),
    /// Azure Pipelines: the app's id, where it asserts, its request token, and the
    /// service connection's id.
    Pipelines(String, Url, Secret, String),
    /// A machine's identity, and the client id of a user-assigned one.
    Managed(Host, Option<String>),
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
}

/// The kind that was chosen.
pub struct Chosen {
    /// What to sign in with.
    pub auth: Auth,
    /// The tenant that the kind's own variables name.
    pub tenant: Option<String>,
    /// What to tell on stderr: which kind, and why.
    pub note: String,
}

/// The tenant, which a flag gives as well.
const TENANT: &str = "AZURE_TENANT_ID";

/// A kind of sign-in by what configures it.
struct Kind {
    name: &'static str,
    /// What it is to people.
    what: &'static str,
    /// The variables that only it has: one of them begins the set.
    own: &'static [&'static str],
    /// What it needs besides.
    shared: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        name: "token",
        what: "a token",
        own: &["ENTRUE_ACCESS_TOKEN"],
        shared: &[],
    },
    Kind {
        name: "client-secret",
        what: "a client secret",
        own: &["AZURE_CLIENT_SECRET"],
        shared: &["AZURE_CLIENT_ID", TENANT],
    },
    Kind {
        name: "github-oidc",
        what: "GitHub Actions",
        own: &[
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ],
        shared: &["AZURE_CLIENT_ID", TENANT],
    },
    Kind {
        name: "workload-identity",
        what: "a federated token in a file",
        own: &["AZURE_FEDERATED_TOKEN_FILE"],
        shared: &["AZURE_CLIENT_ID", TENANT],
    },
    Kind {
        name: "managed-identity",
        what: "an App Service identity",
        own: &["IDENTITY_ENDPOINT", "IDENTITY_HEADER"],
        shared: &[],
    },
    Kind {
        name: "azure-pipelines",
        what: "a service connection of Azure Pipelines",
        own: &[
            "SYSTEM_OIDCREQUESTURI",
            "SYSTEM_ACCESSTOKEN",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "AZURESUBSCRIPTION_CLIENT_ID",
            "AZURESUBSCRIPTION_TENANT_ID",
        ],
        shared: &[],
    },
    Kind {
        name: "azure-cli",
        what: "the Azure CLI",
        own: &[],
        shared: &[],
    },
];

/// What flags and environment say.
struct Given<'a> {
    tenant: Option<&'a str>,
}

impl Given<'_> {
    fn value(&self, name: &str) -> Option<String> {
        match name {
            TENANT => self.tenant.map(str::to_owned),
            name => variable(name).map(|value| value.trim().to_owned()),
        }
    }

    /// A value that [`Kind::missing`] found to be there.
    fn there(&self, name: &str) -> String {
        self.value(name).unwrap_or_default()
    }

    fn address(&self, name: &str) -> Result<Url, NoConnection> {
        cloud::address(&self.there(name), name).map_err(|message| invalid("usage", message))
    }
}

impl Kind {
    fn missing(&self, given: &Given<'_>) -> Vec<&'static str> {
        let needed = self.own.iter().chain(self.shared).copied();
        needed
            .filter(|name| given.value(name).is_none())
            .map(|name| match name {
                TENANT => "AZURE_TENANT_ID (or --tenant)",
                name => name,
            })
            .collect()
    }

    fn is_begun(&self, given: &Given<'_>) -> bool {
        self.own.iter().any(|name| given.value(name).is_some())
    }
}

/// The one kind of sign-in that is completely configured, and why it was taken.
pub fn choose(with: &Connection, tenant: Option<&str>) -> Result<Chosen, NoConnection> {
    let asked = with.auth.clone().or_else(|| variable("ENTRUE_AUTH"));
    let asked = asked.as_deref().map_or("auto", str::trim);
    let given = Given { tenant };
    if asked == "auto" {
        let kind = only(&given)?;
        return take(
            kind,
            &given,
            "the only sign-in that is completely configured",
        );
    }
    let Some(kind) = KINDS.iter().find(|kind| kind.name == asked) else {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let message = format!(
            "`--auth {asked}`: there is no such kind; known: auto, {}",
            known.join(", ")
        );
        return Err(invalid("usage", message));
    };
    let missing = kind.missing(&given);
    // Without App Service's variables it is a virtual machine that is meant.
    let is_imds = kind.name == "managed-identity" && !kind.is_begun(&given);
    if !missing.is_empty() && !is_imds {
        let message = format!("`--auth {asked}` needs {}", missing.join(", "));
        return Err(invalid("usage", message).hint(hint(kind)));
    }
    take(kind, &given, "as asked for")
}

/// The kind whose set is complete, where there is exactly one.
fn only<'a>(given: &Given<'_>) -> Result<&'a Kind, NoConnection> {
    let list = |kinds: &[&Kind], more: &dyn Fn(&Kind) -> String| {
        let parts: Vec<String> = kinds
            .iter()
            .map(|kind| format!("{} ({})", kind.what, more(kind)))
            .collect();
        parts.join(" and ")
    };
    let complete: Vec<&Kind> = KINDS
        .iter()
        .filter(|kind| kind.is_begun(given) && kind.missing(given).is_empty())
        .collect();
    if let [kind] = complete.as_slice() {
        return Ok(kind);
    }
    if !complete.is_empty() {
        let names: Vec<String> = complete
            .iter()
            .map(|kind| format!("`--auth {}`", kind.name))
            .collect();
        let message = format!(
            "{} sign-ins are configured: {}",
            complete.len(),
            list(&complete, &|kind| [kind.own, kind.shared]
                .concat()
                .join(", "))
        );
        return Err(
            invalid("usage", message).hint(format!("choose one with {}", names.join(" or ")))
        );
    }
    let begun: Vec<&Kind> = KINDS.iter().filter(|kind| kind.is_begun(given)).collect();
    if begun.is_empty() {
        return Err(invalid("usage", "nothing says how to sign in").hint(
            "shortest: set ENTRUE_ACCESS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; after `az login`, `--auth azure-cli`; docs/authentication.md has the ways without a secret; to try entrue without a tenant, use `--sandbox FILE`",
        ));
    }
    let missing = |kind: &Kind| format!("missing: {}", kind.missing(given).join(", "));
    let message = format!("sign-in is half configured, by {}", list(&begun, &missing));
    Err(match begun.as_slice() {
        [kind] => invalid("usage", message).hint(hint(kind)),
        _ => invalid("usage", message),
    })
}

/// Where what a kind needs comes from.
fn hint(kind: &Kind) -> &'static str {
    match kind.name {
        "github-oidc" => {
            "the job needs `permissions: id-token: write`, and AZURE_CLIENT_ID and AZURE_TENANT_ID in its `env`"
        }
        "azure-pipelines" => {
            "the step must be of a task with the service connection, such as AzureCLI@2, and map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"
        }
        "managed-identity" => "App Service sets both; for a virtual machine neither may be set",
        "workload-identity" => "the pod needs the label `azure.workload.identity/use: \"true\"`",
        _ => "docs/authentication.md has a recipe for each kind",
    }
}

fn take(kind: &Kind, given: &Given<'_>, why: &str) -> Result<Chosen, NoConnection> {
    let client = || given.there("AZURE_CLIENT_ID");
    let mut tenant = None;
    let (auth, note) = match kind.name {
        "token" => {
            let token = token::tidy(&given.there("ENTRUE_ACCESS_TOKEN"))
                .map_err(|error| invalid("usage", format!("ENTRUE_ACCESS_TOKEN: {error}")))?;
            (Auth::Token(token), "with ENTRUE_ACCESS_TOKEN".to_owned())
        }
        "client-secret" => {
            let secret = Secret::new(given.there("AZURE_CLIENT_SECRET"));
            let note = format!("as app {} with AZURE_CLIENT_SECRET", client());
            (Auth::ClientSecret(client(), secret), note)
        }
        "github-oidc" => {
            let url = given.address("ACTIONS_ID_TOKEN_REQUEST_URL")?;
            let token = Secret::new(given.there("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
            let note = format!("as app {} with this GitHub job's token", client());
            (Auth::GitHub(client(), url, token), note)
        }
        "workload-identity" => {
            let file = given.there("AZURE_FEDERATED_TOKEN_FILE");
            let note = format!("as app {} with the token in {file}", client());
            (Auth::WorkloadIdentity(client(), file.into()), note)
        }
        "azure-pipelines" => {
            let client = given.there("AZURESUBSCRIPTION_CLIENT_ID");
            let connection = given.there("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID");
            let note = format!("as app {client} with service connection {connection}");
            tenant = Some(given.there("AZURESUBSCRIPTION_TENANT_ID"));
            let url = given.address("SYSTEM_OIDCREQUESTURI")?;
            let token = Secret::new(given.there("SYSTEM_ACCESSTOKEN"));
            (Auth::Pipelines(client, url, token, connection), note)
        }
        "azure-cli" => {
            let note = "as whoever is signed in to the Azure CLI";
            (Auth::AzureCli, note.to_owned())
        }
        _ => managed(kind, given)?,
    };
    Ok(Chosen {
        auth,
        tenant,
        note: format!("signing in {note} ({}: {why})", kind.name),
    })
}

fn managed(kind: &Kind, given: &Given<'_>) -> Result<(Auth, String), NoConnection> {
    let wrong = |message: String| invalid("usage", message);
    let (host, at) = if kind.is_begun(given) {
        let name = "IDENTITY_ENDPOINT";
        let url = cloud::host_address(&given.there(name), name).map_err(wrong)?;
        let header = Secret::new(given.there("IDENTITY_HEADER"));
        (Host::AppService { url, header }, "App Service")
    } else {
        let name = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
        let root = given.value(name);
        let root = root.as_deref().unwrap_or(crate::graph::auth::IMDS);
        let root = cloud::host_address(root, name).map_err(wrong)?;
        (Host::Imds(root), "this machine")
    };
    let client_id = given.value("AZURE_CLIENT_ID");
    let note = match &client_id {
        Some(id) => format!("as the identity {id} that {at} has"),
        None => format!("as {at}'s own identity"),
    };
    Ok((Auth::Managed(host, client_id), note))
}
