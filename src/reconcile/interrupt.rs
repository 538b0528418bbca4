//! Interruption: before the first write it ends an apply at once, after it as
//! soon as it is known what became of the write.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::core::report::{Problem, Written};

/// After a signal a write under way may still be answered in this time.
const GRACE: Duration = Duration::from_secs(10);

/// How far an apply has come, for whoever may have to interrupt it.
#[derive(Debug)]
pub struct Progress {
    stage: Mutex<Stage>,
    stop: watch::Sender<bool>,
}

/// How far an apply has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was sent that could have written.
    Idle,
    /// A write was sent, and is not answered.
    Sent,
    /// A write was taken.
    Taken,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            stage: Mutex::new(Stage::Idle),
            stop: watch::Sender::new(false),
        }
    }
}

impl Progress {
    /// Whether a write was sent: from then on an end is not a clean one.
    pub fn has_begun(&self) -> bool {
        self.stage() != Stage::Idle
    }

    /// What is known of the writes so far.
    pub fn written(&self) -> Written {
        match self.stage() {
            Stage::Idle => Written::No,
            Stage::Sent => Written::Unknown,
            Stage::Taken => Written::Yes,
        }
    }

    /// Asks to end as soon as the write under way is answered.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far it has come.
    pub fn set(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// Waits until somebody asks to end.
    pub async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self`, so this ends by a stop alone.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// An interruption after a write was sent, with what is known of it.
pub fn problem(written: Written) -> Problem {
    let known = match written {
        Written::Yes => "a write was accepted, and not read back",
        Written::Unknown => "the fate of the write that was under way is unknown",
        Written::No => "the write that was under way did nothing",
    };
    Problem::new("interrupted", format!("interrupted: {known}"))
        .hint("`entrue plan` tells what the tenant is now")
}

/// How work ended that signals may interrupt.
#[derive(Debug)]
pub enum Ending<T> {
    /// By itself.
    Done(T),
    /// By this signal, before any write was sent.
    Untouched(u8),
    /// After a write, before anybody could say more than this.
    CutShort(Written),
}

/// Does the work, and minds signals.
pub async fn minding<T>(
    work: impl Future<Output = T>,
    progress: &Progress,
    signal: impl AsyncFn() -> u8,
) -> Ending<T> {
    tokio::pin!(work);
    let first = tokio::select! {
        biased;
        done = &mut work => return Ending::Done(done),
        first = signal() => first,
    };
    if !progress.has_begun() {
        return Ending::Untouched(first);
    }
    progress.stop();
    tokio::select! {
        biased;
        // The write under way may have been refused: then nothing was written.
        done = &mut work => match progress.has_begun() {
            true => Ending::Done(done),
            false => Ending::Untouched(first),
        },
        () = tokio::time::sleep(GRACE) => Ending::CutShort(progress.written()),
        _ = signal() => Ending::CutShort(progress.written()),
    }
}
