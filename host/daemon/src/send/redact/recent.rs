//! The finders of the secrets that were looked for lately: making one takes longer than looking through a short text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Secrets;
use super::finder::Finder;

/// How many are kept: sources and connections beyond that have theirs made anew each time.
const KEPT: usize = 64;
/// Bytes of the secrets of one request whose finders are kept. Access tokens have up to some kilobytes, for which making
/// finders takes milliseconds, and every answer over the connection is looked through for them.
const BYTES_MAX_OF_ONE: usize = 16 * 1024;
/// Bytes of all secrets whose finders are kept: the finders take 120 times as much memory.
const BYTES_MAX: usize = 64 * 1024;

static RECENT: Mutex<Recent> = Mutex::new(Recent(VecDeque::new()));

/// Finders with their secrets, the latest first.
struct Recent(VecDeque<(Secrets, Arc<[Finder]>)>);

/// The finders of `secrets`, which `make` makes if they are not kept.
pub(super) fn finders(secrets: &Secrets, make: impl FnOnce() -> Arc<[Finder]>) -> Arc<[Finder]> {
    // Any state of it is a good one.
    let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = recent().take(secrets) {
        return found;
    }
    let made = make();
    recent().put(secrets, &made);
    made
}

impl Recent {
    /// Those of `secrets`, which become the latest.
    fn take(&mut self, secrets: &Secrets) -> Option<Arc<[Finder]>> {
        let at = self.0.iter().position(|(kept, _)| kept == secrets)?;
        let row = self.0.remove(at)?;
        let found = Arc::clone(&row.1);
        self.0.push_front(row);
        Some(found)
    }

    /// Keeps those of `secrets` as the latest, in the place of the oldest.
    fn put(&mut self, secrets: &Secrets, finders: &Arc<[Finder]>) {
        if bytes(secrets) > BYTES_MAX_OF_ONE {
            return;
        }
        self.0.push_front((secrets.clone(), Arc::clone(finders)));
        self.0.truncate(KEPT);
        while self.0.iter().map(|(kept, _)| bytes(kept)).sum::<usize>() > BYTES_MAX {
            self.0.pop_back();
        }
    }
}

fn bytes(secrets: &Secrets) -> usize {
    secrets.runs.iter().chain(&secrets.whole).map(Vec::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of so many bytes, another for each number.
    fn token(number: usize, bytes: usize) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.put_in(format!("{number:0bytes$}").as_bytes());
        secrets
    }

    fn put(recent: &mut Recent, secrets: &Secrets) {
        recent.put(secrets, &Arc::from(Vec::new()));
    }

    #[test]
    fn an_access_token_of_some_kilobytes_is_made_ready_once() {
        let (mut recent, secrets) = (Recent(VecDeque::new()), token(1, 4096));
        let made: Arc<[Finder]> = Arc::from(vec![Finder::of_runs(&secrets.runs)]);
        recent.put(&secrets, &made);
        assert!(recent.take(&secrets).is_some_and(|found| Arc::ptr_eq(&made, &found)));
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let mut recent = Recent(VecDeque::new());
        for number in 0..KEPT + 1 {
            put(&mut recent, &token(number, 8));
        }
        assert_eq!(recent.0.len(), KEPT);
        assert!(recent.take(&token(0, 8)).is_none(), "the oldest");
        for number in 0..10 {
            put(&mut recent, &token(number, BYTES_MAX_OF_ONE));
        }
        assert_eq!(recent.0.len(), BYTES_MAX / BYTES_MAX_OF_ONE);
        assert!(recent.take(&token(9, BYTES_MAX_OF_ONE)).is_some(), "the latest");
        put(&mut recent, &token(10, BYTES_MAX_OF_ONE + 1));
        assert!(recent.take(&token(10, BYTES_MAX_OF_ONE + 1)).is_none(), "too large");
    }
}
