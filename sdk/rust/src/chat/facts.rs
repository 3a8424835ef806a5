//! Which facts of an incident stand beside the message: the operator's choice, as settings of an action.
//!
//! Never longer than a person still reads.

use super::{Attribute, attributes};
use crate::{Context, Incident, Settings, text};

/// Settings of an action that shows facts; for `#[setting(flatten)]`.
#[derive(Clone, Debug, PartialEq, Eq, Settings)]
pub struct Facts {
    /// Which facts of the incident are shown beside the message, one on each line: `list` for severity, state,
    /// source, how often it came when that is more than once, and all labels; `none`; or names of the
    /// incident's fields (`severity`, `opened_at`, …) and of labels.
    #[setting(default = "list")]
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
}
