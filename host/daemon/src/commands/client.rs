//! The command line's side of the API: over the control socket, or over the network with an access token.
//!
//! Says in words when no relay is running, and when this user may not know; shows a problem document's detail as it is.

use std::path::{Path, PathBuf};

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use crate::operate::api::ROOT;
use crate::operate::api::problem::Problem;

mod remote;

pub(super) use remote::Remote;

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
    /// Nobody answers at the address.
    #[error("the relay at {url} cannot be reached: {error}: check --url, and that the relay runs")]
    Unreached {
        /// Where.
        url: String,
        /// What the system said.
        error: String,
    },
}

/// The relay that a command asks.
pub(super) enum Relay {
    /// Behind the control socket at this path.
    Socket(PathBuf),
    /// On the network.
    Remote(Remote),
}

/// An answer, and its body as it comes.
type Answer = Response<UnsyncBoxBody<Bytes, BodyError>>;
type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Headers of a request, beside those that every request has.
type Headers<'a> = &'a [(&'a str, &'a str)];

/// Asks the relay for what is at `path` of the API.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn get<A: DeserializeOwned>(relay: &Relay, path: &str) -> Result<A, ClientError> {
    answer(relay, Method::GET, path, &[], Bytes::new()).await
}

/// Has the relay do what `asked` says at `path` of the API.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn post<A: DeserializeOwned>(
    relay: &Relay,
    path: &str,
    asked: &impl Serialize,
) -> Result<A, ClientError> {
    let body = serde_json::to_vec(asked).map_err(|error| broken(&error))?;
    answer(relay, Method::POST, path, &[], body.into()).await
}

/// Has the relay put what `asked` says at `path` of the API, with these headers.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn put<A: DeserializeOwned>(
    relay: &Relay,
    path: &str,
    headers: Headers<'_>,
    asked: &impl Serialize,
) -> Result<A, ClientError> {
    let body = serde_json::to_vec(asked).map_err(|error| broken(&error))?;
    answer(relay, Method::PUT, path, headers, body.into()).await
}

/// Has the relay put these bytes at `path` of the API.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn upload<A: DeserializeOwned>(
    relay: &Relay,
    path: &str,
    bytes: Bytes,
) -> Result<A, ClientError> {
    answer(relay, Method::PUT, path, &[], bytes).await
}

/// Has the relay remove what is at `path` of the API.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) async fn delete<A: DeserializeOwned>(relay: &Relay, path: &str) -> Result<A, ClientError> {
    answer(relay, Method::DELETE, path, &[], Bytes::new()).await
}

async fn answer<A: DeserializeOwned>(
    relay: &Relay,
    method: Method,
    path: &str,
    headers: Headers<'_>,
    body: Bytes,
) -> Result<A, ClientError> {
    let answer = send(relay, method, &format!("{ROOT}{path}"), headers, body).await?;
    let bytes = answer.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Foreign(error.to_string()))
}

/// An answer that could not be read.
fn broken(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Broken(error.to_string())
}

/// Sends a request. Returns the answer, unless it is a refusal.
async fn send(
    relay: &Relay,
    method: Method,
    path: &str,
    headers: Headers<'_>,
    body: Bytes,
) -> Result<Answer, ClientError> {
    let answer = match relay {
        Relay::Socket(socket) => send_locally(socket, method, path, headers, body).await?,
        Relay::Remote(remote) => remote.send(method, path, headers, body).await?,
    };
    if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
}

/// What the relay said no with.
async fn refusal(answer: Answer) -> ClientError {
    let status = answer.status();
    match answer.into_body().collect().await {
        Ok(body) => match serde_json::from_slice::<Problem>(&body.to_bytes()) {
            Ok(problem) if !problem.detail.is_empty() => ClientError::Refused(problem.detail),
            Ok(_) | Err(_) => ClientError::Refused(format!("status {status}")),
        },
        Err(error) => broken(&error),
    }
}

async fn send_locally(
    socket: &Path,
    method: Method,
    path: &str,
    headers: Headers<'_>,
    body: Bytes,
) -> Result<Answer, ClientError> {
    let stream = UnixStream::connect(socket).await.map_err(|error| unreached(socket, error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // The connection ends with the answer; what goes wrong with it shows in the answer.
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "tocsin")
        .header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = request.body(Full::new(body)).map_err(|error| broken(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    Ok(answer.map(|body| body.map_err(BodyError::from).boxed_unsync()))
}

/// The answer of the relay, read as it comes.
pub(super) struct Streamed {
    runtime: tokio::runtime::Runtime,
    body: UnsyncBoxBody<Bytes, BodyError>,
    piece: Bytes,
}

/// Asks the relay for something long, at a whole path.
///
/// # Errors
/// It is not running, said no, or did not answer.
pub(super) fn stream(relay: &Relay, path: &str) -> Result<Streamed, ClientError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    // It goes on within the runtime whenever the body is read.
    let answer = runtime.block_on(send(relay, Method::GET, path, &[], Bytes::new()))?;
    Ok(Streamed { runtime, body: answer.into_body(), piece: Bytes::new() })
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
