//! `entrue sandbox serve`: the simulated tenant for other clients.

use crate::core::report::{Outcome, Problem, Report};
use crate::sandbox::Sandbox;

use super::args::{self, SandboxCommand};
use super::output::{Ended, Shown, write_stdout};

/// Runs it until it is interrupted.
pub async fn run(command: &args::Sandbox) -> Ended {
    const NAME: &str = "sandbox serve";
    let SandboxCommand::Serve(serve) = &command.command;
    if !serve.listen.ip().is_loopback() {
        let message = format!(
            "`--listen {}`: the simulated tenant listens on this machine only",
            serve.listen
        );
        let problem = Problem::new("usage", message)
            .hint("it takes any token, so nobody else must reach it; use 127.0.0.1:0");
        return Ended::failed(NAME, Outcome::Invalid, vec![problem]);
    }
    let sandbox = match Sandbox::load(&serve.file) {
        Ok(sandbox) => sandbox
            .misbehave(&serve.behavior, &serve.fault)
            .save_on_write(true),
        Err(error) => {
            let problem = Problem::new("sandbox-file", error.to_string());
            return Ended::failed(NAME, Outcome::Invalid, vec![problem]);
        }
    };
    let listener = match tokio::net::TcpListener::bind(serve.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            let problem = Problem::new(
                "usage",
                format!("cannot listen on {}: {error}", serve.listen),
            );
            return Ended::failed(NAME, Outcome::Invalid, vec![problem]);
        }
    };
    if let Ok(address) = listener.local_addr() {
        write_stdout(&format!("http://{address}\n"));
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = sandbox.serve(listener, async {
        let _ = stopped.await;
    });
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => {
            drop(stop);
            if let Err(error) = served {
                let problem = Problem::new("sandbox-file", format!("the simulated tenant stopped: {error}"));
                return Ended::failed(NAME, Outcome::Unknown, vec![problem]);
            }
        }
        _ = super::interrupted() => drop(stop),
    }
    Ended {
        report: Report::new(NAME).ended(Outcome::InSync, 2),
        shown: Shown::Nothing,
        found: Vec::new(),
        notes: Vec::new(),
    }
}
