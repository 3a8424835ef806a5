//! What one attempt remembers from a request to its answer.
//!
//! Never outlives the attempt: nothing here is kept by the host.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use super::place::Place;

/// Which request's answer comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// The list of the bot's channels.
    Name,
    /// A channel's history.
    Look,
    /// A message of its own.
    #[default]
    Post,
    /// An edit.
    Update,
    /// A thread's replies.
    Replies,
    /// A reply.
    Reply,
    /// The edit of the message in the channel that the incident has left.
    Moved,
}

const STAGES: [(Stage, &str); 7] = [
    (Stage::Name, "name"),
    (Stage::Look, "look"),
    (Stage::Post, "post"),
    (Stage::Update, "update"),
    (Stage::Replies, "replies"),
    (Stage::Reply, "reply"),
    (Stage::Moved, "moved"),
];

/// Where an attempt is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) stage: Stage,
    /// The page of a list, from 0.
    pub(super) page: u64,
    /// The incident's message.
    pub(super) message: Option<Place>,
    /// The id of the channel whose history is looked through.
    pub(super) looked_in: String,
    /// The message could not be edited and shows an earlier state.
    pub(super) is_stale: bool,
    /// Slack refused the layout; what follows is plain text.
    pub(super) is_plain: bool,
    /// What the outcome adds.
    pub(super) note: String,
}

impl State {
    /// The request of a stage, with the state that its answer needs.
    pub(super) fn at(mut self, stage: Stage, request: HttpRequest) -> Step {
        self.stage = stage;
        Step::Send(Box::new(request), self.to_bytes())
    }

    /// The same one page on.
    pub(super) fn next_page(mut self) -> Self {
        self.page += 1;
        self
    }

    /// The same with something for the outcome.
    pub(super) fn noted(mut self, note: &str) -> Self {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note);
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let stage = STAGES.iter().find(|(stage, _)| *stage == self.stage).map_or("post", |(_, name)| name);
        json!({
            "stage": stage,
            "page": self.page,
            "message": self.message.as_ref().map(Place::to_string),
            "looked_in": self.looked_in,
            "is_stale": self.is_stale,
            "is_plain": self.is_plain,
            "note": self.note,
        })
        .to_string()
        .into_bytes()
    }

    /// The state of these bytes, if they are one.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(bytes).ok()?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let stage = text("stage")?;
        Some(Self {
            stage: STAGES.iter().find(|(_, name)| *name == stage).map(|(stage, _)| *stage)?,
            page: document.get("page")?.as_u64()?,
            message: text("message").and_then(Place::parse),
            looked_in: text("looked_in")?.to_owned(),
            is_stale: document.get("is_stale")?.as_bool()?,
            is_plain: document.get("is_plain")?.as_bool()?,
            note: text("note")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was() {
        for (stage, _) in STAGES {
            let message = Some(Place { channel: "C1".to_owned(), ts: "17.2".to_owned() });
            let state = State {
                stage,
                page: 2,
                message,
                looked_in: "C2".to_owned(),
                is_stale: true,
                is_plain: true,
                note: "a".to_owned(),
            };
            assert_eq!(State::from_bytes(&state.to_bytes()), Some(state));
        }
        assert_eq!(State::from_bytes(&State::default().to_bytes()), Some(State::default()));
        assert_eq!(State::from_bytes(b"{}"), None);
    }
}
