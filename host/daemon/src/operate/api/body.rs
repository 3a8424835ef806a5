//! The body of a request or an answer: text where it is text.
//!
//! Never cut, and never with a secret: the relay masks it before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A body: `{"text": …}`, or `{"base64": …}` when it is no UTF-8.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub enum Body {
    /// UTF-8.
    #[serde(rename = "text")]
    Text(String),
    /// Any other bytes, in base 64.
    #[serde(rename = "base64")]
    Base64(String),
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(BASE64.encode(bytes)),
        }
    }
}
