//! What real senders send, against the real relay: nothing that looks like an alert is lost, and what could not be
//! read is visible with its reason.

mod field;
mod identifiers;
mod ignored;
mod large;
mod outcomes;
mod partly;
mod tried;
