//! Where a message is, and how one is found again.
//!
//! Never by its text: a delivery's own id stands in the message's metadata.

use std::fmt;

use serde_json::Value;
use tocsin_plugin::Reference;
use tocsin_plugin::prelude::*;

/// The type of the metadata that each message has; alphanumeric, as Slack asks for.
pub(super) const EVENT_TYPE: &str = "tocsin_delivery";
/// How the key begins under which an action's channel is kept.
const OF_ACTION: &str = "place:";
/// Bytes of a channel's id or of a `ts` that are kept.
const PART_BYTES_MAX: usize = 64;

/// A message: the channel's id and the message's `ts`, which is unique in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: String,
    pub(super) ts: String,
}

impl Place {
    /// From `C024BE91L:1503435956.000247`.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (channel, ts) = value.split_once(':')?;
        let is_good = |part: &str| {
            !part.is_empty()
                && part.len() <= PART_BYTES_MAX
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        };
        (is_good(channel) && is_good(ts)).then(|| Self { channel: channel.to_owned(), ts: ts.to_owned() })
    }

    /// From the answer to a post.
    pub(super) fn of(document: &Value) -> Option<Self> {
        let channel = document.get("channel")?.as_str()?;
        let ts = document.get("ts")?.as_str()?;
        Self::parse(&format!("{channel}:{ts}"))
    }

    /// The message's address in its workspace, as `chat.getPermalink` writes it.
    pub(super) fn url(&self, host: &str) -> String {
        format!("https://{host}/archives/{}/p{}", self.channel, self.ts.replace('.', ""))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.channel, self.ts)
    }
}

/// Under which key the place of an incident's message in a channel is kept: one connection may serve several.
pub(super) fn key(channel: &str) -> String {
    format!("message:{channel}")
}

/// Under which key it is kept in which channel an action last had an incident's message. Several actions may share a
/// connection, and a message.
pub(super) fn key_of_action(action: &str) -> String {
    format!("{OF_ACTION}{action}")
}

/// The message that this action had in another channel, unless another action still has it.
pub(super) fn left(context: &Context, channel: &str) -> Option<Place> {
    let own = key_of_action(&context.action);
    let old = context.reference(&own).map(|kept| kept.value.as_str()).filter(|old| *old != channel)?;
    let is_shared =
        |kept: &Reference| kept.key.starts_with(OF_ACTION) && kept.key != own && kept.value == old;
    if context.references.iter().any(is_shared) {
        return None;
    }
    context.reference(&key(old)).and_then(|kept| Place::parse(&kept.value))
}

/// The incident's message in this channel. One that was closed as the incident left it is none: it comes back with a
/// new one, which people see.
pub(super) fn present(context: &Context, channel: &str) -> Option<Place> {
    let kept = context.reference(&key(channel)).and_then(|kept| Place::parse(&kept.value))?;
    let own = key_of_action(&context.action);
    let is_of_another =
        |kept: &Reference| kept.key.starts_with(OF_ACTION) && kept.key != own && kept.value == channel;
    let last = context.reference(&own).filter(|last| last.value != channel);
    let last =
        last.and_then(|last| context.reference(&key(&last.value))).and_then(|kept| Place::parse(&kept.value));
    // One channel may be named by its id and by its name.
    let came_back = last.is_some_and(|last| last.channel != kept.channel);
    (!came_back || context.references.iter().any(is_of_another)).then_some(kept)
}

/// Whether this is the id of a channel, a private one, or a conversation with one person.
pub(super) fn is_id(channel: &str) -> bool {
    is_encoded(channel, &['C', 'G', 'D'])
}

/// Whether this is a member's id: posting to it opens a conversation whose id is another.
pub(super) fn is_person(channel: &str) -> bool {
    is_encoded(channel, &['U', 'W'])
}

fn is_encoded(channel: &str, kinds: &[char]) -> bool {
    channel.len() >= 8
        && channel.starts_with(kinds)
        && channel.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// The id of the channel of this name in an answer of `users.conversations`.
pub(super) fn find_channel(document: &Value, name: &str) -> Option<String> {
    let channels = document.get("channels")?.as_array()?;
    let is_it = |channel: &&Value| {
        ["name", "name_normalized"].iter().any(|key| channel.get(key).and_then(Value::as_str) == Some(name))
    };
    let id = channels.iter().find(is_it)?.get("id")?.as_str()?;
    is_id(id).then(|| id.to_owned())
}

/// The `ts` of the message that was posted for this delivery, among the messages of an answer.
pub(super) fn find_delivery(document: &Value, delivery: &str) -> Option<String> {
    let messages = document.get("messages")?.as_array()?;
    let is_it = |message: &&Value| {
        json::text(message, "metadata.event_type").as_deref() == Some(EVENT_TYPE)
            && json::text(message, "metadata.event_payload.delivery").as_deref() == Some(delivery)
    };
    json::text(messages.iter().find(is_it)?, "ts")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_read_back_and_never_from_anything_else() {
        let place = Place { channel: "C024BE91L".to_owned(), ts: "1503435956.000247".to_owned() };
        assert_eq!(Place::parse(&place.to_string()), Some(place.clone()));
        assert_eq!(
            place.url("acme.slack.com"),
            "https://acme.slack.com/archives/C024BE91L/p1503435956000247"
        );
        for bad in ["", "C1", ":1.2", "C1:", "C1/x:1.2", "C1:1.2/../3", "C 1:1.2"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("C024BE91L") && is_id("G024BE91L") && is_id("D024BE91L"));
        assert!(!is_id("ops") && !is_id("C1") && !is_id("Cloud-alerts") && !is_id("U024BE7LH"));
        assert!(is_person("U024BE7LH") && !is_person("users"));
    }

    #[test]
    fn a_message_is_found_by_the_deliverys_id_alone() {
        let of = |event_type: &str, delivery: &str| {
            json!({"messages": [
                {"text": "D1", "ts": "1.1"},
                {"ts": "1.2", "metadata": {"event_type": event_type, "event_payload": {"delivery": delivery}}},
            ]})
        };
        assert_eq!(find_delivery(&of("tocsin_delivery", "D1"), "D1").as_deref(), Some("1.2"));
        assert_eq!(find_delivery(&of("tocsin_delivery", "D2"), "D1"), None);
        assert_eq!(find_delivery(&of("other", "D1"), "D1"), None);
        assert_eq!(find_delivery(&json!({}), "D1"), None);
    }
}
