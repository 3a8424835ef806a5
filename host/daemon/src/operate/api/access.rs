//! Access tokens of the HTTP API: the list, a new one, and a revocation.
//!
//! `GET /tokens`, `POST /tokens`, `POST /tokens/<name>/revoke`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An access token, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessToken {
    /// Its name.
    pub name: String,
    /// What it allows: `admin`, `operator`, `viewer` or `source:<name>`.
    pub scope: String,
    /// When it was created.
    pub created_at: String,
    /// The person who created it.
    pub created_by: String,
    /// When it expires; none if it does not.
    pub expires_at: Option<String>,
    /// Whether it has expired.
    pub expired: bool,
    /// When a request last had it, since the relay's start.
    pub last_used: Option<String>,
}

/// A token to create.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// Its name: lower-case letters, digits, `-` and `_`, 64 at most, a letter first.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,63}$")]
    pub name: String,
    /// What it allows: `admin`, `operator`, `viewer` or `source:<name>`.
    #[schema(pattern = "^(admin|operator|viewer|source:.+)$")]
    pub scope: String,
    /// When it expires. Default: never.
    #[serde(default)]
    #[schema(format = "date-time")]
    pub expires_at: Option<String>,
}

/// A new token. Nothing shows its secret again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The secret, for `Authorization: Bearer …`.
    pub token: String,
    /// Its description.
    #[serde(flatten)]
    pub about: AccessToken,
}
