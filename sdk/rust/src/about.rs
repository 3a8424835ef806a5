//! What a plugin says about itself, as `wit/description.wit` has it.
//!
//! Never decides anything: the host makes forms of it and checks configurations against it.

use crate::{Action, Settings, Signature, Source};

/// A plugin's names. Constant, so that a description cannot depend on anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Unique among plugins: lower-case letters, digits and `-`; at most 64.
    pub id: &'static str,
    /// As people write it.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The plugin's own version, as in semver; `env!("CARGO_PKG_VERSION")` as a rule.
    pub version: &'static str,
    /// Where its documentation is, or empty.
    pub documentation: &'static str,
}

impl About {
    /// Names without a documentation address.
    pub const fn new(
        id: &'static str,
        name: &'static str,
        summary: &'static str,
        version: &'static str,
    ) -> Self {
        Self { id, name, summary, version, documentation: "" }
    }

    /// The same with the address of its documentation.
    pub const fn documented_at(mut self, url: &'static str) -> Self {
        self.documentation = url;
        self
    }
}

/// What every plugin has.
pub trait Plugin {
    /// Its names.
    const ABOUT: About;
}

/// One value that a choice may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As written in the configuration.
    pub value: String,
    /// As shown.
    pub label: String,
}

/// What a field accepts, and with it how a form shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One line, taken as it is.
    Text,
    /// Several lines, taken as they are.
    Multiline,
    /// Text with placeholders, or a list of such texts; the plugin sees it rendered.
    Template,
    /// A JSON document with placeholders inside its strings; the plugin sees it rendered, as a
    /// [`Document`](crate::Document).
    JsonTemplate,
    /// A program or expression that the plugin itself interprets.
    Expression,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// One of these values.
    Choice(Vec<Choice>),
    /// Six hexadecimal digits without `#`.
    Color,
    /// An absolute http or https address.
    Url,
    /// `90s`, `15m`, `2h`, `1d`.
    Duration,
    /// A list of lines, taken as they are.
    Texts,
    /// A name under which the host keeps a secret.
    Secret,
    /// A path with placeholders, whose values are percent-encoded: each fills a segment and never makes one.
    Path,
}

/// One setting that an operator fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the configuration: lower-case letters, digits and `_`.
    pub key: String,
    /// The name in a form.
    pub label: String,
    /// What it does, in full sentences.
    pub help: String,
    /// What it accepts.
    pub kind: FieldKind,
    /// Whether a configuration without it is refused.
    pub required: bool,
    /// The value when nothing is given, written as in the configuration; a list has one entry on each line.
    pub default: Option<String>,
}

/// When two requests of a sender are the same delivery, sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replays {
    /// Only when both were given the same [`crate::Decoded::delivery_id`].
    ByDeliveryId,
    /// Also when their bodies are equal byte for byte and nothing else has happened to their incidents in between:
    /// for senders that repeat a request hours later.
    ByBody,
}

/// A request to try a source with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Upper-case.
    pub method: String,
    /// Without `?`; may be empty.
    pub query: String,
    /// May be empty.
    pub content_type: String,
    /// May be empty.
    pub body: String,
}

impl Example {
    /// A POST of this JSON document.
    pub fn post_json(body: &str) -> Self {
        Self::post("application/json", body)
    }

    /// A POST of this form, written as on the wire: `a=1&b=two+words`.
    pub fn post_form(body: &str) -> Self {
        Self::post("application/x-www-form-urlencoded", body)
    }

