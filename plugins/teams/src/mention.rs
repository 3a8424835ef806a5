//! People whom a card mentions: the operator's choice, never an alert's.
//!
//! Never a name that could end a mention and begin something else, and none on a connector, which has no mentions.
//! The form is that of <https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format>.

use serde_json::{Value, json};
use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::prelude::*;

use crate::Fields;

/// Mentions in one card.
const MENTIONS_MAX: usize = 10;
/// Characters of an id and of a name.
const ID_CHARS: usize = 256;
const NAME_CHARS: usize = 80;

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    /// The user principal name, or the object id of Microsoft Entra.
    id: String,
    /// As people read it.
    name: String,
}

impl Mention {
    /// `anna@example.com`, `Anna Example <anna@example.com>` or an object id.
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches('@');
        let (name, id) = match line.strip_suffix('>').and_then(|line| line.split_once('<')) {
            Some((name, id)) => (name.trim(), id.trim()),
            None => ("", line),
        };
        let name = if name.is_empty() { id } else { name };
        let is_plain = |c: char| c.is_alphanumeric() || " .,-_@'+".contains(c);
        let is_id = is_principal(id) || is_object_id(id);
        let is_name =
            !text::is_blank(name) && name.chars().all(is_plain) && name.chars().count() <= NAME_CHARS;
        (is_id && (is_name || name == id)).then(|| Self { id: id.to_owned(), name: name.to_owned() })
    }

    /// As it stands in a text.
    pub(crate) fn text(&self) -> String {
        format!("<at>{}</at>", self.name)
    }

    /// The member of `msteams.entities` that makes it a mention.
    pub(crate) fn entity(&self) -> Value {
        json!({"type": "mention", "text": self.text(), "mentioned": {"id": self.id, "name": self.name}})
    }
}

/// `anna@example.com`.
fn is_principal(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+'#".contains(c);
    id.len() <= ID_CHARS
        && id.split_once('@').is_some_and(|(user, domain)| {
            !user.is_empty() && !domain.is_empty() && format!("{user}{domain}").chars().all(is_plain)
        })
}

/// `3f0f6c6e-9a0b-4a1e-8f6e-2f8b7d1c9a11`.
fn is_object_id(id: &str) -> bool {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Whom the card mentions: those of the setting when the change calls for people, and those whom the operator's own
/// message names. At most ten, each once.
pub(crate) fn all(context: &Context, fields: &Fields) -> Vec<Mention> {
    let set = fields.mention.iter().filter(|_| chat::calls(context.change.kind)).map(String::as_str);
    let own = fields.message.as_deref().map(marked::pieces).unwrap_or_default();
    let own = own.into_iter().filter_map(|piece| match piece {
        Piece::Mention(id) => Some(id),
        _ => None,
    });
    let mut found: Vec<Mention> = Vec::new();
    for mention in set.chain(own).filter_map(Mention::parse) {
        if found.len() < MENTIONS_MAX && !found.iter().any(|known| known.id.eq_ignore_ascii_case(&mention.id))
        {
            found.push(mention);
        }
    }
    found
}

/// Every mistake in the setting.
pub(crate) fn check(mention: &[String], is_connector: bool) -> Vec<SettingProblem> {
    let named: Vec<&str> = mention.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let mut problems: Vec<String> = Vec::new();
    if is_connector && !named.is_empty() {
        problems.push(
            "names people, and a connector mentions nobody: post through a flow, or remove it".to_owned(),
        );
    }
    if named.len() > MENTIONS_MAX {
        problems.push(format!("names {} people; a card mentions {MENTIONS_MAX} at most", named.len()));
    }
    problems.extend(named.iter().filter(|line| Mention::parse(line).is_none()).map(|line| {
        let shown = text::truncate(&text::one_line(line), 60);
        format!(
            "`{shown}` is no user principal name: write `anna@example.com` or `Anna Example <anna@example.com>`"
        )
    }));
    problems.into_iter().map(|problem| SettingProblem::new("mention", problem)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> Option<String> {
        Mention::parse(line).map(|mention| format!("{} {}", mention.text(), mention.id))
    }

    #[test]
    fn people_are_named_by_principal_name_or_object_id() {
        let id = "3f0f6c6e-9a0b-4a1e-8f6e-2f8b7d1c9a11";
        for (line, expected) in [
            (" anna@example.com ", "<at>anna@example.com</at> anna@example.com".to_owned()),
            ("Anna Example <anna@example.com>", "<at>Anna Example</at> anna@example.com".to_owned()),
            (id, format!("<at>{id}</at> {id}")),
            (
                "guest_x.example#EXT#@example.com",
                "<at>guest_x.example#EXT#@example.com</at> \
              guest_x.example#EXT#@example.com"
                    .to_owned(),
            ),
        ] {
            assert_eq!(seen(line).as_deref(), Some(expected.as_str()), "{line}");
        }
        for line in
            ["anna", "", "@", "all", "a</at>@example.com", "<b>x</b> <anna@example.com>", "a b@c.example"]
        {
            assert_eq!(seen(line), None, "{line}");
        }
    }

    #[test]
    fn a_mistake_names_the_line_and_what_to_write() {
        let found = check(&["anna".to_owned(), " ".to_owned(), "b@example.com".to_owned()], true);
        assert_eq!(found.len(), 2);
        assert!(found[0].problem.contains("a connector mentions nobody"));
        assert!(found[1].problem.contains("`anna`") && found[1].problem.contains("anna@example.com"));
        assert_eq!(check(&vec!["b@example.com".to_owned(); 11], false).len(), 1);
    }
}
