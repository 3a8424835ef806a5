//! Which facts of an incident stand beside the message: the operator's choice, as settings of an action.
//!
//! Never longer than a person still reads.

use super::{Attribute, attributes, labels};
use crate::{Context, Incident, Settings, text};

/// Settings of an action that shows facts; for `#[setting(flatten)]`.
#[derive(Clone, Debug, PartialEq, Eq, Settings)]
pub struct Facts {
    /// Which facts of the incident are shown beside the message, one on each line: `auto` for at most six labels,
    /// without those that repeat something, and how many more there are; `list` for severity, state, source, how
    /// often it came when that is more than once, and all labels; `none`; or names of the incident's fields
    /// (`severity`, `opened_at`, …) and of labels.
    #[setting(default = "auto")]
    pub attributes: Vec<String>,
    /// Whether the person or system that made the change is named.
    #[setting(default = "false")]
    pub user_info: bool,
}

impl Facts {
    /// What is to be shown of the incident; see [`attributes`].
    pub fn attributes(&self, incident: &Incident) -> Vec<Attribute> {
        attributes(incident, &self.attributes)
    }

    /// The same where `auto` is everything: for a peer that keeps a record which people search, not a message.
    pub fn record(&self, incident: &Incident) -> Vec<Attribute> {
        let everything = |name: &str| if name == "auto" { "list".to_owned() } else { name.to_owned() };
        attributes(incident, &self.names().map(everything).collect::<Vec<_>>())
    }

    /// What a default message shows, and with `auto` how many labels it leaves out.
    pub fn labels(&self, incident: &Incident) -> (Vec<Attribute>, usize) {
        if !self.is_auto() {
            return (self.attributes(incident), 0);
        }
        let chosen = labels::chosen(incident);
        (chosen.shown, chosen.more)
    }

    /// Whether the choice is `auto` alone.
    pub fn is_auto(&self) -> bool {
        self.names().eq(["auto"])
    }

    /// Whether nothing is to be shown below the message.
    pub fn is_none(&self) -> bool {
        self.names().next().is_none() || self.names().any(|name| name == "none")
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.attributes.iter().flat_map(|line| line.split(','));
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// Who made the change, on one line and not escaped; nothing when nobody is known or nobody asked.
    pub fn user_info(&self, context: &Context) -> Option<String> {
        let actor = context.change.actor.as_deref().map(text::one_line)?;
        (self.user_info && !actor.is_empty()).then_some(actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::example_context;

    #[test]
    fn who_made_the_change_is_said_when_it_is_known_and_wanted() {
        let mut context = example_context();
        let told = |context: &Context, user_info| {
            Facts { user_info, ..Facts::from_settings(&[]).unwrap() }.user_info(context)
        };
        assert_eq!(told(&context, true), None);
        context.change.actor = Some(" jane\n".to_owned());
        assert_eq!(told(&context, true).as_deref(), Some("jane"));
        assert_eq!(told(&context, false), None);
        context.change.actor = Some("\u{0}".to_owned());
        assert_eq!(told(&context, true), None);
    }

    #[test]
    fn a_record_has_every_label_where_a_message_chooses() {
        let incident = example_context().incident;
        let facts = Facts::from_settings(&[]).unwrap();
        assert_eq!(facts.record(&incident), attributes(&incident, &["list".to_owned()]));
        assert_eq!(facts.labels(&incident), (Vec::new(), 0), "host and team stand in the line of essentials");
        let named = Facts { attributes: vec!["host, none".to_owned()], user_info: false };
        assert!(named.is_none() && !named.is_auto() && facts.is_auto() && !facts.is_none());
    }
}
