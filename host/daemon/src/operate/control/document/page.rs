//! The OpenAPI description as a page to read. It has no script and loads nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{AutoEscape, Environment};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The page.
const PAGE: &str = include_str!("page.html");
/// Its style; the policy has its digest, so that a browser takes no other.
const CSS: &str = include_str!("page.css");

/// What the browser may do with the page: show it.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = BASE64.encode(Sha256::digest(CSS));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page for a description.
///
/// # Errors
/// The template is broken.
pub(super) fn render(description: &Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("prose", |text: String| minijinja::Value::from_safe_string(prose(&text)));
    environment.add_template("page", PAGE)?;
    let page = json!({
        "css": CSS,
        "info": description["info"],
        "root": description["servers"][0]["url"],
        "groups": groups(&description["paths"]),
        "schemas": schemas(&description["components"]["schemas"]),
    });
    environment.get_template("page")?.render(minijinja::value::Serde(page))
}

/// A text as HTML: escaped, and what stands between backticks as code.
fn prose(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts = escaped.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

/// Operations by their tags.
fn groups(paths: &Value) -> BTreeMap<String, Vec<Value>> {
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (path, item) in members(paths) {
        for (method, operation) in members(item) {
            let tag = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            groups.entry(tag).or_default().push(json!({
                "id": operation["operationId"],
                "method": method.to_uppercase(),
                "path": path,
                "summary": operation["summary"],
                "description": operation["description"],
                "parameters": operation["parameters"],
                "body": content(&operation["requestBody"]),
                "responses": responses(&operation["responses"]),
            }));
        }
    }
    groups
}

fn responses(responses: &Value) -> Vec<Value> {
    let row = |(status, response): (&String, &Value)| json!({ "status": status, "description": response["description"], "body": content(response) });
    members(responses).map(row).collect()
}

/// The type of a request's or an answer's content.
fn content(holder: &Value) -> Value {
    let first = members(&holder["content"]).next();
    first.map_or(Value::Null, |(_, media)| kind(&media["schema"]))
}

fn schemas(schemas: &Value) -> Vec<Value> {
    let row = |(name, schema): (&String, &Value)| {
        let mut fields = Vec::new();
        collect(schema, &mut fields);
        json!({
            "name": name,
            "description": schema["description"],
            "words": schema["enum"],
            "fields": fields,
        })
    };
    members(schemas).map(row).collect()
}

/// The fields of a schema, and the names of schemas that it contains.
fn collect(schema: &Value, fields: &mut Vec<Value>) {
    for part in ["allOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten() {
        if part["$ref"].is_string() {
            fields.push(json!({ "also": kind(part) }));
        }
        collect(part, fields);
    }
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|one| one == name))
    };
    for (name, field) in members(&schema["properties"]) {
        fields.push(json!({
            "name": name,
            "type": kind(field),
            "description": field["description"],
            "required": is_required(name),
        }));
    }
}

/// The type of a schema: the name of another schema in `schema`, and whether it is a list of them.
fn kind(schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return json!({ "schema": reference.rsplit('/').next(), "text": "" });
    }
    let choices = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    if let Some(choice) = choices.map(kind).find(|choice| choice["schema"].is_string()) {
        return choice;
    }
    let words = match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words: Vec<&str> =
                words.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect();
            words.join(" or ")
        }
        _ => String::new(),
    };
    if words != "array" {
        return json!({ "schema": null, "text": words });
    }
    let items = kind(&schema["items"]);
    let of = if items["schema"].is_string() {
        "list of".to_owned()
    } else {
        format!("list of {}", items["text"].as_str().unwrap_or_default())
    };
    json!({ "schema": items["schema"], "text": of })
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
