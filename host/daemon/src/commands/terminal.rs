//! The terminal of a person who types a secret.
//!
//! The terminal shows what is typed again however the command ends: by itself, by an error or a panic ([`Hidden`]
//! is dropped), or by a signal ([`watch`]). Only SIGKILL leaves it as it is.
//!
//! In the background, the command leaves the terminal alone: it belongs to the shell, and the system would stop the
//! command (SIGTTOU).

use std::process;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::out::complain;

/// The settings of the terminal before it was silenced, while it is.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
/// Whether a thread handles signals: from the first secret on.
static WATCHED: Once = Once::new();

/// Hides the typed text on the terminal until it is dropped.
pub(super) struct Hidden(());

impl Hidden {
    /// None if standard input is no terminal.
    pub(super) fn begin() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        // First, so that no signal comes between.
        WATCHED.call_once(watch_signals);
        let mut hidden = lock();
        silence(&before)?;
        *hidden = Some(before);
        Some(Self(()))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = lock().take() {
            show(&before);
        }
    }
}

fn silence(before: &Termios) -> Option<()> {
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    set(&silent).ok()
}

fn show(before: &Termios) {
    // A closed terminal needs no reset.
    let _ = set(before);
}

/// Sets the terminal, unless the command is in the background. Back in the foreground, it gets SIGCONT.
fn set(settings: &Termios) -> rustix::io::Result<()> {
    if is_in_foreground() { tcsetattr(std::io::stdin(), OptionalActions::Now, settings) } else { Ok(()) }
}

/// Whether the terminal is this command's. Without job control, it always is.
fn is_in_foreground() -> bool {
    tcgetpgrp(std::io::stdin()).map_or(true, |foreground| foreground == getpgrp())
}

fn lock() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Handles signals in a thread of its own, because the one that reads the secret waits for the person. Returns when the
/// handlers are there. Without a thread, signals end the command as usual.
fn watch_signals() {
    let (ready, is_ready) = mpsc::sync_channel(1);
    let started = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        if let Ok(runtime) = runtime {
            let _ = runtime.block_on(watch(ready));
        }
    });
    if started.is_ok() {
        // An error says that the thread has ended.
        let _ = is_ready.recv();
    }
}

/// Resets the terminal before a signal ends or stops the command. Handles them until the command ends, because a handler
/// replaces what the signal would do by itself. An ending signal comes first: a command that is killed in the background
/// gets SIGTTIN as well, because it reads from the terminal.
async fn watch(ready: SyncSender<()>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let mut read = signal(SignalKind::from_raw(Signal::TTIN.as_raw()))?;
    let mut resume = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let _ = ready.send(());
    loop {
        let ending = tokio::select! {
            biased;
            _ = hangup.recv() => Signal::HUP,
            _ = interrupt.recv() => Signal::INT,
            _ = quit.recv() => Signal::QUIT,
            _ = terminate.recv() => Signal::TERM,
            _ = stop.recv() => {
                pause();
                continue;
            }
            _ = read.recv() => {
                pause();
                continue;
            }
            _ = resume.recv() => {
                hide_again();
                continue;
            }
        };
        end(ending);
    }
}

/// Ends the command as a shell reports a command that a signal ended.
fn end(signal: Signal) -> ! {
    let hidden = lock();
    if let Some(before) = hidden.as_ref().filter(|_| is_in_foreground()) {
        show(before);
        // What the person typed is on the same line.
        complain!("");
    }
    process::exit(128 + signal.as_raw())
}

/// Stops the command until the shell continues it, with a terminal that shows what is typed meanwhile.
fn pause() {
    let hidden = lock();
    if let Some(before) = hidden.as_ref() {
        show(before);
    }
    // The whole process stops here. Without the right to do that, it goes on.
    let _ = kill_process(getpid(), Signal::STOP);
}

/// Hides the typed text again after the shell continued the command.
fn hide_again() {
    if let Some(before) = lock().as_ref() {
        let _ = silence(before);
    }
}
