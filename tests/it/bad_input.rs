//! Requests that are wrong, forged, too large, cut short or not understood, against the real relay: each has its
//! answer, and nothing that was taken in is lost.

mod credentials;
mod dead_letters;
mod impatient;
mod proofs;
mod repeated;
mod requests;

use crate::harness::{Relay, Site};

/// Nothing of any request was kept.
fn nothing_is_kept(site: &Site) {
    assert!(site.list(&["receipts", "list"]).is_empty());
    assert!(site.list(&["incidents", "list"]).is_empty());
}

/// The one receipt that is there.
fn the_receipt(relay: &Relay) -> serde_json::Value {
    let receipts = relay.list(&["receipts", "list"]);
    assert_eq!(receipts.len(), 1, "{receipts:#?}");
    relay.json(&["receipts", "show", receipts[0]["id"].as_str().expect("an id")])
}
