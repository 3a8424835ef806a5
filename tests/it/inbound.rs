//! Requests as real senders send them, against the real relay: nothing that looks like an alert vanishes, and what is
//! rejected leaves a trace.

mod confirm;
mod encodings;
mod limits;
mod probes;
mod rejections;
