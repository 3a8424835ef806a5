//! One call of a plugin with everything that it is given, so that the call can be made again, and with another body.
//!
//! Never keeps anything between two calls: the sandbox makes a fresh instance for each.

use tocsin_cases::{Section, http};
use tocsin_core::id::Id;
use tocsin_core::plugin::{Decoded, Failure, Refusal, Response, Setting, SourceRequest, Step};
use tocsin_sandbox::{CallError, Plugin, Told};

use super::convert;

/// A call.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// Of a source.
    Decode {
        /// What came in.
        request: SourceRequest,
        /// Of the source.
        settings: Vec<Setting>,
        /// What the random numbers of the call follow from.
        seed: u128,
    },
    /// Of an action: the first step.
    Encode {
        /// What it is told.
        told: Box<Told>,
    },
    /// Of an action: the step after an answer.
    Resume {
        /// What it is told.
        told: Box<Told>,
        /// What it wanted to remember.
        state: Vec<u8>,
        /// What the peer answered.
        response: Response,
    },
}

/// What the plugin answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A source.
    Decoded(Result<Decoded, Refusal>),
    /// An action.
    Step(Result<Step, Failure>),
}

impl Input {
    /// Calls the plugin.
    ///
    /// # Errors
    /// The plugin gave no answer: it trapped or exceeded a limit.
    pub(super) async fn give(&self, plugin: &Plugin) -> Result<Output, CallError> {
        match self.clone() {
            Self::Decode { request, settings, seed } => {
                let seed = Id::new(request.received_at, seed);
                Ok(Output::Decoded(plugin.decode(request, &settings, seed).await?.value))
            }
            Self::Encode { told } => Ok(Output::Step(plugin.encode_told(*told).await?.value)),
            Self::Resume { told, state, response } => {
                Ok(Output::Step(plugin.resume_told(*told, &state, response).await?.value))
            }
        }
    }

    /// The same call with other random numbers. None for an action: they follow from the id of its delivery, which the
    /// plugin sees and may send.
    pub(super) fn reseeded(&self) -> Option<Self> {
        match self {
            Self::Decode { request, settings, seed } => Some(Self::Decode {
                request: request.clone(),
                settings: settings.clone(),
                seed: seed.wrapping_add(1),
            }),
            Self::Encode { .. } | Self::Resume { .. } => None,
        }
    }

    /// Whether it has bytes as they came over the network.
    pub(super) const fn is_from_outside(&self) -> bool {
        matches!(self, Self::Decode { .. } | Self::Resume { .. })
    }

    /// The bytes from outside that it has.
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Self::Decode { request, .. } => &request.body,
            Self::Encode { told } => told.context.incident.message.as_bytes(),
            Self::Resume { response, .. } => &response.body,
        }
    }

    /// The same call with other bytes from outside. An incident has them as its texts.
    pub(super) fn with_body(&self, body: Vec<u8>) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Decode { request, .. } => request.body = body,
            Self::Encode { told } => {
                let text = String::from_utf8_lossy(&body).into_owned();
                let incident = &mut told.context.incident;
                incident.title = tocsin_core::event::single_line(&text, 1000);
                for value in incident.labels.values_mut() {
                    value.clone_from(&text);
                }
                incident.message = text;
            }
            Self::Resume { response, .. } => response.body = body,
        }
        other
    }

    /// What is given from outside, as a section of a case.
    pub(super) fn section(&self) -> Section {
        match self {
            Self::Decode { request, .. } => http::show_received(&convert::shown(request)),
            Self::Encode { told } => {
                let incident = &told.context.incident;
                let line = |name: &str, value: &str| format!("{name} = {}", toml::Value::from(value));
                let texts = [line("title", &incident.title), line("message", &incident.message)];
                Section {
                    kind: tocsin_cases::Kind::Incident,
                    coding: tocsin_cases::Coding::Plain,
                    text: texts.join("\n"),
                }
            }
            Self::Resume { response, .. } => http::show_answer(&convert::shown_answer(response)),
        }
    }
}
