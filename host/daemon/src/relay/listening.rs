//! The public listener, whose address may change while the relay runs.
//!
//! Opens the new address before it closes the old one, so that no sender is refused in between. Requests in progress
//! end on the listener that accepted them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::runtime::server::{self, Connections};

/// The public listener.
pub(super) struct Listening {
    router: Router,
    connections: Arc<Connections>,
    /// How long requests in progress may take after the end.
    grace: Duration,
    open: Mutex<Open>,
}

struct Open {
    /// The configured address; its port may be 0.
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    /// Closed listeners, with their last requests.
    ending: JoinSet<()>,
}

impl Listening {
    /// Serves `router` on `listener`, which the configuration calls `address`.
    ///
    /// # Errors
    /// The listener cannot be set up.
    pub(super) fn begin(
        listener: TcpListener,
        address: SocketAddr,
        router: Router,
        connections: Arc<Connections>,
        grace: Duration,
    ) -> io::Result<Self> {
        server::prepare(&listener)?;
        let (stop, task) = serve(listener, &router, &connections, grace);
        let open = Open { address, stop, task, ending: JoinSet::new() };
        Ok(Self { router, connections, grace, open: Mutex::new(open) })
    }

    /// The connections, to change their limits.
    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Moves the listener to `address`. Does nothing if it is there already.
    ///
    /// # Errors
    /// The relay cannot listen at the new address; the old one stays.
    pub(super) async fn move_to(&self, address: SocketAddr) -> anyhow::Result<()> {
        let mut open = self.open.lock().await;
        // A listener that has ended has no address.
        if open.address == address && !open.task.is_finished() {
            return Ok(());
        }
        match bind(address).await {
            Ok(listener) => self.replace(&mut open, listener, address),
            // The same port of another address: a listener for all addresses excludes others on its port.
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse && open.address.port() == address.port() =>
            {
                self.replace_in_place(&mut open, address).await?;
            }
            Err(error) => return Err(error).with_context(|| cannot(address)),
        }
        tracing::info!(%address, "listening at a new address");
        Ok(())
    }

    fn replace(&self, open: &mut Open, listener: TcpListener, address: SocketAddr) {
        let (stop, task) = serve(listener, &self.router, &self.connections, self.grace);
        give_up(
            std::mem::replace(&mut open.stop, stop),
            std::mem::replace(&mut open.task, task),
            &mut open.ending,
        );
        open.address = address;
    }

    /// Closes the old address first, and reopens it if the new one fails. Senders are refused meanwhile.
    async fn replace_in_place(&self, open: &mut Open, address: SocketAddr) -> anyhow::Result<()> {
        let before = open.address;
        // The receiver is gone only if the task has already ended.
        let _ = open.stop.send(true);
        let mut bound = bind(address).await;
        for _ in 0..TRIES {
            if !bound.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            bound = bind(address).await;
        }
        match bound {
            Ok(listener) => {
                self.replace(open, listener, address);
                Ok(())
            }
            Err(error) => {
                let listener = bind(before).await.context("listening at the old address again")?;
                self.replace(open, listener, before);
                Err(error).with_context(|| cannot(address))
            }
        }
    }

    /// Ends the listener: no new requests; those in progress end within the grace period.
    pub(super) async fn end(&self) {
        let mut open = self.open.lock().await;
        let _ = open.stop.send(true);
        super::ended(&mut open.task).await;
        while open.ending.join_next().await.is_some() {}
    }
}

/// The pause between two attempts to listen at an address whose old listener is about to close.
const PAUSE: Duration = Duration::from_millis(5);
/// How many attempts: the old listener closes within moments.
const TRIES: usize = 200;

fn cannot(address: SocketAddr) -> String {
    format!("listening on {address} (`listen` in the configuration)")
}

/// Listens at `address`.
///
/// # Errors
/// The system's.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    server::prepare(&listener)?;
    Ok(listener)
}

fn serve(
    listener: TcpListener,
    router: &Router,
    connections: &Arc<Connections>,
    grace: Duration,
) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let serving = server::serve_within(Arc::clone(connections), listener, router.clone(), stopped, grace);
    (stop, tokio::spawn(serving))
}

fn give_up(stop: watch::Sender<bool>, task: JoinHandle<()>, ending: &mut JoinSet<()>) {
    let _ = stop.send(true);
    ending.spawn(async move {
        super::ended(task).await;
        // Kept until then, because its end would also stop the listener.
        drop(stop);
    });
}
