//! Requests to reload the configuration, and their results.
//!
//! The relay's own task reads, checks and replaces the configuration, one request at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tocsin_core::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::config::{Change, ConfigProblem, ManagedChange, Refusal, Resource};

/// How many requests may wait.
const WAITING_MAX: usize = 16;

/// A request, with the channel of its answer.
pub enum Asked {
    /// Reload the configuration.
    Reload {
        /// The author of the request, and how it was made.
        by: String,
        /// Whether to only compare and change nothing.
        is_trial: bool,
        /// The channel.
        reply: oneshot::Sender<Result<Reloaded, NotReloaded>>,
    },
    /// Write or remove a file of `managed`, and reload the configuration.
    Change {
        /// The author of the request.
        by: String,
        /// The change.
        change: Box<ManagedChange>,
        /// The channel.
        reply: oneshot::Sender<Result<Changed, NotChanged>>,
    },
}

/// What a reload changed, or would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// The parts that differ. If none, the configuration in force stays.
    pub changes: Vec<Change>,
    /// Changed settings that take effect at the next start, by path.
    pub with_the_next_start: Vec<String>,
    /// The warnings of `tocsin check`.
    pub warnings: Vec<ConfigProblem>,
    /// Actions that incidents of the last day would have triggered differently.
    pub filters: Vec<OtherMatches>,
}

/// An action that other incidents trigger than before, through its filter or other routing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherMatches {
    /// The action's name.
    pub action: String,
    /// Numbers of incidents that newly trigger it.
    pub more: Vec<u64>,
    /// Numbers of incidents that no longer trigger it.
    pub fewer: Vec<u64>,
}

/// Why the configuration in force stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReloaded {
    /// It has mistakes.
    #[error("{}", listed(.0))]
    Mistakes(Vec<ConfigProblem>),
    /// It could not be read, or put in force.
    #[error("{0}")]
    Failed(String),
    /// The relay is stopping.
    #[error("the relay is stopping")]
    Stopping,
}

/// What a change over the API did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// What is in force now; none if it was removed.
    pub resource: Option<Resource>,
    /// Whether there was none of this name.
    pub is_created: bool,
    /// Whether the source has the token of the request.
    pub uses_token: bool,
    /// What the reload changed.
    pub reloaded: Reloaded,
}

/// Why a change over the API was not made. Files and configuration in force stay.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// It may not be made.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The configuration with it could not be put in force.
    #[error(transparent)]
    NotReloaded(#[from] NotReloaded),
}

fn listed(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The last refused reload, until one succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// Sends requests to the relay's task.
#[derive(Clone)]
pub struct Reloads {
    asked: mpsc::Sender<Asked>,
    refused: Arc<Mutex<Option<Refused>>>,
}

impl Reloads {
    /// A sender and a receiver of requests.
    pub fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (asked, receiver) = mpsc::channel(WAITING_MAX);
        (Self { asked, refused: Arc::default() }, receiver)
    }

    /// Reloads the configuration; with `is_trial`, only compares it.
    ///
    /// # Errors
    /// The configuration has mistakes or could not be put in force; the one in force stays.
    pub async fn ask(&self, by: String, is_trial: bool) -> Result<Reloaded, NotReloaded> {
        let (reply, answer) = oneshot::channel();
        self.asked.send(Asked::Reload { by, is_trial, reply }).await.map_err(|_| NotReloaded::Stopping)?;
        answer.await.unwrap_or(Err(NotReloaded::Stopping))
    }

    /// Makes a change in `managed` and reloads the configuration, with no other change in between.
    ///
    /// # Errors
    /// The change may not be made, or the configuration with it could not be put in force; everything stays as it was.
    pub async fn change(&self, by: String, change: ManagedChange) -> Result<Changed, NotChanged> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked::Change { by, change: Box::new(change), reply };
        self.asked.send(asked).await.map_err(|_| NotReloaded::Stopping)?;
        answer.await.unwrap_or(Err(NotReloaded::Stopping.into()))
    }

    /// Keeps the result of the last reload: `status` shows a refusal until a reload succeeds.
    pub fn ended(&self, refused: Option<Refused>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// The last reload, if it was refused.
    pub fn refused(&self) -> Option<Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
