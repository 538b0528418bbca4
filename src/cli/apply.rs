//! `entrue apply`: from a plan to a tenant that is as planned.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use crate::core::approval::{Approved, Consent};
use crate::core::plan::Plan;
use crate::core::report::{Outcome, Problem, Written};
use crate::policy;
use crate::reconcile::apply::{self, Applied, Options};
use crate::reconcile::interrupt::{self, Ending, Progress, minding};
use crate::view::clean;

use super::args;
use super::output::{Ended, Output, Shown, write_stderr};
use super::ready::{Ready, from_files, from_saved, not_approved};
use super::validate::count;
use super::{backup, interrupted, untouched};

const NAME: &str = "apply";

/// Runs it, and minds signals.
pub async fn run(command: &args::Apply, output: &Output) -> Ended {
    let progress = Progress::default();
    let work = steps(command, output, &progress);
    let signal = async || {
        let signal = interrupted().await;
        if progress.has_begun() {
            output.tell(
                "interrupted; the write under way is awaited for 10 s, a second signal ends at once",
            );
        }
        signal
    };
    match minding(work, &progress, signal).await {
        Ending::Done(ended) => ended,
        Ending::Untouched(signal) => {
            let mut ended = untouched(NAME, signal);
            ended.shown = Shown::Text("Not applied: interrupted before any write\n".to_owned());
            ended
        }
        Ending::CutShort(written) => cut_short(written),
    }
}

fn cut_short(written: Written) -> Ended {
    let mut ended = Ended::failed(NAME, Outcome::Unknown, vec![interrupt::problem(written)]);
    ended.report.written = written;
    ended.shown = Shown::Text("Unknown: interrupted after a write\n".to_owned());
    ended
}

async fn steps(command: &args::Apply, output: &Output, progress: &Progress) -> Ended {
    // A pin that pins nothing must not pass for one.
    for (flag, given) in [
        ("--expect", command.expect.is_some()),
        ("--max-age", command.max_age.is_some()),
    ] {
        if given && command.plan.is_none() {
            let message = format!("`{flag}` is about a saved plan, and no `--plan` is given");
            return Ended::usage(NAME, message);
        }
    }
    let prepared = match &command.plan {
        Some(path) => from_saved(command, path).await,
        None => from_files(command).await,
    };
    let mut ready = match prepared {
        Ok(ready) => ready,
        Err(ended) => return *ended,
    };
    // Where this goes must be known before anybody consents.
    let notes = std::mem::take(&mut ready.ended.notes);
    notes.iter().for_each(|note| output.tell(note));
    if output.is_json() {
        ready.ended.notes = notes;
    }
    output.show_plan(&ready.plan);
    if output.has_failed() {
        let message = "the plan could not be shown, so nobody can have approved it";
        return ready.stopped(Problem::new("not-approved", message));
    }
    let consent = match consent(command, output, &ready).await {
        Ok(consent) => consent,
        Err(problem) => return ready.stopped(problem),
    };
    let approved = match Approved::new(ready.plan.clone(), consent, policy::find) {
        Ok(approved) => approved,
        Err(error) => {
            let problem = not_approved(&error, "the plan", None);
            return ready.stopped(problem);
        }
    };
    tracing::info!(plan = %approved.plan().plan_id, consent = ?approved.consent(), "approved");
    let mut backup = None;
    if approved.writes().next().is_some() && !command.no_backup {
        let place = backup::Place {
            folder: &command.backup_dir,
            connection: &command.against.connection,
        };
        match backup::save(&approved, &place, progress) {
            Ok(saved) => {
                saved.notes.iter().for_each(|note| output.tell(note));
                backup = Some(saved);
            }
            Err(problem) => return ready.stopped(problem),
        }
    }
    let options = Options {
        verify_within: Duration::from_secs(u64::from(command.verify_timeout)),
        known_defaults: &ready.known_defaults,
    };
    let applied = apply::apply(&ready.connection.graph, &approved, &options, progress).await;
    if applied.written == Written::No && backup.take().is_some() {
        output.tell("nothing was written, so the backup was taken away again");
    }
    ready.finish(applied, backup.map(|saved| saved.name.clone()))
}

