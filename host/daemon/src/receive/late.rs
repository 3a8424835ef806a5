//! Requests that were kept because their source's plugin was not in force: decoded when it is, the oldest first.
//!
//! Takes no other dead letter: what a plugin refused or failed on waits for an operator.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_core::id::ReceiptId;
use tocsin_store::{ReadError, ReceiptQuery, Receipts, Store};

use crate::plugins::bindings::Bindings;
use crate::receive::decode::redecode_by;
use crate::shared::app::{App, CommitError};
use crate::shared::backlog::lacks_plugin;

/// Receipts that are read at once.
const AT_ONCE: usize = 1000;
/// The pause after which a request is tried again that the store's queue had no room for.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// Why decoding came to an end before all was decoded.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was decoded could not be recorded.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The source has no plugin.
    #[error("the plugin is not in force any more")]
    Gone,
}

/// The requests that were kept because no plugin was there, by source, the oldest first.
///
/// # Errors
/// The store cannot be read.
pub fn kept(store: &Store) -> Result<BTreeMap<String, Vec<ReceiptId>>, ReadError> {
    let which = Receipts::DeadLetters;
    let mut query = ReceiptQuery { which, limit: AT_ONCE, ..ReceiptQuery::default() };
    let mut kept: BTreeMap<String, Vec<ReceiptId>> = BTreeMap::new();
    loop {
        let page = store.receipts(&query)?;
        query.before = page.next;
        let is_last = page.next.is_none();
        for record in page.items.into_iter().filter(lacks_plugin) {
            kept.entry(record.source.to_string()).or_default().push(record.id);
        }
        if is_last {
            kept.values_mut().for_each(|ids| ids.reverse());
            return Ok(kept);
        }
    }
}

/// Decodes these requests with the plugins of `bindings`. Returns how many it decoded: none of those whose bytes are no
/// longer kept.
///
/// # Errors
/// The store cannot be read or written, or the plugin is gone.
pub async fn decode(app: &App, bindings: &Bindings, ids: &[ReceiptId]) -> Result<usize, Interrupted> {
    let mut count = 0;
    for id in ids {
        let (id, store) = (*id, app.store.clone());
        let read =
            tokio::task::spawn_blocking(move || Ok::<_, ReadError>((store.receipt(id)?, store.request(id)?)));
        let (record, request) = match read.await {
            Ok(read) => read?,
            Err(_) => return Err(Interrupted::Gone),
        };
        // An operator was quicker, or the bytes are no longer kept.
        let (Some(record), Some(request)) = (record.filter(lacks_plugin), request) else { continue };
        loop {
            match redecode_by(app, bindings, &record, request.clone()).await {
                Ok(decoded) if lacks_plugin(&decoded) => return Err(Interrupted::Gone),
                Ok(_) => {
                    count += 1;
                    break;
                }
                Err(CommitError::Rejected(_)) => break,
                Err(CommitError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(count)
}
