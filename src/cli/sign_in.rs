//! Which sign-in flags and environment configure.

use crate::graph::token::{self, Secret};

use super::args::Connection;
use super::connect::{NoConnection, invalid, variable};

/// A way to sign in, complete.
pub enum Auth {
    /// A token that something else got.
    Token(Secret),
    /// An app's id and its secret.
    ClientSecret(String, Secret),
}

/// The one kind of sign-in that is completely configured, and why it was taken.
pub fn choose(with: &Connection, tenant: Option<&str>) -> Result<(Auth, String), NoConnection> {
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
