//! What the tests share: running the built program, and a simulated tenant
//! over real HTTP beside it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use entrue::sandbox::Sandbox;
use serde_json::Value;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// How a run of the program ended.
#[derive(Clone, Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self:#?}"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Run {
            code: output.status.code().expect("the program was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The program with a clean environment, in this folder.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrue"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        let ours = ["AZURE", "ENTRUE_", "ACTIONS_ID_", "IDENTITY_", "SYSTEM_"]
            .iter()
            .any(|start| name.starts_with(start));
        if ours || name.to_lowercase().ends_with("_proxy") || name == "NO_COLOR" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program in this folder.
pub fn entrue(folder: &Path, args: &[&str]) -> Run {
    program(folder).args(args).output().expect("it runs").into()
}

/// A simulated tenant on a thread of its own, over real HTTP.
pub struct Served {
    pub url: String,
    pub sandbox: Sandbox,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    pub fn new(sandbox: Sandbox) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (told, address) = std::sync::mpsc::channel();
        let serving = sandbox.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                told.send(listener.local_addr().expect("an address")).expect("told");
                let stopped = async {
                    let _ = stopped.await;
                };
                tokio::select! {
                    served = serving.serve(listener, std::future::pending()) => served.expect("served"),
                    () = stopped => {}
                }
            });
        });
        let address = address.recv().expect("it listens");
        Served {
            url: format!("http://{address}"),
            sandbox,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// From the tenant file's JSON.
    pub fn tenant(json: &Value) -> Self {
        let tenant = serde_json::from_value(json.clone()).expect("a tenant");
        Served::new(Sandbox::from_tenant(tenant).expect("a sandbox"))
    }

    /// Runs the program against it, with a token.
    pub fn run(&self, folder: &Path, args: &[&str]) -> Run {
        program(folder)
            .env("ENTRUE_ACCESS_TOKEN", "a-token-of-a-test")
            .args(args)
            .args(["--graph-url", &self.url])
            .output()
            .expect("it runs")
            .into()
    }

    /// Sends a planned request as an apply would, and gives the status.
    pub fn send(&self, request: &Value) -> (u16, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let url = format!(
                "{}/v1.0{}",
                self.url,
                request["path"].as_str().expect("a path")
            );
            let method = request["method"].as_str().expect("a method");
            let mut sending = reqwest::Client::new()
                .request(method.parse().expect("a method"), url)
                .bearer_auth("a-token-of-a-test");
            if !request["body"].is_null() {
                sending = sending.json(&request["body"]);
            }
            let answer = sending.send().await.expect("an answer");
            (
                answer.status().as_u16(),
                answer.text().await.expect("a body"),
            )
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A report without what differs from run to run.
pub fn steady(mut report: Value) -> Value {
    if report["tool"]["version"].is_string() {
        report["tool"]["version"] = "…".into();
    }
    if report["plan"].is_object() {
        report["plan"]["createdAt"] = "…".into();
    }
    if report["graph"].is_object() {
        report["graph"]["milliseconds"] = 0.into();
    }
    report
}

/// Text output without the milliseconds.
pub fn steady_text(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(", ") {
        Some((before, after)) if line.starts_with("graph: ") && after.ends_with(" ms") => {
            format!("{before}, … ms")
        }
        _ => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}
