//! Which buttons a message has: the operator's choice, as settings of an action.
//!
//! Never does anything by itself: each button leads to a page that asks first.

use crate::{ChoiceType, Context, SettingProblem, Settings, text};

/// Characters of a wrong code that a problem repeats.
const SHOWN_CHARS: usize = 40;

/// Which transitions become buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherActions {
    /// Acknowledge, where the incident's state allows it.
    #[default]
    Auto,
    /// None.
    No,
    /// All that the incident's state allows.
    Yes,
    /// Those that are named, as far as the state allows them.
    Specify,
}

impl ChoiceType for OtherActions {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("auto", "Acknowledge", Self::Auto),
        ("no", "No", Self::No),
        ("yes", "Yes", Self::Yes),
        ("specify", "Specify", Self::Specify),
    ];
}

/// Settings of an action whose messages have buttons, or links where its peer has no buttons; for
/// `#[setting(flatten)]`.
#[derive(Clone, Debug, PartialEq, Eq, Settings)]
pub struct Buttons {
    /// Whether there is a button or link that opens the incident's page in Tocsin. Without a public address of
    /// Tocsin there is neither this one nor any of the following.
    #[setting(default = "true")]
    pub incident_button: bool,
    /// Whether there is a button or link to where the incident is modified.
    #[setting(default = "false")]
    pub modify_button: bool,
    /// Whether there is a button or link to where the incident is deleted.
    #[setting(default = "false")]
    pub delete_button: bool,
    /// Buttons or links for the transitions that the incident's state allows: `auto` for Acknowledge, `yes` for
    /// all of them, `specify` for those in `other_action_codes`, `no` for none.
    #[setting(default = "auto")]
    pub other_actions: OtherActions,
    /// Which transitions have a button or link, for `other_actions = "specify"`: `acknowledge`,
    /// `unacknowledge`, `resolve`, `reopen` and `note`, one on each line or with commas between.
    pub other_action_codes: Vec<String>,
}

/// How a button stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// The one that most people press.
    Primary,
    /// As any other.
    Plain,
    /// It takes something away.
    Danger,
}

/// A button that opens a page of Tocsin; nothing is done before it is confirmed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Unique in a message: `incident`, `acknowledge`, ….
    pub purpose: String,
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub url: String,
    /// How it stands out.
    pub emphasis: Emphasis,
}

/// The transitions and what stands on their buttons, in the order in which they are shown.
const TRANSITIONS: [(&str, &str); 5] = [
    ("acknowledge", "Acknowledge"),
    ("unacknowledge", "Hand back"),
    ("resolve", "Resolve"),
    ("reopen", "Reopen"),
    ("note", "Add note"),
];

impl Buttons {
    /// The buttons that are wanted and lead somewhere: Acknowledge, the incident, modify, the other transitions,
    /// delete, in this order. Without a public address of Tocsin there are none; a transition that the state does
    /// not allow is left out.
    pub fn of(&self, context: &Context) -> Vec<Button> {
        let mut buttons = Vec::new();
        let mut add = |purpose: &str, label: String, emphasis| {
            if let Some(url) = context.url(purpose) {
                buttons.push(Button { purpose: purpose.to_owned(), label, url: url.to_owned(), emphasis });
            }
        };
        if self.has("acknowledge") {
            add("acknowledge", "Acknowledge".to_owned(), Emphasis::Primary);
        }
        if self.incident_button {
            add("incident", format!("Incident #{}", context.incident.number), Emphasis::Plain);
        }
        if self.modify_button {
            add("modify", "Modify".to_owned(), Emphasis::Primary);
        }
        for (purpose, label) in TRANSITIONS {
            if purpose != "acknowledge" && self.has(purpose) {
                add(purpose, label.to_owned(), Emphasis::Plain);
            }
        }
        if self.delete_button {
            add("delete", "Delete".to_owned(), Emphasis::Danger);
        }
        buttons
    }

