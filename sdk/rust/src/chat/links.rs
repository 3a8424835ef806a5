//! Where a default message leads: its row of buttons, and the incident's other links as text.
//!
//! Never an address that is not of the web, and never a title that hides where a link leads.

use super::{Button, Buttons, Emphasis};
use crate::{Context, Incident, Link, text};

/// Links that are shown beside the runbook.
const LINKS_MAX: usize = 5;
/// Characters of a link's title.
const TITLE_CHARS: usize = 60;

/// A link of the incident as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLink {
    /// `Source`; on one line, never empty.
    pub title: String,
    /// `prometheus.prod.example.com`, with the port that it has.
    pub host: String,
    /// Where it leads.
    pub url: String,
}

impl ShownLink {
    /// `Source (prometheus.prod.example.com)`.
    pub fn text(&self) -> String {
        if self.title == self.host { self.title.clone() } else { format!("{} ({})", self.title, self.host) }
    }
}

/// Acknowledge, Runbook, Incident, and the others that the operator configured.
pub(super) fn buttons(context: &Context, wanted: &Buttons) -> Vec<Button> {
    let mut buttons = wanted.of(context);
    if let Some(link) = runbook(&context.incident) {
        let after = usize::from(buttons.first().is_some_and(|button| button.purpose == "acknowledge"));
        let button = Button {
            purpose: "runbook".to_owned(),
            label: "Runbook".to_owned(),
            url: link.url.trim().to_owned(),
            emphasis: Emphasis::Plain,
        };
        buttons.insert(after, button);
    }
    buttons
}

/// The links that are no runbook.
pub(super) fn others(incident: &Incident) -> Vec<ShownLink> {
    let book = runbook(incident);
    let links = incident.links.iter().filter(|link| book != Some(*link));
    links.filter_map(shown).take(LINKS_MAX).collect()
}

/// The link that its title calls a runbook.
fn runbook(incident: &Incident) -> Option<&Link> {
    let is_runbook = |link: &&Link| {
        let title = link.title.to_lowercase().replace([' ', '-', '_'], "");
        ["runbook", "playbook"].iter().any(|word| title.contains(word)) && text::is_web_address(&link.url)
    };
    incident.links.iter().find(is_runbook)
}

fn shown(link: &Link) -> Option<ShownLink> {
    let url = link.url.trim();
    let host = host(url).filter(|_| text::is_web_address(url))?;
    let title = text::truncate(&text::one_line(&text::unturned(&link.title)), TITLE_CHARS);
    // A title that looks like an address could claim another one.
    let title = if text::is_blank(&title) || title.contains("://") { host.clone() } else { title };
    Some(ShownLink { title, host, url: url.to_owned() })
}

/// The host and port of a web address, without who logs in.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then(|| text::unturned(host))
}
