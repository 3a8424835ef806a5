//! What a page's form asks for, as an entry of the journal.
//!
//! Records nothing itself; whether the state allows it is for the decision to say.

use tocsin_core::command::Command;
use tocsin_core::delivery::ChangeKind;
use tocsin_core::event::{Severity, TITLE_CHARS_MAX, single_line};
use tocsin_core::incident::Incident;
use tocsin_core::state::{Happening, TimelineItem};
use tocsin_core::transition::IncidentCommand;
use url::form_urlencoded;

use crate::config::Purpose;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// Characters of a note or remark: what the form takes, and the longest that chats show whole.
pub(super) const NOTE_CHARS_MAX: usize = 4000;
/// What is written down with a deletion.
const DELETED: &str = "deleted: it was no incident";

/// A form as it came.
#[derive(Default)]
pub(super) struct Form {
    pub(super) purpose: Option<Purpose>,
    name: String,
    text: String,
    title: Option<String>,
    severity: Option<String>,
}

impl Form {
    pub(super) fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "do" => form.purpose = value.parse().ok(),
                "name" => form.name = single_line(&value, NAME_CHARS_MAX),
                // Browsers end lines as mail does.
                "text" => form.text = value.replace("\r\n", "\n").trim().to_owned(),
                "title" => form.title = Some(single_line(&value, usize::MAX)),
                "severity" => form.severity = Some(value.into_owned()),
                _ => {}
            }
        }
        form
    }

    /// The note or remark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The name that its sender gave.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a note that was the last change already. `timeline` has the newest first.
    pub(super) fn is_written(&self, timeline: &[TimelineItem], via: &str) -> bool {
        let last = timeline.iter().find(|item| matches!(item.what, Happening::Changed(..)));
        let is_it = |item: &TimelineItem| {
            item.what == Happening::Changed(ChangeKind::Noted, Vec::new())
                && item.text == *self.text
                && item.actor.as_deref() == Some(&self.actor(via))
        };
        self.purpose == Some(Purpose::Note) && last.is_some_and(is_it)
    }

    /// The entry that does it, by whoever has a link of the action `via`.
    ///
    /// # Errors
    /// It may not be done, or something is missing.
    pub(super) fn fact(&self, incident: &Incident, via: &str, may: &[Purpose]) -> Result<Command, String> {
        let purpose = self.purpose.filter(|purpose| may.contains(purpose));
        let purpose = purpose.ok_or("Nothing was changed: this link does not allow that.")?;
        let commanded = |command, text| {
            Ok(Command::Operate { incident: incident.id, command, actor: self.actor(via), text })
        };
        within("note", &self.text, NOTE_CHARS_MAX)?;
        let text = self.text.clone();
        match purpose {
            Purpose::Incident => Err("Nothing was changed: nothing was asked for.".to_owned()),
            Purpose::Acknowledge => commanded(IncidentCommand::Acknowledge, text),
            Purpose::Unacknowledge => commanded(IncidentCommand::Unacknowledge, text),
            Purpose::Resolve => commanded(IncidentCommand::Resolve, text),
            Purpose::Reopen => commanded(IncidentCommand::Reopen, text),
            Purpose::Note if text.is_empty() => Err("The note is empty.".to_owned()),
            Purpose::Note => commanded(IncidentCommand::Note, text),
            Purpose::Delete if text.is_empty() => commanded(IncidentCommand::Resolve, DELETED.to_owned()),
            Purpose::Delete => commanded(IncidentCommand::Resolve, format!("{DELETED}. {text}")),
            Purpose::Modify => self.modified(incident, via),
        }
    }

    fn modified(&self, incident: &Incident, via: &str) -> Result<Command, String> {
        let title = self.title.clone().filter(|title| *title != incident.title);
        if title.as_ref().is_some_and(String::is_empty) {
            return Err("The title is empty.".to_owned());
        }
        within("title", title.as_deref().unwrap_or_default(), TITLE_CHARS_MAX)?;
        let severity = match &self.severity {
            Some(word) => Some(word.parse::<Severity>().map_err(|error| format!("{error}."))?),
            None => None,
        };
        let severity = severity.filter(|severity| *severity != incident.severity);
        Ok(Command::Modify {
            incident: incident.id,
            title,
            severity,
            actor: self.actor(via),
            text: self.text.clone(),
        })
    }

    /// Who it is: all that is known for sure is whose link it was.
    fn actor(&self, via: &str) -> String {
        let holder = format!("a link that {via} sent");
        if self.name.is_empty() {
            format!("whoever has {holder}")
        } else {
            format!("{} (by {holder})", self.name)
        }
    }
}

/// Whether `text` fits. A cut would record what its author did not write.
fn within(what: &str, text: &str, chars: usize) -> Result<(), String> {
    let count = text.chars().count();
    if count <= chars {
        return Ok(());
    }
    Err(format!("Nothing was changed: the {what} has {count} characters, the limit is {chars}. Shorten it."))
}
