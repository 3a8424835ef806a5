//! From what a plugin wants sent to what is sent: the connection's URL is joined on, secrets are put in,
//! signatures are made.
//!
//! The only place where a secret meets a request. Errors name secrets, never show them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tocsin_core::egress::{Denied, join};
use tocsin_core::plugin::{ActionRequest, Part, SecretEncoding, Signature};
use url::Url;

use crate::config::{Connection, Secret};
use crate::signing;

/// Headers that are about the connection and not the request.
const NOT_A_PLUGINS: [&str; 7] =
    ["connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

/// A request as it is sent. Holds secrets, so it is not printed.
pub struct Outgoing {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With.
    pub headers: HeaderMap,
    /// What.
    pub body: Vec<u8>,
}

/// A request that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRequest {
    /// A path that leaves the connection's URL.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A method that is not among those of the plugin API.
    #[error("the plugin asked for the method `{0}`: there is GET, HEAD, POST, PUT, PATCH, DELETE")]
    Method(String),
    /// A header that cannot be sent, or not by a plugin.
    #[error("the plugin asked for the header `{0}`, which cannot be sent: {1}")]
    Header(String, &'static str),
    /// A secret that the connection does not have.
    #[error("the secret `{secret}` is missing: add `secrets.{secret}` to [connections.{connection}]")]
    NoSecret {
        /// Which.
        secret: String,
        /// Of which connection.
        connection: String,
    },
    /// A secret that is no key.
    #[error("the secret `{0}` is no signing key: {1}")]
    Key(String, &'static str),
}

/// When a request is made, and for which delivery: what signatures are made over.
pub struct Moment<'a> {
    /// The delivery's id.
    pub delivery: &'a str,
    /// Seconds since the Unix epoch.
    pub seconds: i64,
}

/// The request that `wanted` is over `connection`.
///
/// # Errors
/// The plugin asked for something that cannot be sent, or for a secret that is not there.
pub fn assemble(
    connection: &Connection,
    wanted: ActionRequest,
    moment: &Moment<'_>,
) -> Result<Outgoing, InvalidRequest> {
    let method = match wanted.method.as_str() {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => Method::from_bytes(wanted.method.as_bytes()),
        _ => return Err(InvalidRequest::Method(wanted.method)),
    };
    let method = method.map_err(|_| InvalidRequest::Method(wanted.method.clone()))?;
    let url = join(&connection.parsed_url, &wanted.path, &wanted.query)?;
    let mut headers = HeaderMap::new();
    if !wanted.content_type.is_empty() {
        headers.insert(CONTENT_TYPE, header_value("content-type", wanted.content_type.as_bytes())?);
    }
    for (name, parts) in &wanted.headers {
        let value = header_value(name, &fill(connection, parts)?)?;
        headers.append(header_name(name)?, value);
    }
    let body = fill(connection, &wanted.body)?;
    for signing in &wanted.signing {
        let secret = secret(connection, &signing.secret)?;
        let key = |words| InvalidRequest::Key(signing.secret.clone(), words);
        for (name, value) in signature(&signing.signature, secret, moment, &body).map_err(key)? {
            headers.insert(header_name(&name)?, header_value(&name, value.as_bytes())?);
        }
    }
    Ok(Outgoing { method, url, headers, body })
}

fn signature(
    signature: &Signature,
    secret: &Secret,
    moment: &Moment<'_>,
    body: &[u8],
) -> Result<Vec<(String, String)>, &'static str> {
    match signature {
        Signature::BodyHmac { header, prefix, digest, encoding } => {
            let mac = signing::hmac(*digest, secret.reveal().as_bytes(), body);
            Ok(vec![(header.clone(), format!("{prefix}{}", signing::write(*encoding, &mac)))])
        }
        Signature::StandardWebhooks => {
            let key = signing::standard_key(secret.reveal())?;
            let signed = signing::standard_webhooks(&key, moment.delivery, moment.seconds, body);
            Ok(vec![
                ("webhook-id".to_owned(), moment.delivery.to_owned()),
                ("webhook-timestamp".to_owned(), moment.seconds.to_string()),
                ("webhook-signature".to_owned(), signed),
            ])
        }
    }
}

fn header_name(name: &str) -> Result<HeaderName, InvalidRequest> {
    let lower = name.to_ascii_lowercase();
    if NOT_A_PLUGINS.contains(&lower.as_str()) {
        return Err(InvalidRequest::Header(lower, "it is the host's to set"));
    }
    HeaderName::from_bytes(lower.as_bytes())
        .map_err(|_| InvalidRequest::Header(name.chars().take(80).collect(), "it is no header name"))
}

fn header_value(name: &str, value: &[u8]) -> Result<HeaderValue, InvalidRequest> {
    HeaderValue::from_bytes(value)
        .map_err(|_| InvalidRequest::Header(name.to_owned(), "its value has control characters"))
}

fn secret<'a>(connection: &'a Connection, name: &str) -> Result<&'a Secret, InvalidRequest> {
    connection.secrets.get(name).ok_or_else(|| InvalidRequest::NoSecret {
        secret: name.to_owned(),
        connection: connection.name.clone(),
    })
}

