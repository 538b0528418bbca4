//! What can be wrong with a tenant file.

use std::path::PathBuf;

/// Why a simulated tenant could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The file cannot be read.
    #[error("cannot read the tenant file `{}`: {source}", path.display())]
    Read {
        /// The tenant file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a tenant.
    #[error("{}:{line}:{column}: {at}{message}", path.display())]
    Format {
        /// The tenant file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The place in the JSON, with a colon and a space; empty at the top.
        at: String,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// The tenant given in memory is not one.
    #[error("the tenant is not valid: {message}")]
    Invalid {
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// The file cannot be written.
    #[error("cannot write the tenant file `{}`: {source}", path.display())]
    Write {
        /// The tenant file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else wrote the file since it was read.
    #[error("the tenant file `{}` was changed by somebody else since it was read; nothing was saved", path.display())]
    Changed {
        /// The tenant file.
        path: PathBuf,
    },
    /// The tenant did not come from a file.
    #[error("this tenant was not loaded from a file, so there is none to save it to")]
    NoFile,
}
