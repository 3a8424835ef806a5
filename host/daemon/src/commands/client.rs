//! The command line's side of the control socket.
//!
//! Says in words when no relay is running, and when this user may not know; shows a problem document's detail as it is.

use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::operate::api::problem::Refusal;

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// Nobody listens.
    #[error("no relay is running for this configuration ({}: {error}): start it with `tocsin serve`, or name its configuration with --config", socket.display())]
    NotRunning {
        /// Where it would listen.
        socket: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Whoever listens there belongs to somebody else.
    #[error("{} may not be opened by this user ({error}); a relay may well be running: ask as its user or as root, for example with sudo", socket.display())]
    Denied {
        /// Where it would listen.
        socket: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The relay said no. Further lines are indented: the detail may quote what came from outside.
    #[error("{}", .0.replace('\n', "\n  "))]
    Refused(String),
    /// The answer is of another version.
    #[error(
        "this version of tocsin cannot read the relay's answer ({0}): use the version that the relay runs"
    )]
    Foreign(String),
    /// The answer could not be read.
    #[error("the relay did not answer: {0}")]
    Broken(String),
}

/// Asks the relay behind `socket` for what is at `path`.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn get<A: DeserializeOwned>(socket: &Path, path: &str) -> Result<A, ClientError> {
    answer(socket, Request::get(path), Bytes::new()).await
}

/// Has the relay behind `socket` do what `asked` says at `path`.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn post<A: DeserializeOwned>(
    socket: &Path,
    path: &str,
    asked: &impl Serialize,
) -> Result<A, ClientError> {
    let body = serde_json::to_vec(asked).map_err(|error| ClientError::Broken(error.to_string()))?;
    answer(socket, Request::post(path), body.into()).await
}

/// Has the relay behind `socket` put what `asked` says at `path`, with these headers.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn put<A: DeserializeOwned>(
    socket: &Path,
    path: &str,
    headers: &[(&str, &str)],
    asked: &impl Serialize,
) -> Result<A, ClientError> {
    let body = serde_json::to_vec(asked).map_err(|error| ClientError::Broken(error.to_string()))?;
    let request =
        headers.iter().fold(Request::put(path), |request, (name, value)| request.header(*name, *value));
    answer(socket, request, body.into()).await
}

/// Has the relay behind `socket` remove what is at `path`.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn delete<A: DeserializeOwned>(socket: &Path, path: &str) -> Result<A, ClientError> {
    answer(socket, Request::delete(path), Bytes::new()).await
}

async fn answer<A: DeserializeOwned>(
    socket: &Path,
    request: request::Builder,
    body: Bytes,
) -> Result<A, ClientError> {
    let (response, connection) = send(socket, request, body).await?;
    let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
    connection.abort();
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Foreign(error.to_string()))
}

/// An answer that could not be read.
fn broken(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Broken(error.to_string())
}

/// What the relay said no with.
async fn refusal(response: Response<Incoming>) -> ClientError {
    let status = response.status();
    let read = async {
        let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
        serde_json::from_slice::<Refusal>(&bytes).map_err(|error| broken(&error))
    };
    match read.await {
        Ok(refusal) => ClientError::Refused(refusal.detail.unwrap_or_else(|| format!("status {status}"))),
        Err(error) => error,
    }
}

/// Sends a request. Returns the answer, unless it is a refusal, and what drives the connection.
async fn send(
    socket: &Path,
    request: request::Builder,
    body: Bytes,
) -> Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>), ClientError> {
    let stream = UnixStream::connect(socket).await.map_err(|error| unreached(socket, error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // The connection ends with the answer; what goes wrong with it shows in the answer.
    let connection = tokio::spawn(connection);
    let request = request
        .header("host", "tocsin")
        .header("content-type", "application/json")
        .body(Full::new(body))
        .map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    match response.status().is_success() {
        true => Ok((response, connection)),
        false => Err(refusal(response).await),
    }
}

/// The answer of the relay, read as it comes.
pub(super) struct Streamed {
    runtime: tokio::runtime::Runtime,
    body: Incoming,
    piece: Bytes,
}

/// Asks the relay behind `socket` for something long.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) fn stream(socket: &Path, path: &str) -> Result<Streamed, ClientError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    // It goes on within the runtime whenever the body is read.
    let (response, _) = runtime.block_on(send(socket, Request::get(path), Bytes::new()))?;
    Ok(Streamed { runtime, body: response.into_body(), piece: Bytes::new() })
}

impl std::io::Read for Streamed {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.piece.is_empty() {
            let Some(frame) = self.runtime.block_on(self.body.frame()) else { return Ok(0) };
            let frame = frame.map_err(|error| {
                std::io::Error::other(format!(
                    "the relay did not send all of it ({error}); its log may say why"
                ))
            })?;
            self.piece = frame.into_data().unwrap_or_default();
        }
        let length = into.len().min(self.piece.len());
        into[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

/// Whether a relay listens at `socket`.
///
/// # Errors
/// This user may not know.
pub(super) fn is_running(socket: &Path) -> Result<bool, ClientError> {
    match std::os::unix::net::UnixStream::connect(socket).map_err(|error| unreached(socket, error)) {
        Ok(_) => Ok(true),
        Err(denied @ ClientError::Denied { .. }) => Err(denied),
        Err(_) => Ok(false),
    }
}

/// Why nobody was reached at `socket`.
fn unreached(socket: &Path, error: std::io::Error) -> ClientError {
    let socket = socket.to_owned();
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => ClientError::Denied { socket, error },
        _ => ClientError::NotRunning { socket, error },
    }
}
