//! Every kind of sign-in, through the program: what it needs, what it sends and
//! where, how it fails, and that nothing secret is ever printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::{Run, Served, program, root};

const TENANT: &str = "8a4c2d10-5b7e-4f3a-9c61-2f0d7e3b1a55";
const APP: &str = "7c1e5b90-3f64-4d28-8a17-0b9e6d4f2c53";
const MACHINE: &str = "1d0f5c7a-2222-4f7b-9a55-000000000001";
const USER_ASSIGNED: &str = "1d0f5c7a-2222-4f7b-9a55-000000000002";
const SECRET: &str = "s3cret~of~the~application";
const REQUEST_TOKEN: &str = "r3quest~token~of~the~job";
const HEADER: &str = "h3ader~of~the~host";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:contoso/policies:ref:refs/heads/main";
const EXCHANGE: &str = "api://AzureADTokenExchange";
const CLUSTER: &str = "https://oidc.contoso.test/cluster";
const ACCOUNT: &str = "system:serviceaccount:entrue:entrue";
const NOT_THEIRS: &str = "00000000-1111-2222-3333-444444444444";
/// The modulus of the key in `another-issuers-key.txt`.
const MODULUS: &str = "o-UpZegFnXM7H3Furqwx-f0gGmd0b3bjgpe5u8oh4W2KpAmby1kzAQlSwF5sj2AbXAghYkTh1n-nNzKkoKTd_V6DhRfErvDd5RmJXBhkb3XI4PWTni6CADScCwEOjB3S2vyQVYmvm7oMTPj9rw3b947AlmVvI6o0irxyr7uYkAOcJMJVF5g6oHKowgwTzxB92C5sqeUgIgK9VjtscfveAnk0Kp9wxhUl9YpZMYIR23vEA-rSUV0LCeU8wJM0TEsLvKotNYWbm09Q8blAchQk4ZD8IQLFXgLo4_OgmeWX6W01vusbVSS8qbuGCp7tAuduunkcXLnAuPMOIctSd2gWTQ";

/// Contoso with applications of every kind.
fn tenant() -> Value {
    let text = std::fs::read_to_string(root().join("examples/contoso.tenant.json")).unwrap();
    let mut tenant: Value = serde_json::from_str(&text).unwrap();
    let key = json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" });
    tenant["applications"] = json!([
        {
            "appId": APP,
            "secrets": [SECRET],
            "expiredSecrets": ["0ld~secret~of~the~application"],
            "federatedIdentities": [
                { "issuer": GITHUB, "subject": SUBJECT },
                { "issuer": CLUSTER, "subject": ACCOUNT, "publicKey": key },
                {
                    "issuer": "https://vstoken.dev.azure.com/contoso",
                    "subject": "sc://contoso/policies/entrue"
                },
            ],
        },
        { "appId": MACHINE, "managedIdentity": "systemAssigned" },
        { "appId": USER_ASSIGNED, "managedIdentity": "userAssigned" },
    ]);
    tenant
}