/// Who consents: a saved plan does by itself, nothing to do needs nobody.
async fn consent(
    command: &args::Apply,
    output: &Output,
    ready: &Ready,
) -> Result<Consent, Problem> {
    if !ready.plan.has_changes() {
        return Ok(Consent::NothingToDo);
    }
    if ready.is_saved {
        return Ok(Consent::SavedPlan);
    }
    if command.auto_approve {
        return Ok(Consent::AutoApprove);
    }
    let nobody = |message| {
        Err(Problem::new("not-approved", message).hint(
            "give `--auto-approve`, or save the plan with `entrue plan --out` and apply that with `--plan`",
        ))
    };
    if output.is_json() {
        return nobody("nobody approved the plan, and with `--format json` nobody is asked");
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return nobody("nobody approved the plan, and there is no terminal to ask on");
    }
    output.show_plan_beside_the_question(&ready.plan);
    let tenant = ready.plan.tenant.id.as_deref().unwrap_or("(id unknown)");
    write_stderr(&format!(
        "Write this to tenant {} ({})? [y/N] ",
        clean::line(tenant),
        ready.connection.host
    ));
    let began = Instant::now();
    // On a thread of its own, so that a signal ends the wait.
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await;
    // What a person takes to read is not the tenant's delay.
    ready.connection.graph.extend(began.elapsed());
    match line {
        Ok(Ok(line)) if matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes") => {
            Ok(Consent::Answered)
        }
        _ => Err(Problem::new(
            "not-approved",
            "the plan was not approved; nothing was written",
        )),
    }
}

impl Ready {
    /// Ends before any write.
    fn stopped(self, problem: Problem) -> Ended {
        let mut ended = self.ended;
        let why = match problem.code.as_str() {
            "not-approved" => "nobody approved the plan",
            _ => "nothing was written",
        };
        ended.shown = Shown::Text(format!("Not applied: {why}\n"));
        ended.report.errors.push(problem);
        ended.report = ended.report.ended(Outcome::Invalid, 2);
        ended.report.plan = Some(self.plan);
        ended
    }

    fn finish(self, applied: Applied, backup: Option<String>) -> Ended {
        let mut ended = self.ended;
        let Applied {
            outcome,
            written,
            remaining,
            problems,
            left,
        } = applied;
        let mut text = closing(outcome, written, &remaining, &self.plan);
        if let Some(left) = &left {
            let json = serde_json::to_string_pretty(&left).unwrap_or_default();
            text.push_str(&format!(
                "\nWhat the reset left, as a file for `--known-default`:\n{json}\n"
            ));
        }
        ended.shown = Shown::Text(text);
        ended.report.errors.extend(problems);
        ended.report = ended.report.ended(outcome, 2);
        ended.report.plan = Some(self.plan);
        ended.report.written = written;
        ended.report.remaining = remaining;
        ended.report.reset_left = left;
        ended.report.backup = backup;
        ended.report.graph = Some(self.connection.graph.used());
        ended
    }
}

/// The lines that say how it ended, the first for scripts to look for.
fn closing(outcome: Outcome, written: Written, remaining: &[String], plan: &Plan) -> String {
    let summary = &plan.summary;
    let lag = "Sign-ins may take up to an hour to follow, as would an undo\n";
    match (outcome, written) {
        (Outcome::InSync, _) => format!(
            "Applied: nothing to do, {} as declared\n",
            count(plan.resources.len(), "policy", "policies")
        ),
        (Outcome::Applied, _) => format!(
            "Applied: {} patch, {} delete, {} none; stored and read back\n{lag}",
            summary.patch, summary.delete, summary.none
        ),
        (Outcome::Changes, _) if remaining.is_empty() => {
            format!("Not as planned: stored, and something else came of it\n{lag}")
        }
        (Outcome::Changes, _) => format!(
            "Not as planned: {} after the write\n{lag}",
            count(remaining.len(), "property differs", "properties differ")
        ),
        (_, Written::No) => "Not applied: nothing was written\n".to_owned(),
        (_, Written::Yes) => format!("Unknown: a write was stored, the rest is not known\n{lag}"),
        (_, Written::Unknown) => "Unknown: a write may or may not have taken\n".to_owned(),
    }
}
