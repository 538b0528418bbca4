//! Any bytes as a baseline file.
#![no_main]

#[path = "../../tests/fuzzed/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::baseline::hold(data));
