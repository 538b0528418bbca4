//! The words of the command line.

use std::path::PathBuf;

use clap::{ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};

use crate::sandbox::{Fault, Switch};

/// Holds the sign-in policy of a Microsoft Entra tenant to its checked-in files.
#[derive(Debug, Parser)]
#[command(
    name = "entrue",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = "Exit codes: 0 done, 1 yours to mend, 2 differences, 3 blocked by a guard,\n\
                  4 unknown (the tenant could not be read). See docs/findings.md for every code."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What is printed: text for people, the report as JSON, or a unified diff.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use colours; NO_COLOR turns them off too.
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Say more on stderr: requests (-v), waits (-vv). Never a token.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// The report, for machines.
    Json,
    /// A unified diff of both sides in canonical YAML.
    Diff,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check baseline files, offline.
    #[command(after_help = "Example:\n  entrue validate policies/")]
    Validate(Validate),
    /// Compare files with the tenant and say what an apply would send.
    #[command(
        after_help = "Example:\n  entrue plan examples/contoso.yaml --sandbox examples/contoso.tenant.json"
    )]
    Plan(Plan),
    /// Make the tenant as the files, or a saved plan, say.
    #[command(
        after_help = "Examples:\n  entrue apply policies/ --tenant contoso.com\n  entrue apply --plan plan.json --tenant contoso.com"
    )]
    Apply(Box<Apply>),
    /// Show a saved plan.
    #[command(after_help = "Example:\n  entrue show plan.json --format diff")]
    Show(Show),
    /// Tell whether the tenant is as the files say; for schedules. Exit code 2 if not.
    #[command(after_help = "Example:\n  entrue drift policies/ --tenant contoso.com")]
    Drift(Drift),
    /// Print what the tenant has as a baseline file that plans to nothing.
    #[command(
        after_help = "Example:\n  entrue export --sandbox examples/contoso.tenant.json > baseline.yaml"
    )]
    Export(Export),
    /// Print a JSON Schema.
    #[command(after_help = "Example:\n  entrue schema baseline > schemas/baseline.schema.json")]
    Schema(Schema),
    /// The simulated tenant.
    #[command(
        after_help = "Example:\n  entrue sandbox serve examples/contoso.tenant.json --listen 127.0.0.1:8080"
    )]
    Sandbox(Sandbox),
    /// Print a shell's completion script.
    #[command(
        after_help = "Example:\n  entrue completions bash > ~/.local/share/bash-completion/completions/entrue"
    )]
    Completions(Completions),
    /// Print the manual page, with every command in it.
    #[command(after_help = "Example:\n  entrue man > ~/.local/share/man/man1/entrue.1")]
    Man,
}

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub struct Validate {
    /// Files, globs or folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Codes to set aside.
    #[command(flatten)]
    pub allow: Allow,
}

/// What is allowed for once.
#[derive(Clone, Debug, clap::Args)]
pub struct Allow {
    /// Set a judgement or a guard aside, by its code; see docs/findings.md.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<String>,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Save the plan to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if the plan holds changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// What to compare.
    #[command(flatten)]
    pub compare: Compare,
}

/// Arguments of `apply`.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Files, globs or folders; `-` is standard input.
    #[arg(
        required_unless_present = "plan",
        conflicts_with = "plan",
        value_name = "PATH",
        value_hint = ValueHint::AnyPath
    )]
    pub paths: Vec<String>,
    /// Write a plan that `plan --out` saved, and nothing else. It is its own approval.
    #[arg(long, value_name = "FILE", conflicts_with = "allow")]
    pub plan: Option<PathBuf>,
    /// Only if the saved plan has this id.
    #[arg(long, value_name = "PLANID")]
    pub expect: Option<String>,
    /// The saved plan must not be older than this, such as 90m or 2d [default: 24h].
    #[arg(long, value_name = "TIME", value_parser = max_age)]
    pub max_age: Option<jiff::SignedDuration>,
    /// Do not ask.
    #[arg(long)]
    pub auto_approve: bool,
    /// Seconds that a write may take to show.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub verify_timeout: u32,
    /// Where the policy is saved before it is written, as a baseline that brings it back.
    #[arg(long, value_name = "DIR", default_value = ".entrue/backups")]
    pub backup_dir: PathBuf,
    /// Save no backup.
    #[arg(long, conflicts_with = "backup_dir")]
    pub no_backup: bool,
    /// What it is judged by, and the tenant.
    #[command(flatten)]
    pub against: Against,
}

