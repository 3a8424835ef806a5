//! The command line's side of the control socket.
//!
//! Says in words when no relay is running, and when this user may not know; shows a problem document's detail as it is.

use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
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
    /// The answer could not be read.
    #[error("the relay did not answer: {0}")]
    Broken(String),
}

/// Asks the relay behind `socket`. `body` makes it a POST.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub async fn ask(socket: &Path, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
    let broken = |error: &dyn std::fmt::Display| ClientError::Broken(error.to_string());
    let (response, connection) = send(socket, path, body).await?;
    if !response.status().is_success() {
        return Err(refusal(response).await);
    }
    let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
    connection.abort();
    serde_json::from_slice(&bytes).map_err(|error| broken(&error))
}

/// What the relay said no with.
async fn refusal(response: Response<Incoming>) -> ClientError {
    let status = response.status();
    let broken = |error: &dyn std::fmt::Display| ClientError::Broken(error.to_string());
    let bytes = match response.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return broken(&error),
    };
    let answer: Value = match serde_json::from_slice(&bytes) {
        Ok(answer) => answer,
        Err(error) => return broken(&error),
    };
    let detail = answer["detail"].as_str().map_or_else(|| format!("status {status}"), str::to_owned);
    ClientError::Refused(detail)
}

/// Sends a request; returns the answer and what drives the connection.
async fn send(
    socket: &Path,
    path: &str,
    body: Option<Value>,
) -> Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>), ClientError> {
    let stream = UnixStream::connect(socket).await.map_err(|error| unreached(socket, error))?;
    let broken = |error: &dyn std::fmt::Display| ClientError::Broken(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // The connection ends with the answer; what goes wrong with it shows in the answer.
    let connection = tokio::spawn(connection);
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "tocsin")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    Ok((response, connection))
}

/// The answer of the relay, read as it comes.
pub struct Streamed {
    runtime: tokio::runtime::Runtime,
    body: Incoming,
    piece: Bytes,
}

/// Asks the relay behind `socket` for something long.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub fn stream(socket: &Path, path: &str) -> Result<Streamed, ClientError> {
    let broken = |error: &dyn std::fmt::Display| ClientError::Broken(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    let body = runtime.block_on(async {
        // It goes on within the runtime whenever the body is read.
        let (response, _) = send(socket, path, None).await?;
        if response.status().is_success() { Ok(response.into_body()) } else { Err(refusal(response).await) }
    })?;
    Ok(Streamed { runtime, body, piece: Bytes::new() })
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
pub fn is_running(socket: &Path) -> Result<bool, ClientError> {
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
