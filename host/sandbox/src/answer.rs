//! What a plugin's answer must be besides well-formed: within the limits. Texts for people are cut; what a
//! cut would falsify is refused.
//!
//! Never looks at what an answer means: paths, names of secrets and events are the core's to check.

use tocsin_core::plugin::{ActionRequest, Decoded, Failure, Pair, Part, Receipt, Refusal, Step};

use crate::limits::{
    HEADERS_MAX, Limits, REASON_CHARS_MAX, REFERENCE_BYTES_MAX, REFERENCES_MAX, REMARKS_MAX, REPLY_BYTES_MAX,
    STATE_BYTES_MAX,
};
use crate::text;

/// What is too much, in words.
pub(crate) type TooMuch = String;

/// `what` as a sentence, when `found` exceeds `limit`.
fn at_most(what: &str, found: usize, limit: usize) -> Result<(), TooMuch> {
    if found <= limit {
        return Ok(());
    }
    Err(format!("it answered {found} {what}, the limit is {limit}. It is a fault of the plugin."))
}

fn cut(words: &mut String) {
    *words = text::line(words, REASON_CHARS_MAX);
}

fn pairs_bytes(pairs: &[Pair]) -> usize {
    pairs.iter().map(|pair| pair.name.len() + pair.value.len()).sum()
}

/// `decoded` within the limits.
///
/// # Errors
/// Too many events, or a reply that is too large.
pub(crate) fn decoded(mut decoded: Decoded, limits: &Limits) -> Result<Decoded, TooMuch> {
    at_most("events", decoded.events.len(), limits.events)?;
    if let Some(reply) = &decoded.reply {
        at_most("bytes of reply", reply.body.len() + pairs_bytes(&reply.headers), REPLY_BYTES_MAX)?;
        at_most("headers of reply", reply.headers.len(), HEADERS_MAX)?;
        if !(200..=599).contains(&reply.status) {
            let status = reply.status;
            return Err(format!("it answered with status {status}, which no reply has (200 to 599)."));
        }
    }
    at_most("rejected elements", decoded.rejected.len(), limits.events)?;
    for element in &mut decoded.rejected {
        cut(&mut element.place);
        cut(&mut element.reason);
    }
    decoded.remarks.truncate(REMARKS_MAX);
    decoded.remarks.iter_mut().for_each(cut);
    if let Some(reason) = &mut decoded.ignored {
        cut(reason);
    }
    Ok(decoded)
}

/// `refusal` with its words cut.
pub(crate) fn refusal(mut refusal: Refusal) -> Refusal {
    match &mut refusal {
        Refusal::Unsupported(text) | Refusal::Malformed(text) | Refusal::Missing(text) => cut(text),
        Refusal::Invalid { field, problem } => {
            cut(field);
            cut(problem);
        }
    }
    refusal
}

/// `step` within the limits.
///
/// # Errors
/// A request or a state that is too large.
pub(crate) fn step(mut step: Step, limits: &Limits) -> Result<Step, TooMuch> {
    match &mut step {
        Step::Send { request: sent, state } => {
            request(sent, limits)?;
            at_most("bytes of state", state.len(), STATE_BYTES_MAX)?;
        }
        Step::Delivered(receipt) => within(receipt),
        Step::Skipped(reason) => cut(reason),
    }
    Ok(step)
}

/// Whether `request` is within the limits.
///
/// # Errors
/// What of it is too much.
pub(crate) fn request(request: &ActionRequest, limits: &Limits) -> Result<(), TooMuch> {
    let (found, limit) = (request_bytes(request), limits.encoded_bytes);
    if found > limit {
        return Err(format!(
            "it made a request of {found} bytes, the limit is {limit}. Raise `body` of the connection where the \
             peer takes that much, or send less."
        ));
    }
    at_most("headers", request.headers.len(), HEADERS_MAX)?;
    at_most("query parameters", request.query.len(), HEADERS_MAX)?;
    at_most("signatures", request.signing.len(), HEADERS_MAX)
}

