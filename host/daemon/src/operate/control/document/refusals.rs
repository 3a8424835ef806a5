//! Refusals that operations name in their descriptions, beside those that any operation may answer with.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use super::problem;

macro_rules! refusals {
    ($($name:ident: $status:literal, $meaning:literal;)*) => {$(
        pub(in crate::operate::control) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([($status.to_owned(), problem($meaning))])
            }
        }
    )*};
}

refusals! {
    NotFound: "404", "Not found.";
    Conflict: "409", "Not possible in the present state.";
    Changed: "412", "It has changed since.";
    TooLarge: "413", "It is too large.";
    TooMany: "429", "The token has too many streams, or too many wrong tokens came from this address.";
}
