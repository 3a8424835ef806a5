//! The page of an incident as HTML. Everything in it that came from outside is escaped by the template engine.
//!
//! Holds no script and loads nothing; the policy says so to the browser as well.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{AutoEscape, Environment};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tocsin_core::event::{Severity, unturned};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::state::TimelineItem;
use tocsin_core::time::Timestamp;
use url::form_urlencoded;

use super::act::{Form, NOTE_CHARS_MAX};
use super::found::{Found, PAGES_MAX};
use crate::config::Purpose;
use crate::runtime::wording;
use crate::shared::links::Claim;

/// The page.
const PAGE: &str = include_str!("page.html");
/// How it looks; named by its digest in the policy, so that no other style is taken.
const CSS: &str = include_str!("page.css");

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // A template that does not parse shows when the page is asked for, and in every test of it.
    if let Err(error) = environment.add_template("page", PAGE) {
        tracing::error!(%error, "the page's template is broken");
    }
    environment
});

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = BASE64.encode(Sha256::digest(CSS));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What the browser may do with a page: show it and send its form back.
pub(super) fn policy() -> HeaderValue {
    POLICY.clone()
}

/// Characters of a line's text: a note's limit.
const LINE_CHARS_MAX: usize = NOTE_CHARS_MAX;

/// An incident and what its reader may do.
pub(super) struct Shown<'a> {
    pub(super) found: &'a Found,
    pub(super) claim: &'a Claim,
    pub(super) may: &'a [Purpose],
    /// What a button of the message was for.
    pub(super) purpose: Option<Purpose>,
    /// How many pages of the timeline were leafed back.
    pub(super) earlier: usize,
    /// What just happened; may be empty.
    pub(super) said: String,
    /// What the reader wrote, if it could not be done: nothing of it is lost.
    pub(super) form: &'a Form,
}

impl Shown<'_> {
    pub(super) fn page(&self) -> Result<String, minijinja::Error> {
        let Self { found: Found { incident, timeline, is_cut }, claim, earlier, .. } = self;
        let leaf = |page: usize| format!("{}&earlier={page}", href(claim));
        let until = claim.until.parse().unwrap_or(0i64).saturating_mul(1_000_000);
        let fields = json!({
            "css": CSS,
            "title": format!("#{} {}", incident.number, unturned(&incident.title)),
            "said": if self.said.is_empty() { self.refused() } else { Some(self.said.clone()) },
            "incident": incident_fields(incident),
            "severities": Severity::ALL.map(Severity::as_str),
            "choices": self.choices(),
            "form": self.form(),
            "earlier": (*is_cut && earlier + 1 < PAGES_MAX).then(|| leaf(earlier + 1)),
            "later": (*earlier > 0).then(|| leaf(earlier - 1)),
            "is_cut": is_cut,
            "timeline": timeline.iter().rev().map(line).collect::<Value>(),
            "via": claim.via,
            "until": minute(Timestamp::from_micros(until)),
        });
        render(&fields)
    }

    fn possible(&self) -> impl Iterator<Item = Purpose> {
        let state = self.found.incident.state();
        Purpose::CHANGES.into_iter().filter(move |purpose| self.may.contains(purpose) && purpose.fits(state))
    }

    fn choices(&self) -> Vec<Value> {
        let choice = |purpose: Purpose| json!({ "label": label(purpose), "href": format!("{}&do={}", href(self.claim), purpose.as_str()) });
        self.possible().map(choice).collect()
    }

    /// Why there is no question behind the button that led here.
    fn refused(&self) -> Option<String> {
        let is_possible = |wanted: &Purpose| self.possible().any(|purpose| purpose == *wanted);
        let wanted = self.purpose.filter(|wanted| *wanted != Purpose::Incident && !is_possible(wanted))?;
        let label = label(wanted).to_lowercase();
        Some(if self.may.contains(&wanted) {
            format!("It is {}: `{label}` is not possible any more.", self.found.incident.state().as_str())
        } else {
            format!("This link does not allow `{label}`.")
        })
    }

    /// The question behind a button. One that the state does not allow any more is not asked.
    fn form(&self) -> Option<Value> {
        let purpose = self.purpose.filter(|wanted| self.possible().any(|purpose| purpose == *wanted))?;
        Some(json!({
            "purpose": purpose.as_str(),
            "label": label(purpose),
            "question": question(purpose),
            "action": href(self.claim),
            "text": self.form.text(),
            "name": self.form.name(),
            "text_max": NOTE_CHARS_MAX,
        }))
    }
}