    fn post(content_type: &str, body: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            query: String::new(),
            content_type: content_type.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// What a plugin says about taking requests in. The fields come from [`Source::Settings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The signatures that this sender can make; the operator gives the key and the host checks them.
    pub signatures: Vec<Signature>,
    /// The HTTP methods that the sender uses, upper-case. Others get 405; the host answers 200 to GET, HEAD and OPTIONS.
    pub methods: Vec<String>,
    /// When two requests are one.
    pub replays: Replays,
    /// Bytes of the largest body that this sender usually sends; none for the host's own limit. An operator's
    /// `body_limit` comes first.
    pub body_limit: Option<u64>,
    /// Host names that a [`crate::Decoded::confirm`] address may have; `*` stands for one label, as in
    /// `sns.*.amazonaws.com`.
    pub confirm_hosts: Vec<String>,
    /// A request that is decoded to one trigger.
    pub example: Option<Example>,
}

/// POST only, no signatures, replays by delivery id, no example.
impl Default for SourceInfo {
    fn default() -> Self {
        Self {
            signatures: Vec::new(),
            methods: vec!["POST".to_owned()],
            replays: Replays::ByDeliveryId,
            body_limit: None,
            confirm_hosts: Vec::new(),
            example: None,
        }
    }
}

impl SourceInfo {
    /// The same with another signature that the sender can make.
    #[must_use]
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signatures.push(signature);
        self
    }

    /// The same for these methods, upper-case.
    #[must_use]
    pub fn methods<const N: usize>(mut self, methods: [&str; N]) -> Self {
        self.methods = methods.map(str::to_owned).to_vec();
        self
    }

    /// The same with this rule for replays.
    #[must_use]
    pub fn replays(mut self, replays: Replays) -> Self {
        self.replays = replays;
        self
    }

    /// The same for bodies of up to this many bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// The same for confirmations at these host names.
    #[must_use]
    pub fn confirm_hosts<const N: usize>(mut self, hosts: [&str; N]) -> Self {
        self.confirm_hosts = hosts.map(str::to_owned).to_vec();
        self
    }

    /// The same with an example.
    #[must_use]
    pub fn example(mut self, example: Example) -> Self {
        self.example = Some(example);
        self
    }
}

/// At most this many requests to one connection in this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: u32,
    /// Milliseconds.
    pub per_ms: u32,
}

/// What a plugin says about sending requests out. The fields come from [`Action::Connection`] and
/// [`Action::Settings`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionInfo {
    /// Host names that its peers have, `*.` in front for any subdomain; empty for any.
    pub hosts: Vec<String>,
    /// What the peer bears.
    pub rate: Option<Rate>,
    /// Whether the peer is to have a record of every incident, as a ticket system is: an incident that was over before
    /// it could be sent is sent all the same, as one `resolved` without references.
    pub records: bool,
}

impl ActionInfo {
    /// The same for peers of these host names.
    #[must_use]
    pub fn hosts<const N: usize>(mut self, hosts: [&str; N]) -> Self {
        self.hosts = hosts.map(str::to_owned).to_vec();
        self
    }

    /// The same with at most `requests` in any `per_ms` milliseconds.
    #[must_use]
    pub fn rate(mut self, requests: u32, per_ms: u32) -> Self {
        self.rate = Some(Rate { requests, per_ms });
        self
    }

    /// The same for a peer that is to have a record of every incident.
    #[must_use]
    pub const fn records(mut self) -> Self {
        self.records = true;
        self
    }
}

/// Everything that a plugin says about itself, fields included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its names.
    pub about: About,
    /// Set for a source: its fields and the rest.
    pub source: Option<(Vec<Field>, SourceInfo)>,
    /// Set for an action: the connection's fields, the action's fields and the rest.
    pub action: Option<(Vec<Field>, Vec<Field>, ActionInfo)>,
}

/// The description of a plugin that is a source only.
pub fn describe_source<T: Plugin + Source>() -> PluginInfo {
    let source = Some((T::Settings::fields(), T::source_info()));
    PluginInfo { about: T::ABOUT, source, action: None }
}

/// The description of a plugin that is an action only.
pub fn describe_action<T: Plugin + Action>() -> PluginInfo {
    let action = Some((T::Connection::fields(), <T as Action>::Settings::fields(), T::action_info()));
    PluginInfo { about: T::ABOUT, source: None, action }
}

/// The description of a plugin that is both.
pub fn describe_both<T: Plugin + Source + Action>() -> PluginInfo {
    PluginInfo { source: describe_source::<T>().source, ..describe_action::<T>() }
}
