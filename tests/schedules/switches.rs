//! Every case under every switch that the simulated tenant has, one at a time:
//! it ends as planned, or in the one way that is listed here with its reason.

use entrue::core::report::{Outcome as How, Written};
use entrue::sandbox::{Fault, Sandbox, Switch};

use super::world::Weather;
use super::{Ended, Scenario, apply_to, scenarios};

const CALM: Weather = Weather {
    reads_fail: 0.0,
    writes_fail: 0.0,
    others_write: 0.0,
    interrupt_at: None,
};

/// How a case may end otherwise than as planned.
#[derive(Clone, Copy)]
enum But {
    /// In no other way.
    Never,
    /// Always so.
    Always(How, Written),
    /// In some cases so.
    Some(How, Written),
}

use But::{Always, Never, Some as Sometimes};

/// Switches of behaviour, with the exception that each has. `staleMilliseconds`
/// is told by a clock that cannot be paused; `staleReads` stands for it.
const BEHAVIORS: &[(&str, But)] = &[
    ("nestedObjects=replace", Never),
    ("omittedAffinity=leaveOut", Never),
    // A binding that declares another affinity than its field's cannot have it.
    (
        "bindingAffinity=derived",
        Sometimes(How::Changes, Written::Yes),
    ),
    ("listOrder=reversed", Never),
    ("writtenText=trimmed", Never),
    ("writtenText=reformatted", Never),
    // What nobody planned moved: that is told, not passed over.
    (
        "recalculated=issuerHints",
        Sometimes(How::Changes, Written::Yes),
    ),
    ("annotations=ignore", Never),
    // The service refuses what the baseline wants; nothing is written.
    ("emptyBindings=refuse", Sometimes(How::Unknown, Written::No)),
    ("emptyTargets=refuse", Sometimes(How::Unknown, Written::No)),
    ("malformedOids=refuse", Never),
    ("unknownGroups=accept", Never),
    ("writeAnswer=entity", Never),
    ("staleReads=3", Never),
    // Longer than `--verify-timeout`: it says what it still sees.
    ("staleReads=1000", Sometimes(How::Changes, Written::Yes)),
    ("emptyValues=null", Never),
    ("emptyValues=missing", Never),
    ("emptyValues=empty", Never),
    ("idCase=changed", Never),
    ("wordCase=lower", Never),
    ("betaProperties=present", Never),
    ("etag=present", Never),
];

const LOST: But = Always(How::Unknown, Written::Unknown);
const REFUSED: But = Always(How::Unknown, Written::No);

/// Faults of the write: those that certainly did nothing are sent again, those
/// that may have taken are settled by reading, and never sent again.
const FAULTS: &[(&str, But)] = &[
    ("policy:PATCH:status=429,times=2", Never),
    ("policy:PATCH:status=429,retryAfter=7,times=2", Never),
    ("policy:PATCH:status=503,times=2", Never),
    ("policy:DELETE:status=429,times=2", Never),
    ("any:status=429,retryAfter=1,times=3", Never),
    ("policy:GET:status=500,times=3", Never),
    ("policy:GET:reset,times=2", Never),
    ("policy:GET:truncate,times=2", Never),
    ("policy:GET:html,times=1", Never),
    ("policy:GET:notJson,times=1", Never),
    ("policy:GET:hang,times=1", Never),
    ("policy:GET:hang=5,times=2", Never),
    ("policy:latency=1500", Never),
    ("policy:staleRead,skip=2,times=4", Never),
    ("policy:PATCH:status=504,applied,times=1", Never),
    ("policy:DELETE:status=500,applied,times=1", Never),
    ("policy:PATCH:resetAfter,times=1", Never),
    ("policy:DELETE:resetAfter,times=1", Never),
    ("policy:PATCH:truncate,times=1", Never),
    ("policy:PATCH:hang,applied,times=1", Never),
    ("policy:PATCH:status=500,times=1", LOST),
    ("policy:PATCH:status=504,times=1", LOST),
    ("policy:PATCH:reset,times=1", LOST),
    ("policy:PATCH:html,times=1", LOST),
    ("policy:PATCH:hang,times=1", LOST),
    ("policy:DELETE:status=502,times=1", LOST),
    ("policy:DELETE:reset,times=1", LOST),
    ("policy:PATCH:status=400,times=1", REFUSED),
    ("policy:PATCH:status=403,times=1", REFUSED),
    ("policy:PATCH:status=409,times=1", REFUSED),
    ("policy:PATCH:status=429", REFUSED),
    ("policy:PATCH:status=503", REFUSED),
    (
        "policy:PATCH:redirect=https://elsewhere.example/,times=1",
        REFUSED,
    ),
    ("policy:DELETE:status=403,times=1", REFUSED),
];

fn judge(ended: &Ended, but: But) -> Result<bool, String> {
    let Ended::Applied(applied) = ended else {
        return Err(format!("{ended:?}"));
    };
    let is = (applied.outcome, applied.written);
    let well = is == (How::Applied, Written::Yes);
    let allowed = match but {
        Never => well,
        Always(how, written) => is == (how, written),
        Sometimes(how, written) => well || is == (how, written),
    };
    if allowed {
        Ok(!well)
    } else {
        Err(format!("{applied:?}"))
    }
}

fn run(
    scenario: &Scenario,
    name: &str,
    sandbox: Sandbox,
    but: But,
    failures: &mut Vec<String>,
) -> bool {
    let outcome = apply_to(7, scenario, sandbox, CALM, (300, 60), false);
    match judge(&outcome.ended, but) {
        // What is stopped before it writes is no case for this.
        _ if matches!(outcome.ended, Ended::Stopped) => false,
        Ok(excepted) => excepted,
        Err(why) => {
            failures.push(format!("{} under {name}: {why}", scenario.name));
            false
        }
    }
}

fn tenant(scenario: &Scenario) -> Sandbox {
    Sandbox::from_tenant(scenario.tenant.clone()).unwrap()
}

#[test]
fn every_case_converges_under_every_behaviour_of_the_service_or_is_an_exception() {
    let scenarios = scenarios();
    let mut failures = Vec::new();
    for (name, but) in BEHAVIORS {
        let switch: Switch = name.parse().unwrap();
        let mut excepted = 0;
        for scenario in &scenarios {
            let sandbox = tenant(scenario).misbehave(std::slice::from_ref(&switch), &[]);
            excepted += usize::from(run(scenario, name, sandbox, *but, &mut failures));
        }
        if excepted == 0 && !matches!(but, Never) {
            failures.push(format!("{name}: no case needs the exception"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_case_ends_as_the_wire_table_says_under_every_fault() {
    let scenarios = scenarios();
    let mut failures = Vec::new();
    for (name, but) in FAULTS {
        let fault: Fault = name.parse().unwrap();
        let mut struck = 0;
        for scenario in &scenarios {
            // A fault of PATCH is none where nothing is patched.
            let resets = scenario.policies[0].absent;
            let other = if resets { ":PATCH:" } else { ":DELETE:" };
            if name.contains(other) {
                continue;
            }
            struck += 1;
            let sandbox = tenant(scenario).misbehave(&[], std::slice::from_ref(&fault));
            run(scenario, name, sandbox, *but, &mut failures);
        }
        assert!(struck > 0, "{name}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
