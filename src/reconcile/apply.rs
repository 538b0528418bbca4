//! Writes an approved plan, and proves that it took.
//!
//! Makes no choices: what is sent was decided when the plan was made. All that
//! is judged here is whether the tenant is still what the plan was made of,
//! what became of a write, and whether the result is the one that was planned.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::core::approval::{Approved, ApprovedWrite};
use crate::core::defaults::Known;
use crate::core::diff::{Change, diff};
use crate::core::directory::Directory;
use crate::core::plan::{Action, Resource};
use crate::core::report::{Outcome, Problem, Written};
use crate::core::spec::{Object, PolicySpec};
use crate::core::verify::{bare, names_of, to_wire};
use crate::graph::answer::WriteFailure;
use crate::graph::client::Graph;
use crate::graph::error::GraphError;
use crate::graph::policies;
use crate::graph::writer::Writer;

use super::differences;
use super::goal::Goal;
use super::interrupt::{self, Progress, Stage};

/// The first pause between two looks at what was written, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LONGEST_LOOK: Duration = Duration::from_secs(4);

/// A look that has begun gets this long, also where the time to verify is over.
const LOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// What applying needs besides the plan.
#[derive(Debug)]
pub struct Options<'a> {
    /// How long a write may take to show.
    pub verify_within: Duration,
    /// Defaults that the user knows of, by policy `Id`.
    pub known_defaults: &'a BTreeMap<&'static str, Vec<Known>>,
}

impl Options<'_> {
    fn known(&self, spec: &PolicySpec) -> &[Known] {
        self.known_defaults.get(spec.id).map_or(&[], Vec::as_slice)
    }
}

/// What applying gave.
#[derive(Debug)]
pub struct Applied {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the tenant was written to.
    pub written: Written,
    /// Paths that still differ, as far as that is known.
    pub remaining: Vec<String>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// What a reset left, in Graph's JSON, where that is no known default.
    pub left: Option<Value>,
}

/// Writes the plan, policy by policy: reads each once more directly before,
/// writes it, reads back until it is as planned. The first that fails is the
/// last that is tried.
pub async fn apply(
    graph: &Graph,
    approved: &Approved,
    options: &Options<'_>,
    progress: &Progress,
) -> Applied {
    let writer = Writer::new(graph, approved);
    let mut run = Run {
        graph,
        options,
        progress,
        applied: Applied {
            outcome: Outcome::InSync,
            written: Written::No,
            remaining: Vec::new(),
            problems: Vec::new(),
            left: None,
        },
    };
    let mut writes = writer.writes();
    for write in writes.by_ref() {
        if !run.one(&writer, write).await {
            break;
        }
    }
    // What was not tried is still to do, once anything was done.
    if run.applied.written != Written::No {
        for write in writes {
            run.applied
                .remaining
                .extend(paths(&write.resource().changes));
        }
    }
    run.applied
}

struct Run<'a> {
    graph: &'a Graph,
    options: &'a Options<'a>,
    progress: &'a Progress,
    applied: Applied,
}

/// Why a write is not sent.
enum Stop {
    /// Somebody asked to stop.
    Interrupted,
    /// The policy could not be read.
    Unread(Box<GraphError>),
    /// It is no longer what the plan was made of.
    Stale(Vec<Change>),
}

/// What reading back showed.
enum Seen {
    /// The policy is as planned.
    AsPlanned,
    /// It is not, as last read.
    Otherwise(Object),
    /// It could not be read.
    Failed(GraphError),
    /// Somebody asked to stop.
    Stopped,
}

