//! From what a plugin wants sent to what is sent: the connection's URL is joined on, secrets are put in,
//! signatures are made.
//!
//! The only place where a secret meets a request. Errors name secrets, never show them; a sketch of a request
//! has their names in their places.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tocsin_core::egress::{Denied, join};
use tocsin_core::plugin::{ActionRequest, Pair, Part, Probe, SecretEncoding, Signature};
use url::Url;

use crate::config::{Connection, Secret};
use crate::scrub::Secrets;
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
    /// What of it must not come back.
    pub secrets: Secrets,
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
    /// A connection's URL that is not as its plugin expects it.
    #[error(
        "the path of the connection's URL has no `{0}`: it is not the address that the peer shows for a webhook"
    )]
    NoPlace(String),
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

/// A request as it would be sent, for people: secrets show as `{{secret:name}}`.
pub struct Sketch {
    /// How.
    pub method: Method,
    /// What the plugin adds to the connection's path.
    pub path: String,
    /// What the plugin adds to the connection's query.
    pub query: Vec<Pair>,
    /// With.
    pub headers: HeaderMap,
    /// What.
    pub body: Vec<u8>,
}

/// The request that `wanted` is over `connection`, below the address `base`.
///
/// # Errors
/// The plugin asked for something that cannot be sent, or for a secret that is not there.
pub fn assemble(
    connection: &Connection,
    base: &Url,
    wanted: ActionRequest,
    moment: &Moment<'_>,
) -> Result<Outgoing, InvalidRequest> {
    let mut filler = Filler { connection, masked: false, secrets: Secrets::default() };
    let method = method(&wanted)?;
    let url = join(base, &wanted.path, &wanted.query)?;
    filler.secrets.in_address(base);
    let mut headers = filler.headers(&wanted)?;
    let body = filler.fill(wanted.body)?;
    for signing in &wanted.signing {
        let secret = secret(connection, &signing.secret)?;
        let key = |words| InvalidRequest::Key(signing.secret.clone(), words);
        for (name, value) in signature(&signing.signature, secret, moment, &body).map_err(key)? {
            headers.insert(header_name(&name)?, header_value(&name, value.as_bytes())?);
        }
    }
    Ok(Outgoing { method, url, headers, body, secrets: filler.secrets })
}

/// What [`assemble`] would send, without its secrets.
///
/// # Errors
/// As [`assemble`].
pub fn sketch(connection: &Connection, base: &Url, wanted: ActionRequest) -> Result<Sketch, InvalidRequest> {
    let mut filler = Filler { connection, masked: true, secrets: Secrets::default() };
    let method = method(&wanted)?;
    join(base, &wanted.path, &wanted.query)?;
    let mut headers = filler.headers(&wanted)?;
    for signing in &wanted.signing {
        secret(connection, &signing.secret)?;
        let name = match &signing.signature {
            Signature::BodyHmac { header, .. } => header.as_str(),
            Signature::StandardWebhooks => "webhook-signature",
        };
        let shown = format!("{{{{signature with {}}}}}", signing.secret);
        headers.insert(header_name(name)?, header_value(name, shown.as_bytes())?);
    }
    let body = filler.fill(wanted.body)?;
    Ok(Sketch { method, path: wanted.path, query: wanted.query, headers, body })
}

/// The request that tries `connection`: its path goes into that of the connection's URL, where the plugin says.
///
/// # Errors
/// As [`assemble`]; the URL has no such place.
pub fn assemble_probe(
    connection: &Connection,
    probe: Probe,
    moment: &Moment<'_>,
) -> Result<Outgoing, InvalidRequest> {
    let base = connection.target.sample();
    let Probe { request, after } = probe;
    if after.is_empty() {
        return assemble(connection, base, request, moment);
    }
    let path = base.path();
    let ends = path.match_indices(&after).map(|(at, found)| at + found.len());
    let at = ends.into_iter().find(|end| matches!(path.as_bytes().get(*end), None | Some(b'/')));
    let (head, tail) = path.split_at(at.ok_or(InvalidRequest::NoPlace(after))?);
    let mut shorter = base.clone();
    shorter.set_path(head);
    let mut outgoing = assemble(connection, &shorter, request, moment)?;
    let whole = format!("{}{tail}", outgoing.url.path());
    outgoing.url.set_path(&whole);
    Ok(outgoing)
}

fn method(wanted: &ActionRequest) -> Result<Method, InvalidRequest> {
    let invalid = || InvalidRequest::Method(wanted.method.clone());
    match wanted.method.as_str() {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => {
            Method::from_bytes(wanted.method.as_bytes()).map_err(|_| invalid())
        }
        _ => Err(invalid()),
    }
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

/// Puts secrets, or their names, where a plugin wants them.
struct Filler<'a> {
    connection: &'a Connection,
    masked: bool,
    /// What was put in so far.
    secrets: Secrets,
}

