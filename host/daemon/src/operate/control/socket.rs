//! The control socket: a Unix socket in the state directory that only the relay's user and root can open.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// Bytes of a socket's path that the system takes (`sun_path`, less its end).
const PATH_BYTES_MAX: usize = 107;

/// A socket that cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system's limit.
    #[error("{} has more than {PATH_BYTES_MAX} bytes, which no socket's path may have: use a shorter `state_dir`", .0.display())]
    TooLong(PathBuf),
    /// The system's error.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: std::io::Error,
    },
}

/// The directory beside the socket in which it is made.
const WORKSHOP: &str = ".sock";

/// Listens at `path`. Whatever a relay that was killed left there is replaced: the store's lock has shown
/// that none is running. The socket is made where only this user can go, and moved to its place when only he can
/// open it: whatever the process's umask and the directory's mode are, it is never open to others, not for a moment.
///
/// # Errors
/// The path is too long or cannot be written.
pub fn listen(path: &Path) -> Result<UnixListener, SocketError> {
    if path.as_os_str().len() > PATH_BYTES_MAX {
        return Err(SocketError::TooLong(path.to_owned()));
    }
    let io = |error| SocketError::Io { path: path.to_owned(), error };
    // Shorter than the socket's own name, so that this path is within the limit as well.
    let workshop = path.with_file_name(WORKSHOP);
    let made = workshop.join("s");
    match std::fs::remove_dir_all(&workshop) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        Ok(()) | Err(_) => {}
    }
    std::fs::DirBuilder::new().mode(0o700).create(&workshop).map_err(io)?;
    let listener = UnixListener::bind(&made).map_err(io)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    std::fs::rename(&made, path).map_err(io)?;
    std::fs::remove_dir(&workshop).map_err(io)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_socket_is_never_open_to_others_not_for_a_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let done = AtomicBool::new(false);
        let open_to_others = std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    if let Ok(metadata) = std::fs::symlink_metadata(&path) {
                        let mode = metadata.permissions().mode() & 0o777;
                        if mode != 0o600 && !seen.contains(&mode) {
                            seen.push(mode);
                        }
                    }
                }
                seen
            });
            for _ in 0..2000 {
                let listener = listen(&path).unwrap();
                drop(listener);
            }
            done.store(true, Ordering::Relaxed);
            watcher.join().unwrap()
        });
        assert_eq!(open_to_others, Vec::<u32>::new());
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(left, ["control.sock"]);
    }

    #[tokio::test]
    async fn what_a_killed_relay_left_is_replaced_and_the_socket_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        std::fs::create_dir(folder.path().join(WORKSHOP)).unwrap();
        std::fs::write(folder.path().join(WORKSHOP).join("s"), "").unwrap();
        std::fs::write(&path, "no socket").unwrap();
        let _listener = listen(&path).unwrap();
        assert!(std::os::unix::net::UnixStream::connect(&path).is_ok());
    }
}
