//! What a plugin's answer is recorded as: events within bounds, the elements that could not be read, and what makes
//! another request the same delivery.
//!
//! Never refuses a whole request for one of its events, nor for an identifier that is too long.

use sha2::{Digest as _, Sha256};
use tocsin_core::command::{BY_BODY, Decoding, REMARKS_MAX, Received};
use tocsin_core::event::{
    Event, InvalidEvent, KEY_BYTES_MAX, LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX,
    LINK_URL_BYTES_MAX, LINKS_MAX, MESSAGE_BYTES_MAX, single_line,
};
use tocsin_core::plugin::{Decoded, Encoding, RejectedElement, Replays, SourceInfo, SourceRequest};
use tocsin_core::time::Timestamp;

use crate::runtime::signing;
use crate::runtime::signing::sha256;

/// Milliseconds that a sender's clock may be ahead of ours: an hour covers a wrong summer time.
const CLOCK_AHEAD_MS_MAX: u64 = 60 * 60 * 1000;
/// The reason of a refusal when a plugin gave none.
const FOUND_NOTHING: &str = "the plugin found nothing in it and gave no reason";
/// The reason when all that a plugin gave is a reply.
const ONLY_REPLIED: &str = "the plugin answered it with a reply of its own";

/// `received`, of which source and plugin are known, with what the plugin `decoded` of `request`.
pub(crate) fn understood(
    received: Received,
    info: &SourceInfo,
    request: &SourceRequest,
    decoded: Decoded,
) -> Received {
    let confirm = confirmation(&decoded);
    let Decoded { events, mut rejected, mut remarks, delivery_id, reply, ignored, confirm: wanted } = decoded;
    if let Some(url) = wanted.filter(|_| confirm.is_none()) {
        let bytes = url.len();
        remarks.push(format!(
            "the address to confirm has {bytes} bytes, the limit is {LINK_URL_BYTES_MAX}; it is left out"
        ));
    }
    // A time that far ahead is a broken clock's; kept, it would make every later event a late one.
    let latest = request.received_at.plus_ms(CLOCK_AHEAD_MS_MAX);
    let mut good = Vec::with_capacity(events.len());
    for (index, event) in events.into_iter().enumerate() {
        if let Some(at) = event.occurred_at.filter(|at| *at > latest) {
            remarks
                .push(format!("events[{index}]: its time, {at}, is more than an hour ahead and is left out"));
        }
        let whole = Extent::of(&event);
        match within_bounds(event, latest) {
            Ok(event) => {
                remarks.extend(whole.left_out(&event).map(|what| format!("events[{index}]: {what}")));
                good.push(event);
            }
            Err(invalid) => {
                let place = format!("events[{index}]");
                rejected.push(RejectedElement { place, reason: invalid.to_string() });
            }
        }
    }
    let decoding = match (rejected.first(), &confirm) {
        _ if !good.is_empty() => {
            remarks.extend(confirm.as_deref().map(to_confirm));
            Decoding::Events(good)
        }
        (Some(first), _) => Decoding::Refused(all_rejected(first, rejected.len())),
        (None, _) => without_events(ignored, confirm.as_deref(), reply.is_some()),
    };
    if !matches!(decoding, Decoding::Events(_)) {
        // The reason says it.
        rejected.clear();
    }
    remarks.truncate(REMARKS_MAX);
    let identities = identities(info.replays, request, delivery_id.as_deref());
    Received { identities, decoding, rejected: rejected.into(), remarks, ..received }
}

/// The address that the sender wants fetched to confirm its subscription, unless it is too long to be one.
pub(crate) fn confirmation(decoded: &Decoded) -> Option<String> {
    decoded.confirm.clone().filter(|url| url.len() <= LINK_URL_BYTES_MAX)
}

/// How much there is of an event's lists and texts.
#[derive(Clone, Copy)]
struct Extent {
    labels: usize,
    label_bytes: usize,
    links: usize,
    message_bytes: usize,
}

impl Extent {
    fn of(event: &Event) -> Self {
        Self {
            labels: event.labels.len(),
            label_bytes: event.labels.values().map(String::len).sum(),
            links: event.links.len(),
            message_bytes: event.message.len(),
        }
    }

