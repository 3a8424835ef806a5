//! Mentions, made of the operator's settings alone.
//!
//! Never of an alert's text, unless the operator names a label of it in `mention`; never a reason to send nothing.

use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::prelude::*;

/// Mentions in one message.
const MENTIONS_MAX: usize = 10;

/// `<!here> <@U024BE7LH>` for a change that calls people; empty for the others. A name that Slack could not resolve
/// is left out: [`left_out`] says so.
pub(crate) fn mentions(kind: ChangeKind, wanted: &[String]) -> String {
    if !chat::calls(kind) {
        return String::new();
    }
    let good: Vec<String> =
        names(wanted).iter().filter_map(|name| parse(name).ok()).take(MENTIONS_MAX).collect();
    good.join(" ")
}

/// What the delivery log says of names that are none.
pub(crate) fn left_out(kind: ChangeKind, wanted: &[String]) -> Option<String> {
    if !chat::calls(kind) {
        return None;
    }
    names(wanted).iter().find_map(|name| parse(name).err()).map(|why| format!("without a mention: {why}"))
}

/// The mistakes in the setting, one sentence for each.
pub(crate) fn problems(wanted: &[String]) -> Vec<String> {
    let names = names(wanted);
    let mut problems: Vec<String> = names.iter().filter_map(|name| parse(name).err()).collect();
    if names.len() > MENTIONS_MAX {
        let count = names.len();
        problems
            .push(format!("names {count} and a message mentions {MENTIONS_MAX} at most: use a user group"));
    }
    problems
}

/// One name of each line, or several with commas or spaces between, as a label may have them.
fn names(wanted: &[String]) -> Vec<&str> {
    let texts = wanted.iter().flat_map(|line| marked::pieces(line)).map(|piece| match piece {
        Piece::Text(text) | Piece::Mention(text) | Piece::Link { text, .. } => text,
    });
    let names = texts.flat_map(|text| text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()));
    names.filter(|name| !name.is_empty()).collect()
}

/// A name as Slack's markup.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(name: &str) -> Result<String, String> {
    let id = name.trim_start_matches(['@', '<', '!']).trim_end_matches('>');
    let id = id.strip_prefix("subteam^").unwrap_or(id);
    let is_id =
        (2..=32).contains(&id.len()) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    match id.chars().next() {
        _ if matches!(id, "here" | "channel" | "everyone") => Ok(format!("<!{id}>")),
        Some('U' | 'W') if is_id => Ok(format!("<@{id}>")),
        Some('S') if is_id => Ok(format!("<!subteam^{id}>")),
        _ => Err(format!(
            "`{}` in `mention` is neither here, channel, everyone nor an id that begins with U, W or S; in Slack \
             open the profile, then More, then Copy member ID",
            text::truncate(&text::one_line(name), 40)
        )),
    }
}
