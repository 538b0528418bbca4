//! The pure middle: everything between reading a tenant and writing to it.
//!
//! Nothing here knows a clock, an environment variable, a file or a socket. Each
//! module takes values and returns values, driven by the tables in
//! [`crate::policy`].

pub mod approval;
pub mod codes;
pub mod compare;
pub mod defaults;
pub mod diff;
pub mod directory;
pub mod dn;
pub mod export;
pub mod finding;
pub mod guard;
pub mod live;
pub mod overlay;
pub mod path;
pub mod plan;
pub mod references;
pub mod report;
pub mod resolve;
pub mod spec;
pub mod verify;