    /// Every mistake in them, for [`crate::Action::check_action`]: a code that is no transition, `specify`
    /// without a code, codes that nothing uses.
    pub fn check(&self) -> Vec<SettingProblem> {
        let known = TRANSITIONS.map(|(code, _)| code);
        let known_words = known.join(", ");
        let unknown = self.codes().filter(|code| !known.contains(code)).map(|code| {
            format!("`{}` is no transition; there are {known_words}", text::truncate(code, SHOWN_CHARS))
        });
        let mut problems: Vec<String> = unknown.collect();
        match (self.other_actions, self.codes().next()) {
            (OtherActions::Specify, None) => {
                problems
                    .push(format!("is empty and `other_actions` is `specify`: name some of {known_words}"));
            }
            (OtherActions::Auto | OtherActions::No | OtherActions::Yes, Some(_)) => {
                problems.push("is used with `other_actions = \"specify\"` only".to_owned());
            }
            _ => {}
        }
        problems.into_iter().map(|problem| SettingProblem::new("other_action_codes", problem)).collect()
    }

    /// Whether a transition is wanted as a button.
    fn has(&self, purpose: &str) -> bool {
        match self.other_actions {
            OtherActions::Auto => purpose == "acknowledge",
            OtherActions::No => false,
            OtherActions::Yes => true,
            OtherActions::Specify => self.codes().any(|code| code == purpose),
        }
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        let codes = self.other_action_codes.iter().flat_map(|line| line.split(','));
        codes.map(str::trim).filter(|code| !code.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::example_context;

    fn none() -> Buttons {
        let other_actions = OtherActions::No;
        Buttons { incident_button: false, other_actions, ..Buttons::from_settings(&[]).unwrap() }
    }

    fn with(other_actions: OtherActions, codes: &[&str]) -> Buttons {
        let other_action_codes = codes.iter().map(|code| (*code).to_owned()).collect();
        Buttons { other_actions, other_action_codes, ..none() }
    }

    #[test]
    fn buttons_are_those_that_are_wanted_and_that_the_state_allows() {
        let context = example_context();
        let purposes = |wanted: &Buttons| {
            let buttons = wanted.of(&context);
            buttons.into_iter().map(|button| button.purpose).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(purposes(&none()), "");
        assert_eq!(purposes(&Buttons::from_settings(&[]).unwrap()), "acknowledge incident");
        let other_actions = OtherActions::Yes;
        let all = Buttons {
            incident_button: true,
            modify_button: true,
            delete_button: true,
            other_actions,
            ..none()
        };
        assert_eq!(purposes(&all), "acknowledge incident modify resolve note delete");
        assert_eq!(purposes(&with(OtherActions::Specify, &["resolve,reopen", " note "])), "resolve note");
    }

    #[test]
    fn without_a_public_address_there_are_no_buttons() {
        let mut context = example_context();
        context.urls.clear();
        let wanted = Buttons { incident_button: true, modify_button: true, ..none() };
        assert_eq!(wanted.of(&context), []);
    }

    #[test]
    fn codes_and_the_choice_that_uses_them_go_together() {
        let told = |wanted: &Buttons| {
            let problems = wanted.check();
            assert!(problems.iter().all(|problem| problem.field == "other_action_codes"));
            problems.into_iter().map(|problem| problem.problem).collect::<Vec<_>>()
        };
        assert_eq!(told(&none()), [""; 0]);
        assert_eq!(told(&with(OtherActions::Yes, &[" ", ","])), [""; 0]);
        assert_eq!(told(&with(OtherActions::Specify, &["resolve, note", ""])), [""; 0]);
        let unknown =
            "`ev_close` is no transition; there are acknowledge, unacknowledge, resolve, reopen, note";
        assert_eq!(told(&with(OtherActions::Specify, &["resolve, ev_close"])), [unknown]);
        assert!(told(&with(OtherActions::Specify, &[" "]))[0].starts_with("is empty"));
        for unused in [OtherActions::Auto, OtherActions::Yes, OtherActions::No] {
            assert_eq!(
                told(&with(unused, &["resolve"])),
                ["is used with `other_actions = \"specify\"` only"]
            );
        }
        assert_eq!(told(&with(OtherActions::No, &["ev_close"])).len(), 2);
    }
}
