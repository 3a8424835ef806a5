//! Looks up the addresses of peers that are reached through a proxy, so that they can be checked here as well.
//!
//! The system's resolver cannot be interrupted: it takes a thread for as long as it likes. So there is one look-up of a name
//! at a time, whoever needs it shares its result, and a name that has no address here is not looked up again for a while.
//! Addresses that were found are not kept: they may change.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How long a name may take before the proxy decides alone. In a network where only the proxy resolves public names, a
/// request waits this long at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long a name that has no address here is not looked up again.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);
/// Names that are remembered. Most are of the configuration; senders choose some of those that they ask to be confirmed.
const NAMES_MAX: usize = 1000;

/// The look-ups of this process.
pub(super) static LOOKUPS: Lookups = Lookups(Mutex::new(BTreeMap::new()));

/// What is known of names.
pub(super) struct Lookups(Mutex<BTreeMap<String, Known>>);

enum Known {
    /// It is looked up since then.
    Running(Instant, Running),
    /// It had no address here, and is not looked up again before.
    Unknown(Instant),
}

/// The result of a look-up, once it has ended.
type Running = watch::Receiver<Option<Arc<[IpAddr]>>>;

impl Lookups {
    /// The addresses of `name`. None if it has no address here or takes too long.
    pub(super) async fn find(&'static self, name: &str) -> Arc<[IpAddr]> {
        let look = |name: String| async move {
            tokio::net::lookup_host((name, 0)).await.map(|found| found.map(|address| address.ip()).collect())
        };
        self.find_by(name, look).await
    }

    /// As [`Self::find`], by another resolver than the system's.
    async fn find_by<F>(&'static self, name: &str, look: impl FnOnce(String) -> F) -> Arc<[IpAddr]>
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        let Some((since, mut running)) = self.running(name, Instant::now(), look) else {
            return Arc::default();
        };
        match timeout_at(since + PATIENCE, running.wait_for(Option::is_some)).await {
            Ok(Ok(found)) => found.clone().unwrap_or_default(),
            Ok(Err(_)) | Err(_) => Arc::default(),
        }
    }

    /// The look-up of `name` that is under way, begun if there is none; nothing while the name is known to have no address.
    fn running<F>(
        &'static self,
        name: &str,
        now: Instant,
        look: impl FnOnce(String) -> F,
    ) -> Option<(Instant, Running)>
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        let mut known = self.lock();
        known.retain(|_, known| known.counts(now));
        match known.get(name) {
            Some(Known::Unknown(_)) => return None,
            Some(Known::Running(since, running)) => return Some((*since, running.clone())),
            None => {}
        }
        let (done, running) = watch::channel(None);
        // Where so many names are new, each is looked up for itself.
        if known.len() < NAMES_MAX {
            known.insert(name.to_owned(), Known::Running(now, running.clone()));
        }
        let (looked, name) = (look(name.to_owned()), name.to_owned());
        tokio::spawn(async move {
            let found: Arc<[IpAddr]> = looked.await.unwrap_or_default().into();
            self.ended(&name, found.is_empty(), Instant::now());
            done.send(Some(found)).ok();
        });
        Some((now, running))
    }

    /// Remembers a name without an address, and forgets one with addresses.
    fn ended(&self, name: &str, is_unknown: bool, now: Instant) {
        let mut known = self.lock();
        if !is_unknown {
            known.remove(name);
        } else if let Some(known) = known.get_mut(name) {
            *known = Known::Unknown(now + UNKNOWN_FOR);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether it still says something at `now`. A look-up whose runtime has ended never ends.
    fn counts(&self, now: Instant) -> bool {
        match self {
            Self::Running(_, running) => running.has_changed().is_ok(),
            Self::Unknown(until) => now < *until,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    const PEER: &str = "peer.invalid";

    fn lookups() -> &'static Lookups {
        Box::leak(Box::new(Lookups(Mutex::default())))
    }

    /// A resolver that counts, and answers each look-up once it may.
    struct Resolver {
        count: AtomicUsize,
        may_answer: Semaphore,
        answer: Vec<IpAddr>,
    }

    impl Resolver {
        fn new(may_answer: usize, answer: &[IpAddr]) -> Arc<Self> {
            let (count, may_answer) = (AtomicUsize::new(0), Semaphore::new(may_answer));
            Arc::new(Self { count, may_answer, answer: answer.to_vec() })
        }

        fn count(&self) -> usize {
            self.count.load(Ordering::Relaxed)
        }

        async fn look(self: Arc<Self>) -> io::Result<Vec<IpAddr>> {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.may_answer.acquire().await.expect("it stays open").forget();
            if self.answer.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(self.answer.clone()) }
        }

        async fn find(self: &Arc<Self>, lookups: &'static Lookups) -> Arc<[IpAddr]> {
            lookups.find_by(PEER, |_| Arc::clone(self).look()).await
        }
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_looked_up_once_a_minute() {
        let (lookups, resolver) = (lookups(), Resolver::new(9, &[]));
        for _ in 0..10 {
            assert!(resolver.find(lookups).await.is_empty());
        }
        assert_eq!(resolver.count(), 1);
        let later = Instant::now() + UNKNOWN_FOR;
        assert!(lookups.running(PEER, later, |_| Arc::clone(&resolver).look()).is_some());
    }

    #[tokio::test]
    async fn addresses_are_looked_up_each_time() {
        let address = IpAddr::from([203, 0, 113, 7]);
        let (lookups, resolver) = (lookups(), Resolver::new(9, &[address]));
        for count in 1..4 {
            assert_eq!(*resolver.find(lookups).await, [address]);
            assert_eq!(resolver.count(), count);
        }
        assert!(lookups.lock().is_empty());
    }

    #[tokio::test]
    async fn many_who_need_a_name_at_once_share_one_look_up() {
        let address = IpAddr::from([203, 0, 113, 7]);
        let (lookups, resolver) = (lookups(), Resolver::new(0, &[address]));
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let resolver = Arc::clone(&resolver);
                tokio::spawn(async move { resolver.find(lookups).await })
            })
            .collect();
        // All of them have asked by the time that the name server answers.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        resolver.may_answer.add_permits(50);
        for task in asking {
            assert_eq!(*task.await.expect("it ends"), [address]);
        }
        assert_eq!(resolver.count(), 1);
    }

    #[tokio::test]
    async fn a_look_up_that_hangs_is_waited_for_once_and_not_begun_again() {
        let (lookups, resolver) = (lookups(), Resolver::new(0, &[]));
        let long_ago = Instant::now().checked_sub(PATIENCE).expect("the machine runs for longer");
        lookups.running(PEER, long_ago, |_| Arc::clone(&resolver).look());
        tokio::task::yield_now().await;
        let began = Instant::now();
        for _ in 0..10 {
            assert!(resolver.find(lookups).await.is_empty());
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        assert_eq!(resolver.count(), 1);
    }

    #[test]
    fn a_look_up_that_ended_with_its_runtime_is_begun_again() {
        let (lookups, resolver) = (lookups(), Resolver::new(0, &[]));
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime().block_on(async {
            lookups.running(PEER, Instant::now(), |_| Arc::clone(&resolver).look());
        });
        resolver.may_answer.add_permits(1);
        assert!(runtime().block_on(resolver.find(lookups)).is_empty());
        assert!(matches!(lookups.lock().get(PEER), Some(Known::Unknown(_))));
    }
}
