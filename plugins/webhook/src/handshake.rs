//! Handshakes of senders that want to be answered before they send: Azure Event Grid's validation.
//!
//! Must never answer a request that holds an event besides.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Header, Reply};

/// The type of the event that asks for a validation.
const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";

/// The answer to a handshake; nothing for any other request.
///
/// Event Grid sends a list of one event, with a header besides, and wants its code back
/// (learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema).
pub(crate) fn answer(request: &Request, document: &Value) -> Option<Decoded> {
    let [event] = document.as_array()?.as_slice() else { return None };
    let is_named =
        request.header("aeg-event-type").is_some_and(|kind| vocabulary::same(kind, "SubscriptionValidation"));
    let is_typed = json::text(event, "eventType").is_some_and(|kind| kind.eq_ignore_ascii_case(VALIDATION));
    let code = json::text(event, "data.validationCode").filter(|_| is_named || is_typed)?;
    let reply = Reply {
        status: 200,
        headers: vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }],
        body: json!({"validationResponse": code}).to_string().into_bytes(),
    };
    let ignored = "Azure Event Grid validated the subscription; its code was sent back";
    Some(Decoded { reply: Some(reply), ..Decoded::ignored(ignored) })
}
