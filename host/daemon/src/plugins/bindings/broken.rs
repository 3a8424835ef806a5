//! The settings of a connection that does not fit, as far as its actions can be examined over it.
//!
//! Never decides what a mistake means: what is wrong with the connection is said of the connection.

use std::collections::BTreeMap;

use tocsin_core::plugin::{ActionInfo, Setting};
use tocsin_core::settings::{Field, FieldKind, Given, SettingError, Settings};

use crate::config::Connection;

/// What stands for a text that is missing.
const SAMPLE_TEXT: &str = "sample";
/// What stands for an address that is missing.
const SAMPLE_URL: &str = "https://sample.invalid";

/// The connection's settings, with samples for those that are wrong or missing. None when a choice is among them: what
/// an action needs often depends on it.
pub(super) fn settings(info: &ActionInfo, connection: &Connection) -> Option<Vec<Setting>> {
    let wrong = match Settings::check(&info.connection, &connection.settings) {
        Ok(settings) => return Some(settings.plain()),
        Err(wrong) => wrong,
    };
    let mut given: BTreeMap<String, Given> = connection.settings.clone();
    for SettingError { key, .. } in &wrong {
        given.remove(key);
        if let Some(field) = info.connection.iter().find(|field| field.key == *key) {
            stand_in(field, &mut given)?;
        }
    }
    Settings::check(&info.connection, &given).ok().map(|settings| settings.plain())
}

/// Puts a sample in place of a required setting.
fn stand_in(field: &Field, given: &mut BTreeMap<String, Given>) -> Option<()> {
    let sample = match &field.kind {
        FieldKind::Choice(_) => return None,
        _ if !field.required => return Some(()),
        FieldKind::Url => Given::Text(SAMPLE_URL.to_owned()),
        FieldKind::Integer => Given::Integer(1),
        FieldKind::Boolean => Given::Boolean(false),
        FieldKind::Texts => Given::Texts(vec![SAMPLE_TEXT.to_owned()]),
        FieldKind::Duration => Given::Text("1m".to_owned()),
        FieldKind::Color => Given::Text("000000".to_owned()),
        FieldKind::JsonTemplate => Given::Text("{}".to_owned()),
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Template
        | FieldKind::Expression
        | FieldKind::Path
        | FieldKind::Secret => Given::Text(SAMPLE_TEXT.to_owned()),
    };
    given.insert(field.key.clone(), sample);
    Some(())
}
