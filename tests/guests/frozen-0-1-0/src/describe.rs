//! The description: every kind of field, both signatures, everything that is optional.

use crate::Guest;
use crate::exports::tocsin::plugin::description::{
    ActionInfo, Choice, Example, Field, FieldKind, Guest as Describes, PluginInfo, Rate, Replays, SourceInfo,
};
use crate::tocsin::plugin::types::{BodyHmac, Digest, Encoding, Signature};

fn field(key: &str, kind: FieldKind, default: Option<&str>) -> Field {
    Field {
        key: key.to_owned(),
        label: key.to_owned(),
        help: format!("The {key}."),
        kind,
        required: false,
        default: default.map(str::to_owned),
    }
}

fn source() -> SourceInfo {
    let hmac = BodyHmac {
        header: "x-signature".to_owned(),
        prefix: "sha256=".to_owned(),
        digest: Digest::Sha256,
        encoding: Encoding::Hex,
    };
    SourceInfo {
        fields: vec![
            field("program", FieldKind::Expression, Some("lines")),
            field("words", FieldKind::Texts, None),
            field("patience", FieldKind::Duration, Some("15m")),
            field("strict", FieldKind::Boolean, Some("false")),
        ],
        signatures: vec![Signature::BodyHmac(hmac), Signature::StandardWebhooks],
        methods: vec!["POST".to_owned(), "PUT".to_owned()],
        replays: Replays::ByDeliveryId,
        body_limit: Some(64 * 1024),
        confirm_hosts: vec!["hooks.*.example.com".to_owned()],
        example: Some(Example {
            method: "POST".to_owned(),
            query: String::new(),
            content_type: "text/plain".to_owned(),
            body: "trigger disk Disk full".to_owned(),
        }),
    }
}

fn action() -> ActionInfo {
    let choices = ["plain", "rich"].map(|value| Choice { value: value.to_owned(), label: value.to_owned() });
    ActionInfo {
        connection: vec![
            field("room", FieldKind::Text, Some("lobby")),
            field("color", FieldKind::Color, Some("00aa55")),
            field("home", FieldKind::Url, None),
            field("token", FieldKind::Secret, None),
            field("password", FieldKind::Secret, None),
            field("key", FieldKind::Secret, None),
        ],
        fields: vec![
            field("text", FieldKind::Template, Some("{{ title }}")),
            field("note", FieldKind::Multiline, None),
            field("document", FieldKind::JsonTemplate, None),
            field("times", FieldKind::Integer, Some("1")),
            field("style", FieldKind::Choice(choices.to_vec()), Some("plain")),
            field("path", FieldKind::Path, Some("/rooms/{{ labels.room }}")),
        ],
        hosts: Vec::new(),
        rate: Some(Rate { requests: 1000, per_ms: 1000 }),
        records: true,
    }
}

impl Describes for Guest {
    fn describe() -> PluginInfo {
        PluginInfo {
            id: "frozen".to_owned(),
            name: "Frozen".to_owned(),
            summary: "Speaks 0.1.0 for ever.".to_owned(),
            version: "1.0.0".to_owned(),
            documentation: "https://example.com/frozen".to_owned(),
            source: Some(source()),
            action: Some(action()),
        }
    }
}
