//! entrue
fn main() {}
