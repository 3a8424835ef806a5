//! How many streams there may be, and whose they are.
//!
//! The owner of one access token cannot take the places of the others, and no token takes a place of the control socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams at the same time over the network, and as many again over the control socket.
const STREAMS_MAX: usize = 64;
/// Streams at the same time for one access token.
const STREAMS_PER_TOKEN_MAX: usize = 16;

/// The owner of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A user of this machine, on the control socket.
    Local,
    /// The access token with this digest.
    Token(String),
}

/// There is no place for another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The token has this many streams.
    Token(usize),
    /// All others together have this many.
    All(usize),
}

/// The places.
#[derive(Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<Asker, usize>>>);

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Mutex<HashMap<Asker, usize>>>,
    asker: Asker,
}

impl Places {
    /// Takes a place.
    pub(super) fn take(&self, asker: Asker) -> Result<Place, Full> {
        let mut taken = lock(&self.0);
        let own = taken.get(&asker).copied().unwrap_or(0);
        let over_the_network =
            || -> usize { taken.iter().filter(|(asker, _)| **asker != Asker::Local).map(|(_, n)| n).sum() };
        let together = if asker == Asker::Local { own } else { over_the_network() };
        if asker != Asker::Local && own >= STREAMS_PER_TOKEN_MAX {
            return Err(Full::Token(STREAMS_PER_TOKEN_MAX));
        }
        if together >= STREAMS_MAX {
            return Err(Full::All(STREAMS_MAX));
        }
        taken.insert(asker.clone(), own + 1);
        Ok(Place { places: Arc::clone(&self.0), asker })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.places);
        if let Some(count) = taken.get_mut(&self.asker) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.asker);
            }
        }
    }
}

fn lock(places: &Mutex<HashMap<Asker, usize>>) -> MutexGuard<'_, HashMap<Asker, usize>> {
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: usize) -> Asker {
        Asker::Token(number.to_string())
    }

    #[test]
    fn one_token_takes_no_place_of_the_others_and_one_that_is_given_up_is_free_again() {
        let places = Places::default();
        let mut one: Vec<_> =
            (0..STREAMS_PER_TOKEN_MAX).map(|_| places.take(token(1)).expect("there is one")).collect();
        assert_eq!(places.take(token(1)).err(), Some(Full::Token(STREAMS_PER_TOKEN_MAX)));
        assert!(places.take(token(2)).is_ok());
        one.pop();
        assert!(places.take(token(1)).is_ok());
        drop(one);
        assert!(lock(&places.0).is_empty(), "nothing is kept of a token without streams");
    }

    #[test]
    fn many_tokens_take_no_place_of_the_control_socket_nor_the_other_way_round() {
        let places = Places::default();
        let tokens: Vec<_> = (0..STREAMS_MAX)
            .map(|n| places.take(token(n / STREAMS_PER_TOKEN_MAX)).expect("there is one"))
            .collect();
        assert_eq!(places.take(token(99)).err(), Some(Full::All(STREAMS_MAX)));
        let local: Vec<_> =
            (0..STREAMS_MAX).map(|_| places.take(Asker::Local).expect("there is one")).collect();
        assert_eq!(places.take(Asker::Local).err(), Some(Full::All(STREAMS_MAX)));
        drop(tokens);
        assert!(places.take(token(99)).is_ok());
        drop(local);
    }
}
