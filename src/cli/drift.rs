//! `entrue drift`: a plan for schedules. Guards are notes, differences are exit
//! code 2.

use super::args::Drift;
use super::output::Ended;
use super::plan::compare;

/// Runs it.
pub async fn run(command: &Drift) -> Ended {
    compare(&command.compare, "drift", 2).await
}
