//! The elements of a request that could not be read, as senders and operators are shown them.
//!
//! Shows what was kept of them and nothing else.

use serde_json::{Value, json};
use tocsin_core::command::RejectedElements;
use tocsin_core::plugin::RejectedElement;

/// The elements of a request that could not be read, as far as they are kept.
pub(crate) fn refused(elements: &RejectedElements) -> Value {
    let element = |element: &RejectedElement| json!({ "place": element.place, "reason": element.reason });
    elements.kept.iter().map(element).collect()
}
