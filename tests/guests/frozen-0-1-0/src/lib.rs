//! A plugin of 0.1.0: built against `wit/frozen/0.1.0` with wit-bindgen alone, so that neither a change of `wit/`
//! nor one of the SDK can hide that older plugins stop working. It has every interface of that version.
//!
//! Never runs natively: the host's tests run it in the relay. Never changes, as the text that it is built against.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    path: "../../../wit/frozen/0.1.0",
    inline: "
        package guest:frozen;
        world everything {
            export tocsin:plugin/description@0.1.0;
            export tocsin:plugin/source-decoder@0.1.0;
            export tocsin:plugin/action-encoder@0.1.0;
            export tocsin:plugin/settings-checker@0.1.0;
            export tocsin:plugin/action-checker@0.1.0;
            export tocsin:plugin/connection-prober@0.1.0;
        }
    ",
    world: "guest:frozen/everything",
    generate_all,
});

mod action;
mod checks;
mod describe;
mod source;

use tocsin::plugin::types::{Setting, Value};

/// The plugin.
struct Guest;

/// A setting's value, written out: what kind it came as, and what it is.
fn written(settings: &[Setting], key: &str) -> String {
    let Some(setting) = settings.iter().find(|setting| setting.key == key) else {
        return "nothing".to_owned();
    };
    match &setting.value {
        Value::Text(text) => format!("text {text}"),
        Value::Integer(number) => format!("integer {number}"),
        Value::Boolean(is) => format!("boolean {is}"),
        Value::Texts(texts) => format!("texts {}", texts.join("+")),
        Value::Document(document) => format!("document {} fixed {}", document.text, document.fixed.join("+")),
    }
}

export!(Guest);
