//! Media types as RFC 9110, section 8.3.1, writes them.
//!
//! Never compares one by its text: capitals, blanks and parameters differ between two that are the same.

use tocsin_plugin::text;

/// A media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Media {
    /// As it was written, without blanks around it.
    text: String,
    /// `type/subtype` in lower case.
    essence: String,
}

impl Media {
    /// Reads `application/json; charset=utf-8` and the like.
    ///
    /// # Errors
    /// What is wrong; also a character set that is not the one in which bodies are sent.
    pub(super) fn parse(given: &str) -> Result<Self, String> {
        let shown = || text::truncate(&text::one_line(given), 80);
        let wrong = || format!("`{}` is not a media type such as `application/json; charset=utf-8`", shown());
        let (essence, parameters) = given.split_once(';').unwrap_or((given, ""));
        let (kind, subtype) = essence.trim().split_once('/').ok_or_else(wrong)?;
        if !is_token(kind) || !is_token(subtype) {
            return Err(wrong());
        }
        for (name, value) in self::parameters(parameters).ok_or_else(wrong)? {
            if name == "charset" && !value.eq_ignore_ascii_case("utf-8") {
                return Err(format!(
                    "`{}` names the character set `{value}`; bodies are sent as UTF-8",
                    shown()
                ));
            }
        }
        Ok(Self { text: given.trim().to_owned(), essence: format!("{kind}/{subtype}").to_ascii_lowercase() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// `application/json`, `text/json` and what ends with `+json` (RFC 6839).
    pub(super) fn is_json(&self) -> bool {
        matches!(self.essence.as_str(), "application/json" | "text/json") || self.essence.ends_with("+json")
    }

    /// What an HTML form is sent as.
    pub(super) fn is_form(&self) -> bool {
        self.essence == "application/x-www-form-urlencoded"
    }

    /// What has a structure that neither JSON nor a form has.
    pub(super) fn is_other_structure(&self) -> bool {
        matches!(self.essence.as_str(), "application/xml" | "text/xml" | "text/html")
            || self.essence.ends_with("+xml")
            || self.essence.starts_with("multipart/")
    }
}

/// Names in lower case with their values, quotes taken off. Nothing when one is malformed.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (value, after) = after.split_at(end);
                (value.trim().to_owned(), after)
            }
        };
        if !is_token(name) || value.is_empty() || value.chars().any(char::is_control) {
            return None;
        }
        found.push((name.to_ascii_lowercase(), value));
        let after = after.trim_start();
        rest = if after.is_empty() { after } else { after.strip_prefix(';')?.trim_start() };
    }
    Some(found)
}

/// The text up to the closing quote, and what follows it.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_the_same_in_any_writing() {
        for json in [
            "application/json",
            "Application/JSON",
            " application/json;charset=UTF-8 ",
            "application/json ; Charset=\"utf-8\"; q=\"a;\\\"b\"",
            "application/problem+json",
            "application/vnd.api+json; ext=bulk;",
        ] {
            assert!(Media::parse(json).is_ok_and(|media| media.is_json()), "{json}");
        }
        assert!(Media::parse("application/X-WWW-form-urlencoded").is_ok_and(|media| media.is_form()));
        assert!(Media::parse("application/soap+xml").is_ok_and(|media| media.is_other_structure()));
        assert!(Media::parse("application/jsonlines").is_ok_and(|media| !media.is_json()));
    }

    #[test]
    fn what_is_no_media_type_is_told() {
        for wrong in [
            "",
            "json",
            "application/",
            "/json",
            "a b/c",
            "application/json; charset",
            "application/json; charset=",
            "application/json; charset=\"utf-8",
            "application/json; x=\"a\" y",
            "application/json\r\nx: y",
        ] {
            assert!(Media::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Media::parse("text/plain; charset=iso-8859-1").is_err_and(|why| why.contains("UTF-8")));
    }
}