impl Run<'_> {
    /// Writes one policy. False where nothing further may be tried.
    async fn one(&mut self, writer: &Writer<'_>, write: ApprovedWrite<'_>) -> bool {
        let (resource, spec) = (write.resource(), write.spec());
        let names = names_of(resource);
        let goal = Goal::of(spec, resource, self.options.known(spec));
        let taken_before = self.applied.written;
        let stage_before = self.progress.stage();
        if let Err(stop) = self.still_as_planned(resource, spec, &names).await {
            self.withdraw(stop, resource);
            return false;
        }
        self.progress.set(Stage::Sent);
        let withdrawn = RefCell::new(None);
        let pause = async |wait| {
            // What was sent certainly did nothing.
            self.progress.set(stage_before);
            let stop = match self.pause(wait).await {
                Ok(()) => self.still_as_planned(resource, spec, &names).await.err(),
                Err(stop) => Some(stop),
            };
            if stop.is_none() {
                self.progress.set(Stage::Sent);
            }
            let goes_on = stop.is_none();
            withdrawn.replace(stop);
            goes_on
        };
        let sent = writer.write(write, pause).await;
        match sent {
            Ok(()) => {
                self.taken();
                self.prove(&goal, resource, &names).await
            }
            Err(WriteFailure::Lost(error)) => self.settle(error, &goal, &names).await,
            Err(WriteFailure::Refused(error)) => {
                self.refused(error, taken_before, resource, &goal, &names)
                    .await;
                false
            }
            Err(WriteFailure::Withdrawn) => {
                if let Some(stop) = withdrawn.into_inner() {
                    self.withdraw(stop, resource);
                }
                false
            }
        }
    }

    /// Waits, unless somebody asks to stop.
    async fn pause(&self, wait: Duration) -> Result<(), Stop> {
        tokio::select! {
            biased;
            () = self.progress.stopped() => Err(Stop::Interrupted),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Whether the tenant is still what the plan was made of, read this moment.
    async fn still_as_planned(
        &self,
        resource: &Resource,
        spec: &'static PolicySpec,
        names: &Directory,
    ) -> Result<(), Stop> {
        let read = tokio::select! {
            biased;
            () = self.progress.stopped() => return Err(Stop::Interrupted),
            read = policies::read(self.graph, spec) => read,
        };
        let live = read.map_err(|error| Stop::Unread(Box::new(error)))?;
        let before = bare(spec, &resource.before).unwrap_or_default();
        let since = diff(spec, &before, &live, names);
        if since.is_empty() {
            Ok(())
        } else {
            Err(Stop::Stale(since))
        }
    }

    /// A write that is not sent, or not sent again.
    fn withdraw(&mut self, stop: Stop, resource: &Resource) {
        match stop {
            Stop::Interrupted => self.interrupted(),
            Stop::Unread(error) => self.fail(Outcome::Unknown, (*error).into()),
            Stop::Stale(since) => {
                // After a first write nobody can say that nothing was written.
                let outcome = match self.applied.written {
                    Written::No => Outcome::Invalid,
                    _ => Outcome::Changes,
                };
                self.fail(outcome, differences::stale(&since, &resource.id));
            }
        }
        if self.applied.written != Written::No {
            self.applied.remaining.extend(paths(&resource.changes));
        }
    }

    fn taken(&mut self) {
        self.progress.set(Stage::Taken);
        self.applied.written = Written::Yes;
        self.applied.outcome = Outcome::Applied;
    }

    fn fail(&mut self, outcome: Outcome, problem: Problem) {
        self.applied.outcome = outcome;
        self.applied.problems.push(problem);
    }

    /// Reads back a write that was taken.
    async fn prove(&mut self, goal: &Goal, resource: &Resource, names: &Directory) -> bool {
        match self.look(goal).await {
            Seen::AsPlanned => return true,
            Seen::Otherwise(live) => self.differs(goal, resource, live, names),
            Seen::Failed(error) => {
                let message = format!(
                    "the write was accepted, but the policy could not be read back: {}",
                    error.message
                );
                let error = GraphError { message, ..error }
                    .hint("`entrue plan` tells whether the tenant is as declared");
                self.fail(Outcome::Unknown, error.into());
            }
            Seen::Stopped => self.interrupted(),
        }
        false
    }

    /// Finds out what became of a write whose answer was lost. It is never sent
    /// again: the first may take any moment.
    async fn settle(&mut self, lost: GraphError, goal: &Goal, names: &Directory) -> bool {
        let seen = self.look(goal).await;
        if matches!(seen, Seen::AsPlanned) {
            self.taken();
            return true;
        }
        self.applied.written = Written::Unknown;
        let found = match &seen {
            Seen::Stopped => {
                self.interrupted();
                return false;
            }
            Seen::Otherwise(live) => {
                let differences = goal.differences(live, names);
                self.applied.remaining.extend(paths(&differences));
                "it does not show in the policy as last read, but may yet take"
            }
            _ => "the policy cannot be read either",
        };
        let message = format!(
            "the fate of the write is unknown: {}; {found}. It was not sent again",
            lost.message.trim_end_matches('.')
        );
        let error = GraphError {
            code: "write-unknown",
            message,
            ..lost
        }
        .hint("wait a few minutes, then run `entrue plan`: it tells whether the write took");
        self.fail(Outcome::Unknown, error.into());
        false
    }

    /// Says that a write was refused, and looks whether the tenant agrees.
    async fn refused(
        &mut self,
        mut error: GraphError,
        taken_before: Written,
        resource: &Resource,
        goal: &Goal,
        names: &Directory,
    ) {
        let before = bare(goal.spec, &resource.before).unwrap_or_default();
        self.applied.written = match policies::read(self.graph, goal.spec).await {
            Ok(live) if diff(goal.spec, &before, &live, names).is_empty() => {
                if taken_before != Written::No {
                    self.applied.remaining.extend(paths(&resource.changes));
                }
                taken_before
            }
            // Refused, and yet the policy moved: by the refused write after all,
            // or by somebody else.
            Ok(live) => {
                self.applied
                    .remaining
                    .extend(paths(&goal.differences(&live, names)));
                error
                    .message
                    .push_str("; all the same the policy has changed since it was read");
                Written::Unknown
            }
            Err(_) => match taken_before {
                Written::No if error.status.is_none_or(|status| status < 500) => Written::No,
                Written::Yes => Written::Yes,
                _ => Written::Unknown,
            },
        };
        if self.applied.written == Written::No {
            self.progress.set(Stage::Idle);
        }
        self.fail(Outcome::Unknown, error.into());
    }

    fn differs(&mut self, goal: &Goal, resource: &Resource, live: Object, names: &Directory) {
        if goal.action == Action::Delete {
            let wire = to_wire(goal.spec, &live);
            let moved = !goal.is_untouched(&live);
            self.fail(
                Outcome::Changes,
                differences::default_unknown(goal.spec, moved),
            );
            self.applied.left = Some(wire);
            return;
        }
        let remaining = goal.differences(&live, names);
        let problem = differences::not_as_planned(
            goal.spec,
            &remaining,
            &resource.changes,
            self.options.verify_within,
        );
        self.applied.remaining.extend(paths(&remaining));
        self.fail(Outcome::Changes, problem);
    }

    fn interrupted(&mut self) {
        let problem = interrupt::problem(self.applied.written);
        self.fail(Outcome::Unknown, problem);
    }

    /// Reads until the policy is as planned, or the time for it has passed.
    async fn look(&self, goal: &Goal) -> Seen {
        let end = (Instant::now() + self.options.verify_within).min(self.graph.deadline());
        let mut pause = FIRST_LOOK;
        loop {
            let limit = end.max(Instant::now() + LOOK_TIMEOUT);
            let read = tokio::select! {
                biased;
                () = self.progress.stopped() => return Seen::Stopped,
                read = tokio::time::timeout_at(limit, policies::read(self.graph, goal.spec)) => read,
            };
            let live = match read {
                Ok(Ok(live)) if goal.is_met(&live) => return Seen::AsPlanned,
                Ok(Ok(live)) => live,
                Ok(Err(error)) => return Seen::Failed(error),
                Err(_) => return Seen::Failed(too_slow(goal.spec)),
            };
            if Instant::now() + pause >= end {
                return Seen::Otherwise(live);
            }
            if self.pause(pause).await.is_err() {
                return Seen::Stopped;
            }
            pause = (pause * 2).min(LONGEST_LOOK);
        }
    }
}

fn too_slow(spec: &PolicySpec) -> GraphError {
    GraphError::new(
        "graph-timeout",
        &format!("GET {}", spec.path),
        "no answer within the time for verifying",
    )
    .retryable()
}

fn paths(changes: &[Change]) -> impl Iterator<Item = String> + '_ {
    changes.iter().map(|change| change.path.clone())
}
