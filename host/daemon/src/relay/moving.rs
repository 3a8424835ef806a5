//! Moves listeners to other addresses while the relay runs: all of them, or none.
//!
//! Opens the new addresses before it closes the old ones, so that no sender is refused in between. Where that is not
//! possible, because a listener of the relay itself holds the port, it closes that one first and opens it again if
//! anything fails.

use std::io;
use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::MutexGuard;

use super::listening::{Listening, State, bound, bound_soon, cannot};

/// A listener whose address changes.
struct Move<'a> {
    listening: &'a Listening,
    state: MutexGuard<'a, State>,
    before: Option<SocketAddr>,
    /// None to close it.
    after: Option<SocketAddr>,
    /// The new listener, once it is open.
    opened: Option<TcpListener>,
    /// Whether the old listener was closed to free its port.
    is_closed: bool,
}

/// Moves each listener to its address, or closes it. Leaves those that are there already.
///
/// # Errors
/// The relay cannot listen at one of the addresses; all listeners stay where they were.
pub(super) async fn move_all(moves: [(&Listening, Option<SocketAddr>); 2]) -> anyhow::Result<()> {
    let mut changing = Vec::new();
    for (listening, after) in moves {
        let state = listening.lock().await;
        let before = state.address();
        // The relay cannot open a socket of systemd again.
        if before != after || (state.has_ended() && listening.opens) {
            changing.push(Move { listening, state, before, after, opened: None, is_closed: false });
        }
    }
    if let Err(error) = open(&mut changing).await {
        for one in &mut changing {
            one.undo().await;
        }
        return Err(error);
    }
    changing.iter_mut().for_each(Move::finish);
    Ok(())
}

/// Opens all new addresses: at first those that are free, then those that the relay itself holds.
async fn open(changing: &mut [Move<'_>]) -> anyhow::Result<()> {
    let freed: Vec<u16> = changing.iter().filter_map(|one| Some(one.before?.port())).collect();
    let mut held = Vec::new();
    for one in changing.iter_mut() {
        let Some(after) = one.after else { continue };
        match bound(after).await {
            Ok(listener) => one.opened = Some(listener),
            // A listener for all addresses excludes others on its port, so only the port counts.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && freed.contains(&after.port()) => {
                held.push(after.port());
            }
            Err(error) => return Err(error).with_context(|| cannot(one.listening.key, after)),
        }
    }
    for one in
        changing.iter_mut().filter(|one| one.before.is_some_and(|before| held.contains(&before.port())))
    {
        one.listening.close(&mut one.state);
        one.is_closed = true;
    }
    for one in changing.iter_mut().filter(|one| one.opened.is_none()) {
        let Some(after) = one.after else { continue };
        let listener = bound_soon(after).await.with_context(|| cannot(one.listening.key, after))?;
        one.opened = Some(listener);
    }
    Ok(())
}

impl Move<'_> {
    /// Serves on the new listener, or on none.
    fn finish(&mut self) {
        let key = self.listening.key;
        match (self.opened.take(), self.after) {
            (Some(listener), Some(address)) => {
                self.listening.replace(&mut self.state, listener, address);
                tracing::info!(key, %address, "listening at a new address");
            }
            _ => {
                self.listening.close(&mut self.state);
                tracing::info!(key, "closed a listener");
            }
        }
    }

    /// Serves at the old address again.
    async fn undo(&mut self) {
        // It may hold the port that is needed again.
        self.opened = None;
        let Some(before) = self.before.filter(|_| self.is_closed) else { return };
        match bound_soon(before).await {
            Ok(listener) => self.listening.replace(&mut self.state, listener, before),
            Err(error) => {
                tracing::error!(key = self.listening.key, address = %before, %error, "cannot listen at the old address again");
            }
        }
    }
}
