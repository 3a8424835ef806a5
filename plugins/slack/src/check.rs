//! Mistakes in an action's settings, found when they are saved.
//!
//! Never asks for what the chosen mode does not use.

use tocsin_plugin::prelude::*;

use crate::{Fields, bot, layout, mention};

/// Characters of wrong markup that a problem repeats.
const SHOWN_CHARS: usize = 80;

/// Every mistake that the fields' kinds cannot tell. Templates are rendered for a sample incident.
pub(crate) fn action(is_bot: bool, settings: &Fields) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    if is_bot && let Err(problem) = bot::channel(settings) {
        problems.push(SettingProblem::new("channel", problem));
    }
    problems
        .extend(mention::problems(&settings.mention).into_iter().map(|p| SettingProblem::new("mention", p)));
    for (key, text) in [("message", &settings.message), ("blocks", &settings.blocks)] {
        problems.extend(chat::check_text(key, text.as_deref()));
        problems.extend(text.as_deref().and_then(markup).map(|problem| SettingProblem::new(key, problem)));
    }
    if let Some(blocks) = text::filled(settings.blocks.as_deref()) {
        problems.extend(layout::own(blocks).err().map(|problem| SettingProblem::new("blocks", problem)));
        if text::filled(settings.message.as_deref()).is_some() {
            problems
                .push(SettingProblem::new("message", "is not used beside `blocks`: leave one of them out"));
        }
    }
    problems.extend(settings.buttons.check());
    for name in settings.broadcast.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if !ChangeKind::ALL.iter().any(|kind| kind.as_str() == name) {
            let known = ChangeKind::ALL.map(ChangeKind::as_str).join(", ");
            problems
                .push(SettingProblem::new("broadcast", format!("`{name}` is no change; there are {known}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Slack's own markup for a link or a mention, which would be shown as it is written.
fn markup(text: &str) -> Option<String> {
    text.match_indices('<').find_map(|(at, _)| {
        let inside = text[at + 1..].split_once('>')?.0;
        let written = text::truncate(&text::one_line(&format!("<{inside}>")), SHOWN_CHARS);
        let (target, label) = inside.split_once('|').unwrap_or((inside, "text"));
        if target.starts_with("http://") || target.starts_with("https://") || target.starts_with("mailto:") {
            return Some(format!(
                "has `{written}`, which is shown as it is written: write `{{{{ \"address\" | link(\"{label}\") }}}}` in \
                 its place"
            ));
        }
        let name = target.trim_start_matches(['!', '@']);
        let name = name.strip_prefix("subteam^").unwrap_or(name);
        (target.starts_with(['!', '@']) && !name.is_empty()).then(|| {
            format!(
                "has `{written}`, which mentions nobody: write `{{{{ \"{name}\" | mention }}}}` in its place, or put \
                 `{name}` into `mention`"
            )
        })
    })
}
