//! From a chosen sign-in to what gives the tokens.

use std::sync::Arc;

use url::Url;

use crate::graph::auth::{App, AzureCli, ClientSecret, Federated, Issuer, Managed, Tokens};
use crate::graph::cloud::Cloud;
use crate::graph::seam::{Network, NoClient, Seam};

use super::sign_in::Auth;

/// Where to sign in.
pub struct Place {
    /// The cloud.
    pub cloud: &'static Cloud,
    /// Where tokens come from.
    pub authority: Url,
    /// The tenant's id; a kind that asks the authority is complete only with it.
    pub tenant: Option<String>,
    /// What carries the requests.
    pub seam: Arc<dyn Seam>,
}

impl Place {
    fn app(&self, client_id: String) -> App {
        App {
            tenant: self.tenant.clone().unwrap_or_default(),
            client_id,
            authority: self.authority.clone(),
            scope: self.cloud.scope(),
            seam: self.seam.clone(),
        }
    }

    fn federated(&self, client_id: String, issuer: Issuer) -> Tokens {
        Tokens::by(Federated {
            app: self.app(client_id),
            issuer,
        })
    }
}

/// The tokens, and whose they are where they may be of another tenant than the
/// one asked for: whoever is asked by its id issues for it alone.
pub fn tokens(auth: Auth, place: Place) -> Result<(Tokens, Option<&'static str>), NoClient> {
    Ok(match auth {
        Auth::Token(token) => (Tokens::given(token), Some("the token")),
        Auth::ClientSecret(client_id, secret) => {
            let app = place.app(client_id);
            (Tokens::by(ClientSecret { app, secret }), None)
        }
        Auth::GitHub(client_id, url, token) => {
            let issuer = Issuer::GitHub {
                url,
                token,
                audience: place.cloud.token_exchange,
            };
            (place.federated(client_id, issuer), None)
        }
        Auth::WorkloadIdentity(client_id, file) => {
            (place.federated(client_id, Issuer::File(file)), None)
        }
        Auth::Pipelines(client_id, url, token, connection) => {
            let issuer = Issuer::Pipelines {
                url,
                token,
                connection,
            };
            (place.federated(client_id, issuer), None)
        }
        Auth::AzureCli => {
            let azure_cli = AzureCli {
                scope: place.cloud.scope(),
                tenant: place.tenant,
            };
            (Tokens::by(azure_cli), Some("the Azure CLI's token"))
        }
        Auth::Managed(host, client_id) => {
            let managed = Managed {
                host,
                client_id,
                resource: place.cloud.graph.to_owned(),
                seam: Arc::new(Network::direct()?),
            };
            (Tokens::by(managed), Some("the managed identity"))
        }
    })
}
