//! The control interface: HTTP over a socket in the state directory, for the command line on the same machine.
//!
//! Whoever may open the socket (mode 0600) may do everything here; it is never bound to the network.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::net::UnixListener;

use crate::operate::metrics::Exporter;
use crate::plugins::Shelf;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::Reloads;

mod actions;
mod asked;
mod backup;
mod configuration;
mod connections;
mod context;
mod dead_letters;
mod deliveries;
mod incidents;
mod intake;
mod journal;
mod plugins;
mod query;
mod receipts;
mod relay;
mod resources;
pub(crate) mod shapes;
mod sources;
mod unmatched;
mod user;

pub use journal::page as journal_page;
pub use shapes::verified;

use context::Control;

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

/// The routes of the control socket.
pub fn router(app: Arc<App>, shelf: Arc<Shelf>, reloads: Reloads, exporter: Arc<Exporter>) -> Router {
    Router::new()
        .route("/status", get(relay::status))
        .route("/metrics", get(relay::metrics).layer(Extension(exporter)))
        .route("/plugins", get(plugins::list))
        .route("/plugins/approve", post(plugins::approve))
        .route("/connections", get(connections::list))
        .route("/connections/{connection}/test", post(connections::test))
        .route("/actions", get(actions::list))
        .route("/actions/{action}/try", post(actions::try_out))
        .route("/backup", get(backup::stream))
        .route("/sizes", get(backup::sizes))
        .route("/reload", post(configuration::reload))
        .route("/diff", post(configuration::diff))
        .route("/config/{kind}", get(resources::list))
        .route("/config/{kind}/{name}", get(resources::show).put(resources::put).delete(resources::remove))
        .route("/verify", post(relay::verify))
        .route("/dismiss", post(relay::dismiss))
        .route("/journal", get(journal::list))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{incident}", get(incidents::show))
        .route("/incidents/{incident}/modify", post(incidents::modify))
        .route("/incidents/{incident}/{command}", post(incidents::command))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/retry", post(dead_letters::retry))
        .route("/deliveries/discard", post(dead_letters::discard))
        .route("/deliveries/{delivery}", get(deliveries::show))
        .route("/deliveries/{delivery}/retry", post(deliveries::retry))
        .route("/deliveries/{delivery}/discard", post(deliveries::discard))
        .route("/sources", get(sources::list))
        .route("/sources/{source}/foresee", post(sources::foresee_events))
        .route("/sources/{source}/redecode", post(receipts::redecode_all))
        .route("/receipts", get(receipts::list))
        .route("/receipts/discard", post(receipts::discard))
        .route("/receipts/{receipt}", get(receipts::show))
        .route("/receipts/{receipt}/redecode", post(receipts::redecode))
        .fallback(async || HttpProblem::not_found("There is nothing here."))
        .with_state(Control { app, shelf, reloads })
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
