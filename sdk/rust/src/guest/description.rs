//! A plugin's description, from this crate's types to the generated ones.
//!
//! Never adds or leaves out a field.

use super::types;
use bindings::exports::tocsin::plugin::description as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world describes { export tocsin:plugin/description@0.2.0; }",
        world: "tocsin:sdk/describes",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_description",
        // The other worlds of this crate share them.
        generate_unused_types: true,
    });
}

fn choice(choice: crate::Choice) -> wit::Choice {
    wit::Choice { value: choice.value, label: choice.label }
}

fn field(field: crate::Field) -> wit::Field {
    use crate::FieldKind as From;
    use wit::FieldKind as To;
    let kind = match field.kind {
        From::Text => To::Text,
        From::Multiline => To::Multiline,
        From::Template => To::Template,
        From::JsonTemplate => To::JsonTemplate,
        From::Expression => To::Expression,
        From::Integer => To::Integer,
        From::Boolean => To::Boolean,
        From::Choice(choices) => To::Choice(choices.into_iter().map(choice).collect()),
        From::Color => To::Color,
        From::Url => To::Url,
        From::Duration => To::Duration,
        From::Texts => To::Texts,
        From::Secret => To::Secret,
        From::Path => To::Path,
    };
    let crate::Field { key, label, help, required, default, .. } = field;
    wit::Field { key, label, help, kind, required, default, extra: Vec::new() }
}

pub(super) fn signature(signature: crate::Signature) -> types::Signature {
    let hmac = match signature {
        crate::Signature::StandardWebhooks => return types::Signature::StandardWebhooks,
        crate::Signature::BodyHmac(hmac) => hmac,
    };
    types::Signature::BodyHmac(types::BodyHmac {
        header: hmac.header,
        prefix: hmac.prefix,
        digest: match hmac.digest {
            crate::Digest::Sha1 => types::Digest::Sha1,
            crate::Digest::Sha256 => types::Digest::Sha256,
            crate::Digest::Sha512 => types::Digest::Sha512,
        },
        encoding: match hmac.encoding {
            crate::Encoding::Hex => types::Encoding::Hex,
            crate::Encoding::Base64 => types::Encoding::Base64,
        },
    })
}

fn source_info((fields, info): (Vec<crate::Field>, crate::SourceInfo)) -> wit::SourceInfo {
    wit::SourceInfo {
        fields: fields.into_iter().map(field).collect(),
        signatures: info.signatures.into_iter().map(signature).collect(),
        methods: info.methods,
        replays: match info.replays {
            crate::Replays::ByDeliveryId => wit::Replays::ByDeliveryId,
            crate::Replays::ByBody => wit::Replays::ByBody,
        },
        body_limit: info.body_limit,
        confirm_hosts: info.confirm_hosts,
        example: info.example.map(|example| wit::Example {
            method: example.method,
            query: example.query,
            content_type: example.content_type,
            body: example.body,
        }),
        extra: Vec::new(),
    }
}

fn action_info(
    (connection, fields, info): (Vec<crate::Field>, Vec<crate::Field>, crate::ActionInfo),
) -> wit::ActionInfo {
    wit::ActionInfo {
        connection: connection.into_iter().map(field).collect(),
        fields: fields.into_iter().map(field).collect(),
        hosts: info.hosts,
        rate: info.rate.map(|rate| wit::Rate { requests: rate.requests, per_ms: rate.per_ms }),
        records: info.records,
        extra: Vec::new(),
    }
}

pub(super) fn plugin_info(info: crate::PluginInfo) -> wit::PluginInfo {
    wit::PluginInfo {
        id: info.about.id.to_owned(),
        name: info.about.name.to_owned(),
        summary: info.about.summary.to_owned(),
        version: info.about.version.to_owned(),
        documentation: info.about.documentation.to_owned(),
        source: info.source.map(source_info),
        action: info.action.map(action_info),
        extra: Vec::new(),
    }
}
