//! Mistakes in an action's settings, found when they are saved.
//!
//! Never asks for what the chosen mode does not use.

use tocsin_plugin::prelude::*;

use crate::{Fields, bot, mention};

/// Every mistake that the fields' kinds cannot tell. Templates are rendered for a sample incident.
pub(crate) fn action(is_bot: bool, settings: &Fields) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    if is_bot && let Err(problem) = bot::channel(settings) {
        problems.push(Problem::new("channel", problem));
    }
    problems.extend(mention::problems(&settings.mention).into_iter().map(|p| Problem::new("mention", p)));
    problems.extend(chat::check_text("message", settings.message.as_deref()));
    problems.extend(settings.buttons.check());
    for name in settings.broadcast.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if !ChangeKind::ALL.iter().any(|kind| kind.as_str() == name) {
            let known = ChangeKind::ALL.map(ChangeKind::as_str).join(", ");
            problems.push(Problem::new("broadcast", format!("`{name}` is no change; there are {known}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
