//! URLs with placeholders: in the path, the query and the fragment, never in what says where a request goes.
//!
//! An alert's text fills in names; it never chooses a host, a port or a segment of the path. Every value is
//! percent-encoded, whatever it is; literal text stays as the operator wrote it. Errors never quote the URL,
//! which is a secret in itself at many peers.

use std::fmt;

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, Output};
use url::Url;

use super::engine::{Compiled, Room, environment};
use super::scan::{self, Piece};
use super::{TemplateError, names, on_samples};
use crate::markers::plain;
use crate::path as paths;
use crate::view::{View, sample, sample_urls};

/// Bytes of a URL: more than any server reads.
pub const URL_BYTES_MAX: usize = 64 * 1024;

/// An absolute URL with placeholders of both grammars after its host and port.
pub struct UrlTemplate {
    /// None for a URL that is always the same.
    compiled: Option<Compiled>,
    fixed: Url,
    /// Whether the path as the operator wrote it has a part that is empty.
    has_gap: bool,
}

impl fmt::Debug for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.fixed.host_str();
        f.debug_struct("UrlTemplate").field("host", &host).finish_non_exhaustive()
    }
}

impl UrlTemplate {
    /// Parses `text`, without the spaces around it, and tries it on sample incidents.
    ///
    /// # Errors
    /// No absolute URL; a placeholder in the scheme, user information, host or port; statements that catch
    /// what they put out, such as `{% macro %}`, since it would be encoded twice; everything that
    /// [`Template::parse`](super::Template::parse) refuses and [`UrlTemplate::render`] fails with.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = text.trim();
        let pieces = scan::pieces(text);
        let Some(place) = first_placeholder(&pieces) else {
            return Ok(Self { compiled: None, fixed: parsed(text)?, has_gap: false });
        };
        if matches!(pieces.first(), Some(Piece::Text(literal)) if !text.contains("://") && literal.contains('/') && lacks_scheme(literal))
        {
            return Err(without_scheme());
        }
        let authority = authority_end(text);
        let destination = authority.filter(|end| *end <= place).and_then(|end| Url::parse(&text[..end]).ok());
        let Some(destination) = destination.filter(Url::has_host) else { return Err(misplaced()) };
        check_statements(&pieces)?;
        let has_gap = has_gap(&shape(&pieces));
        let mut template =
            Self { compiled: Some(Compiled::of(&pieces, encoding())?), fixed: destination, has_gap };
        on_samples(|view| template.render(view).map(|_| ()))?;
        let ((incident, change), urls) = (sample(), sample_urls());
        template.fixed = template.render(&View::new(&incident, &change).with_urls(&urls))?;
        Ok(template)
    }

    /// Whether the URL depends on the incident.
    pub fn has_placeholders(&self) -> bool {
        self.compiled.is_some()
    }

    /// The URL for the sample incident: its scheme, user information, host and port are those of every other.
    pub fn fixed(&self) -> Url {
        self.fixed.clone()
    }

    /// The URL for this view, to send to.
    ///
    /// # Errors
    /// A part of the path that is empty because a placeholder stands for nothing: what is there is all of
    /// something, or nobody's. Everything that [`UrlTemplate::render`] fails with.
    pub fn fill(&self, view: &View<'_>) -> Result<Url, TemplateError> {
        let url = self.render(view)?;
        if self.compiled.is_some() && !self.has_gap && has_gap(url.path()) {
            let words = "a placeholder in the path of the URL stands for nothing in this incident";
            return Err(TemplateError::Url(words.to_owned()));
        }
        Ok(url)
    }

    /// The URL for this view, of [`URL_BYTES_MAX`] at most.
    ///
    /// # Errors
    /// A value that makes a segment of the path `.` or `..`, with what stands around it and however encoded, or
    /// puts a `;` or an encoded slash into it that is encoded itself (see [`crate::path`]);
    /// everything that [`Template::render`](super::Template::render) fails with.
    pub fn render(&self, view: &View<'_>) -> Result<Url, TemplateError> {
        let Some(compiled) = &self.compiled else { return Ok(self.fixed()) };
        let text = compiled.render(&view.value(), &mut Room::new(URL_BYTES_MAX))?;
        paths::check_encoded(&path_of(&text))
            .map_err(|fault| TemplateError::Url(format!("the path of the URL {fault}")))?;
        let url = parsed(&text)?;
        if destination(&url) == destination(&self.fixed) { Ok(url) } else { Err(misplaced()) }
    }
}