fn fill(connection: &Connection, parts: &[Part]) -> Result<Vec<u8>, InvalidRequest> {
    let mut filled = Vec::new();
    for part in parts {
        match part {
            Part::Bytes(bytes) => filled.extend_from_slice(bytes),
            Part::Secret { name, encoding } => {
                let secret = secret(connection, name)?.reveal();
                filled.extend_from_slice(encoded(*encoding, secret).as_bytes());
            }
            Part::Credentials { user, password } => {
                let pair = format!("{user}:{}", secret(connection, password)?.reveal());
                filled.extend_from_slice(BASE64.encode(pair).as_bytes());
            }
        }
    }
    Ok(filled)
}

fn encoded(encoding: SecretEncoding, secret: &str) -> String {
    match encoding {
        SecretEncoding::Raw => secret.to_owned(),
        SecretEncoding::Json => {
            let quoted = serde_json::Value::from(secret).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        SecretEncoding::Form => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use tocsin_core::egress::Policy;
    use tocsin_core::plugin::Signing;

    use super::*;

    const MOMENT: Moment<'static> = Moment { delivery: "01J", seconds: 1_614_265_330 };

    fn connection() -> Connection {
        let url = "https://peer.example/hook?key=abc";
        Connection {
            name: "peer".to_owned(),
            plugin: "webhook".to_owned(),
            description: String::new(),
            url: Secret::new(url),
            parsed_url: Url::parse(url).unwrap(),
            policy: Policy::default(),
            timeout: Duration::from_secs(1),
            concurrency: 1,
            secrets: BTreeMap::from([("token".to_owned(), Secret::new("a\"b&c d"))]),
            settings: BTreeMap::new(),
        }
    }

    fn wanted(body: Vec<Part>) -> ActionRequest {
        ActionRequest {
            method: "POST".to_owned(),
            path: "/v1".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            content_type: "application/json".to_owned(),
            body,
            signing: Vec::new(),
        }
    }

    fn secret(encoding: SecretEncoding) -> Part {
        Part::Secret { name: "token".to_owned(), encoding }
    }

    #[test]
    fn a_secret_is_written_as_its_place_needs_it() {
        let body = |encoding| {
            let sent = assemble(&connection(), wanted(vec![secret(encoding)]), &MOMENT).unwrap();
            String::from_utf8(sent.body).unwrap()
        };
        assert_eq!(body(SecretEncoding::Raw), "a\"b&c d");
        assert_eq!(body(SecretEncoding::Json), "a\\\"b&c d");
        assert_eq!(body(SecretEncoding::Form), "a%22b%26c%20d");
    }

    #[test]
    fn credentials_become_basic_authentication() {
        let mut request = wanted(Vec::new());
        let credentials = Part::Credentials { user: "me".to_owned(), password: "token".to_owned() };
        request.headers =
            vec![("authorization".to_owned(), vec![Part::Bytes(b"Basic ".to_vec()), credentials])];
        let sent = assemble(&connection(), request, &MOMENT).unwrap();
        assert_eq!(sent.headers["authorization"], format!("Basic {}", BASE64.encode("me:a\"b&c d")));
    }

    #[test]
    fn the_path_is_joined_onto_the_connections_url_and_keeps_its_query() {
        let sent = assemble(&connection(), wanted(Vec::new()), &MOMENT).unwrap();
        assert_eq!(sent.url.as_str(), "https://peer.example/hook/v1?key=abc");
    }

    #[test]
    fn a_missing_secret_is_named_with_the_place_where_it_belongs() {
        let part = Part::Secret { name: "password".to_owned(), encoding: SecretEncoding::Raw };
        let error = assemble(&connection(), wanted(vec![part]), &MOMENT).err().unwrap();
        assert_eq!(
            error.to_string(),
            "the secret `password` is missing: add `secrets.password` to [connections.peer]"
        );
    }

    #[test]
    fn a_plugin_cannot_set_the_headers_of_the_connection_or_break_out_of_one() {
        for (name, value) in [("Host", "other.example"), ("content-length", "1"), ("x-a", "b\r\nx-c: d")] {
            let mut request = wanted(Vec::new());
            request.headers = vec![(name.to_owned(), vec![Part::Bytes(value.as_bytes().to_vec())])];
            let error = assemble(&connection(), request, &MOMENT).err().unwrap();
            assert!(matches!(error, InvalidRequest::Header(..)), "{name}: {error}");
        }
    }

    #[test]
    fn a_signature_is_made_over_the_finished_body() {
        let mut request = wanted(vec![Part::Bytes(b"{}".to_vec())]);
        request.signing =
            vec![Signing { secret: "token".to_owned(), signature: Signature::StandardWebhooks }];
        let sent = assemble(&connection(), request, &MOMENT).unwrap();
        let expected = signing::standard_webhooks(b"a\"b&c d", "01J", 1_614_265_330, b"{}");
        assert_eq!(sent.headers["webhook-signature"], expected);
        assert_eq!(sent.headers["webhook-id"], "01J");
        assert_eq!(sent.headers["webhook-timestamp"], "1614265330");
    }
}
