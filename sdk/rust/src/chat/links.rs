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
    // A title that is the address says it once; one that looks like an address could claim another one.
    let is_host = text::host_of(&title).is_some_and(|said| Some(said) == text::host_of(url));
    let is_address = is_host || text::folded(&title).contains("://") || claims_another(&title, url);
    let title = if text::is_blank(&title) || is_address { host.clone() } else { title };
    Some(ShownLink { title, host, url: url.to_owned() })
}

/// Whether people could take `text` for an address that is not where `url` leads: it has an address with its scheme or
/// `www.`, or is the name of a host alone, and the host is another once both are read as a browser reads them.
pub fn claims_another(text: &str, url: &str) -> bool {
    let (said, real) = (text::folded(text), text::host_of(url));
    let is_alone = said.split_whitespace().nth(1).is_none();
    let around = |c: char| !c.is_alphanumeric() && !matches!(c, '/' | '[');
    said.split_whitespace().map(|word| word.trim_start_matches(around)).any(|word| {
        let claims = word.contains("://") || word.starts_with("www.") || (is_alone && names_a_host(word));
        claims && text::host_of(word.trim_end_matches(around)) != real
    })
}

/// Whether `word` looks like the name of a host: labels with dots between, the last of letters.
fn names_a_host(word: &str) -> bool {
    let name = word.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    labels.len() > 1
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| last.chars().count() > 1 && last.chars().all(char::is_alphabetic))
}

/// The host and port of a web address, without who logs in.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then(|| text::unturned(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(title: &str, url: &str) -> Option<String> {
        shown(&Link { title: title.to_owned(), url: url.to_owned() }).map(|link| link.title)
    }

    #[test]
    fn a_title_cannot_claim_another_address_in_any_spelling() {
        for claim in [
            "https://bank.example/login",
            "ｈｔｔｐｓ：／／ｂａｎｋ．ｅｘａｍｐｌｅ",
            "https\u{200b}:\u{ad}//bank.example",
            "see https://bank.example",
            "(https://bank.example)",
            "www.bank.example",
            "ｗｗｗ．bank。example",
            "bank.example",
            "bank.example/login",
            "𝐛𝐚𝐧𝐤.example",
            "https:\\\\bank.example",
            "https://evil.example@bank.example",
            "https://bank.example@evil.example",
        ] {
            assert_eq!(title(claim, "https://evil.example/x").as_deref(), Some("evil.example"), "{claim}");
            assert!(claims_another(claim, "https://evil.example/x"), "{claim}");
        }
    }

    #[test]
    fn a_title_that_claims_nothing_stays_and_the_same_address_is_said_once() {
        for own in ["Source", "Graph of db-1.example.com", "Version 1.2", "3.14", "a.b c"] {
            assert_eq!(title(own, "https://grafana.example/x").as_deref(), Some(own));
            assert!(!claims_another(own, "https://grafana.example/x"), "{own}");
        }
        for same in
            ["MÜNCHEN.example", "xn--mnchen-3ya.example", "münchen。example", "https://münchen.example/a"]
        {
            assert!(!claims_another(same, "https://münchen.example/x"), "{same}");
            assert_eq!(
                title(same, "https://münchen.example/x").as_deref(),
                Some("münchen.example"),
                "{same}"
            );
        }
    }
}
