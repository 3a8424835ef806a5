//! What a plugin says about itself, once, when it is loaded.
//!
//! Never checked here: the sandbox refuses a description that breaks the rules.

use crate::settings::Field;

/// What an HMAC is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How the bytes of an HMAC are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base 64 with padding.
    Base64,
}

/// A signature that the host makes or checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// An HMAC over the raw body in one header.
    BodyHmac {
        /// The header's name, lower case.
        header: String,
        /// What stands before the digest.
        prefix: String,
        /// The hash.
        digest: Digest,
        /// How the digest is written.
        encoding: Encoding,
    },
    /// As standardwebhooks.com says.
    StandardWebhooks,
}

/// When two requests of a sender are one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replays {
    /// Same delivery id.
    ByDeliveryId,
    /// Same delivery id or same body.
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

/// What a plugin says about taking requests in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its settings.
    pub fields: Vec<Field>,
    /// The signatures its sender can make.
    pub signatures: Vec<Signature>,
    /// HTTP methods, upper-case.
    pub methods: Vec<String>,
    /// When two requests are one.
    pub replays: Replays,
    /// Bytes of the largest body that its sender usually sends.
    pub body_limit: Option<u64>,
    /// Host names that a confirmation's address may have; `*` stands for one label.
    pub confirm_hosts: Vec<String>,
    /// A request to try it with.
    pub example: Option<Example>,
}

/// At most this many requests to one connection in this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: u32,
    /// Milliseconds.
    pub per_ms: u32,
}

/// What a plugin says about sending requests out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionInfo {
    /// The connection's settings.
    pub connection: Vec<Field>,
    /// The action's settings.
    pub fields: Vec<Field>,
    /// Host names that its peers have; empty for any.
    pub hosts: Vec<String>,
    /// What the peer bears.
    pub rate: Option<Rate>,
    /// Whether the peer is to have a record of every incident, also of one that was over before it could be sent.
    pub records: bool,
}

/// What a plugin says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Unique among plugins.
    pub id: String,
    /// As people write it.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Its own version.
    pub version: String,
    /// Where its documentation is, or empty.
    pub documentation: String,
    /// Set when it takes requests in.
    pub source: Option<SourceInfo>,
    /// Set when it sends requests out.
    pub action: Option<ActionInfo>,
}
