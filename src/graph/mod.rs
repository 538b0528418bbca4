//! The only code that touches the network.
//!
//! Below everything lies one thin seam ([`seam::Seam`]: a request in, an answer
//! or a failure out), so that tests can put faults there and nowhere else.

pub mod aadsts;
pub mod answer;
pub mod auth;
pub mod client;
pub mod cloud;
pub mod error;
pub mod groups;
pub mod policies;
pub mod retry;
pub mod seam;
pub mod token;
pub mod writer;
