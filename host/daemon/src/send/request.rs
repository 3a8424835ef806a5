//! From what a plugin wants sent to what is sent: the connection's URL is joined on, secrets are put in,
//! signatures are made.
//!
//! The only place where a secret of `secrets` meets a request; `client` adds access tokens. Errors name secrets, never
//! show them; a sketch of a request has their names in their places.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tocsin_core::egress::{Denied, join};
use tocsin_core::plugin::{ActionRequest, Pair, Part, Place, Probe, SecretEncoding, Signature};
use url::Url;

use crate::config::{Connection, Secret};
use crate::runtime::signing;
use crate::send::redact::Secrets;

/// Headers that only the host sets.
const NOT_A_PLUGINS: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "upgrade",
];

/// The trace that a request belongs to (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

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
    /// A probe beside the path of the connection's URL that may change something there.
    #[error("the plugin asked for a probe at the root with {0}: such a probe is GET or HEAD, without a body")]
    RootProbe(String),
    /// A secret that is no key.
    #[error("the secret `{0}` is no signing key: {1}")]
    Key(String, &'static str),
    /// With its secrets put in, it is larger than the connection allows.
    #[error(
        "with its secrets put in, the request has more than {limit} bytes: raise `body` of [connections.{connection}] \
         where the peer takes that much, or send less"
    )]
    TooLarge {
        /// Bytes that it may have.
        limit: usize,
        /// Over which connection.
        connection: String,
    },
}

/// When a request is made, and for which delivery: what signatures are made over.
pub struct Moment<'a> {
    /// The delivery's id.
    pub delivery: &'a str,
    /// Seconds since the Unix epoch.
    pub seconds: i64,
    /// The header `traceparent` of the request, if it follows from a request to the relay. No signature covers it: the
    /// plugin API has signatures of the body alone.
    pub traceparent: Option<String>,
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
    let mut filler = Filler::new(connection, false);
    let method = method(&wanted)?;
    let url = join(base, &wanted.path, &wanted.query)?;
    filler.count(url.as_str().len().saturating_sub(base.as_str().len()))?;
    let mut headers = filler.headers(&wanted)?;
    let body = filler.fill(wanted.body)?;
    for signing in &wanted.signing {
        let secret = secret(connection, &signing.secret)?;
        let key = |words| InvalidRequest::Key(signing.secret.clone(), words);
        for (name, value) in signature(&signing.signature, secret, moment, &body).map_err(key)? {
            headers.insert(header_name(&name)?, header_value(&name, value.as_bytes())?);
        }
    }
    if let Some(traceparent) = &moment.traceparent {
        headers.insert(TRACEPARENT, header_value("traceparent", traceparent.as_bytes())?);
    }
    Ok(Outgoing { method, url, headers, body, secrets: secrets(connection, base) })
}

/// What must not come back over `connection`, whichever of its requests held it.
fn secrets(connection: &Connection, base: &Url) -> Secrets {
    let mut secrets = Secrets::default();
    let of_oauth2 = connection.oauth2.as_ref().map(|oauth2| &oauth2.client_secret);
    let all = connection.secrets.values().chain(of_oauth2);
    all.for_each(|secret| secrets.put_in(secret.reveal().as_bytes()));
    secrets.in_address(base, connection.target.sample());
    secrets
}

/// What [`assemble`] would send, without its secrets.
///
/// # Errors
/// As [`assemble`].
pub fn sketch(connection: &Connection, base: &Url, wanted: ActionRequest) -> Result<Sketch, InvalidRequest> {
    let mut filler = Filler::new(connection, true);
    let method = method(&wanted)?;
    let url = join(base, &wanted.path, &wanted.query)?;
    filler.count(url.as_str().len().saturating_sub(base.as_str().len()))?;
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
    if connection.oauth2.is_some() {
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer {{token of oauth2}}"));
    }
    let body = filler.fill(wanted.body)?;
    Ok(Sketch { method, path: wanted.path, query: wanted.query, headers, body })
}

