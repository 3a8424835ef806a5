//! Attempts that break off, and claims of which nobody knows whether they were recorded.
//!
//! The store is a real one, over memory whose syncs can be made to fail.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use tocsin_core::command::{Decoding, Outcome, Received, RejectedElements, Verdict};
use tocsin_core::delivery::{Delivery, DeliveryState};
use tocsin_core::event::{Event, EventChange};
use tocsin_store::{DeliveryQuery, Options, Store};

use super::*;
use crate::config::Config;
use crate::plugins::bindings::Bindings;
use crate::runtime::clock::Clock;
use crate::send::client::Senders;
use crate::send::testing::choose_tls;
use crate::shared::links::Links;

const CONFIG: &str = "
[retry]
first = \"10ms\"
longest = \"20ms\"
[sources.hook]
plugin = \"webhook\"
token = \"token-of-the-tests-0123456789\"
[connections.out]
plugin = \"webhook\"
url = \"https://example.com/hook\"
[actions.tell]
connection = \"out\"
";

/// Memory of which one sync fails after everything was written, once that is asked for.
#[derive(Debug, Default)]
struct Memory {
    inner: InMemoryBackend,
    fails: Arc<AtomicBool>,
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data()?;
        if self.fails.swap(false, Ordering::SeqCst) { Err(io::Error::other("a sync failed")) } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)
    }
}

/// A relay with one delivery that is due, and what makes its store's next sync fail.
async fn owing(folder: &std::path::Path) -> (Arc<App>, Arc<AtomicBool>) {
    let config = Config::parse(&folder.join("tocsin.toml"), CONFIG).expect("it is right");
    let memory = Memory::default();
    let fails = Arc::clone(&memory.fails);
    let store = Store::open_backend(memory, Options::default()).expect("it opens");
    choose_tls();
    let links = Links::open(folder, None, config.limits.keep_links).expect("a key");
    let senders = Senders::new(config.connections.values()).expect("clients");
    let app = Arc::new(
        App::new(config, store, senders, links, Bindings::default(), Clock::default())
            .expect("its filters compile"),
    );
    app.record(Command::Start { version: String::new() }).await.expect("it is kept");
    let event = Event {
        change: EventChange::Trigger,
        key: "disk".to_owned(),
        aliases: Vec::new(),
        title: "disk".to_owned(),
        message: String::new(),
        severity: None,
        labels: BTreeMap::new(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    };
    let received = Received {
        source: "hook".into(),
        plugin: String::new(),
        identities: Vec::new(),
        decoding: Decoding::Events(vec![event]),
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    };
    app.record(Command::Receive(received)).await.expect("it is kept");
    (app, fails)
}

fn the_delivery(app: &App) -> Delivery {
    let query = DeliveryQuery { limit: 2, ..DeliveryQuery::default() };
    app.store.deliveries(&query).expect("it can be read").items.pop().expect("a delivery")
}

/// An attempt that arrives.
async fn arrive(app: &App, attempt: Attempt, _place: Place) -> bool {
    let verdict = Verdict::Delivered(Outcome { summary: "ok".to_owned(), ..Outcome::default() });
    let delivery = attempt.delivery.id;
    app.record(Command::Settle { delivery, took_us: 1, status: Some(200), verdict })
        .await
        .expect("it is kept");
    true
}

/// Runs the workers with these attempts until the delivery has arrived.
async fn until_delivered(make: Make, app: &Arc<App>) -> Delivery {
    let (stop, stopped) = watch::channel(false);
    let workers = tokio::spawn(run_with(make, Arc::clone(app), stopped));
    let arrived = async {
        while the_delivery(app).state != DeliveryState::Delivered {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), arrived).await.expect("it arrives");
    stop.send(true).expect("the workers run");
    workers.await.expect("the workers end");
    the_delivery(app)
}

#[tokio::test]
async fn an_attempt_that_breaks_off_is_made_again_and_leaves_its_place_to_others() {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    let folder = tempfile::tempdir().expect("a folder");
    let (app, _) = owing(folder.path()).await;
    // Once more than there are places: each is free again.
    let make: Make = |app, attempt, place| {
        Box::pin(async move {
            let place = place;
            assert!(TRIED.fetch_add(1, Ordering::SeqCst) >= 5, "this attempt panics");
            arrive(&app, attempt, place).await
        })
    };
    let delivery = until_delivered(make, &app).await;
    assert_eq!(delivery.attempts, 6, "each counts: it may have arrived");
    assert!(delivery.log[0].summary.to_string().contains("it may have arrived"), "{:?}", delivery.log[0]);
    app.store.close();
}

#[tokio::test]
async fn a_claim_that_was_answered_with_an_error_strands_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, fails) = owing(folder.path()).await;
    fails.store(true, Ordering::SeqCst);
    let make: Make = |app, attempt, place| Box::pin(async move { arrive(&app, attempt, place).await });
    let delivery = until_delivered(make, &app).await;
    assert!(!fails.load(Ordering::SeqCst), "the claim's sync failed");
    assert!(delivery.attempts >= 1);
    app.store.close();
}

/// What such a claim leaves when it is on the disk after all.
#[tokio::test]
async fn a_claim_that_is_there_although_nobody_makes_its_attempt_is_released() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, _) = owing(folder.path()).await;
    let deliveries = vec![the_delivery(&app).id];
    app.record(Command::Claim { deliveries, records: Vec::new() }).await.expect("it is kept");
    let make: Make = |app, attempt, place| Box::pin(async move { arrive(&app, attempt, place).await });
    let delivery = until_delivered(make, &app).await;
    assert_eq!(delivery.attempts, 2);
    assert!(delivery.log[0].summary.to_string().contains("it may have arrived"), "{:?}", delivery.log[0]);
    app.store.close();
}
