//! One listener, whose address may change while the relay runs.
//!
//! Opens the new address before it closes the old one, so that no sender is refused in between. Requests in progress
//! end on the listener that accepted them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::runtime::server::{self, Serving};
use crate::runtime::systemd::sockets::{self, Inherited};

/// A listener, which may be closed.
pub(super) struct Listening {
    /// The key of its address in the configuration.
    key: &'static str,
    serving: Serving,
    /// Whether the relay opens its sockets, and gives systemd copies of them. Otherwise, systemd opened the only one.
    opens: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
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

    /// Moves the listener to `address`, or closes it. Does nothing if that is so already.
    ///
    /// # Errors
    /// The relay cannot listen at the new address; the old one stays.
    pub(super) async fn move_to(&self, address: Option<SocketAddr>) -> anyhow::Result<()> {
        let mut state = self.state.lock().await;
        // A listener that has ended has no address.
        let before = state.open.as_ref().filter(|open| !open.task.is_finished()).map(|open| open.address);
        if before == address {
            return Ok(());
        }
        let Some(address) = address else {
            self.close(&mut state);
            tracing::info!(key = self.key, "closed a listener");
            return Ok(());
        };
        match bound(address).await {
            Ok(listener) => self.replace(&mut state, listener, address),
            // The same port of another address: a listener for all addresses excludes others on its port.
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse
                    && before.is_some_and(|before| before.port() == address.port()) =>
            {
                self.replace_in_place(&mut state, address).await?;
            }
            Err(error) => return Err(error).with_context(|| cannot(self.key, address)),
        }
        tracing::info!(key = self.key, %address, "listening at a new address");
        Ok(())
    }

    fn replace(&self, state: &mut State, listener: TcpListener, address: SocketAddr) {
        self.close(state);
        let local = listener.local_addr().ok().filter(|_| self.opens);
        if let Some(local) = local {
            sockets::keep(&listener, local);
        }
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.serving.clone().on(listener, stopped));
        state.open = Some(Open { address, local, stop, task });
    }

    /// Closes the listener for good, if it is open, also in systemd. Returns its address.
    fn close(&self, state: &mut State) -> Option<SocketAddr> {
        if let Some(local) = state.open.as_ref().and_then(|open| open.local) {
            sockets::let_go(local);
        }
        state.give_up()
    }

    /// Closes the old address first, and reopens it if the new one fails. Senders are refused meanwhile.
    async fn replace_in_place(&self, state: &mut State, address: SocketAddr) -> anyhow::Result<()> {
        let before = self.close(state);
        let error = match bound_soon(address).await {
            Ok(listener) => {
                self.replace(state, listener, address);
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(before) = before {
            let listener = bound_soon(before).await.context("listening at the old address again")?;
            self.replace(state, listener, before);
        }
        Err(error).with_context(|| cannot(self.key, address))
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
    /// Closes the listener, if it is open. Returns its address.
    fn give_up(&mut self) -> Option<SocketAddr> {
        let Open { address, local: _, stop, task } = self.open.take()?;
        // The receiver is gone only if the task has already ended.
        let _ = stop.send(true);
        self.ending.spawn(async move {
            super::ended(task).await;
            // Kept until then, because its end would also stop the listener.
            drop(stop);
        });
        Some(address)
    }
}

/// The pause between two attempts to listen at an address whose old listener is about to close.
const PAUSE: Duration = Duration::from_millis(5);
/// How many attempts: the old listener closes within moments.
const TRIES: usize = 200;

fn cannot(key: &str, address: SocketAddr) -> String {
    format!("listening on {address} (`{key}` in the configuration)")
}

/// Listens at an address whose old listener is about to close.
async fn bound_soon(address: SocketAddr) -> io::Result<TcpListener> {
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

async fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    server::prepare(&listener)?;
    Ok(listener)
}
