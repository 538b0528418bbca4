//! Any bytes as a saved plan.
#![no_main]

#[path = "../../tests/fuzzed/laws/mod.rs"]
mod laws;
mod tree;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tree::mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::plan::hold(data));
