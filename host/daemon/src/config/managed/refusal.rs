//! Why a change over the API is refused, and its limits.

use std::path::PathBuf;

use super::kind::Kind;
use crate::config::error::{ConfigError, ConfigProblem};
use crate::config::files::MANAGED;

/// The size limit of one file, in bytes.
pub(super) const FILE_BYTES_MAX: usize = 64 * 1024;
/// How many files `managed` may hold.
pub(super) const FILES_MAX: usize = 1000;
/// The size limit of all files in `managed`, in bytes. The history keeps up to 52 copies of them.
pub(super) const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a change is refused. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The settings have mistakes that can be seen without the rest of the configuration.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<ConfigProblem>),
    /// It is larger than the limit.
    #[error("{path} has {bytes} bytes as TOML, the limit is {FILE_BYTES_MAX}")]
    TooLarge {
        /// The path.
        path: String,
        /// Its size in TOML.
        bytes: usize,
    },
    /// It does not exist.
    #[error("There is no {} `{name}` in the configuration.", kind.one())]
    Absent {
        /// The table.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// It is in a file that the relay does not write.
    #[error("{path} is in {}, which Tocsin does not write: change it there and run `tocsin reload`", file.display())]
    Elsewhere {
        /// The path.
        path: String,
        /// The file.
        file: PathBuf,
    },
    /// Its file in `managed` is not of the form that the relay writes.
    #[error(
        "{} {problem}: the relay writes one file for each source, connection and action; move it to conf.d and run \
         `tocsin reload`",
        file.display()
    )]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Its file was changed by hand.
    #[error(
        "{path} in the files differs from what is in force: run `tocsin reload` first, or take the change back"
    )]
    NotReloaded {
        /// The path.
        path: String,
    },
    /// Another version is in force than the client expects.
    #[error("{path} {is}: read it again, and repeat the change if it is still right")]
    Outdated {
        /// The path.
        path: String,
        /// What is in force.
        is: &'static str,
    },
    /// `managed` is full.
    #[error(
        "{MANAGED} would have {files} files and {bytes} bytes, the limits are {FILES_MAX} and {BYTES_MAX}"
    )]
    Full {
        /// The number of files.
        files: usize,
        /// Their size.
        bytes: usize,
    },
    /// A file of the configuration cannot be used.
    #[error(transparent)]
    Files(#[from] ConfigError),
}
