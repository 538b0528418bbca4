//! entrue holds the sign-in policy of a Microsoft Entra tenant to its checked-in
//! files.
//!
//! ```text
//!  files ──parse──▶ tree ──check──▶ declared ──resolve──▶ desired ─┐
//!                                                                  │  pure
//!  Graph ──GET──▶ JSON ──decode──▶ live ──▶ target  = overlay(live, desired)
//!                                           changes = diff(live, target)
//!                                           plan, guards ──▶ report ──▶ views
//! ```
//!
//! [`baseline`] reads files, [`graph`] reads tenants, [`core`] compares, driven by
//! the tables in [`policy`]; [`reconcile`] ties them together, [`view`] renders,
//! [`cli`] maps arguments to a report and an exit code. [`sandbox`] is a simulated
//! tenant that shares nothing with any of them.

#![forbid(unsafe_code)]

pub mod baseline;
pub mod cli;
pub mod core;
pub mod graph;
pub mod policy;
pub mod reconcile;
pub mod sandbox;
pub mod view;