/// A page that only says something.
pub(super) fn sorry(words: &str) -> Result<String, minijinja::Error> {
    render(&json!({ "css": CSS, "title": words }))
}

fn render(fields: &Value) -> Result<String, minijinja::Error> {
    PAGES.get_template("page")?.render(minijinja::value::Serde(fields))
}

/// What was done, for the page after it: nothing when that is no longer so, since an address is opened again. It
/// may have been so `already`.
pub(super) fn done(purpose: Purpose, state: IncidentState, already: bool) -> String {
    let changes = !matches!(purpose, Purpose::Incident | Purpose::Note | Purpose::Modify);
    if changes && purpose.fits(state) {
        return String::new();
    }
    if changes && already {
        return format!(
            "It was {} already; the timeline says by whom. A remark is written down.",
            state.as_str()
        );
    }
    let words = match purpose {
        Purpose::Incident => "",
        Purpose::Acknowledge => "It is acknowledged.",
        Purpose::Unacknowledge => "It is handed back.",
        Purpose::Resolve => "It is resolved.",
        Purpose::Reopen => "It is open again.",
        Purpose::Note => "The note is written down.",
        Purpose::Modify => "It is modified.",
        Purpose::Delete => "It is taken off the list: resolved, as none.",
    };
    words.to_owned()
}

/// The address of the same page with the same proof, relative to it.
pub(super) fn href(claim: &Claim) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("via", &claim.via)
        .append_pair("until", &claim.until)
        .append_pair("sig", &claim.sig)
        .finish();
    format!("?{query}")
}

/// A time to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).map_or(text.clone(), |minute| format!("{} UTC", minute.replace('T', " ")))
}

const fn label(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Incident => "Show",
        Purpose::Acknowledge => "Acknowledge",
        Purpose::Unacknowledge => "Hand back",
        Purpose::Resolve => "Resolve",
        Purpose::Reopen => "Reopen",
        Purpose::Note => "Add note",
        Purpose::Modify => "Modify",
        Purpose::Delete => "Delete",
    }
}

const fn question(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Incident => "",
        Purpose::Acknowledge => "Are you on it?",
        Purpose::Unacknowledge => "Are you no longer on it?",
        Purpose::Resolve => "Is it over?",
        Purpose::Reopen => "Is it back?",
        Purpose::Note => "What is to be written down?",
        Purpose::Modify => "What should it say?",
        Purpose::Delete => "Was it no incident? It is resolved, and its timeline stays.",
    }
}

fn incident_fields(incident: &Incident) -> Value {
    let labels = incident.labels.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let links = incident.links.iter().filter(|link| web(&link.url));
    let links = links.map(|link| {
        let title = unturned(if link.title.is_empty() { &link.url } else { &link.title });
        json!({ "title": title, "url": link.url })
    });
    json!({
        "number": incident.number,
        "title": unturned(&incident.title),
        "message": incident.message,
        "severity": incident.severity.as_str(),
        "state": incident.state().as_str(),
        "flapping": incident.flapping,
        "source": incident.source.as_str(),
        "count": incident.count,
        "opened_at": minute(incident.opened_at),
        "acknowledged_at": incident.acknowledged_at().map(minute),
        "resolved_at": incident.resolved_at().map(minute),
        "labels": labels.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
    })
}

fn line(item: &TimelineItem) -> Value {
    let words = item.text.to_string();
    let mut text: String = words.chars().take(LINE_CHARS_MAX).collect();
    if text.len() < words.len() {
        text.push('…');
    }
    json!({ "at": minute(item.at), "what": wording::happening(item), "text": text })
}
