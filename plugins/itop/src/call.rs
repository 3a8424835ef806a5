//! Requests to iTop's REST/JSON: a form with the version, who is calling, and one JSON document.
//!
//! Never asks for JSONP, never puts a credential into an address, and never sends a JSON body: iTop reads the
//! form alone.

use serde_json::{Value, json};
use tocsin_plugin::Part;
use tocsin_plugin::prelude::*;

use crate::plan::Object;
use crate::settings::{Authentication, Connection, Scene, given};
use crate::ticket;

/// Objects that are looked at when one is looked for.
const FOUND_MAX: u32 = 10;

/// A request with this JSON data.
///
/// # Errors
/// A connection without a user.
pub(crate) fn request(connection: &Connection, data: &Value) -> Result<HttpRequest, Failure> {
    let user = || match given(&connection.user) {
        Some(user) => Ok(user),
        None => Err(Failure::misconfigured("`user` is not given, which `authentication` asks for")),
    };
    let version = connection.version.as_str();
    let mut body: Vec<Part> = vec![format!("version={version}").as_str().into()];
    let mut request = HttpRequest::post();
    match connection.authentication {
        Authentication::Form => {
            body.push(format!("&auth_user={}&auth_pwd=", form(user()?)).as_str().into());
            body.push(connection.password.in_form());
        }
        Authentication::Basic => match user()? {
            // RFC 7617: the first colon ends the name.
            user if user.contains(':') => return Err(Failure::misconfigured("`user` must not hold a colon")),
            user => request = request.basic(user, &connection.password),
        },
        Authentication::Token => {
            request = request.header_parts("auth-token", vec![connection.token.raw()]);
        }
    }
    body.push(format!("&json_data={}", form(&data.to_string())).as_str().into());
    request.content_type = "application/x-www-form-urlencoded".to_owned();
    request.body = body;
    Ok(request)
}

/// `text` as a value in a form.
fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `list_operations`: needs the right to use the interface and changes nothing.
pub(crate) fn list_operations() -> Value {
    json!({"operation": "list_operations"})
}

/// A new object.
pub(crate) fn create(scene: Scene<'_>, class: &str, fields: Object) -> Value {
    json!({
        "operation": "core/create",
        "comment": ticket::comment(scene),
        "class": class,
        "fields": fields,
        "output_fields": output(scene, &[]),
    })
}

/// Other fields of an object.
pub(crate) fn update(scene: Scene<'_>, class: &str, key: &Value, fields: Object) -> Value {
    json!({
        "operation": "core/update",
        "comment": ticket::comment(scene),
        "class": class,
        "key": key,
        "fields": fields,
        "output_fields": output(scene, &[]),
    })
}

/// Another state of an object. `fields` is mandatory, even when there are none.
pub(crate) fn stimulus(
    scene: Scene<'_>,
    class: &str,
    key: &Value,
    stimulus: &str,
    fields: Object,
    output: String,
) -> Value {
    json!({
        "operation": "core/apply_stimulus",
        "comment": ticket::comment(scene),
        "class": class,
        "key": key,
        "stimulus": stimulus,
        "fields": fields,
        "output_fields": output,
    })
}

/// Objects, ten at most, so that an answer stays an answer.
pub(crate) fn get(class: &str, key: &Value, output: String) -> Value {
    json!({
        "operation": "core/get",
        "class": class,
        "key": key,
        "output_fields": output,
        "limit": FOUND_MAX,
        "page": 1,
    })
}

/// Objects no more.
pub(crate) fn delete(scene: Scene<'_>, class: &str, key: &Value) -> Value {
    json!({"operation": "core/delete", "comment": ticket::comment(scene), "class": class, "key": key})
}

/// `id`, `friendlyname`, what the operator asks for, and `more`. Never empty: iTop refuses that, and answers
/// with every field when it is left out.
pub(crate) fn output(scene: Scene<'_>, more: &[&str]) -> String {
    let all = scene.plan.output.iter().find(|name| name.starts_with('*'));
    if let Some(all) = all {
        return all.clone();
    }
    let own = scene.plan.output.iter().map(String::as_str);
    let back = scene.plan.write_back.iter().map(|(_, field)| field.as_str());
    let mut names = Vec::new();
    for name in ["id", "friendlyname"].into_iter().chain(own).chain(back).chain(more.iter().copied()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
