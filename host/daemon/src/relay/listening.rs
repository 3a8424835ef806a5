//! One listener, whose address may change while the relay runs (`moving.rs`). Requests in progress end on the listener
//! that accepted them.

use std::io;
use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::runtime::server::{self, Serving};

/// A listener, which may be closed.
pub(super) struct Listening {
    /// The key of its address in the configuration.
    pub(super) key: &'static str,
    serving: Serving,
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
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Listens at `address`, which the configuration has under `key`.
///
/// # Errors
/// The system's, with the address and the key.
pub(super) async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    bound(address).await.with_context(|| cannot(key, address))
}

impl Listening {
    /// A listener that is closed.
    pub(super) fn closed(key: &'static str, serving: Serving) -> Self {
        Self { key, serving, state: Mutex::default() }
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

    /// Serves on `listener` instead of the one before.
    pub(super) fn replace(&self, state: &mut State, listener: TcpListener, address: SocketAddr) {
        state.give_up();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.serving.clone().on(listener, stopped));
        state.open = Some(Open { address, stop, task });
    }

    /// Ends the listener: no new requests; those in progress end within the grace period.
    pub(super) async fn end(&self) {
        let mut state = self.state.lock().await;
        state.give_up();
        while state.ending.join_next().await.is_some() {}
    }
}

impl State {
    /// The configured address of the listener; none if it is closed. A listener that has ended has none either.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.open.as_ref().filter(|open| !open.task.is_finished()).map(|open| open.address)
    }

    /// Closes the listener, if it is open.
    pub(super) fn give_up(&mut self) {
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

/// Listens at `address`.
pub(super) async fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    server::prepare(&listener)?;
    Ok(listener)
}
