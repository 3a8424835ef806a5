//! The terminal of a person who types a secret.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Hides the typed text on the terminal until it is dropped.
pub(super) struct Hidden(Termios);

impl Hidden {
    /// None if standard input is no terminal.
    pub(super) fn begin() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &silent).ok()?;
        Some(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A closed terminal needs no reset.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