/// A length of time: `90m`, `24h`, `2d`, or seconds.
fn max_age(text: &str) -> Result<jiff::SignedDuration, String> {
    let seconds = text.parse::<i64>().map(jiff::SignedDuration::from_secs);
    let days: Option<i64> = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let given = match (seconds, days) {
        (Ok(seconds), _) => Ok(seconds),
        // In seconds, which take any number; a count of hours may be too large.
        (_, Some(days)) => Ok(jiff::SignedDuration::from_secs(days.saturating_mul(86_400))),
        _ => text.parse(),
    };
    match given {
        Ok(age) if age.is_positive() => Ok(age),
        _ => Err("write a time above zero, such as 90m, 24h or 2d".to_owned()),
    }
}

/// Arguments of `drift`.
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// What to compare.
    #[command(flatten)]
    pub compare: Compare,
}

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The tenant.
    #[command(flatten)]
    pub connection: Connection,
}

/// What every command that compares needs.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// Files, globs or folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// What it is judged by, and the tenant.
    #[command(flatten)]
    pub against: Against,
}

/// What a comparison is judged by, and the tenant.
#[derive(Clone, Debug, clap::Args)]
pub struct Against {
    /// Codes to set aside.
    #[command(flatten)]
    pub allow: Allow,
    /// Graph's JSON of a configuration that this tenant has when untouched.
    #[arg(long, value_name = "FILE")]
    pub known_default: Vec<PathBuf>,
    /// The tenant.
    #[command(flatten)]
    pub connection: Connection,
}

/// How the tenant is reached.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// A simulated tenant, run in this process.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tenant", "cloud", "auth", "graph_url", "authority_url"])]
    pub sandbox: Option<PathBuf>,
    /// Let the simulated tenant fail, as `policy:PATCH:status=503,times=1`;
    /// see docs/sandbox.md. May be given several times.
    #[arg(long, value_name = "SPEC", requires = "sandbox")]
    pub fault: Vec<Fault>,
    /// Turn a switch of the simulated tenant, as `listOrder=reversed`.
    #[arg(long, value_name = "NAME=VALUE", requires = "sandbox")]
    pub behavior: Vec<Switch>,
    /// The tenant, by id or domain: an assertion [env: AZURE_TENANT_ID].
    #[arg(long, value_name = "ID|DOMAIN")]
    pub tenant: Option<String>,
    /// global, usgov, usgov-dod or china: an assertion [env: ENTRUE_CLOUD].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<String>,
    /// auto, token, client-secret, github-oidc, workload-identity,
    /// managed-identity, azure-pipelines or azure-cli; see
    /// docs/authentication.md [env: ENTRUE_AUTH].
    #[arg(long, value_name = "KIND")]
    pub auth: Option<String>,
    /// Graph's root, if it is not the cloud's [env: ENTRUE_GRAPH_URL].
    #[arg(long, value_name = "URL")]
    pub graph_url: Option<String>,
    /// The sign-in authority, if it is not the cloud's [env: AZURE_AUTHORITY_HOST].
    #[arg(long, value_name = "URL")]
    pub authority_url: Option<String>,
    /// Seconds for the whole command.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// A plan that `plan --out` saved.
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
}

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Which schema.
    #[arg(value_enum, default_value_t = SchemaName::Baseline)]
    pub name: SchemaName,
}

/// The schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// A baseline file.
    Baseline,
    /// A saved plan.
    Plan,
    /// The report that `--format json` prints.
    Report,
    /// A simulated tenant.
    Tenant,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `sandbox`.
#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// What to do with it.
    #[command(subcommand)]
    pub command: SandboxCommand,
}

/// What the sandbox can do.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve a simulated tenant over HTTP until interrupted; writes go to the file.
    Serve(Serve),
}

/// Arguments of `sandbox serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The tenant's file; see `entrue schema tenant`.
    pub file: PathBuf,
    /// Where to listen: an address of this machine. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    /// Let it fail, as `policy:PATCH:status=503,times=1`; see docs/sandbox.md.
    /// May be given several times. Never saved to the file.
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<Fault>,
    /// Turn a switch of its behaviour, as `listOrder=reversed`. Likewise.
    #[arg(long, value_name = "NAME=VALUE")]
    pub behavior: Vec<Switch>,
}
