//! The entry in an incident's thread: what happened, by whom, and what is different.
//!
//! Never the whole incident again: the message above it has that.

use tocsin_plugin::chat::{Summary, View};
use tocsin_plugin::prelude::*;

use crate::Fields;
use crate::blocks;
use crate::mention::mentions;
use crate::message::{Message, fallback, story};

/// `CRITICAL · acknowledged by jane`, what was said, and what changed. The title is in it when the entry is shown in
/// the channel too.
pub(crate) fn entry(context: &Context, settings: &Fields, is_broadcast: bool) -> Message {
    let summary = Summary::of(context, View::Change, &settings.facts, &settings.buttons);
    let called = mentions(context.change.kind, &settings.mention);
    let mut blocks = Vec::new();
    if !called.is_empty() {
        blocks.push(blocks::section(&called));
    }
    let shown = if is_broadcast { Summary { lead: summary.title_line(), ..summary } } else { summary };
    blocks.push(story(context, &shown, false));
    Message::new(fallback(&shown), blocks)
}
