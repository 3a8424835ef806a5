//! What the hostile guests share: the bindings of a source, a description, and an event to answer with.
//! Included as a module by those whose only fault is what they do.
//!
//! Never does anything wrong itself.

wit_bindgen::generate!({ path: "../../../wit", world: "source", pub_export_macro: true });

pub use exports::tocsin::plugin::description::{PluginInfo, Replays, SourceInfo};
pub use exports::tocsin::plugin::source_decoder::{Change, Decoded, Event, Refusal, Request};

/// A guest: only what it does with a request is its own.
pub trait Sin {
    /// Its id.
    const ID: &'static str;

    /// What it does.
    fn commit(request: Request) -> Result<Decoded, Refusal>;
}

/// A valid description.
pub fn describe(id: &str) -> PluginInfo {
    PluginInfo {
        id: id.to_owned(),
        name: id.to_owned(),
        summary: "A guest with one fault.".to_owned(),
        version: "1.0.0".to_owned(),
        documentation: String::new(),
        source: Some(SourceInfo {
            fields: Vec::new(),
            signatures: Vec::new(),
            methods: vec!["POST".to_owned()],
            replays: Replays::ByDeliveryId,
            body_limit: None,
            confirm_hosts: Vec::new(),
            example: None,
            extra: Vec::new(),
        }),
        action: None,
        extra: Vec::new(),
    }
}

/// A trigger.
pub fn event(title: String) -> Event {
    Event {
        change: Change::Trigger,
        key: "key".to_owned(),
        aliases: Vec::new(),
        title,
        message: String::new(),
        severity: None,
        labels: Vec::new(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
        extra: Vec::new(),
    }
}

/// An answer of these events.
pub fn decoded(events: Vec<Event>) -> Decoded {
    Decoded {
        events,
        rejected: Vec::new(),
        remarks: Vec::new(),
        delivery_id: None,
        reply: None,
        ignored: None,
        confirm: None,
        extra: Vec::new(),
    }
}

/// An answer that tells the test what was found.
pub fn say(words: impl Into<String>) -> Result<Decoded, Refusal> {
    Ok(decoded(vec![event(words.into())]))
}

/// Exports a [`Sin`].
#[macro_export]
macro_rules! guest {
    ($sin:ident) => {
        impl $crate::guest::exports::tocsin::plugin::description::Guest for $sin {
            fn describe() -> $crate::guest::PluginInfo {
                $crate::guest::describe(<$sin as $crate::guest::Sin>::ID)
            }
        }

        impl $crate::guest::exports::tocsin::plugin::source_decoder::Guest for $sin {
            fn decode(
                request: $crate::guest::Request,
                _settings: Vec<$crate::guest::tocsin::plugin::types::Setting>,
            ) -> Result<$crate::guest::Decoded, $crate::guest::Refusal> {
                <$sin as $crate::guest::Sin>::commit(request)
            }
        }

        $crate::guest::export!($sin with_types_in $crate::guest);
    };
}
