//! The finders of the secrets that were looked for lately: making one takes longer than looking through a short text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Secrets;
use super::finder::Finder;

/// How many are kept: sources and connections beyond that have theirs made anew each time.
const KEPT: usize = 64;
/// Bytes of secrets whose finders are kept: those of more may be large.
const SECRET_BYTES_MAX: usize = 1024;

static RECENT: Mutex<VecDeque<(Secrets, Arc<[Finder]>)>> = Mutex::new(VecDeque::new());

/// The finders of `secrets`, which `make` makes if they are not kept.
pub(super) fn finders(secrets: &Secrets, make: impl FnOnce() -> Arc<[Finder]>) -> Arc<[Finder]> {
    let bytes: usize = secrets.runs.iter().chain(&secrets.whole).map(Vec::len).sum();
    if bytes > SECRET_BYTES_MAX {
        return make();
    }
    // Any state of it is a good one.
    let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = take(&mut recent(), secrets) {
        return found;
    }
    let made = make();
    let mut recent = recent();
    recent.truncate(KEPT - 1);
    recent.push_front((secrets.clone(), Arc::clone(&made)));
    made
}

/// Those of `secrets`, which become the latest.
fn take(recent: &mut VecDeque<(Secrets, Arc<[Finder]>)>, secrets: &Secrets) -> Option<Arc<[Finder]>> {
    let at = recent.iter().position(|(kept, _)| kept == secrets)?;
    let row = recent.remove(at)?;
    let found = Arc::clone(&row.1);
    recent.push_front(row);
    Some(found)
}
