//! The receiver of both peers' webhooks: it counts them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// A receiver on loopback. Its thread ends with it.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    count: Arc<AtomicU64>,
    is_held: watch::Sender<bool>,
    _stop: oneshot::Sender<()>,
}

impl Receiver {
    /// Starts one with one thread.
    pub(crate) fn start() -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let (is_held, held) = watch::channel(false);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Arc::clone(&count);
        let answer = move || {
            let (counted, mut held) = (Arc::clone(&counted), held.clone());
            async move {
                // An answer at all means that the receiver is there.
                let _ = held.wait_for(|is_held| !is_held).await;
                counted.fetch_add(1, Ordering::Relaxed);
                "ok"
            }
        };
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = async { axum::serve(listener, Router::new().fallback(any(answer))).await } => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, count, is_held, _stop: stop }
    }

    /// How many were answered.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Lets requests wait for their answers.
    pub(crate) fn hold(&self) {
        self.is_held.send_replace(true);
    }

    /// Answers what waits, and what comes.
    pub(crate) fn release(&self) {
        self.is_held.send_replace(false);
    }
}
