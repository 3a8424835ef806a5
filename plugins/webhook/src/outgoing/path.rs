//! What is appended to the connection's address.
//!
//! Never lets a value leave the path: no query, no fragment, no way up; nor, where a request changes or deletes
//! what its path names, an empty value name more than was meant.

use percent_encoding::percent_decode_str;
use tocsin_plugin::prelude::*;

/// Characters of a path that a refusal shows.
const SHOWN_CHARS: usize = 100;

/// `text`, whose values are percent-encoded, as a path that begins with `/`; empty for none. What is encoded stays as
/// it is.
///
/// # Errors
/// It climbs, or has a `;`. The host looks for more: it decodes what is encoded more than once.
pub(super) fn of(text: &str) -> Result<String, String> {
    let path = text.trim();
    if path.is_empty() {
        return Ok(String::new());
    }
    let encoded = text::encode_path(&text::one_line(path));
    let climbs = |part: &str| matches!(plain(part).as_str(), "." | "..");
    let shown = text::truncate(path, SHOWN_CHARS);
    if encoded.split('/').any(climbs) {
        return Err(format!("climbs with `.` or `..`: `{shown}`"));
    }
    if plain(&encoded).contains(';') {
        return Err(format!("has a `;`: `{shown}`; one of your own goes into the connection's `url`"));
    }
    Ok(if encoded.starts_with('/') { encoded } else { format!("/{encoded}") })
}

/// A part of a path without its escapes.
fn plain(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// Whether a rendered path names one thing, for a request that changes or deletes what it names: with an empty
/// value, `/tickets/{{ … }}` would name all of them.
///
/// # Errors
/// A part is empty, or the path does not end as `ends_in_slash` says.
pub(super) fn names_one(text: &str, method: &str, ends_in_slash: bool) -> Result<(), String> {
    let line = text::one_line(text);
    let shown = text::truncate(&line, SHOWN_CHARS);
    if text::is_blank(&line) {
        return Err(format!(
            "is empty, probably because a placeholder is; leave `path` out if {method} is meant for the connection's \
             address itself"
        ));
    }
    let parts: Vec<&str> = line.strip_prefix('/').unwrap_or(&line).split('/').collect();
    let Some((last, before)) = parts.split_last() else { return Ok(()) };
    let is_blank = |part: &str| text::is_blank(&plain(part));
    // `https://` within a path is no empty part.
    let follows_scheme = |at: usize| before[..at].last().is_some_and(|part| part.ends_with(':'));
    let has_empty = before.iter().enumerate().any(|(at, part)| is_blank(part) && !follows_scheme(at));
    match (is_blank(last), ends_in_slash) {
        _ if has_empty => Err(format!("has an empty part, probably of a placeholder: `{shown}`")),
        (true, false) => Err(format!(
            "ends in `/`, probably because a placeholder is empty: `{shown}`; {method} is not sent there. Set \
             `trailing_slash = true` if the path itself ends so"
        )),
        (true, true) if before.is_empty() => Err(format!("names nothing: `{shown}`")),
        (false, true) => Err(format!("does not end in `/`, as `trailing_slash` says: `{shown}`")),
        (true, true) | (false, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_not_encoded_again_and_does_not_climb() {
        assert_eq!(of("/tickets/a%2Fb%20c/ü").as_deref(), Ok("/tickets/a%2Fb%20c/%C3%BC"));
        for path in ["/a/%2e%2E/b", "/a/..", "/a;b", "/a%3Bb"] {
            assert!(of(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_path_with_an_empty_part_does_not_name_one_thing() {
        for path in [
            "",
            " ",
            "\u{200b}",
            "/",
            "//",
            "/tickets/",
            "/tickets//",
            "/tickets//x",
            "//x",
            "/tickets/ /x",
            "/tickets/%20/x",
            "/tickets/%E2%80%8B",
            "tickets/ ",
        ] {
            assert!(names_one(path, "PUT", false).is_err(), "{path}");
        }
        for path in ["/tickets/5", "tickets/5", "x", "/x", "/save/https://a.example/b"] {
            assert_eq!(names_one(path, "PUT", false), Ok(()), "{path}");
        }
        for path in ["/tickets/5/", "tickets/5/", "/x/"] {
            assert_eq!(names_one(path, "PUT", true), Ok(()), "{path}");
        }
        for path in ["", "/", "/tickets//", "/tickets/5", "/tickets/ /"] {
            assert!(names_one(path, "PUT", true).is_err(), "{path}");
        }
    }
}