/// Leaves out what is too much. It is no error: the peer has taken the message, and its answer may have been long.
fn within(receipt: &mut Receipt) {
    let (references, updates) = (receipt.references.len(), receipt.updates.len());
    let fits = |text: &str| text.len() <= REFERENCE_BYTES_MAX;
    receipt.references.retain(|reference| {
        let url = reference.url.as_deref().unwrap_or_default();
        fits(&reference.key) && fits(&reference.value) && fits(url)
    });
    receipt.references.truncate(REFERENCES_MAX);
    receipt.updates.truncate(REFERENCES_MAX);
    let lost = [
        ("references", references - receipt.references.len()),
        ("labels to write back", updates - receipt.updates.len()),
    ];
    let lost = lost.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}"));
    let lost = lost.collect::<Vec<_>>().join(" and ");
    if !lost.is_empty() {
        receipt.summary = format!(
            "left out {lost} (the limits: {REFERENCES_MAX} of each, {REFERENCE_BYTES_MAX} bytes in one part of a \
             reference). {}",
            receipt.summary
        );
    }
    cut(&mut receipt.summary);
}

/// `failure` with its words cut.
pub(crate) fn failure(mut failure: Failure) -> Failure {
    match &mut failure {
        Failure::Retry { reason, .. } | Failure::Rejected(reason) | Failure::Misconfigured(reason) => {
            cut(reason);
        }
    }
    failure
}

fn request_bytes(request: &ActionRequest) -> usize {
    let parts = |parts: &[Part]| -> usize {
        parts
            .iter()
            .map(|part| match part {
                Part::Bytes(bytes) => bytes.len(),
                Part::Secret { name, .. } => name.len(),
                Part::Credentials { user, password } => user.len() + password.len(),
            })
            .sum()
    };
    request.method.len()
        + request.path.len()
        + pairs_bytes(&request.query)
        + request.headers.iter().map(|(name, value)| name.len() + parts(value)).sum::<usize>()
        + request.content_type.len()
        + parts(&request.body)
}

#[cfg(test)]
mod tests {
    use tocsin_core::delivery::Reference;
    use tocsin_core::plugin::Certainty;

    use super::*;

    #[test]
    fn a_reason_becomes_one_line_of_at_most_a_thousand_characters() {
        let long = format!("first\nsecond {}", "x".repeat(2000));
        let Failure::Rejected(reason) = failure(Failure::Rejected(long)) else { panic!("the same failure") };
        assert!(reason.starts_with("first second xxx"));
        assert_eq!(reason.chars().count(), REASON_CHARS_MAX);
    }

    #[test]
    fn a_receipt_loses_what_is_too_long_and_says_so_and_stays_a_receipt() {
        let reference = |value: String| Reference { key: "message".to_owned(), value, url: None };
        let long = "x".repeat(REFERENCE_BYTES_MAX + 1);
        let mut references = vec![reference(long), reference("m-1".to_owned())];
        references.extend((0..REFERENCES_MAX).map(|number| reference(number.to_string())));
        let updates = (0..=REFERENCES_MAX).map(|number| (number.to_string(), String::new())).collect();
        let (certainty, summary) = (Certainty::Delivered, "posted".to_owned());
        let taken = Step::Delivered(Receipt { certainty, summary, references, updates });
        let Ok(Step::Delivered(kept)) = step(taken, &Limits::default()) else { panic!("a receipt") };
        assert_eq!((kept.references.len(), kept.updates.len()), (REFERENCES_MAX, REFERENCES_MAX));
        assert_eq!(kept.references[0].value, "m-1");
        assert!(kept.summary.starts_with("left out 2 references and 1 labels to write back (the limits: 32"));
        assert!(kept.summary.ends_with("reference). posted"), "{}", kept.summary);
    }

    #[test]
    fn a_request_counts_with_everything_in_it() {
        let request = ActionRequest {
            method: "POST".to_owned(),
            path: "/a".to_owned(),
            query: vec![Pair::new("b", "c")],
            headers: vec![("d".to_owned(), vec![Part::Bytes(b"ef".to_vec())])],
            content_type: String::new(),
            body: vec![Part::Bytes(vec![0; 100])],
            signing: Vec::new(),
        };
        let sent = Step::Send { request, state: Vec::new() };
        let limits = Limits { encoded_bytes: 111, ..Limits::default() };
        assert!(step(sent.clone(), &limits).is_ok());
        let limits = Limits { encoded_bytes: 110, ..Limits::default() };
        let too_much = step(sent, &limits).unwrap_err();
        assert!(too_much.contains("a request of 111 bytes, the limit is 110"), "{too_much}");
    }
}
