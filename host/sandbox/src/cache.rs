//! The directory of compiled components.
//!
//! What lies in it is native code that the host runs, so never one that others may write to.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wasmtime::{Cache, CacheConfig};

/// Only the host's own user.
const MODE: u32 = 0o700;
/// Writing by the group or by anybody.
const OTHERS_WRITE: u32 = 0o022;

/// Why a cache directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It is not there and cannot be made, or not be read.
    #[error("the compile cache directory {path} cannot be used: {source}", path = path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others could put code there.
    #[error(
        "the compile cache directory {path} has mode {mode:o}: whoever can write to it can run code as \
         this user; run `chmod 700 {path}`, or name another directory",
        path = path.display()
    )]
    Writable {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else's.
    #[error(
        "the compile cache directory {path} belongs to user {owner}, not to user {user} that this process \
         runs as: its owner could run code as this user; name another directory",
        path = path.display()
    )]
    Foreign {
        /// Which.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// The process's.
        user: u32,
    },
    /// The compiler does not take it.
    #[error("the compile cache directory {path} cannot be used: {detail}", path = path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

/// The cache in `directory`, which is made if it is not there.
///
/// # Errors
/// It cannot be made or written to, or others than this user can write to it.
pub(crate) fn open(directory: &Path, folder: &str) -> Result<Cache, CacheError> {
    let path = directory.to_owned();
    prepare(directory).map_err(|source| CacheError::Unusable { path: path.clone(), source })??;
    let absolute =
        fs::canonicalize(directory).map_err(|source| CacheError::Unusable { path: path.clone(), source })?;
    let mut config = CacheConfig::new();
    config.with_directory(absolute.join(folder));
    Cache::new(config).map_err(|error| CacheError::Refused { path, detail: format!("{error:#}") })
}

fn prepare(directory: &Path) -> std::io::Result<Result<(), CacheError>> {
    DirBuilder::new().recursive(true).mode(MODE).create(directory)?;
    let metadata = fs::metadata(directory)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE != 0 {
        return Ok(Err(CacheError::Writable { path: directory.to_owned(), mode }));
    }
    // A file of ours says both whether we can write here and who we are.
    let probe = directory.join(format!(".probe-{}", std::process::id()));
    let user = fs::File::create(&probe)?.metadata()?.uid();
    gone(fs::remove_file(&probe))?;
    if metadata.uid() != user {
        let path = directory.to_owned();
        return Ok(Err(CacheError::Foreign { path, owner: metadata.uid(), user }));
    }
    Ok(Ok(()))
}

/// That a file is gone, whoever removed it: the compiler of another process that uses the directory clears away
/// what it does not know.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_is_for_its_owner_only() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/cache");
        open(&directory, "1").unwrap();
        assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        let left: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "1"), "the probe is gone: {left:?}");
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o770)).unwrap();
        let error = open(directory.path(), "1").unwrap_err();
        assert!(matches!(error, CacheError::Writable { mode: 0o770, .. }));
        assert!(error.to_string().contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_probe_that_somebody_else_cleared_away_is_no_trouble() {
        let directory = tempfile::tempdir().unwrap();
        let probe = directory.path().join("probe");
        fs::write(&probe, b"").unwrap();
        assert!(gone(fs::remove_file(&probe)).is_ok());
        assert!(gone(fs::remove_file(&probe)).is_ok());
        assert!(gone(fs::remove_file(directory.path())).is_err(), "a directory is no probe");
    }
}