/// The keys of the secrets that `wanted` names.
pub fn named_secrets(wanted: &ActionRequest) -> impl Iterator<Item = &str> {
    let parts = wanted.headers.iter().flat_map(|(_, parts)| parts).chain(&wanted.body);
    let in_parts = parts.filter_map(|part| match part {
        Part::Bytes(_) => None,
        Part::Secret { name, .. } => Some(name.as_str()),
        Part::Credentials { password, .. } => Some(password.as_str()),
    });
    in_parts.chain(wanted.signing.iter().map(|signing| signing.secret.as_str()))
}

/// The request that tries `connection`: its path goes into that of the connection's URL, where the plugin says.
///
/// # Errors
/// As [`assemble`]; the URL has no such place; a probe at the root is more than GET or HEAD.
pub fn assemble_probe(
    connection: &Connection,
    probe: Probe,
    moment: &Moment<'_>,
) -> Result<Outgoing, InvalidRequest> {
    let base = connection.target.sample();
    let Probe { request, place } = probe;
    let after = match place {
        Place::End => return assemble(connection, base, request, moment),
        Place::After(part) => part,
        Place::Root => {
            may_leave_the_path(&request)?;
            let mut root = base.clone();
            root.set_path("");
            root.set_query(None);
            return assemble(connection, &root, request, moment);
        }
    };
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

/// Whether a probe may go beside the path of the connection's URL: only one that reads.
fn may_leave_the_path(probe: &ActionRequest) -> Result<(), InvalidRequest> {
    if !matches!(probe.method.as_str(), "GET" | "HEAD") {
        return Err(InvalidRequest::RootProbe(format!("the method `{}`", probe.method)));
    }
    let is_empty = |part: &Part| matches!(part, Part::Bytes(bytes) if bytes.is_empty());
    if !probe.body.iter().all(is_empty) {
        return Err(InvalidRequest::RootProbe("a body".to_owned()));
    }
    Ok(())
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
    /// Bytes that the request may still have, as it is sent.
    left: usize,
}

impl<'a> Filler<'a> {
    fn new(connection: &'a Connection, masked: bool) -> Self {
        Self { connection, masked, left: connection.body_bytes }
    }

    /// Counts what is sent, before it is made where it is made of parts.
    fn count(&mut self, bytes: usize) -> Result<(), InvalidRequest> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| InvalidRequest::TooLarge {
            limit: self.connection.body_bytes,
            connection: self.connection.name.clone(),
        })?;
        Ok(())
    }

    fn headers(&mut self, wanted: &ActionRequest) -> Result<HeaderMap, InvalidRequest> {
        let mut headers = HeaderMap::new();
        if !wanted.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, header_value("content-type", wanted.content_type.as_bytes())?);
        }
        self.count(wanted.content_type.len())?;
        for (name, parts) in &wanted.headers {
            self.count(name.len())?;
            let value = header_value(name, &self.fill(parts.clone())?)?;
            headers.append(header_name(name)?, value);
        }
        Ok(headers)
    }

    fn fill(&mut self, parts: Vec<Part>) -> Result<Vec<u8>, InvalidRequest> {
        let mut filled = Vec::new();
        for part in parts {
            match part {
                Part::Bytes(bytes) => {
                    self.count(bytes.len())?;
                    // A large body is one piece, which need not be copied.
                    if filled.is_empty() {
                        filled = bytes;
                    } else {
                        filled.extend_from_slice(&bytes);
                    }
                }
                Part::Secret { name, encoding } => {
                    let written = encoded(encoding, secret(self.connection, &name)?.reveal());
                    self.put_in(&mut filled, written, || format!("{{{{secret:{name}}}}}"))?;
                }
                Part::Credentials { user, password } => {
                    let secret = secret(self.connection, &password)?;
                    let written = BASE64.encode(format!("{user}:{}", secret.reveal()));
                    self.put_in(&mut filled, written, || {
                        format!("{{{{base64 of {user}:secret:{password}}}}}")
                    })?;
                }
            }
        }
        Ok(filled)
    }

    /// Appends what is sent, or what is shown in its place; it counts as it is sent.
    fn put_in(
        &mut self,
        filled: &mut Vec<u8>,
        written: String,
        mask: impl FnOnce() -> String,
    ) -> Result<(), InvalidRequest> {
        self.count(written.len())?;
        let shown = if self.masked { mask() } else { written };
        filled.extend_from_slice(shown.as_bytes());
        Ok(())
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
mod tests;
