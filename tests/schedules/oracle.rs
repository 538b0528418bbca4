//! What must hold of every schedule, told from the network's side.

use std::time::Duration;

use entrue::core::diff::diff;
use entrue::core::directory::Directory;
use entrue::core::live::decode;
use entrue::core::plan::{Action, Resource};
use entrue::core::report::{Outcome as How, Written};
use entrue::core::spec::{Object, PolicySpec};
use entrue::core::verify::bare;
use entrue::policy;
use serde_json::Value;

use super::world::Event;
use super::{Ended, Outcome};

/// A word for the tally.
pub fn kind(outcome: &Outcome) -> String {
    match &outcome.ended {
        Ended::Unplanned => "unplanned",
        Ended::Stopped => "stopped",
        Ended::Untouched => "untouched",
        Ended::CutShort(_) => "cut short",
        Ended::Applied(applied) => match applied.outcome {
            How::Applied => "applied",
            How::Changes => "changes",
            How::Invalid => "stale",
            How::Unknown => "unknown",
            How::InSync => "in sync",
            How::Blocked => "blocked",
        },
    }
    .to_owned()
}

/// Judges a schedule.
pub fn judge(outcome: &Outcome) -> Result<(), String> {
    // The last answer may take a moment of its own.
    if outcome.took > outcome.within + Duration::from_secs(1) {
        return Err(format!("took {:?} of {:?}", outcome.took, outcome.within));
    }
    let writes: Vec<usize> = (0..outcome.log.len())
        .filter(|at| matches!(outcome.log[*at], Event::Write { .. }))
        .collect();
    let Some(plan) = &outcome.plan else {
        return none(&writes, "no plan");
    };
    let resource = &plan.resources[0];
    let spec = policy::find(&resource.resource_type).unwrap();
    match &outcome.ended {
        Ended::Unplanned | Ended::Stopped => none(&writes, "ended before")?,
        // One that was answered 429 and waits to be sent again did nothing.
        Ended::Untouched => {
            let took = |at: &&usize| matches!(outcome.log[**at], Event::Write { took: true, .. });
            if let Some(at) = writes.iter().find(took) {
                return Err(format!("untouched, and write {at} took"));
            }
        }
        _ => {}
    }
    for (nth, at) in writes.iter().enumerate() {
        write(outcome, *at, resource, spec)?;
        if let Some(next) = writes.get(nth + 1)
            && matches!(outcome.log[*at], Event::Write { took: true, .. })
        {
            return Err(format!("write {at} took, and {next} was sent all the same"));
        }
    }
    let took = writes
        .iter()
        .any(|at| matches!(outcome.log[*at], Event::Write { took: true, .. }));
    match &outcome.ended {
        Ended::CutShort(written) => said(*written, took),
        Ended::Applied(applied) => {
            said(applied.written, took)?;
            let last = last_read(&outcome.log, outcome.log.len(), spec);
            match applied.outcome {
                How::Applied => match last {
                    Some(live) if reached(resource, spec, &live) => Ok(()),
                    _ => Err("applied, but not as last read".to_owned()),
                },
                How::Changes => match last {
                    _ if applied.written != Written::Yes => Err("changes, not written".to_owned()),
                    Some(live) if !reached(resource, spec, &live) => Ok(()),
                    _ => Err("differences, but not as last read".to_owned()),
                },
                How::InSync if resource.action == Action::None => none(&writes, "in sync"),
                How::InSync => Err("in sync with a write to do".to_owned()),
                How::Invalid | How::Blocked => {
                    if took {
                        return Err("nothing written, it says, and a write took".to_owned());
                    }
                    Ok(())
                }
                How::Unknown if applied.problems.is_empty() => Err("unknown, unsaid".to_owned()),
                How::Unknown => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn none(writes: &[usize], why: &str) -> Result<(), String> {
    if writes.is_empty() {
        return Ok(());
    }
    Err(format!("{why}, and {} writes were sent", writes.len()))
}

/// A write is what was planned, sent on a read that shows the plan's tenant.
fn write(
    outcome: &Outcome,
    at: usize,
    resource: &Resource,
    spec: &'static PolicySpec,
) -> Result<(), String> {
    let Event::Write {
        method, path, body, ..
    } = &outcome.log[at]
    else {
        return Ok(());
    };
    let planned = &resource.requests[0];
    let same = *method == planned.method
        && *path == format!("/v1.0{}", planned.path)
        && *body == planned.body;
    if !same {
        return Err(format!("sent {method} {path} {body}, planned {planned:?}"));
    }
    let before = bare(spec, &resource.before).unwrap();
    let knowledge = outcome.log[..at]
        .iter()
        .rev()
        .find_map(|event| match event {
            Event::Read(json) => Some(Some(json)),
            Event::Unread(_) | Event::Write { .. } => Some(None),
            _ => None,
        });
    match knowledge {
        Some(Some(json)) if same_state(spec, &before, json) => Ok(()),
        Some(Some(json)) => Err(format!("written over another state: {json}")),
        _ => Err("written without a read right before".to_owned()),
    }
}

fn same_state(spec: &'static PolicySpec, state: &Object, json: &Value) -> bool {
    decode(spec, json).is_ok_and(|live| diff(spec, state, &live, &Directory::default()).is_empty())
}

fn last_read(log: &[Event], end: usize, spec: &'static PolicySpec) -> Option<Object> {
    log[..end].iter().rev().find_map(|event| match event {
        Event::Read(json) => decode(spec, json).ok(),
        _ => None,
    })
}

fn reached(resource: &Resource, spec: &'static PolicySpec, live: &Object) -> bool {
    let names = Directory::default();
    match resource.action {
        Action::Delete => entrue::core::defaults::built_in(spec)
            .iter()
            .any(|known| diff(spec, live, &known.policy, &names).is_empty()),
        _ => diff(spec, live, &bare(spec, &resource.after).unwrap(), &names).is_empty(),
    }
}

fn said(written: Written, took: bool) -> Result<(), String> {
    match (written, took) {
        (Written::No, true) => Err("not written, it says, and it was".to_owned()),
        (Written::Yes, false) => Err("written, it says, and nothing took".to_owned()),
        _ => Ok(()),
    }
}
