//! Mentions, made of the operator's setting alone.
//!
//! Never of an alert's text: nothing else in this plugin writes `<!` or `<@`.

use tocsin_plugin::prelude::*;

/// Mentions in one message.
const MENTIONS_MAX: usize = 10;

/// `<!here> <@U024BE7LH> ` for a change that calls people, with a space after each; nothing for the others.
///
/// # Errors
/// A name that Slack could not resolve; the settings' check finds it before any delivery does.
pub(crate) fn mentions(kind: ChangeKind, wanted: &[String]) -> Result<String, Failure> {
    if !chat::calls(kind) {
        return Ok(String::new());
    }
    names(wanted).map(|name| parse(name).map_err(Failure::rejected)).collect()
}

/// The mistakes in the setting, one sentence for each.
pub(crate) fn problems(wanted: &[String]) -> Vec<String> {
    let mut problems: Vec<String> = names(wanted).filter_map(|name| parse(name).err()).collect();
    let count = wanted.iter().filter(|name| !name.trim().is_empty()).count();
    if count > MENTIONS_MAX {
        problems
            .push(format!("names {count} and a message mentions {MENTIONS_MAX} at most: use a user group"));
    }
    problems
}

fn names(wanted: &[String]) -> impl Iterator<Item = &str> {
    wanted.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).take(MENTIONS_MAX)
}

fn parse(name: &str) -> Result<String, String> {
    let id = name.trim_start_matches('@');
    let is_id =
        (2..=32).contains(&id.len()) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    match id.chars().next() {
        _ if matches!(id, "here" | "channel" | "everyone") => Ok(format!("<!{id}> ")),
        Some('U' | 'W') if is_id => Ok(format!("<@{id}> ")),
        Some('S') if is_id => Ok(format!("<!subteam^{id}> ")),
        _ => Err(format!(
            "`{}` in `mention` is neither here, channel, everyone nor an id that begins with U, W or S; in Slack \
             open the profile, then More, then Copy member ID",
            text::truncate(&text::one_line(name), 40)
        )),
    }
}
