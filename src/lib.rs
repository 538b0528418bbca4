//! entrue
pub mod sandbox;
