//! The buttons that fit into a message: of a card, or as links in a text.
//!
//! Never one whose address could end the link that it stands in.

use tocsin_plugin::chat::Button;
use tocsin_plugin::prelude::*;

use crate::{Fields, message};

/// The buttons that the operator asked for, whose addresses are web addresses and together have at most `bytes`.
pub(crate) fn within(context: &Context, settings: &Fields, bytes: usize) -> Vec<Button> {
    let mut room = bytes;
    let mut buttons = message::summary(context, settings).buttons;
    buttons.retain(|button| {
        let is_good = text::is_web_address(&button.url) && !button.url.contains('|');
        let rest = room.checked_sub(button.url.len()).filter(|_| is_good);
        room = rest.unwrap_or(room);
        rest.is_some()
    });
    buttons
}
