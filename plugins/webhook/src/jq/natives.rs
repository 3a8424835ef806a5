//! Filters in Rust: regular expressions, percent-encoding, documents in texts, and the plain text of HTML.
//!
//! Never backtracks: an expression is matched in time linear to the text.

use std::fmt;

use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, Error, ValR};
use jaq_json::{Map, Val};
use regex_lite::{Captures, Regex, RegexBuilder};

use super::Data;
use crate::html;

/// Bytes of a compiled expression.
const EXPRESSION_BYTES: usize = 256 * 1024;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Fun<Data>> {
    [
        run(("matches", v(2), |cv| bome(matches(cv, false)))),
        run(("split_matches", v(2), |cv| bome(matches(cv, true)))),
        run(("encode_uri", v(0), |cv| bome(text(&cv.1).map(|text| encoded(&text))))),
        run(("plain_text", v(0), |cv| bome(plain_text(cv.1)))),
        run(("fromjson", v(0), |cv| bome(document(&cv.1)))),
    ]
    .into_iter()
}

fn failure(problem: impl fmt::Display) -> Error<Val> {
    Error::new(Val::utf8_str(problem.to_string()))
}

fn text(value: &Val) -> Result<String, Error<Val>> {
    match value {
        Val::TStr(bytes) | Val::BStr(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => Err(failure(format_args!("{other} is not a text"))),
    }
}

fn encoded(text: &str) -> Val {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    Val::utf8_str(utf8_percent_encode(text, RESERVED).to_string())
}

/// The text of HTML; what is no text stays what it is.
fn plain_text(value: Val) -> ValR<Val> {
    match value {
        Val::TStr(_) | Val::BStr(_) => text(&value).map(|text| Val::utf8_str(html::plain(&text))),
        other => Ok(other),
    }
}

/// The one document in a text. jaq's own goes on for ever with the error that it met, so that no element after it
/// would be reached, and gives nothing for an empty text, so that an event would vanish.
fn document(value: &Val) -> ValR<Val> {
    jaq_json::read::parse_single(text(value)?.as_bytes())
        .map_err(|error| failure(format_args!("cannot parse {value} as JSON: {error}")))
}

/// A list of the matches, each a list of the whole and its groups. With `between`, the texts before, between
/// and after them stand in the same list.
fn matches(mut cv: Cv<'_, Data>, between: bool) -> ValR<Val> {
    let flags = text(&cv.0.pop_var())?;
    let expression = text(&cv.0.pop_var())?;
    let subject = text(&cv.1)?;
    let (regex, global) = compiled(&expression, &flags)?;
    let (mut found, mut end) = (Vec::new(), 0);
    for captures in regex.captures_iter(&subject).take(if global { usize::MAX } else { 1 }) {
        let whole = captures.get(0).map_or(0..0, |whole| whole.range());
        if flags.contains('n') && whole.is_empty() {
            continue;
        }
        if between {
            found.push(Val::utf8_str(subject.get(end..whole.start).unwrap_or("").to_owned()));
        }
        end = whole.end;
        found.push(groups(&regex, &captures, &subject));
    }
    if between {
        found.push(Val::utf8_str(subject.get(end..).unwrap_or("").to_owned()));
    }
    Ok(found.into_iter().collect())
}

fn groups(regex: &Regex, captures: &Captures<'_>, subject: &str) -> Val {
    let group = |(index, name): (usize, Option<&str>)| {
        let found = captures.get(index)?;
        let key = |name: &str| Val::utf8_str(name.to_owned());
        let offset = subject.get(..found.start()).unwrap_or("").chars().count();
        let mut members: Map = [
            (key("offset"), Val::from(offset)),
            (key("length"), Val::from(found.as_str().chars().count())),
            (key("string"), Val::utf8_str(found.as_str().to_owned())),
        ]
        .into_iter()
        .collect();
        if let Some(name) = name {
            members.insert(key("name"), key(name));
        }
        Some(Val::obj(members))
    };
    regex.capture_names().enumerate().filter_map(group).collect()
}

/// The expression, and whether all matches are wanted.
fn compiled(expression: &str, flags: &str) -> Result<(Regex, bool), Error<Val>> {
    if let Some(flag) = flags.chars().find(|flag| !"gnimslxp".contains(*flag)) {
        return Err(failure(format_args!("`{flag}` is not a flag of a regular expression")));
    }
    let has = |flag| flags.contains(flag);
    let regex = RegexBuilder::new(expression)
        .case_insensitive(has('i'))
        .multi_line(has('m') || has('p'))
        .dot_matches_new_line(has('s') || has('p'))
        .swap_greed(has('l'))
        .ignore_whitespace(has('x'))
        .size_limit(EXPRESSION_BYTES)
        .build()
        .map_err(|error| failure(format_args!("`{expression}` is no regular expression: {error}")))?;
    Ok((regex, has('g')))
}
