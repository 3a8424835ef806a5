//! Listening sockets that systemd holds while the relay restarts: connections wait there, and none is refused.
//!
//! A socket is systemd's own (`tocsin.socket`), or the relay opened it and gave systemd a copy
//! (`FileDescriptorStoreMax=` in the unit). systemd hands over both at the next start: `LISTEN_FDS` has their number,
//! `LISTEN_FDNAMES` their names. It closes the copies when the service stops for good.

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::runtime::trouble;

/// What the name of a copy begins with; its address follows. A socket of `tocsin.socket` has that unit's name.
const PREFIX: &str = "kept-";

/// The names of the copies that systemd has: those that it handed over, and those that this process gave it.
static COPIES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The start of the relay. If it is dropped without [`Self::succeeded`], also by a panic, systemd closes all copies: a
/// relay that cannot start refuses connections at once. If they waited, each sender would wait until its own time limit.
#[derive(Debug, Default)]
pub struct Start {
    has_succeeded: bool,
}

impl Start {
    /// Ends the start: from now on, the copies outlive the process.
    pub fn succeeded(mut self) {
        self.has_succeeded = true;
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        if !self.has_succeeded {
            let names = copies().clone();
            names.iter().for_each(|name| remove(name));
        }
    }
}

/// The sockets that systemd handed over at the start.
#[derive(Debug, Default)]
pub struct Inherited {
    /// The socket of `tocsin.socket`.
    activated: Option<TcpListener>,
    /// The sockets that the relay opened before, with their names.
    kept: Vec<(String, TcpListener)>,
    /// Whether one of those was closed.
    has_left: bool,
}

/// Takes over the sockets that systemd handed over, if it started the process.
///
/// # Errors
/// `tocsin.socket` has several sockets, or something is not a listening TCP socket.
pub fn inherited() -> io::Result<Inherited> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut given = ListenFd::from_env();
    let names: Vec<&str> = names.split(':').take(given.len()).collect();
    // All of them, before anything can fail.
    copies().extend(names.iter().filter(|name| name.starts_with(PREFIX)).map(|name| (*name).to_owned()));
    let mut inherited = Inherited::default();
    for number in 0..given.len() {
        let name = names.get(number).copied().unwrap_or_default();
        let Some(listener) = given.take_tcp_listener(number)? else { continue };
        listener.set_nonblocking(true)?;
        if name.starts_with(PREFIX) {
            inherited.kept.push((name.to_owned(), listener));
        } else if inherited.activated.replace(listener).is_some() {
            // Connections to a second socket would wait forever.
            return Err(io::Error::other(
                "there are several sockets: leave one ListenStream= in tocsin.socket",
            ));
        }
    }
    Ok(inherited)
}

impl Inherited {
    /// Takes the socket of `tocsin.socket`.
    pub fn activated(&mut self) -> Option<TcpListener> {
        self.activated.take()
    }

    /// Closes the kept sockets at other addresses than these, also in systemd. One of them could be in the way of a new
    /// one.
    pub fn leave(&mut self, addresses: &[SocketAddr]) {
        self.kept.retain(|(name, listener)| {
            let is_wanted = listener.local_addr().is_ok_and(|address| addresses.contains(&address));
            if !is_wanted {
                remove(name);
                self.has_left = true;
            }
            is_wanted
        });
    }

    /// Whether [`Self::leave`] closed a socket. systemd closes its copy a moment later.
    pub fn has_left(&self) -> bool {
        self.has_left
    }

    /// Takes the kept socket at this address.
    pub fn take(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let at =
            self.kept.iter().position(|(_, listener)| listener.local_addr().is_ok_and(|at| at == address))?;
        Some(self.kept.swap_remove(at).1)
    }
}

/// Gives systemd a copy of this socket, for the next start. Does nothing if systemd did not start the process.
pub fn keep(listener: impl AsFd, address: SocketAddr) {
    let name = name(address);
    let states = [NotifyState::FdStore, NotifyState::FdName(&name)];
    report(sd_notify::notify_with_fds(&states, &[listener.as_fd()]));
    copies().insert(name);
}

/// Makes systemd close its copy of the socket at this address.
pub fn let_go(address: SocketAddr) {
    remove(&name(address));
}

fn remove(name: &str) {
    copies().remove(name);
    report(sd_notify::notify(&[NotifyState::FdStoreRemove, NotifyState::FdName(name)]));
}

fn report(told: io::Result<()>) {
    // An error is reported; without a copy, connections are refused during a restart.
    drop(trouble::watched("systemd could not be told", told));
}

fn copies() -> MutexGuard<'static, BTreeSet<String>> {
    COPIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the copy of a socket. systemd allows no colon in it.
fn name(address: SocketAddr) -> String {
    format!("{PREFIX}{address}").replace(':', "_")
}
