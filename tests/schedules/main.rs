//! Fault schedules: seeded interleavings of failures, other writers and
//! interruptions, in process and with a paused clock.
//!
//! Whatever happens, entrue never writes anything but what was planned, never
//! after a failed read or on old knowledge, never twice where the first took,
//! never against a guard, never says what is not so, and is done in time.
//!
//! ```sh
//! cargo test --test schedules                                          # a thousand
//! ENTRUE_SCHEDULES=100000 cargo test --release --test schedules        # any number
//! ENTRUE_SCHEDULE_SEED=4711 cargo test --test schedules -- --nocapture # one again
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod oracle;
mod rng;
mod switches;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entrue::baseline::{self, Declared};
use entrue::core::approval::{Approved, Consent, NotApproved};
use entrue::core::plan::{Plan, Tenant};
use entrue::graph::auth::Tokens;
use entrue::graph::client::Graph;
use entrue::graph::seam::Seam;
use entrue::graph::token::Secret;
use entrue::policy;
use entrue::reconcile::apply::{self, Applied, Options};
use entrue::reconcile::interrupt::{Ending, Progress, minding};
use entrue::reconcile::{self, Planned, Wanted};
use entrue::sandbox::Sandbox;
use rng::Rng;
use world::{Weather, Wire, World};

/// A baseline and a tenant from `tests/cases`.
struct Scenario {
    name: String,
    policies: Vec<Declared>,
    allowed: Vec<String>,
    tenant: entrue::sandbox::Tenant,
}

/// Every case that would write, or that a guard stops.
fn scenarios() -> Vec<Scenario> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let read = |folder: &PathBuf, name| std::fs::read_to_string(folder.join(name)).ok();
    folders
        .iter()
        .filter_map(|folder| {
            let golden: serde_json::Value =
                serde_json::from_str(&read(folder, "plan.json")?).unwrap();
            let args: Vec<String> = read(folder, "args.txt")
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect();
            let allow = args.iter().position(|arg| arg == "--allow");
            let allowed: Vec<String> = allow.map_or(Vec::new(), |at| {
                args[at + 1].split(',').map(str::to_owned).collect()
            });
            let plain = args.len() == 2 * usize::from(allow.is_some());
            let tenant: serde_json::Value =
                serde_json::from_str(&read(folder, "tenant.json").unwrap()).unwrap();
            let obeys = tenant.get("faults").is_none() && tenant.get("permissions").is_none();
            let writes = matches!(golden["outcome"].as_str(), Some("changes" | "blocked"));
            let path = folder.join("desired.yaml").to_string_lossy().into_owned();
            let mut policies = baseline::load(&[path]).policies;
            for policy in &mut policies {
                for finding in &mut policy.findings {
                    finding.allow(&allowed);
                }
            }
            (plain && obeys && writes).then(|| Scenario {
                name: folder.file_name().unwrap().to_string_lossy().into_owned(),
                policies,
                allowed,
                tenant: serde_json::from_value(tenant).unwrap(),
            })
        })
        .collect()
}

/// How a schedule ended.
#[derive(Debug)]
pub enum Ended {
    /// No plan could be made.
    Unplanned,
    /// Findings stop the plan.
    Stopped,
    /// The plan was applied, one way or other.
    Applied(Applied),
    /// Interrupted before any write.
    Untouched,
    /// Interrupted after one, and this is what is known.
    CutShort(entrue::core::report::Written),
}

/// All that a schedule left behind.
pub struct Outcome {
    pub plan: Option<Plan>,
    pub ended: Ended,
    pub log: Vec<world::Event>,
    pub took: Duration,
    pub within: Duration,
}

fn run(seed: u64, scenario: &Scenario) -> Outcome {
    let mut rng = Rng::new(seed);
    let calm = |rng: &mut Rng, most: f64| {
        if rng.chance(0.4) {
            0.0
        } else {
            rng.unit() * most
        }
    };
    let weather = Weather {
        reads_fail: calm(&mut rng, 0.5),
        writes_fail: calm(&mut rng, 1.0),
        others_write: calm(&mut rng, 0.12),
        interrupt_at: rng.chance(0.25).then(|| 1 + rng.below(14) as u64),
    };
    let within = *rng.pick(&[5, 20, 60, 300]);
    let verify_within = *rng.pick(&[0, 1, 5, 30, 60]);
    let is_saved = rng.chance(0.3);
    let sandbox = Sandbox::from_tenant(scenario.tenant.clone()).unwrap();
    let times = (within, verify_within);
    apply_to(rng.next(), scenario, sandbox, weather, times, is_saved)
}

/// Plans and applies a scenario in process, with a paused clock. `times` are the
/// seconds for the whole and for verifying.
fn apply_to(
    seed: u64,
    scenario: &Scenario,
    sandbox: Sandbox,
    weather: Weather,
    times: (u64, u64),
    is_saved: bool,
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let world = World::new(sandbox, Rng::new(seed), weather);
    let [within, verify_within] = [times.0, times.1].map(Duration::from_secs);
    runtime.block_on(one(scenario, world, within, verify_within, is_saved))
}

