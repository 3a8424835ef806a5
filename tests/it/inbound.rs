//! What real senders send, against the real relay: nothing that looks like an alert is lost, and what could not be
//! read, or was rejected, is visible with its reason.

mod confirm;
mod encodings;
mod field;
mod identifiers;
mod ignored;
mod large;
mod limits;
mod outcomes;
mod partly;
mod probes;
mod proxies;
mod rejections;
mod replies;
mod tokens;
mod tried;