type Set = Vec<(&'static str, String)>;

fn set(pairs: &[(&'static str, &str)]) -> Set {
    pairs
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

fn app() -> Set {
    set(&[("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", APP)])
}

fn github(url: &str) -> Set {
    let mut set = app();
    let url = format!("{url}/fake/github-oidc?api-version=2.0");
    set.push(("ACTIONS_ID_TOKEN_REQUEST_URL", url));
    set.push(("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN.to_owned()));
    set
}

fn pipelines(url: &str) -> Set {
    let mut set = set(&[
        ("SYSTEM_ACCESSTOKEN", REQUEST_TOKEN),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "a-connection"),
        ("AZURESUBSCRIPTION_CLIENT_ID", APP),
        ("AZURESUBSCRIPTION_TENANT_ID", TENANT),
    ]);
    set.push((
        "SYSTEM_OIDCREQUESTURI",
        format!("{url}/fake/azure-pipelines"),
    ));
    set
}

fn app_service(url: &str) -> Set {
    let mut set = set(&[("IDENTITY_HEADER", HEADER)]);
    set.push(("IDENTITY_ENDPOINT", format!("{url}/fake/app-service")));
    set
}

fn secret(value: &str) -> Set {
    let mut set = app();
    set.push(("AZURE_CLIENT_SECRET", value.to_owned()));
    set
}

fn with(mut set: Set, name: &'static str, value: &str) -> Set {
    set.retain(|(other, _)| *other != name);
    set.push((name, value.to_owned()));
    set
}

fn without(mut set: Set, name: &str) -> Set {
    set.retain(|(other, _)| *other != name);
    set
}

/// Runs `plan` with a clean environment but for these variables.
fn run(url: &str, set: &Set, more: &[&str]) -> Run {
    let run: Run = program(&root())
        .envs(set.iter().map(|(name, value)| (*name, value.as_str())))
        .args(["plan", "examples/contoso.yaml", "-vv"])
        .args(if more.contains(&"--timeout") {
            &[][..]
        } else {
            &["--timeout", "20"]
        })
        .args(["--graph-url", url, "--authority-url", url])
        .args(more)
        .output()
        .expect("it runs")
        .into();
    hides(&run);
    run
}

/// Nothing that opens anything is in what was printed: no token of any shape,
/// no secret.
#[track_caller]
fn hides(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        for secret in [SECRET, REQUEST_TOKEN, HEADER, "0ld~secret", "eyJ"] {
            assert!(!text.contains(secret), "`{secret}` is printed: {run:#?}");
        }
    }
}

fn json_run(url: &str, set: &Set, more: &[&str]) -> Run {
    run(url, set, &[&["--format", "json"], more].concat())
}

#[track_caller]
fn error_of(run: &Run, code: i32, name: &str) -> String {
    assert_eq!(run.code, code, "{run:#?}");
    let report = run.json();
    let error = &report["errors"][0];
    assert_eq!(error["code"], name, "{error}");
    assert_eq!(report["plan"], Value::Null);
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    assert!(!text("message").ends_with('.'), "{error}");
    format!("{} | {}", text("message"), text("hint"))
}

/// A sign-in that fails: exit code 4, and this is said.
#[track_caller]
fn fails(url: &str, set: &Set, more: &[&str], says: &[&str]) {
    let said = error_of(&json_run(url, set, more), 4, "sign-in-failed");
    for part in says {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let text = run(url, set, more);
    assert_eq!(text.code, 4);
}

#[test]
fn every_kind_signs_in() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    let folder = tempfile::tempdir().unwrap();
    let file = assertion_file(folder.path(), &claims(CLUSTER, ACCOUNT, 300));
    let imds = set(&[("AZURE_TENANT_ID", TENANT)]);
    let imds = with(
        imds,
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        &format!("{url}/fake/imds"),
    );
    for (kind, set, auto) in [
        ("client-secret", secret(SECRET), true),
        ("github-oidc", github(url), true),
        (
            "workload-identity",
            with(app(), "AZURE_FEDERATED_TOKEN_FILE", &file),
            true,
        ),
        ("azure-pipelines", pipelines(url), true),
        ("managed-identity", app_service(url), true),
        (
            "managed-identity",
            with(app_service(url), "AZURE_CLIENT_ID", USER_ASSIGNED),
            true,
        ),
        ("managed-identity", imds.clone(), false),
        (
            "managed-identity",
            with(imds, "AZURE_CLIENT_ID", USER_ASSIGNED),
            false,
        ),
    ] {
        let chosen = json_run(url, &set, &["--auth", kind]);
        assert_eq!(chosen.code, 0, "{kind}: {chosen:#?}");
        assert_eq!(chosen.json()["plan"]["tenant"]["id"], TENANT, "{kind}");
        assert!(chosen.stderr.contains("signing in"), "{}", chosen.stderr);
        let told = run(url, &set, &["--auth", kind]);
        let note = told
            .stderr
            .lines()
            .find(|line| line.contains("signing in"))
            .unwrap();
        assert!(note.contains(&format!("({kind}: as asked for)")), "{note}");
        let by_variable = run(url, &with(set.clone(), "ENTRUE_AUTH", kind), &[]);
        assert_eq!(by_variable.code, 0, "{by_variable:#?}");
        let automatic = run(url, &set, &[]);
        if auto {
            assert_eq!(automatic.code, 0, "{automatic:#?}");
            let why = format!("({kind}: the only sign-in that is completely configured)");
            assert!(automatic.stderr.contains(&why), "{}", automatic.stderr);
        } else {
            assert_eq!(automatic.code, 1, "IMDS is never probed");
            assert!(automatic.stderr.contains("nothing says how to sign in"));
        }
    }
}

#[test]
fn auto_takes_what_is_complete_and_no_more() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    let invalid = |set: &Set, more: &[&str], says: &[&str]| {
        let said = error_of(&json_run(url, set, more), 1, "usage");
        for part in says {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    };
    // A tenant's or an application's id alone says nothing.
    invalid(
        &app(),
        &[],
        &[
            "nothing says how to sign in",
            "ENTRUE_ACCESS_TOKEN",
            "--sandbox",
        ],
    );
    invalid(&Vec::new(), &[], &["nothing says how to sign in"]);
    // What is half there is named.
    for (set, missing) in [
        (
            without(github(url), "AZURE_CLIENT_ID"),
            "missing: AZURE_CLIENT_ID",
        ),
        (
            without(github(url), "AZURE_TENANT_ID"),
            "missing: AZURE_TENANT_ID (or --tenant)",
        ),
        (
            without(github(url), "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
            "missing: ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ),
        (
            without(pipelines(url), "SYSTEM_ACCESSTOKEN"),
            "missing: SYSTEM_ACCESSTOKEN",
        ),
        (
            without(app_service(url), "IDENTITY_HEADER"),
            "missing: IDENTITY_HEADER",
        ),
        (
            set(&[("AZURE_CLIENT_SECRET", SECRET)]),
            "missing: AZURE_CLIENT_ID, AZURE_TENANT_ID",
        ),
        (
            set(&[("AZURE_FEDERATED_TOKEN_FILE", "/f")]),
            "missing: AZURE_CLIENT_ID, AZURE_TENANT_ID",
        ),
    ] {
        invalid(&set, &[], &["half configured", missing]);
    }
    invalid(
        &[
            set(&[("AZURE_CLIENT_SECRET", SECRET)]),
            set(&[("SYSTEM_ACCESSTOKEN", REQUEST_TOKEN)]),
        ]
        .concat(),
        &[],
        &["a client secret (missing:", "Azure Pipelines (missing:"],
    );
    // One that was asked for says what it lacks, and where that comes from.
    invalid(
        &app(),
        &["--auth", "github-oidc"],
        &["needs ACTIONS_ID_TOKEN_REQUEST_URL", "id-token: write"],
    );
    invalid(
        &app(),
        &["--auth", "azure-pipelines"],
        &["needs SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN:"],
    );
    invalid(
        &without(app_service(url), "IDENTITY_HEADER"),
        &["--auth", "managed-identity"],
        &["needs IDENTITY_HEADER"],
    );
    invalid(
        &app(),
        &["--auth", "magic"],
        &["no such kind; known: auto, token, client-secret, github-oidc"],
    );
    // Two are one too many, unless one is asked for.
    let both = with(github(url), "AZURE_CLIENT_SECRET", SECRET);
    invalid(
        &both,
        &[],
        &[
            "2 sign-ins are configured",
            "--auth client-secret",
            "--auth github-oidc",
        ],
    );
    assert_eq!(run(url, &both, &["--auth", "github-oidc"]).code, 0);
    // What is half there does not stand in the way of what is complete.
    let beside = with(
        secret(SECRET),
        "SYSTEM_OIDCREQUESTURI",
        "https://dev.azure.test/x",
    );
    assert_eq!(run(url, &beside, &[]).code, 0);
    // Secrets go nowhere in plain.
    for (set, name) in [
        (
            with(
                github(url),
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "http://github.test/",
            ),
            "ACTIONS_ID_",
        ),
        (
            with(pipelines(url), "SYSTEM_OIDCREQUESTURI", "http://10.0.0.1/"),
            "SYSTEM_OIDC",
        ),
        (
            with(app_service(url), "IDENTITY_ENDPOINT", "http://10.0.0.1/"),
            "IDENTITY_ENDPOINT",
        ),
    ] {
        invalid(&set, &[], &[name, "must be https"]);
    }
}

#[test]
fn tokens_of_another_tenant_are_an_error_before_any_read() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    for set in [
        with(pipelines(url), "AZURE_TENANT_ID", NOT_THEIRS),
        with(app_service(url), "AZURE_TENANT_ID", NOT_THEIRS),
    ] {
        let run = json_run(url, &set, &[]);
        error_of(&run, 1, "tenant-mismatch");
    }
    let requests = served.sandbox.requests();
    assert!(
        requests
            .iter()
            .all(|request| !request.path.starts_with("/v1.0"))
    );
}

#[test]
fn refusals_say_what_they_mean_and_what_to_do() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    fails(
        url,
        &secret("wr0ng"),
        &[],
        &["AADSTS7000215", "the client secret is wrong", "not its id"],
    );
    fails(
        url,
        &secret("0ld~secret~of~the~application"),
        &[],
        &["AADSTS7000222", "has expired", "docs/authentication.md"],
    );
    let other = with(github(url), "AZURE_CLIENT_ID", NOT_THEIRS);
    fails(
        url,
        &other,
        &[],
        &["AADSTS700016", "does not know this application"],
    );
    let other = with(github(url), "AZURE_TENANT_ID", NOT_THEIRS);
    fails(
        url,
        &other,
        &[],
        &["AADSTS90002", "no such tenant", "--cloud"],
    );
    for (query, says) in [
        (
            "issuer=https://gitlab.test",
            ["AADSTS700211", "issuer", "https://gitlab.test"],
        ),
        (
            "subject=repo:contoso/fork:pull_request",
            ["AADSTS700213", "subject", "contoso/fork"],
        ),
        ("lifetime=-3600", ["AADSTS700024", "has expired", "clock"]),
    ] {
        let asked = format!("{url}/fake/github-oidc?{query}");
        let set = with(github(url), "ACTIONS_ID_TOKEN_REQUEST_URL", &asked);
        fails(url, &set, &[], &says);
    }
    // Each cloud has its own audience.
    for (cloud, audience) in [
        ("usgov", "api://AzureADTokenExchangeUSGov"),
        ("china", "api://AzureADTokenExchangeChina"),
    ] {
        fails(
            url,
            &github(url),
            &["--cloud", cloud],
            &["AADSTS700212", audience],
        );
    }
}

#[test]
fn a_federated_file_is_verified_and_read_anew() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    let folder = tempfile::tempdir().unwrap();
    let good = claims(CLUSTER, ACCOUNT, 300);
    let file = assertion_file(folder.path(), &good);
    let set = with(app(), "AZURE_FEDERATED_TOKEN_FILE", &file);
    assert_eq!(run(url, &set, &[]).code, 0);
    // Signed by somebody else, not signed at all, tampered with, rotten.
    let put = |text: &str| std::fs::write(&file, text).unwrap();
    put(&sign(&good, "src/sandbox/issuer-key.txt"));
    fails(url, &set, &[], &["AADSTS700027", "signature is wrong"]);
    let signed = sign(&good, "tests/support/another-issuers-key.txt");
    let (_, signature) = signed.rsplit_once('.').unwrap();
    let changed = claims(CLUSTER, ACCOUNT, 86_400);
    put(&format!("{}.{signature}", unsigned(&changed, "RS256")));
    fails(url, &set, &[], &["AADSTS700027"]);
    put(&format!("{}.", unsigned(&good, "none")));
    fails(url, &set, &[], &["AADSTS50027"]);
    let over = sign(
        &claims(CLUSTER, ACCOUNT, -3600),
        "tests/support/another-issuers-key.txt",
    );
    put(&over);
    fails(url, &set, &[], &["AADSTS700024", "renewed"]);
    put("two words");
    fails(url, &set, &[], &["holds no token", &file]);
    put(&"x".repeat(100_000));
    fails(url, &set, &[], &["too large"]);
    std::fs::remove_file(&file).unwrap();
    fails(url, &set, &[], &["AZURE_FEDERATED_TOKEN_FILE", "mounted"]);

    // A token that Graph takes no more is replaced by one of the renewed file.
    put(&signed);
    let mut tired = tenant();
    tired["faults"] = json!([{ "on": "policy", "kind": "status", "status": 401, "times": 1 }]);
    let served = Served::tenant(&tired);
    assert_eq!(run(&served.url, &set, &[]).code, 0);
    let asked = |served: &Served| {
        let requests = served.sandbox.requests();
        requests
            .iter()
            .filter(|r| r.path.ends_with("/token"))
            .count()
    };
    assert_eq!(asked(&served), 2);
}

#[test]
fn sign_ins_are_repeated_like_everything_else() {
    let mut tired = tenant();
    tired["faults"] = json!([
        { "on": "token", "kind": "status", "status": 429, "retryAfter": 0, "times": 1 },
        { "on": "token", "kind": "reset", "times": 1 },
        { "on": "token", "kind": "status", "status": 503, "retryAfter": 0, "skip": 1, "times": 1 },
    ]);
    for of in [github, pipelines, app_service] {
        let served = Served::tenant(&tired);
        let run = run(&served.url, &of(&served.url), &[]);
        assert_eq!(run.code, 0, "{run:#?}");
    }
    let mut html = tenant();
    html["faults"] = json!([{ "on": "token", "kind": "html" }]);
    let served = Served::tenant(&html);
    fails(
        &served.url,
        &github(&served.url),
        &["--timeout", "3"],
        &["GitHub's token service", "not JSON"],
    );
}

#[test]
fn hosts_that_refuse_are_told_by_name() {
    let mut bare = tenant();
    bare["applications"] = json!([]);
    let served = Served::tenant(&bare);
    let url = &served.url;
    fails(
        url,
        &app_service(url),
        &[],
        &["App Service's token service", "400", "AZURE_CLIENT_ID"],
    );
    let imds = set(&[("ENTRUE_AUTH", "managed-identity")]);
    let imds = with(
        imds,
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        &format!("{url}/fake/imds"),
    );
    fails(
        url,
        &imds,
        &[],
        &["(IMDS)", "Identity not found", "only a machine in Azure"],
    );
    for status in [401, 403, 400] {
        let mut refusing = tenant();
        refusing["faults"] = json!([{ "on": "token", "kind": "status", "status": status }]);
        let served = Served::tenant(&refusing);
        let url = &served.url;
        fails(
            url,
            &github(url),
            &[],
            &["gives no assertion", "id-token: write"],
        );
        fails(
            url,
            &pipelines(url),
            &[],
            &["gives no assertion", "SYSTEM_ACCESSTOKEN"],
        );
    }
}

/// An Azure CLI that does this, first on the PATH.
#[cfg(unix)]
fn azure_cli(folder: &std::path::Path, script: &str) -> Set {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("az");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut set = set(&[("ENTRUE_AUTH", "azure-cli"), ("AZURE_TENANT_ID", TENANT)]);
    set.push(("PATH", format!("{}:{path}", folder.display())));
    set
}

#[cfg(unix)]
#[test]
fn the_azure_cli_is_asked_and_told_nothing() {
    let served = Served::tenant(&tenant());
    let url = &served.url;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let token = |tenant: &str| format!("{}.x", unsigned(&json!({ "tid": tenant }), "none"));
    let prints = |token: &str| format!("echo '{{\"accessToken\": \"{token}\"}}'");
    let script = format!(
        "echo \"$@\" > {0}/args; env > {0}/env; {1}",
        folder.display(),
        prints(&token(TENANT))
    );
    let mut set = azure_cli(folder, &script);
    set.extend(
        secret(SECRET)
            .into_iter()
            .filter(|(name, _)| name.ends_with("SECRET")),
    );
    set.extend(
        github(url)
            .into_iter()
            .filter(|(name, _)| name.starts_with("ACTIONS")),
    );
    set.push(("ENTRUE_ACCESS_TOKEN", REQUEST_TOKEN.to_owned()));
    set.push(("SYSTEM_ACCESSTOKEN", REQUEST_TOKEN.to_owned()));
    set.push(("IDENTITY_HEADER", HEADER.to_owned()));
    let run_ = run(url, &set, &[]);
    assert_eq!(run_.code, 0, "{run_:#?}");
    let args = std::fs::read_to_string(folder.join("args")).unwrap();
    let wanted = format!(
        "account get-access-token --output json --scope https://graph.microsoft.com/.default --tenant {TENANT}\n"
    );
    assert_eq!(args, wanted);
    let env = std::fs::read_to_string(folder.join("env")).unwrap();
    for secret in [SECRET, REQUEST_TOKEN, HEADER, "ENTRUE_"] {
        assert!(!env.contains(secret), "{env}");
    }

    let other = azure_cli(folder, &prints(&token(NOT_THEIRS)));
    error_of(&json_run(url, &other, &[]), 1, "tenant-mismatch");
    for (script, says) in [
        (
            "echo 'ERROR: Please run az login to setup account.' >&2; exit 1",
            "Please run az login",
        ),
        (
            "echo 'ERROR: AADSTS700082: The refresh token eyJhbGciOi.x has expired.' >&2; exit 1",
            "sign in again",
        ),
        ("echo 'not JSON eyJ'", "holds no token"),
        ("exit 3", "az login"),
    ] {
        fails(url, &azure_cli(folder, script), &[], &["Azure CLI", says]);
    }
    let begun = std::time::Instant::now();
    let slow = azure_cli(folder, "exec sleep 60");
    fails(url, &slow, &["--timeout", "2"], &["within 2 s"]);
    assert!(begun.elapsed().as_secs() < 30);
    let nowhere = with(slow, "PATH", "/nowhere");
    fails(url, &nowhere, &[], &["not on the PATH", "install"]);
    // It is asked only where somebody says so.
    let asked = azure_cli(folder, &format!("touch {}/asked", folder.display()));
    let said = error_of(
        &json_run(url, &without(asked, "ENTRUE_AUTH"), &[]),
        1,
        "usage",
    );
    assert!(said.contains("--auth azure-cli") && !folder.join("asked").exists());
}

#[test]
fn each_secret_goes_to_its_own_place_and_no_further() {
    let entra = Canned::new(
        400,
        r#"{"error_codes":[53003],"error_description":"AADSTS53003: Access has been blocked."}"#,
    );
    let served = Served::tenant(&tenant());
    let set = github(&served.url);
    let said = error_of(&json_run(&entra.url, &set, &[]), 4, "sign-in-failed");
    assert!(
        said.contains("AADSTS53003") && said.contains("Conditional Access"),
        "{said}"
    );
    let got = entra.got();
    assert!(
        got.contains("client_assertion=eyJ") && got.contains("jwt-bearer"),
        "{got}"
    );
    assert!(
        !got.contains(REQUEST_TOKEN),
        "the request token went to Entra"
    );
    assert_eq!(said.matches("AADSTS53003").count(), 1, "{said}");
    for (code, means) in [
        (65001, "consented"),
        (500_011, "the service"),
        (70021, "trusts no such"),
    ] {
        let body = format!(
            r#"{{"error":"x","error_description":"AADSTS{code}: it says so. Trace ID: 1"}}"#
        );
        let entra = Canned::new(400, &body);
        let said = error_of(&json_run(&entra.url, &set, &[]), 4, "sign-in-failed");
        assert!(
            said.contains(&format!("AADSTS{code}")) && said.contains(means),
            "{said}"
        );
    }

    // Nobody follows a redirect with a secret in hand.
    let elsewhere = Canned::new(200, "{}");
    let away = Canned::redirect(&elsewhere.url);
    let by = |url: &str| {
        [
            with(github(url), "ACTIONS_ID_TOKEN_REQUEST_URL", url),
            with(pipelines(url), "SYSTEM_OIDCREQUESTURI", url),
            with(app_service(url), "IDENTITY_ENDPOINT", url),
            secret(SECRET),
        ]
    };
    for set in by(&away.url) {
        error_of(&json_run(&away.url, &set, &[]), 4, "sign-in-failed");
    }
    assert_eq!(elsewhere.got(), "", "it was followed");

    // A host that repeats what it was sent does not make us print it.
    let echo = format!(
        r#"{{"message":"bad {HEADER} {REQUEST_TOKEN} {SECRET}","error_description":"AADSTS1: bad {SECRET} (eyJhbGciOiJub25lIn0.e30.x)"}}"#
    );
    let echo = Canned::new(400, &echo.replace(REQUEST_TOKEN, ""));
    for set in by(&echo.url) {
        let set = if set.iter().any(|(name, _)| *name == "IDENTITY_HEADER") {
            continue;
        } else {
            set
        };
        error_of(&json_run(&echo.url, &set, &[]), 4, "sign-in-failed");
    }
    let echo = Canned::new(400, &format!(r#"{{"message":"bad {HEADER}"}}"#));
    let set = with(app_service(&echo.url), "IDENTITY_ENDPOINT", &echo.url);
    error_of(&json_run(&echo.url, &set, &[]), 4, "sign-in-failed");
}

#[test]
fn every_kind_and_every_reason_is_in_the_documentation() {
    let page = std::fs::read_to_string(root().join("docs/authentication.md")).unwrap();
    let served = Served::tenant(&tenant());
    let run = json_run(&served.url, &app(), &["--auth", "none"]);
    let said = error_of(&run, 1, "usage");
    let known = said.split_once("known: auto, ").unwrap().1;
    let kinds: Vec<&str> = known.trim_end_matches(" | ").split(", ").collect();
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    for kind in kinds {
        assert!(page.contains(&format!("\n## {kind}\n")), "{kind}");
    }
    for cloud in entrue::graph::cloud::CLOUDS {
        assert!(
            page.contains(&format!("`{}` |", cloud.token_exchange)),
            "{}",
            cloud.name
        );
    }
}

#[test]
fn the_machines_host_is_asked_past_any_proxy() {
    let served = Served::tenant(&tenant());
    let proxy = Canned::new(403, "{}");
    let set = with(app_service(&served.url), "http_proxy", &proxy.url);
    let said = error_of(&json_run(&served.url, &set, &[]), 4, "graph-forbidden");
    assert!(!proxy.got().contains("app-service"), "{said}");
    assert!(
        proxy.got().contains("/v1.0/"),
        "Graph is reached through it"
    );
    let mistaken = with(
        github(&served.url),
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        REQUEST_TOKEN,
    );
    let said = error_of(&json_run(&served.url, &mistaken, &[]), 1, "usage");
    assert!(
        said.contains("ACTIONS_ID_TOKEN_REQUEST_URL is no URL"),
        "{said}"
    );
}

/// A host that gives one answer to everything and keeps what it got.
struct Canned {
    url: String,
    got: Arc<Mutex<String>>,
}

impl Canned {
    fn new(status: u16, body: &str) -> Self {
        let length = body.len();
        Self::raw(format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    fn redirect(to: &str) -> Self {
        Self::raw(format!(
            "HTTP/1.1 307 X\r\nlocation: {to}/away\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
    }

    fn raw(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(String::new()));
        let kept = got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let pause = std::time::Duration::from_millis(200);
                stream.set_read_timeout(Some(pause)).unwrap();
                let mut buffer = [0; 4096];
                let mut text = String::new();
                // Until it falls silent: head and body may come apart.
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    text.push_str(&String::from_utf8_lossy(&buffer[..count]));
                }
                kept.lock().unwrap().push_str(&text);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Canned { url, got }
    }

    fn got(&self) -> String {
        self.got.lock().unwrap().clone()
    }
}

fn claims(issuer: &str, subject: &str, lifetime: i64) -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({ "iss": issuer, "sub": subject, "aud": EXCHANGE, "iat": now, "exp": now + lifetime })
}

fn unsigned(claims: &Value, algorithm: &str) -> String {
    let header = json!({ "typ": "JWT", "alg": algorithm });
    format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    )
}

fn sign(claims: &Value, key: &str) -> String {
    let text = std::fs::read_to_string(root().join(key)).unwrap();
    let key = ring::signature::RsaKeyPair::from_pkcs8(&unbase64(&text)).unwrap();
    let signed = unsigned(claims, "RS256");
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(
        &ring::signature::RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", base64(&signature))
}

fn assertion_file(folder: &std::path::Path, claims: &Value) -> String {
    let file = folder.join("assertion");
    // As a mounted file may, it ends with a line break.
    let text = sign(claims, "tests/support/another-issuers-key.txt") + "\n";
    std::fs::write(&file, text).unwrap();
    file.to_string_lossy().into_owned()
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 with the URL alphabet, by the book and slowly.
fn base64(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    bits.as_bytes()
        .chunks(6)
        .map(|chunk| {
            let chunk = std::str::from_utf8(chunk).unwrap();
            let at = usize::from_str_radix(&format!("{chunk:0<6}"), 2).unwrap();
            char::from(ALPHABET.as_bytes()[at])
        })
        .collect()
}

fn unbase64(text: &str) -> Vec<u8> {
    let bits: String = text
        .chars()
        .filter_map(|ch| ALPHABET.find(ch))
        .map(|value| format!("{value:06b}"))
        .collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}