impl Filler<'_> {
    fn put_in(&mut self, shown: &str) {
        if !self.masked {
            self.secrets.put_in(shown.as_bytes());
        }
    }

    fn headers(&mut self, wanted: &ActionRequest) -> Result<HeaderMap, InvalidRequest> {
        let mut headers = HeaderMap::new();
        if !wanted.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, header_value("content-type", wanted.content_type.as_bytes())?);
        }
        for (name, parts) in &wanted.headers {
            let value = header_value(name, &self.fill(parts.clone())?)?;
            headers.append(header_name(name)?, value);
        }
        Ok(headers)
    }

    fn fill(&mut self, parts: Vec<Part>) -> Result<Vec<u8>, InvalidRequest> {
        let mut filled = Vec::new();
        for part in parts {
            match part {
                // A large body is one piece, which need not be copied.
                Part::Bytes(bytes) if filled.is_empty() => filled = bytes,
                Part::Bytes(bytes) => filled.extend_from_slice(&bytes),
                Part::Secret { name, encoding } => {
                    let secret = secret(self.connection, &name)?;
                    let shown = if self.masked {
                        format!("{{{{secret:{name}}}}}")
                    } else {
                        self.secrets.put_in(secret.reveal().as_bytes());
                        encoded(encoding, secret.reveal())
                    };
                    self.put_in(&shown);
                    filled.extend_from_slice(shown.as_bytes());
                }
                Part::Credentials { user, password } => {
                    let secret = secret(self.connection, &password)?;
                    let shown = if self.masked {
                        format!("{{{{base64 of {user}:secret:{password}}}}}")
                    } else {
                        self.secrets.put_in(secret.reveal().as_bytes());
                        BASE64.encode(format!("{user}:{}", secret.reveal()))
                    };
                    self.put_in(&shown);
                    filled.extend_from_slice(shown.as_bytes());
                }
            }
        }
        Ok(filled)
    }
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
    use crate::config::Target;

    const MOMENT: Moment<'static> = Moment { delivery: "01J", seconds: 1_614_265_330 };

    fn connection() -> Connection {
        Connection {
            name: "peer".to_owned(),
            plugin: "webhook".to_owned(),
            description: String::new(),
            kind: String::new(),
            environment: String::new(),
            target: Target::parse("https://peer.example/hook?key=abc").unwrap(),
            policy: Policy::default(),
            timeout: Duration::from_secs(1),
            concurrency: 1,
            body_bytes: 1024,
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

    fn sent(wanted: ActionRequest) -> Result<Outgoing, InvalidRequest> {
        let connection = connection();
        assemble(&connection, connection.target.sample(), wanted, &MOMENT)
    }

    fn secret(encoding: SecretEncoding) -> Part {
        Part::Secret { name: "token".to_owned(), encoding }
    }

    #[test]
    fn a_secret_is_written_as_its_place_needs_it() {
        let body = |encoding| {
            let sent = sent(wanted(vec![secret(encoding)])).unwrap();
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
        let sent = sent(request).unwrap();
        assert_eq!(sent.headers["authorization"], format!("Basic {}", BASE64.encode("me:a\"b&c d")));
    }

    #[test]
    fn the_path_is_joined_onto_the_connections_url_and_keeps_its_query() {
        let sent = sent(wanted(Vec::new())).unwrap();
        assert_eq!(sent.url.as_str(), "https://peer.example/hook/v1?key=abc");
    }

    #[test]
    fn a_missing_secret_is_named_with_the_place_where_it_belongs() {
        let part = Part::Secret { name: "password".to_owned(), encoding: SecretEncoding::Raw };
        let error = sent(wanted(vec![part])).err().unwrap();
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
            let error = sent(request).err().unwrap();
            assert!(matches!(error, InvalidRequest::Header(..)), "{name}: {error}");
        }
    }

    #[test]
    fn a_signature_is_made_over_the_finished_body() {
        let mut request = wanted(vec![Part::Bytes(b"{}".to_vec())]);
        request.signing =
            vec![Signing { secret: "token".to_owned(), signature: Signature::StandardWebhooks }];
        let sent = sent(request).unwrap();
        let expected = signing::standard_webhooks(b"a\"b&c d", "01J", 1_614_265_330, b"{}");
        assert_eq!(sent.headers["webhook-signature"], expected);
        assert_eq!(sent.headers["webhook-id"], "01J");
        assert_eq!(sent.headers["webhook-timestamp"], "1614265330");
    }

    #[test]
    fn a_sketch_has_the_names_of_secrets_in_their_places() {
        let mut request = wanted(vec![Part::Bytes(b"key=".to_vec()), secret(SecretEncoding::Form)]);
        let credentials = Part::Credentials { user: "me".to_owned(), password: "token".to_owned() };
        request.headers =
            vec![("authorization".to_owned(), vec![Part::Bytes(b"Basic ".to_vec()), credentials])];
        request.signing =
            vec![Signing { secret: "token".to_owned(), signature: Signature::StandardWebhooks }];
        let connection = connection();
        let sketch = sketch(&connection, connection.target.sample(), request).unwrap();
        assert_eq!(sketch.body, b"key={{secret:token}}");
        assert_eq!(sketch.headers["authorization"], "Basic {{base64 of me:secret:token}}");
        assert_eq!(sketch.headers["webhook-signature"], "{{signature with token}}");
    }

    #[test]
    fn a_probes_path_goes_where_the_plugin_says_and_nowhere_else() {
        let mut connection = connection();
        connection.target = Target::parse("https://chat.example/sub/hooks/id/token").unwrap();
        let probe = |after: &str, path: &str| {
            let request =
                ActionRequest { method: "GET".to_owned(), path: path.to_owned(), ..wanted(Vec::new()) };
            let probe = Probe { request, after: after.to_owned() };
            assemble_probe(&connection, probe, &MOMENT).map(|outgoing| outgoing.url.to_string())
        };
        assert_eq!(probe("/hooks", "/info").unwrap(), "https://chat.example/sub/hooks/info/id/token");
        assert_eq!(probe("", "/info").unwrap(), "https://chat.example/sub/hooks/id/token/info");
        assert!(matches!(probe("/webhooks", "/info"), Err(InvalidRequest::NoPlace(_))));
        assert!(matches!(probe("/hooks", "/../../admin"), Err(InvalidRequest::Denied(_))));
    }
}
