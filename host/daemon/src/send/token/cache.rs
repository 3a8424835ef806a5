//! The tokens of one connection: kept, shared, and fetched again no more often than needed.
//!
//! There is one request for a token at a time. Deliveries that need a token meanwhile wait for that request and share its
//! result. An endpoint that fails is left alone for some seconds.

use std::time::Duration;

use tocsin_core::retry::Schedule;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Token;
use crate::send::error::SendError;

/// A peer that refuses every token has new ones fetched no more often than this.
const REPLACED_AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// The tokens of one connection.
#[derive(Default)]
pub(in crate::send) struct Tokens(Mutex<State>);

#[derive(Default)]
struct State {
    /// With when it was fetched.
    token: Option<(Instant, Token)>,
    failed: Option<Failed>,
    /// When a token was last fetched in the place of one that the peer did not accept.
    replaced: Option<Instant>,
}

/// A fetch that failed.
struct Failed {
    at: Instant,
    error: SendError,
    /// The endpoint is not asked again before.
    until: Instant,
}

impl Tokens {
    /// A token that is still valid. If there is none, awaits `fetch`, unless the last one has just failed. `schedule` is
    /// the connection's: the endpoint is not left alone for longer than a peer.
    ///
    /// # Errors
    /// As `fetch`, also for callers that waited for it or come too soon after it.
    pub(in crate::send) async fn get(
        &self,
        schedule: Schedule,
        fetch: impl Future<Output = Result<Token, SendError>> + Send,
    ) -> Result<Token, SendError> {
        let asked = Instant::now();
        let mut state = self.0.lock().await;
        match state.known(asked, None) {
            Some(known) => known,
            None => state.keep(fetch.await, schedule, Instant::now()),
        }
    }

    /// Another token than `refused`, the one that the peer did not accept; awaits `fetch` if there is none yet. None if
    /// `refused` itself is a new one in the place of another, or takes the place of a new one: the fault is not the token.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(in crate::send) async fn replace(
        &self,
        refused: &Token,
        schedule: Schedule,
        fetch: impl Future<Output = Result<Token, SendError>> + Send,
    ) -> Result<Option<Token>, SendError> {
        let asked = Instant::now();
        let mut state = self.0.lock().await;
        if let Some(known) = state.known(asked, Some(refused)) {
            return known.map(Some);
        }
        if !state.may_replace(asked) {
            return Ok(None);
        }
        let fetched = fetch.await;
        state.replaced = Some(Instant::now());
        state.keep(fetched, schedule, Instant::now()).map(Some)
    }
}

impl State {
    /// The result without a fetch, for a caller that asked at `asked` and may have waited for another caller's fetch.
    fn known(&self, asked: Instant, refused: Option<&Token>) -> Option<Result<Token, SendError>> {
        let is_usable = |(at, token): &&(Instant, Token)| {
            let is_valid = asked < token.until || *at >= asked;
            is_valid && refused.is_none_or(|refused| refused.header != token.header)
        };
        if let Some((_, token)) = self.token.as_ref().filter(is_usable) {
            return Some(Ok(token.clone()));
        }
        let failed = self.failed.as_ref()?;
        (asked <= failed.at || asked < failed.until).then(|| Err(failed.error(asked)))
    }

    fn may_replace(&self, now: Instant) -> bool {
        self.replaced.is_none_or(|at| now >= at + REPLACED_AT_MOST_EVERY)
    }

    /// Keeps what came of a fetch that ended at `now`.
    fn keep(
        &mut self,
        fetched: Result<Token, SendError>,
        schedule: Schedule,
        now: Instant,
    ) -> Result<Token, SendError> {
        self.token = fetched.as_ref().ok().map(|token| (now, token.clone()));
        self.failed = fetched.as_ref().err().map(|error| Failed::new(error, schedule, now));
        fetched
    }
}

impl Failed {
    fn new(error: &SendError, schedule: Schedule, at: Instant) -> Self {
        let pause_ms = match error {
            SendError::Network { after_ms, .. } => schedule.granted(after_ms.unwrap_or(0)),
            // The connection pauses. The operator who has it go on wants to know how it is now.
            SendError::Misconfigured(_) | SendError::Denied(_) | SendError::NoConnection(_) => 0,
        };
        Self { at, error: error.clone(), until: at + Duration::from_millis(pause_ms) }
    }

    /// The error for a caller that asked at `asked`.
    fn error(&self, asked: Instant) -> SendError {
        let left = self.until.saturating_duration_since(asked);
        let mut error = self.error.clone();
        if let SendError::Network { after_ms, .. } = &mut error {
            *after_ms = u64::try_from(left.as_millis()).ok().map(|left| left + 1);
        }
        error
    }
}

#[cfg(test)]
mod tests;
