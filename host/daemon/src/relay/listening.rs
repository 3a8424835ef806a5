//! One listener, whose address may change while the relay runs (`moving.rs`). Requests in progress end on the listener
//! that accepted them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::runtime::server::{self, Serving};
use crate::runtime::systemd::sockets::{self, Inherited};

/// The pause between two attempts to listen at an address whose old listener is about to close.
const PAUSE: Duration = Duration::from_millis(5);
/// How many attempts: a listener of the relay closes within moments, systemd's copy of it when a busy systemd has read
/// the message.
const TRIES: usize = 2000;

/// A listener, which may be closed.
pub(super) struct Listening {
    /// The key of its address in the configuration.
    pub(super) key: &'static str,
    serving: Serving,
    /// Whether the relay opens its sockets, and gives systemd copies of them. Otherwise, systemd opened the only one.
    pub(super) opens: bool,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    open: Option<Open>,
    /// Closed listeners, with their last requests.
    ending: JoinSet<()>,
}

struct Open {
    /// The configured address; its port may be 0.
    address: SocketAddr,
    /// The address of the socket that systemd has a copy of, if it has one.
    local: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Listens at `address`, which the configuration has under `key`: on the socket that systemd kept there, or a new one.
///
/// # Errors
/// The system's, with the address and the key.
pub(super) async fn bind(
    key: &str,
    address: SocketAddr,
    inherited: &mut Inherited,
) -> anyhow::Result<TcpListener> {
    let listener = match inherited.take(address) {
        Some(kept) => TcpListener::from_std(kept),
        // systemd may take a moment to close one that was in the way.
        None if inherited.has_left() => bound_soon(address).await,
        None => bound(address).await,
    };
    listener.with_context(|| cannot(key, address))
}

impl Listening {
    /// A listener that is closed.
    pub(super) fn closed(key: &'static str, serving: Serving, opens: bool) -> Self {
        Self { key, serving, opens, state: Mutex::default() }
    }

    /// Serves on `listener`, which the configuration calls `address`.
    ///
    /// # Errors
    /// The listener cannot be set up.
    pub(super) async fn open(&self, listener: TcpListener, address: SocketAddr) -> io::Result<()> {
        server::prepare(&listener)?;
        self.replace(&mut *self.state.lock().await, listener, address);
        Ok(())
    }

    /// The settings of what it serves.
    pub(super) fn serving(&self) -> &Serving {
        &self.serving
    }

    /// Its state, which nothing else changes meanwhile.
    pub(super) async fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().await
    }

    /// Serves on `listener` instead of the one before, and gives systemd a copy of it.
    pub(super) fn replace(&self, state: &mut State, listener: TcpListener, address: SocketAddr) {
        self.close(state);
        let local = listener.local_addr().ok().filter(|_| self.opens);
        if let Some(local) = local {
            sockets::keep(&listener, local);
        }
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.serving.clone().on(listener, stopped));
        state.open = Some(Open { address, local, stop, task });
    }

    /// Closes the listener for good, if it is open, also in systemd.
    pub(super) fn close(&self, state: &mut State) {
        if let Some(local) = state.open.as_ref().and_then(|open| open.local) {
            sockets::let_go(local);
        }
        state.give_up();
    }

    /// Ends the listener: no new requests; those in progress end within the grace period. systemd's copy of the socket
    /// stays open: connections wait there for the next start.
    pub(super) async fn end(&self) {
        let mut state = self.state.lock().await;
        state.give_up();
        while state.ending.join_next().await.is_some() {}
    }
}

impl State {
    /// The configured address of the listener; none if it is closed.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.open.as_ref().map(|open| open.address)
    }

    /// Whether the listener ended by itself, which is a fault.
    pub(super) fn has_ended(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.task.is_finished())
    }

    /// Closes the relay's own socket, if it is open.
    fn give_up(&mut self) {
        let Some(Open { stop, task, .. }) = self.open.take() else { return };
        // The receiver is gone only if the task has already ended.
        let _ = stop.send(true);
        self.ending.spawn(async move {
            super::ended(task).await;
            // Kept until then, because its end would also stop the listener.
            drop(stop);
        });
    }
}

/// What failed, for an error.
pub(super) fn cannot(key: &str, address: SocketAddr) -> String {
    format!("listening on {address} (`{key}` in the configuration)")
}

/// Listens at an address whose old listener is about to close, here or in systemd.
///
/// # Errors
/// The system's.
pub(super) async fn bound_soon(address: SocketAddr) -> io::Result<TcpListener> {
    let mut last = bound(address).await;
    for _ in 0..TRIES {
        if !last.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        last = bound(address).await;
    }
    last
}

/// Listens at an address.
///
/// # Errors
/// The system's.
pub(super) async fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    server::prepare(&listener)?;
    Ok(listener)
}
