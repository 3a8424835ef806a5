//! Write Tocsin plugins in Rust.
//!
//! A plugin is a WebAssembly component that decodes what a service sends ([`Source`]), encodes what it is sent
//! ([`Action`]), or both. This crate hides the component interface: implement a trait, derive [`Settings`] on
//! the struct of what an operator may configure, and name the plugin once in [`export!`].
//!
//! It must never do I/O, read a clock or keep state between calls: a plugin is a pure function, and the host
//! gives it a fresh instance for each call. Nothing in here panics on any input.
//!
//! ```
//! use tocsin_plugin::prelude::*;
//!
//! /// Reads `{"check": "db-1", "ok": false}`.
//! struct Checks;
//!
//! #[derive(Settings)]
//! struct Fields {
//!     /// How bad a failed check is.
//!     #[setting(default = "high")]
//!     severity: Severity,
//! }
//!
//! impl Plugin for Checks {
//!     const ABOUT: About = About::new("checks", "Checks", "Failed checks become incidents.", "0.1.0");
//! }
//!
//! impl Source for Checks {
//!     type Settings = Fields;
//!
//!     fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
//!         let body = request.json()?;
//!         let name = json::text(&body, "check").ok_or_else(|| Refusal::missing("check"))?;
//!         let change = if body["ok"] == true { Change::Resolve } else { Change::Trigger };
//!         Ok(Event::new(change, &name, &name).severity(settings.severity).into())
//!     }
//! }
//!
//! tocsin_plugin::export!(Checks: source);
//!
//! let request = Request::post_json(r#"{"check": "db-1", "ok": false}"#);
//! let settings = Fields { severity: Severity::Low };
//! assert_eq!(Checks::decode(&request, &settings).unwrap().events[0].key, "db-1");
//! ```

// The derive macros name this crate, and are used in it as well.
extern crate self as tocsin_plugin;

mod document;
mod types;

mod about;
mod action;
mod outgoing;
mod settings;
mod source;
mod step;

pub mod alerts;
pub mod chat;
pub mod json;
pub mod keys;
pub mod log;
pub mod notes;
pub mod text;
pub mod verdict;
pub mod vocabulary;

mod payload;
mod time;

mod export;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
#[cfg(target_family = "wasm")]
mod memory;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use about::{
    About, ActionInfo, Choice, Example, Field, FieldKind, Plugin, PluginInfo, Rate, Replays, SourceInfo,
    describe_action, describe_both, describe_source,
};
pub use action::{
    Action, ChangeKind, Context, Incident, IncidentChange, Place, Probe, Reference, State, Zone,
    check_action, check_connection,
};
pub use document::{Document, Text};
pub use outgoing::{HeaderLine, HttpRequest, Part, SecretEncoding, Signing};
pub use payload::Payload;
pub use settings::{
    ChoiceType, FieldSpec, FieldType, Secret, SettingError, SettingProblem, Settings, TextType, read,
};
pub use source::{Change, Decoded, Event, Refusal, Rejection, Reply, Request, Source, check_source};
pub use step::{Certainty, Failure, Outcome, Response, Step};
pub use time::Timestamp;
pub use tocsin_plugin_derive::{Choice, Settings};
pub use types::{
    BodyHmac, Digest, Encoding, Header, Label, Link, Parameter, Setting, Severity, Signature, Value,
};

/// What nearly every plugin uses.
pub mod prelude {
    // For its `as_str`: a plugin names `Choice`, the derive.
    pub use crate::ChoiceType as _;
    pub use crate::{
        About, Action, ActionInfo, Change, ChangeKind, Context, Decoded, Event, Example, Failure,
        HttpRequest, Outcome, Payload, Place, Plugin, Probe, Rate, Refusal, Replays, Request, Response,
        Secret, SettingProblem, Settings, Severity, Signature, Source, SourceInfo, State, Step, Timestamp,
        Zone, alerts, chat, json, keys, log, text, verdict, vocabulary,
    };
}
