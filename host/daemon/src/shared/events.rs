//! What streams of events share: how they hear of new entries and of the relay's end, and how many there may be.

use tokio::sync::watch;

mod places;

use places::Places;
pub use places::{Asker, Full, Place};

/// The signals to streams, and their places.
#[derive(Debug)]
pub struct Events {
    committed: watch::Sender<()>,
    ended: watch::Sender<bool>,
    places: Places,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            committed: watch::Sender::new(()),
            ended: watch::Sender::new(false),
            places: Places::default(),
        }
    }
}

/// What a stream heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// There may be new entries.
    Entries,
    /// The relay stops.
    End,
}

impl Events {
    /// A place for a stream, which has it until it drops it.
    ///
    /// # Errors
    /// All places that `asker` may have are taken.
    pub fn place(&self, asker: Asker) -> Result<Place, Full> {
        self.places.take(asker)
    }

    /// Follows from now on: hears of every entry that is committed later.
    pub fn follow(&self) -> Following {
        Following { committed: self.committed.subscribe(), ended: self.ended.subscribe() }
    }

    /// An entry may have been committed.
    pub(super) fn committed(&self) {
        self.committed.send_replace(());
    }

    /// The relay stops: every stream ends, and each that begins later ends at once.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// One follower.
#[derive(Debug)]
pub struct Following {
    committed: watch::Receiver<()>,
    ended: watch::Receiver<bool>,
}

impl Following {
    /// Waits for the next signal. Any number of entries since the last one are one signal.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = ended(&mut self.ended) => Heard::End,
            changed = self.committed.changed() => match changed {
                Ok(()) => Heard::Entries,
                Err(_) => Heard::End,
            },
        }
    }

    /// Waits until the relay stops.
    pub async fn end(&mut self) {
        ended(&mut self.ended).await;
    }
}

async fn ended(ended: &mut watch::Receiver<bool>) {
    // Without a sender there is no relay any more.
    drop(ended.wait_for(|ended| *ended).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_follower_hears_of_entries_since_it_began_once_and_then_of_the_end() {
        let events = Events::default();
        events.committed();
        let mut following = events.follow();
        events.committed();
        events.committed();
        assert_eq!(following.next().await, Heard::Entries);
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), following.next());
        assert!(waits.await.is_err(), "two entries are one signal");
        events.end();
        events.committed();
        assert_eq!(following.next().await, Heard::End);
        assert_eq!(events.follow().next().await, Heard::End);
    }
}
