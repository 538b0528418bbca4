//! Arguments to exit code, nothing else.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    entrue::cli::main()
}