    /// What the bounds took away of it, in sentences.
    fn left_out(self, kept: &Event) -> impl Iterator<Item = String> {
        let kept = Self::of(kept);
        let (labels, links) = (self.labels - kept.labels, self.links - kept.links);
        let labels = (labels > 0).then(|| {
            format!("{labels} labels are left out: an incident has {LABELS_MAX}, with names of {LABEL_KEY_BYTES_MAX} bytes")
        });
        let values = (kept.labels == self.labels && kept.label_bytes < self.label_bytes)
            .then(|| format!("a label's value is cut at {LABEL_VALUE_BYTES_MAX} bytes"));
        let links = (links > 0).then(|| {
            format!("{links} links are left out: an incident has {LINKS_MAX}, http or https, of {LINK_URL_BYTES_MAX} bytes")
        });
        let message = (kept.message_bytes < self.message_bytes)
            .then(|| format!("the message is cut at {MESSAGE_BYTES_MAX} bytes"));
        [labels, values, links, message].into_iter().flatten()
    }
}

/// `event` within the core's bounds. A key or alias that is too long is replaced by its beginning and a digest of the
/// whole: cut, it could be another problem's.
fn within_bounds(mut event: Event, latest: Timestamp) -> Result<Event, InvalidEvent> {
    event.occurred_at = event.occurred_at.filter(|at| *at <= latest);
    std::iter::once(&mut event.key).chain(&mut event.aliases).for_each(fit);
    event.bounded()
}

fn fit(key: &mut String) {
    let is_blank = single_line(key, 1).is_empty();
    if key.len() > KEY_BYTES_MAX && !is_blank {
        let digest = format!("#{}", sha256(key.as_bytes()));
        key.truncate(key.floor_char_boundary(KEY_BYTES_MAX - digest.len()));
        key.push_str(&digest);
    }
}

fn all_rejected(first: &RejectedElement, count: usize) -> String {
    let more = match count {
        1 => String::new(),
        count => format!(" (none of {count} elements could be read)"),
    };
    format!("{}: {}{more}", first.place, first.reason)
}

fn to_confirm(url: &str) -> String {
    format!("the sender asks to confirm its subscription at {url}")
}

/// What came of a request without events and without elements that could not be read.
fn without_events(ignored: Option<String>, confirm: Option<&str>, has_reply: bool) -> Decoding {
    match (ignored, confirm) {
        (Some(why), Some(url)) if !why.contains(url) => {
            Decoding::Ignored(format!("{why}; {}", to_confirm(url)))
        }
        (Some(why), _) => Decoding::Ignored(why),
        (None, Some(url)) => Decoding::Ignored(to_confirm(url)),
        (None, None) if has_reply => Decoding::Ignored(ONLY_REPLIED.to_owned()),
        (None, None) => Decoding::Refused(FOUND_NOTHING.to_owned()),
    }
}

/// What makes another request the same delivery.
fn identities(replays: Replays, request: &SourceRequest, delivery_id: Option<&str>) -> Vec<String> {
    let by_id = delivery_id
        .filter(|id| !id.is_empty())
        .map(|id| format!("id:{}", short(&Sha256::digest(id.as_bytes()))));
    let by_body = match replays {
        Replays::ByBody => Some(format!("{BY_BODY}{}", body_digest(request))),
        Replays::ByDeliveryId => None,
    };
    by_id.into_iter().chain(by_body).collect()
}

/// The digest of what a request says: its body and its query, each with its length in front.
fn body_digest(request: &SourceRequest) -> String {
    let mut digest = Sha256::new();
    for pair in &request.query {
        for text in [&pair.name, &pair.value] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    digest.update((request.body.len() as u64).to_be_bytes());
    digest.update(&request.body);
    short(&digest.finalize())
}

/// As much of a digest as makes two of them different, as text: it is kept several times for each request.
fn short(digest: &[u8]) -> String {
    signing::write(Encoding::Base64, &digest[..digest.len().min(18)])
}

#[cfg(test)]
mod tests;
