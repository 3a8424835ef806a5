//! `oauth2` of a connection: the source of its access tokens
//! ([RFC 6749, 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).

use std::str::FromStr;

use tocsin_core::egress::{Policy, check_url};
use tocsin_core::event::UnknownWord;
use url::Url;

use super::reader::Reader;
use super::secret::Secret;

const OAUTH2: &str = "oauth2";
const TOKEN_URL: &str = "token_url";
const CLIENT_SECRET: &str = "client_secret";

/// How the relay gets access tokens with its client credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2 {
    /// The token endpoint.
    pub token_url: Url,
    /// The client's identifier.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The scope of the token; empty for the endpoint's default.
    pub scope: String,
    /// The place of identifier and secret in the token request.
    pub auth: ClientAuthentication,
}

/// The place of a client's credentials in its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = UnknownWord, parse_err_fn = unknown)]
pub enum ClientAuthentication {
    /// In the header, as HTTP Basic.
    #[default]
    Basic,
    /// In the form, for peers that require this.
    Body,
}

fn unknown(given: &str) -> UnknownWord {
    UnknownWord::new("client authentication", given, <ClientAuthentication as strum::VariantNames>::VARIANTS)
}

/// `oauth2` of a connection, if it has one. The connection's `policy` applies to the token endpoint.
pub(super) fn read(reader: &mut Reader, policy: Policy) -> Option<OAuth2> {
    if !reader.has(OAUTH2) {
        return None;
    }
    let mut reader = reader.section(OAUTH2);
    if !reader.has(TOKEN_URL) {
        reader.problem(TOKEN_URL, "is missing: the address of the token endpoint");
    }
    let token_url = reader.parsed(TOKEN_URL, |text| address(text, policy));
    let client_id = reader.required_text("client_id", "the client's identifier at the token endpoint");
    let client_secret = reader.required_secret(CLIENT_SECRET, "the client's secret at the token endpoint");
    if client_secret.as_ref().is_some_and(Secret::is_blank) {
        reader.problem(CLIENT_SECRET, "is empty: write the client's secret");
    }
    let scope = reader.text("scope").unwrap_or_default();
    let auth = reader.parsed("auth", ClientAuthentication::from_str).unwrap_or_default();
    reader.finish();
    Some(OAuth2 { token_url: token_url?, client_id, client_secret: client_secret?, scope, auth })
}

fn address(text: &str, policy: Policy) -> Result<Url, String> {
    let url = Url::parse(text.trim())
        .map_err(|error| format!("is not an address such as `https://auth.example.org/token`: {error}"))?;
    check_url(&url, policy).map_err(|denied| denied.to_string())?;
    Ok(url)
}
