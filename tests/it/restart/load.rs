//! Senders that go on until the relay is gone, and remember what it answered 200 to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::json;

use crate::harness::{Relay, Request, Site, at, until};

/// Senders at the same time.
const SENDERS: usize = 4;

/// The title of an incident, and the receipt that the relay gave for it.
pub(crate) type Accepted = (String, String);

/// Senders at work.
pub(crate) struct Load {
    accepted: Arc<Mutex<Vec<Accepted>>>,
    senders: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts sending; titles begin with `name`.
    pub(crate) fn start(relay: &Relay, name: &str) -> Self {
        let accepted: Arc<Mutex<Vec<Accepted>>> = Arc::default();
        let next = Arc::new(AtomicUsize::new(0));
        let address = relay.address();
        let sender = |_| {
            let (accepted, next, name) = (Arc::clone(&accepted), Arc::clone(&next), name.to_owned());
            thread::spawn(move || {
                loop {
                    let title = format!("{name}-{:04}", next.fetch_add(1, Ordering::SeqCst));
                    let request = Request::json(&at("hook"), &json!({ "title": title }).to_string());
                    // It is gone, or going.
                    let Some(answer) = request.try_send(address) else { return };
                    match answer.status {
                        200 => {
                            let mut accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
                            accepted.push((title, answer.receipt()));
                        }
                        status => assert_eq!(status, 503, "{}", answer.body),
                    }
                }
            })
        };
        let senders = (0..SENDERS).map(sender).collect();
        Self { accepted, senders }
    }

    /// Waits until this many were accepted.
    pub(crate) fn wait_for(&self, count: usize) {
        let accepted = || self.accepted.lock().unwrap_or_else(PoisonError::into_inner).len();
        until("enough was accepted", || (accepted() >= count).then_some(()));
    }

    /// Waits until every sender has noticed that the relay is gone. Returns what was accepted.
    pub(crate) fn finish(self) -> Vec<Accepted> {
        for sender in self.senders {
            sender.join().expect("no sender was answered nonsense");
        }
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.clone()
    }
}

/// Every one of these is there: its receipt, applied, and its incident.
pub(crate) fn accepted_by(relay: &Relay, accepted: &[Accepted]) {
    let receipts = relay.list(&["receipts", "list", "--limit", "1000"]);
    let incidents = relay.list(&["incidents", "list", "--limit", "1000"]);
    for (title, receipt) in accepted {
        let kept = receipts.iter().find(|kept| kept["id"] == **receipt);
        let kept = kept.unwrap_or_else(|| unreachable!("{title}: the receipt {receipt} is lost"));
        assert_eq!(kept["status"], "applied", "{kept}");
        assert!(incidents.iter().any(|incident| incident["title"] == **title), "{title} is lost");
    }
}

/// The store is what its journal says.
pub(crate) fn is_clean(site: &Site) {
    let verified = site.json(&["verify", "--replay"]);
    assert_eq!(verified["clean"], true, "{verified}");
    assert_eq!(verified["differences"], json!([]));
    assert!(verified["entries"].as_u64() > Some(0), "{verified}");
}