/// A path with placeholders, compiled so that each value is percent-encoded where it is put in.
pub(super) fn path(text: &str) -> Result<Compiled, TemplateError> {
    let pieces = scan::pieces(text);
    check_statements(&pieces)?;
    Compiled::of(&pieces, encoding())
}

/// Refuses a rendered path that leads somewhere else at some servers.
pub(super) fn check_path(path: &str) -> Result<(), TemplateError> {
    paths::check(path).map_err(|fault| TemplateError::Url(format!("the path {fault}")))
}

/// What says where a request goes, and as whom.
fn destination(url: &Url) -> (&str, &str, Option<&str>, Option<&str>, Option<u16>) {
    (url.scheme(), url.username(), url.password(), url.host_str(), url.port())
}

fn misplaced() -> TemplateError {
    let words = "a placeholder stands in the scheme, user, host or port of the URL: what an alert says must not \
                 choose where requests go; make a connection for each host, and actions with filters";
    TemplateError::Url(words.to_owned())
}

fn parsed(text: &str) -> Result<Url, TemplateError> {
    if lacks_scheme(text) {
        return Err(without_scheme());
    }
    Url::parse(text).map_err(|error| TemplateError::Url(format!("this is no absolute URL: {error}")))
}

/// Whether an address begins with its host, such as `hooks.slack.com/services` or `localhost:8080`. Of the latter a
/// parser would take the host for a scheme.
pub fn lacks_scheme(text: &str) -> bool {
    let text = text.trim_start();
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_host = scheme.contains('.') || has_port || !text.contains(':');
    !text.is_empty() && !text.contains("://") && !["http", "https"].contains(&scheme.as_str()) && is_host
}

fn without_scheme() -> TemplateError {
    let words = "this is no absolute URL: it has no scheme: write `https://` in front of it";
    TemplateError::Url(words.to_owned())
}

/// Where the first placeholder begins.
fn first_placeholder(pieces: &[Piece<'_>]) -> Option<usize> {
    match pieces {
        [] | [Piece::Text(_)] => None,
        [Piece::Text(text), ..] => Some(text.len()),
        _ => Some(0),
    }
}

/// The path with a letter for each placeholder.
fn shape(pieces: &[Piece<'_>]) -> String {
    let mut shape = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => shape.push_str(text),
            Piece::Code(code) if !code.starts_with("{{") => {}
            Piece::Code(_) | Piece::Inert(_) | Piece::Itop(_) => shape.push('x'),
        }
    }
    let from = authority_end(&shape).unwrap_or(shape.len());
    shape[from..].split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Whether a part of this path is empty; one of nothing but a slash has none.
fn has_gap(path: &str) -> bool {
    path.len() > 1 && (path.ends_with('/') || path.contains("//"))
}

/// Where the path, query or fragment of `text` begins.
fn authority_end(text: &str) -> Option<usize> {
    let from = text.find("://")? + 3;
    text[from..].find(['/', '?', '#']).map(|length| from + length)
}

/// Refuses what would catch encoded text and put it out again.
fn check_statements(pieces: &[Piece<'_>]) -> Result<(), TemplateError> {
    let caught = pieces.iter().find_map(|piece| match piece {
        Piece::Code(code) => names::catches(code),
        Piece::Text(_) | Piece::Inert(_) | Piece::Itop(_) => None,
    });
    match caught {
        Some(keyword) => Err(TemplateError::Url(format!(
            "`{{% {keyword} %}}` cannot be used in a URL: there is if, for, with, do and set with `=`"
        ))),
        None => Ok(()),
    }
}

/// An environment that percent-encodes every value where it is put in, with links and mentions as text.
fn encoding() -> Environment<'static> {
    let mut environment = environment();
    environment.set_formatter(|out, _, value| encode(out, value));
    environment
}

fn encode(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let write = |_| Error::from(ErrorKind::WriteFailure);
    if value.is_none() {
        return Ok(());
    }
    for byte in plain(&value.to_string()).bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.write_str(char::from(byte).encode_utf8(&mut [0; 4])).map_err(write)?;
        } else {
            out.write_fmt(format_args!("%{byte:02X}")).map_err(write)?;
        }
    }
    Ok(())
}

/// The path of a URL, which the parser of URLs would take some characters out of.
fn path_of(url: &str) -> String {
    let after = authority_end(url).map_or("", |from| &url[from..]);
    after.split(['?', '#']).next().unwrap_or_default().replace(['\t', '\r', '\n'], "")
}
