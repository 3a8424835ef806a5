//! JSON documents with placeholders inside their strings.
//!
//! The document is parsed first and values are put into its strings afterwards, so that no quote in an alert
//! can break it. Numbers, booleans and null stay what they are.

use minijinja::Value as Context;
use serde_json::Value;

use super::{OUTPUT_BYTES_MAX, Template, TemplateError, too_long};
use crate::view::{View, samples};

/// A parsed document.
#[derive(Debug)]
pub struct JsonTemplate(Node);

#[derive(Debug)]
enum Node {
    Fixed(Value),
    Text(Box<Template>),
    List(Vec<Self>),
    Object(Vec<(Self, Self)>),
}

impl JsonTemplate {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Invalid JSON with line and column; everything that [`Template::parse`] refuses.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document: Value = serde_json::from_str(text).map_err(|error| invalid(text, &error))?;
        let template = Self(node(document)?);
        for (incident, change) in samples() {
            template.render(&View::new(&incident, &change))?;
        }
        Ok(template)
    }

    /// The document for this view, serialised.
    ///
    /// # Errors
    /// As [`Template::render`]; two keys that become one.
    pub fn render(&self, view: &View<'_>) -> Result<String, TemplateError> {
        let text = render(&self.0, &view.value())?.to_string();
        if text.len() > OUTPUT_BYTES_MAX {
            return Err(TemplateError::Render(too_long()));
        }
        Ok(text)
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
    if ["{{", "{%", "{#", "$this", "%24this"].iter().any(|opening| text.contains(opening)) {
        return Template::compile(&text).map(|template| Node::Text(Box::new(template)));
    }
    Ok(Node::Fixed(Value::String(text)))
}

fn render(node: &Node, view: &Context) -> Result<Value, TemplateError> {
    Ok(match node {
        Node::Fixed(value) => value.clone(),
        Node::Text(template) => Value::String(template.render_value(view)?),
        Node::List(items) => {
            Value::Array(items.iter().map(|item| render(item, view)).collect::<Result<_, _>>()?)
        }
        Node::Object(fields) => {
            let mut object = serde_json::Map::new();
            for (key, value) in fields {
                let key = match render(key, view)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                if object.insert(key.clone(), render(value, view)?).is_some() {
                    return Err(TemplateError::Render(format!("two keys become `{key}`")));
                }
            }
            Value::Object(object)
        }
    })
}

fn invalid(text: &str, error: &serde_json::Error) -> TemplateError {
    // An empty text ends before its first column.
    let (line, column) = (error.line().max(1), error.column().max(1));
    let found = text.lines().nth(line.saturating_sub(1)).and_then(|line| {
        let at = column.saturating_sub(1);
        line.as_bytes().get(at).or_else(|| line.as_bytes().last()).copied()
    });
    let problem = if found == Some(b'\'') {
        "JSON wants double quotes (\") where a single quote (') stands".to_owned()
    } else {
        let full = error.to_string();
        full.split(" at line ").next().unwrap_or(&full).to_owned()
    };
    TemplateError::Json { line, column, problem }
}
