//! Sign-in by client secret.

use async_trait::async_trait;
use tokio::time::Instant;

use crate::graph::error::GraphError;
use crate::graph::token::Secret;

use super::SignIn;
use super::entra::{App, Proof};

/// An application that signs in with a secret.
pub struct ClientSecret {
    /// The application.
    pub app: App,
    /// Its secret.
    pub secret: Secret,
}

#[async_trait]
impl SignIn for ClientSecret {
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError> {
        self.app.token(Proof::Secret(&self.secret), deadline).await
    }
}
