//! The control interface: HTTP over a socket in the state directory, for the command line on the same machine.
//!
//! Whoever may open the socket (mode 0600) may do everything here; it is never bound to the network.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::UnixListener;

use crate::app::App;
use crate::plugins::Shelf;
use crate::problem::Problem;

mod actions;
pub mod client;
mod connections;
mod dead_letters;
mod deliveries;
mod incidents;
mod intake;
mod plugins;
mod query;
mod receipts;
mod relay;
pub(crate) mod shapes;
mod sources;
mod unmatched;

pub(crate) use shapes::refused;
pub use shapes::verified;

/// Bytes of a socket's path that the system takes (`sun_path`, less its end).
const PATH_BYTES_MAX: usize = 107;

/// What the handlers share.
#[derive(Clone)]
struct Control {
    app: Arc<App>,
    shelf: Arc<Shelf>,
}

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

/// Listens at `path`. Whatever a relay that was killed left there is replaced: the store's lock has shown
/// that none is running.
///
/// # Errors
/// The path is too long or cannot be written.
pub fn listen(path: &Path) -> Result<UnixListener, SocketError> {
    if path.as_os_str().len() > PATH_BYTES_MAX {
        return Err(SocketError::TooLong(path.to_owned()));
    }
    let io = |error| SocketError::Io { path: path.to_owned(), error };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(io)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    Ok(listener)
}

/// The routes of the control socket.
pub fn router(app: Arc<App>, shelf: Arc<Shelf>) -> Router {
    Router::new()
        .route("/status", get(relay::status))
        .route("/plugins", get(relay::plugins))
        .route("/plugins/approve", post(plugins::approve))
        .route("/connections", get(connections::list))
        .route("/connections/{connection}/test", post(connections::test))
        .route("/actions", get(actions::list))
        .route("/actions/{action}/try", post(actions::try_out))
        .route("/verify", post(relay::verify))
        .route("/dismiss", post(relay::dismiss))
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
        .fallback(async || Problem::not_found("There is nothing here."))
        .with_state(Control { app, shelf })
}

/// Runs `read` where it may wait for the disk.
async fn blocking<T, E>(read: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(read).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => {
            tracing::error!(%error, "a request of the control socket was not answered");
            Err(Problem::unavailable("Not answered", "The relay could not answer; the log says why."))
        }
    }
}
