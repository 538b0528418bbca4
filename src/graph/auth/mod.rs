//! Where the token comes from.
//!
//! Every kind of sign-in is one file here: it gives a token, or says why not.

mod assertion;
mod azure_cli;
mod client_secret;
mod entra;
mod exchange;
mod managed;
mod tenant;

use std::fmt;

use async_trait::async_trait;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::error::GraphError;
use super::token::Secret;

pub use assertion::{Federated, Issuer};
pub use azure_cli::AzureCli;
pub use client_secret::ClientSecret;
pub use entra::App;
pub use managed::{Host, IMDS, Managed};
pub use tenant::tenant_id;

const SIGN_IN: &str = "sign-in";

/// A kind of sign-in.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Gets a new token before the deadline.
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError>;
}

/// Gives the token, signing in at most once at a time.
pub struct Tokens {
    source: Option<Box<dyn SignIn>>,
    held: AsyncMutex<Option<Secret>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// A token that somebody else got. It cannot be renewed.
    pub fn given(token: Secret) -> Self {
        Tokens {
            source: None,
            held: AsyncMutex::new(Some(token)),
        }
    }

    /// Tokens by a kind of sign-in.
    pub fn by(source: impl SignIn + 'static) -> Self {
        Tokens {
            source: Some(Box::new(source)),
            held: AsyncMutex::new(None),
        }
    }

    /// Whether another token can be had.
    pub fn can_refresh(&self) -> bool {
        self.source.is_some()
    }

    /// The token; another one than `stale`, where that can be had.
    pub async fn get(
        &self,
        stale: Option<&Secret>,
        deadline: Instant,
    ) -> Result<Secret, GraphError> {
        let mut held = self.held.lock().await;
        if let Some(token) = &*held
            && stale.is_none_or(|stale| stale.expose() != token.expose())
        {
            return Ok(token.clone());
        }
        let token = match (&self.source, &*held) {
            (Some(source), _) => source.sign_in(deadline).await?,
            (None, Some(token)) => token.clone(),
            (None, None) => return Err(failed("no token")),
        };
        *held = Some(token.clone());
        Ok(token)
    }
}

/// No token, for a reason that no repeat mends.
fn failed(message: impl Into<String>) -> GraphError {
    GraphError::new("sign-in-failed", SIGN_IN, message)
}