async fn one(
    scenario: &Scenario,
    world: Arc<World>,
    within: Duration,
    verify_within: Duration,
    is_saved: bool,
) -> Outcome {
    let seam: Arc<dyn Seam> = Arc::new(Wire(world.clone()));
    let root = url::Url::parse("https://graph.example").unwrap();
    let began = tokio::time::Instant::now();
    let graph = Graph::new(seam, root, Tokens::given(Secret::new("secret")), within);
    let progress = Progress::default();
    let kept: Mutex<Option<Plan>> = Mutex::new(None);
    let work = async {
        let known_defaults = BTreeMap::new();
        let wanted = Wanted {
            policies: &scenario.policies,
            allowed: &scenario.allowed,
            known_defaults: &known_defaults,
            tenant: Tenant {
                id: Some(scenario.tenant.tenant.id.clone()),
                cloud: "global".to_owned(),
            },
        };
        let Planned {
            plan: Some(mut plan),
            ..
        } = reconcile::plan(&graph, wanted).await
        else {
            return Ended::Unplanned;
        };
        if is_saved {
            let text = serde_json::to_string(&plan).unwrap();
            plan = serde_json::from_str(&text).unwrap();
        }
        kept.lock().unwrap().replace(plan.clone());
        let approved = match Approved::new(plan, Consent::AutoApprove, policy::find) {
            Ok(approved) => approved,
            Err(NotApproved::Stopped(_)) => return Ended::Stopped,
            Err(NotApproved::Edited(edited)) => panic!("{edited}"),
        };
        let options = Options {
            verify_within,
            known_defaults: &known_defaults,
        };
        Ended::Applied(apply::apply(&graph, &approved, &options, &progress).await)
    };
    let signal = async || {
        world.interrupted.notified().await;
        130
    };
    let ended = match minding(work, &progress, signal).await {
        Ending::Done(ended) => ended,
        Ending::Untouched(_) => Ended::Untouched,
        Ending::CutShort(written) => Ended::CutShort(written),
    };
    let took = began.elapsed();
    world.settle().await;
    let plan = kept.lock().unwrap().take();
    Outcome {
        plan,
        ended,
        log: world.log(),
        took,
        within,
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_goes_wrong_nothing_is_written_or_said_that_should_not_be() {
    let seeds = match number("ENTRUE_SCHEDULE_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let start = number("ENTRUE_SCHEDULE_START").unwrap_or(1);
            start..start + number("ENTRUE_SCHEDULES").unwrap_or(1000)
        }
    };
    let one = seeds.end - seeds.start == 1;
    let threads = if one {
        1
    } else {
        std::thread::available_parallelism().map_or(2, usize::from)
    };
    let tally: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
    let failures: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..threads as u64 {
            let (tally, failures, enough) = (&tally, &failures, &enough);
            let seeds = seeds.clone();
            scope.spawn(move || {
                let scenarios = scenarios();
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                for seed in seeds.skip(thread as usize).step_by(threads) {
                    let scenario = &scenarios[Rng::new(seed ^ 0x5eed).below(scenarios.len())];
                    let outcome = run(seed, scenario);
                    *counts.entry(oracle::kind(&outcome)).or_default() += 1;
                    let verdict = oracle::judge(&outcome);
                    if one {
                        println!("{}: {:#?}", scenario.name, outcome.log);
                        println!("{:?} after {:?}", outcome.ended, outcome.took);
                    }
                    if let Err(why) = verdict {
                        let mut failures = failures.lock().unwrap();
                        failures.push(format!("seed {seed} ({}): {why}", scenario.name));
                        enough.store(failures.len() >= 10, Ordering::Relaxed);
                    }
                    if enough.load(Ordering::Relaxed) {
                        break;
                    }
                }
                let mut tally = tally.lock().unwrap();
                for (kind, count) in counts {
                    *tally.entry(kind).or_default() += count;
                }
            });
        }
    });
    let (tally, failures) = (tally.into_inner().unwrap(), failures.into_inner().unwrap());
    println!("{tally:#?}");
    assert!(
        failures.is_empty(),
        "{}\nagain: ENTRUE_SCHEDULE_SEED=<seed> cargo test --test schedules -- --nocapture",
        failures.join("\n")
    );
    if !one {
        // A schedule that never comes to a write proves nothing.
        for kind in [
            "applied",
            "changes",
            "unknown",
            "stale",
            "stopped",
            "untouched",
            "cut short",
        ] {
            assert!(
                tally.contains_key(kind),
                "no schedule ended as `{kind}`: {tally:?}"
            );
        }
    }
}

#[test]
fn a_seed_replays_to_the_last_event() {
    let scenarios = scenarios();
    for seed in 1..40 {
        let scenario = &scenarios[seed as usize % scenarios.len()];
        let [one, other] = [run(seed, scenario), run(seed, scenario)];
        assert_eq!(
            format!("{:?}", one.log),
            format!("{:?}", other.log),
            "seed {seed}"
        );
        assert_eq!(one.took, other.took, "seed {seed}");
    }
}
