//! A JSON document of the operator's with an alert's texts put in, and which of its strings are the operator's own.
//!
//! Never guesses: a string counts as the operator's own only where the host says so.

use std::collections::HashSet;

use serde_json::Value;

/// A JSON document with its values put in. A setting of kind `json-template` may be a `String` as well, where it does
/// not matter who wrote what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Serialised.
    pub text: String,
    /// JSON pointers (RFC 6901) of the strings that are as the operator wrote them: neither they nor the keys on
    /// the way to them had a placeholder. No text of an alert is among them.
    pub fixed: Vec<String>,
}

/// A string inside a document.
#[derive(Debug)]
pub struct Text<'a> {
    /// The names of the members on the way to it, outermost first; places in lists have none.
    pub names: &'a [String],
    /// What it says.
    pub text: &'a mut String,
    /// Whether it is as the operator wrote it, so that no text of an alert is in it.
    pub is_fixed: bool,
}

impl Document {
    /// Whether nothing was given.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The document, after `visit` has seen each of its strings and changed what it wanted to.
    ///
    /// # Errors
    /// The text is not JSON; what `visit` fails with first.
    pub fn read(&self, visit: impl FnMut(Text<'_>) -> Result<(), String>) -> Result<Value, String> {
        let mut value = serde_json::from_str(&self.text).map_err(|error| format!("is not JSON: {error}"))?;
        let fixed = self.fixed.iter().map(String::as_str).collect();
        Walk { fixed, names: Vec::new(), at: String::new(), visit }.value(&mut value)?;
        Ok(value)
    }
}

/// A walk through a document. Its depth is bounded by the parser's, which is 128.
struct Walk<'a, F> {
    fixed: HashSet<&'a str>,
    names: Vec<String>,
    /// The pointer of the value that is visited.
    at: String,
    visit: F,
}

impl<F: FnMut(Text<'_>) -> Result<(), String>> Walk<'_, F> {
    fn value(&mut self, value: &mut Value) -> Result<(), String> {
        let from = self.at.len();
        match value {
            Value::String(text) => {
                let is_fixed = self.fixed.contains(self.at.as_str());
                (self.visit)(Text { names: &self.names, text, is_fixed })?;
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.at.push_str(&format!("/{index}"));
                    self.value(item)?;
                    self.at.truncate(from);
                }
            }
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    self.at.push('/');
                    self.at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    self.names.push(name.clone());
                    self.value(member)?;
                    self.names.pop();
                    self.at.truncate(from);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_string_comes_with_its_names_and_with_who_wrote_it() {
        let text = r#"{"a": ["x", {"b/c~d": "y"}], "e": 3, "f": "z"}"#.to_owned();
        let document = Document { text, fixed: vec!["/a/0".to_owned(), "/a/1/b~1c~0d".to_owned()] };
        let mut seen = Vec::new();
        let read = document.read(|string| {
            seen.push((string.names.join(" "), string.text.clone(), string.is_fixed));
            string.text.push('!');
            Ok(())
        });
        assert_eq!(
            read.map(|read| read.to_string()),
            Ok(r#"{"a":["x!",{"b/c~d":"y!"}],"e":3,"f":"z!"}"#.to_owned())
        );
        let expected = [("a", "x", true), ("a b/c~d", "y", true), ("f", "z", false)];
        assert_eq!(seen, expected.map(|(names, text, fixed)| (names.to_owned(), text.to_owned(), fixed)));
        let stops = document.read(|string| if string.text == "y" { Err("no y".to_owned()) } else { Ok(()) });
        assert_eq!(stops, Err("no y".to_owned()));
        assert!(
            Document { text: "{".to_owned(), ..document }
                .read(|_| Ok(()))
                .is_err_and(|e| e.contains("line 1"))
        );
    }
}
