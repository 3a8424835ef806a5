//! What is remembered between the requests of one attempt.
//!
//! Never anything that the next attempt needs: that is asked of Jira again.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

/// The request whose answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Looking for the issue by its mark.
    Search,
    /// Making it.
    Create,
    /// Reading its status.
    Status,
    /// Reading its transitions.
    Transitions,
    /// Moving it.
    Move,
    /// Looking for a comment that an earlier attempt may have made.
    Comments,
    /// Commenting.
    Comment,
}

const STAGES: [(At, &str); 7] = [
    (At::Search, "search"),
    (At::Create, "create"),
    (At::Status, "status"),
    (At::Transitions, "transitions"),
    (At::Move, "move"),
    (At::Comments, "comments"),
    (At::Comment, "comment"),
];

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) at: At,
    /// The key, empty before it is known; of characters that a path can hold.
    pub(crate) key: String,
    /// Where people find it.
    pub(crate) url: Option<String>,
    /// It was made in this attempt: its description tells what happened.
    pub(crate) is_new: bool,
    /// The key is to be remembered for the incident.
    pub(crate) keep: bool,
    /// The status when it was read.
    pub(crate) status: String,
    /// It is in that status' category for what happened already.
    pub(crate) is_there: bool,
    /// Why the issue was not moved, for its readers.
    pub(crate) stuck: Option<String>,
    /// What was done, for the outcome.
    pub(crate) done: Vec<String>,
}

impl Task {
    /// At the beginning, with what is known of the issue.
    pub(crate) fn new(at: At, key: &str, url: Option<String>) -> Self {
        Self {
            at,
            key: key.to_owned(),
            url,
            is_new: false,
            keep: false,
            status: String::new(),
            is_there: false,
            stuck: None,
            done: Vec::new(),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let at = STAGES.iter().find(|(at, _)| *at == self.at).map_or("", |(_, name)| name);
        let mut document = json!({
            "at": at, "key": self.key, "url": self.url, "new": self.is_new, "keep": self.keep,
            "status": self.status, "there": self.is_there, "stuck": self.stuck, "done": self.done,
        });
        if let Value::Object(members) = &mut document {
            let says_nothing = [json!(null), json!(false), json!([]), json!("")];
            members.retain(|name, value| name == "key" || !says_nothing.contains(value));
        }
        document.to_string().into_bytes()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(bytes).ok()?;
        let name = document.get("at")?.as_str()?;
        let (at, _) = STAGES.iter().find(|(_, known)| *known == name)?;
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let is = |name: &str| document.get(name) == Some(&Value::Bool(true));
        let done = document.get("done").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            at: *at,
            key: text("key")?,
            url: text("url"),
            is_new: is("new"),
            keep: is("keep"),
            status: text("status").unwrap_or_default(),
            is_there: is("there"),
            stuck: text("stuck"),
            done: done.filter_map(|line| line.as_str().map(str::to_owned)).collect(),
        })
    }

    /// The outcome: what was done, and the key if it is new to us.
    pub(crate) fn outcome(self, write_back: bool) -> Outcome {
        let summary = match self.done.join("; ") {
            done if done.is_empty() => format!("{} is there, nothing to do", self.key),
            done => done,
        };
        let outcome = Outcome::delivered(summary);
        if !self.keep {
            return outcome;
        }
        let outcome = outcome.reference("issue", &self.key, self.url.as_deref());
        if write_back { outcome.update("jira_issue", &self.key) } else { outcome }
    }
}
