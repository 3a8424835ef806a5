//! JSON documents with placeholders inside their strings.
//!
//! The document is parsed first and values are put into its strings afterwards, so that no quote in an alert
//! can break it. Numbers, booleans and null stay what they are.

use minijinja::Value as Context;
use serde_json::Value;

use super::engine::{Compiled, Room, environment};
use super::{OUTPUT_BYTES_MAX, TemplateError, on_samples, scan};
use crate::value::Document;
use crate::view::View;

mod mistakes;

/// A parsed document, and where its strings without placeholders are.
#[derive(Debug)]
pub struct JsonTemplate(Node, Vec<String>);

#[derive(Debug)]
enum Node {
    Fixed(Value),
    Text(Box<Compiled>),
    List(Vec<Self>),
    Object(Vec<(Self, Self)>),
}

impl JsonTemplate {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Invalid JSON with line and column, a key that stands twice in one object, everything that
    /// [`Template::parse`](super::Template::parse) refuses.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document: Value = serde_json::from_str(text).map_err(|error| mistakes::invalid(text, &error))?;
        mistakes::check_keys(text)?;
        let (node, mut fixed) = (node(document)?, Vec::new());
        find_fixed(&node, "", &mut fixed);
        let template = Self(node, fixed);
        on_samples(|view| template.render(view).map(|_| ()))?;
        Ok(template)
    }

    /// The document for this view, serialised: [`OUTPUT_BYTES_MAX`] at most.
    ///
    /// # Errors
    /// As [`Template::render`](super::Template::render); two keys of one object that become one.
    pub fn render(&self, view: &View<'_>) -> Result<String, TemplateError> {
        self.render_within(view, OUTPUT_BYTES_MAX)
    }

    /// The document for this view, serialised: as many bytes as
    /// [`Template::render_within`](super::Template::render_within) allows.
    ///
    /// # Errors
    /// As [`JsonTemplate::render`].
    pub fn render_within(&self, view: &View<'_>, bytes: usize) -> Result<String, TemplateError> {
        self.render_in(&view.value(), &mut Room::new(bytes))
    }

    fn render_in(&self, view: &Context, room: &mut Room) -> Result<String, TemplateError> {
        room.taken(|room| Ok(render(&self.0, view, room)?.to_string()))
    }

    /// The document for this view, with the places of the strings that the operator wrote.
    ///
    /// # Errors
    /// As [`JsonTemplate::render`].
    pub fn document(&self, view: &View<'_>) -> Result<Document, TemplateError> {
        self.document_in(&view.value(), &mut Room::new(OUTPUT_BYTES_MAX))
    }

    pub(crate) fn document_in(&self, view: &Context, room: &mut Room) -> Result<Document, TemplateError> {
        Ok(Document { text: self.render_in(view, room)?, fixed: self.1.clone() })
    }
}

/// Adds the JSON pointers of the strings of `node` that have no placeholder, as far as no key on the way has one.
fn find_fixed(node: &Node, at: &str, found: &mut Vec<String>) {
    match node {
        Node::Fixed(Value::String(_)) => found.push(at.to_owned()),
        Node::Fixed(_) | Node::Text(_) => {}
        Node::List(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| find_fixed(item, &format!("{at}/{index}"), found));
        }
        Node::Object(fields) => {
            for (key, value) in fields {
                if let Node::Fixed(Value::String(key)) = key {
                    find_fixed(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
                }
            }
        }
    }
}

fn node(value: Value) -> Result<Node, TemplateError> {
    Ok(match value {
        Value::String(text) => string(text)?,
        Value::Array(items) => Node::List(items.into_iter().map(node).collect::<Result<_, _>>()?),
        Value::Object(fields) => {
            let field = |(key, value)| Ok((string(key)?, node(value)?));
            Node::Object(fields.into_iter().map(field).collect::<Result<_, TemplateError>>()?)
        }
        fixed => Node::Fixed(fixed),
    })
}

fn string(text: String) -> Result<Node, TemplateError> {
    if !scan::has_placeholders(&text) {
        return Ok(Node::Fixed(Value::String(text)));
    }
    // The engine leaves out one line break at the end of a template; in a string it was meant.
    let breaks = if text.ends_with('\n') { "\n" } else { "" };
    Ok(Node::Text(Box::new(Compiled::new(&format!("{text}{breaks}"), environment())?)))
}

fn render(node: &Node, view: &Context, room: &mut Room) -> Result<Value, TemplateError> {
    Ok(match node {
        Node::Fixed(value) => value.clone(),
        Node::Text(template) => Value::String(template.render(view, room)?),
        Node::List(items) => {
            Value::Array(items.iter().map(|item| render(item, view, room)).collect::<Result<_, _>>()?)
        }
        Node::Object(fields) => {
            let mut object = serde_json::Map::new();
            for (key, value) in fields {
                let key = match render(key, view, room)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                if object.contains_key(&key) {
                    let shown: String = key.chars().take(80).collect();
                    return Err(TemplateError::Render(format!("two keys become `{shown}`")));
                }
                object.insert(key, render(value, view, room)?);
            }
            Value::Object(object)
        }
    })
}
