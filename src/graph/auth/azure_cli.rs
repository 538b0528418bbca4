//! Sign-in as whoever is signed in to the Azure CLI.
//!
//! azure_identity can do this too, but hands the child process everything in our
//! environment and puts the tenant into a shell's command line.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::Instant;

use crate::graph::aadsts;
use crate::graph::error::GraphError;
use crate::graph::token::{Secret, tidy};

use super::exchange::tame;
use super::{SignIn, failed};

/// How long it may take: it is a large program, and may ask Entra.
const LONGEST: Duration = Duration::from_secs(60);
/// No answer of it is larger.
const OUTPUT_MAX: u64 = 1024 * 1024;
/// It is a script there, and only found with its ending.
const PROGRAM: &str = if cfg!(windows) { "az.cmd" } else { "az" };
const INSTALL: &str =
    "install the Azure CLI and sign in with `az login`, or choose another `--auth`";

/// Whoever is signed in to the Azure CLI.
pub struct AzureCli {
    /// The tenant by id, where one is asked for.
    pub tenant: Option<String>,
    /// What the token is for.
    pub scope: String,
}

/// How it ended.
struct Ended {
    is_success: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

#[async_trait]
impl SignIn for AzureCli {
    async fn sign_in(&self, deadline: Instant) -> Result<Secret, GraphError> {
        let within = LONGEST.min(deadline.saturating_duration_since(Instant::now()));
        let ended = match tokio::time::timeout(within, self.run()).await {
            Ok(ended) => ended.map_err(|error| not_started(&error))?,
            // Dropping the child has ended it.
            Err(_) => {
                let seconds = within.as_secs_f64();
                let message = format!("the Azure CLI gave no token within {seconds:.0} s");
                return Err(failed(message).hint("try `az account get-access-token` by hand"));
            }
        };
        if !ended.is_success {
            return Err(refused(&String::from_utf8_lossy(&ended.stderr)));
        }
        let json: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
        json["accessToken"]
            .as_str()
            .and_then(|text| tidy(text).ok())
            .ok_or_else(|| {
                failed("what the Azure CLI printed holds no token")
                    .hint("try `az account get-access-token` by hand")
            })
    }
}

impl AzureCli {
    async fn run(&self) -> std::io::Result<Ended> {
        let mut command = Command::new(PROGRAM);
        command
            .args(["account", "get-access-token", "--output", "json"])
            .args(["--scope", &self.scope])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(tenant) = &self.tenant {
            command.args(["--tenant", tenant]);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_secret(name)) {
            command.env_remove(name);
        }
        // Nobody answers questions, and colours only disturb.
        command
            .env("AZURE_CORE_NO_COLOR", "true")
            .env("AZURE_CORE_ONLY_SHOW_ERRORS", "true");
        let mut child = command.spawn()?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let read_out = async {
            match child.stdout.take() {
                Some(pipe) => pipe.take(OUTPUT_MAX).read_to_end(&mut stdout).await,
                None => Ok(0),
            }
        };
        let read_err = async {
            match child.stderr.take() {
                Some(pipe) => pipe.take(OUTPUT_MAX).read_to_end(&mut stderr).await,
                None => Ok(0),
            }
        };
        tokio::try_join!(read_out, read_err)?;
        let is_success = child.wait().await?.success();
        Ok(Ended {
            is_success,
            stdout,
            stderr,
        })
    }
}

/// Whether a variable may hold what is ours alone: another program gets its
/// way to sign in from its own store.
fn is_secret(name: &OsString) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with("ENTRUE_")
        || name == "IDENTITY_HEADER"
        || ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL"]
            .iter()
            .any(|word| name.contains(word))
}

fn not_started(error: &std::io::Error) -> GraphError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return failed("the Azure CLI (`az`) is not on the PATH").hint(INSTALL);
    }
    failed(format!("the Azure CLI could not be run: {error}")).hint(INSTALL)
}

fn refused(stderr: &str) -> GraphError {
    let known = aadsts::in_text(stderr).and_then(aadsts::meaning);
    let line = stderr
        .lines()
        .find(|line| line.starts_with("ERROR"))
        .unwrap_or(stderr);
    let mut message = "the Azure CLI gives no token".to_owned();
    for text in [known.map_or("", |known| known.means), &tame(line, &[])] {
        if !text.is_empty() {
            message.push_str(": ");
            message.push_str(text.trim_end_matches('.'));
        }
    }
    failed(message).hint(known.map_or(
        "sign in with `az login`; without a subscription `az login --allow-no-subscriptions`",
        |known| known.fix,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_with_secrets_are_known_by_name() {
        for secret in [
            "AZURE_CLIENT_SECRET",
            "ENTRUE_ACCESS_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "SYSTEM_ACCESSTOKEN",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "IDENTITY_HEADER",
            "GitHub_Token",
        ] {
            assert!(is_secret(&secret.into()), "{secret}");
        }
        for plain in [
            "PATH",
            "HOME",
            "AZURE_CONFIG_DIR",
            "HTTPS_PROXY",
            "SYSTEMROOT",
        ] {
            assert!(!is_secret(&plain.into()), "{plain}");
        }
    }
}
