//! The filters that make links and mentions in an operator's text: `link` and `mention`.
//!
//! What they put out are markers, see [`crate::markers`]; never a peer's own markup, which is the plugin's to write.

use minijinja::{Environment, Error, ErrorKind, State, Value};
use url::Url;

use super::shown::{self, defined, items, plain};
use crate::markers;
use crate::view::Moment;

/// Schemes that a link may lead to.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("link", |state: &State, value: &Value, text: Option<&Value>| {
        linked(state, defined(value)?, text)
    });
    environment.add_filter("mention", |value: &Value| defined(value).map(mentioned));
}

/// A link to the address `value`, or to that of an entry of `links`. Nothing where there is no address; an address that
/// leads nowhere safe is written as text.
fn linked(state: &State<'_, '_>, value: &Value, text: Option<&Value>) -> Result<String, Error> {
    let entry = shown::link(value);
    let url = entry.as_ref().map_or_else(|| plain(value), |(_, url)| url.clone());
    let url = url.trim();
    let given = text.filter(|text| !text.is_undefined()).map(plain).filter(|text| !text.trim().is_empty());
    let text = given.or(entry.map(|(title, _)| title)).unwrap_or_default();
    if url.is_empty() {
        return Ok(String::new());
    }
    let link = markers::link(url, if text.trim().is_empty() { url } else { &text });
    let is_address = Url::parse(url).is_ok_and(|url| SCHEMES.contains(&url.scheme()))
        && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_address {
        return Ok(link);
    }
    if Moment::of(state).is_some_and(|moment| moment.is_trial) {
        let shown: String = url.chars().take(80).collect();
        let words =
            format!("`{shown}` is no http or https address: write `{{{{ address | link(\"text\") }}}}`");
        return Err(Error::new(ErrorKind::InvalidOperation, words));
    }
    Ok(markers::plain(&link).into_owned())
}

/// A mention of `value`, or of each of several. Nothing where there is nothing.
fn mentioned(value: &Value) -> String {
    let all = items(value).unwrap_or_else(|| vec![value.clone()]);
    let ids = all.iter().map(|item| plain(item).split_whitespace().collect::<Vec<_>>().join(" "));
    let mentions: Vec<String> = ids.filter(|id| !id.is_empty()).map(|id| markers::mention(&id)).collect();
    mentions.join(" ")
}
