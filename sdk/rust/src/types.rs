//! The values that both directions share, as `wit/types.wit` has them.
//!
//! Never holds a secret's value: a plugin only ever names one.

use strum::{Display, EnumString, IntoStaticStr};

use crate::document::Document;

/// How bad it is, worst first.
///
/// [`FromStr`](std::str::FromStr) takes exactly the five names; for a sender's own words see [`crate::vocabulary::severity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Wake somebody up.
    Critical,
    /// Today.
    High,
    /// This week.
    Medium,
    /// Some day.
    Low,
    /// Good to know.
    Info,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The name in configurations: `critical`, `high`, `medium`, `low` or `info`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A free-form fact about an incident. The host keeps 64, keys of at most 128 bytes, values of at most 4 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Unique among an event's labels; where one comes twice, the last counts.
    pub key: String,
    /// Plain text.
    pub value: String,
}

/// An absolute http or https address with the text to show for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What a person reads.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// One header line; the name is in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Lower-case.
    pub name: String,
    /// As it came.
    pub value: String,
}

/// One query parameter, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As it came, in any case.
    pub name: String,
    /// As it came.
    pub value: String,
}

/// A setting's value, checked by the host against the field's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, templates (rendered), choices, colors, addresses.
    Text(String),
    /// Whole numbers; durations in seconds.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Lists of lines.
    Texts(Vec<String>),
    /// JSON documents with their values put in.
    Document(Document),
}

/// A setting that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The field's key.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// What hash an HMAC is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1, for old peers.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How the bytes of an HMAC are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal digits.
    Hex,
    /// Standard base 64 with padding.
    Base64,
}

/// An HMAC over the raw body in one header, for example `x-hub-signature: sha256=6e19…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyHmac {
    /// The header's name, lower-case.
    pub header: String,
    /// What stands before the digest, for example `sha256=`.
    pub prefix: String,
    /// The hash.
    pub digest: Digest,
    /// How the digest is written.
    pub encoding: Encoding,
}

/// A signature that the host makes or checks; the key never reaches a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// One header over the raw body.
    BodyHmac(BodyHmac),
    /// standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
}

impl Signature {
    /// `header: sha256=<hex>`, as GitHub, Jira and WebSub sign.
    pub fn sha256_hex(header: &str, prefix: &str) -> Self {
        Self::BodyHmac(BodyHmac {
            header: header.to_ascii_lowercase(),
            prefix: prefix.to_owned(),
            digest: Digest::Sha256,
            encoding: Encoding::Hex,
        })
    }
}
