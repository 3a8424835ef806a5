//! Asking for the configuration to be read again, and what came of it.
//!
//! Decides nothing: the relay's own task reads, checks and replaces, one request at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tocsin_core::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::config::{Change, ConfigProblem};

/// Requests that may wait.
const WAITING_MAX: usize = 16;

/// What is asked for.
pub struct Asked {
    /// Who asks, and how.
    pub by: String,
    /// Whether nothing is to be changed: what would be?
    pub is_trial: bool,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Reloaded, NotReloaded>>,
}

/// What a reload changed, or would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What differs. Nothing: the configuration in force stays as it is.
    pub changes: Vec<Change>,
    /// Settings that differ and take effect with the next start, by path.
    pub with_the_next_start: Vec<String>,
    /// What `tocsin check` would warn of.
    pub warnings: Vec<ConfigProblem>,
    /// Actions that would have taken other incidents of the last day.
    pub filters: Vec<OtherMatches>,
}

/// An action whose filter, or what else routes to it, takes other incidents than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherMatches {
    /// The action's name.
    pub action: String,
    /// Numbers of incidents that it takes and did not take before.
    pub more: Vec<u64>,
    /// Numbers of incidents that it took and does not take any more.
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

fn listed(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The last reload that was refused, until one is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// Where to ask.
#[derive(Clone)]
pub struct Reloads {
    asked: mpsc::Sender<Asked>,
    refused: Arc<Mutex<Option<Refused>>>,
}

impl Reloads {
    /// A place to ask at, and what is asked there.
    pub fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (asked, receiver) = mpsc::channel(WAITING_MAX);
        (Self { asked, refused: Arc::default() }, receiver)
    }

    /// Has the configuration read again and put in force if it is right; with `is_trial`, only compared.
    ///
    /// # Errors
    /// It is not right, or could not be put in force: the one before stays.
    pub async fn ask(&self, by: String, is_trial: bool) -> Result<Reloaded, NotReloaded> {
        let (reply, answer) = oneshot::channel();
        self.asked.send(Asked { by, is_trial, reply }).await.map_err(|_| NotReloaded::Stopping)?;
        answer.await.unwrap_or(Err(NotReloaded::Stopping))
    }

    /// Remembers what came of the last reload: `status` shows a refusal until a reload is not refused.
    pub fn ended(&self, refused: Option<Refused>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// The last reload, if it was refused.
    pub fn refused(&self) -> Option<Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
