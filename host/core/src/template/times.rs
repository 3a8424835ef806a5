//! The filters for times and durations.
//!
//! | filter | makes |
//! |---|---|
//! | `date` | a time in the view's zone: `2026-01-02 04:04 CET`, or as its argument says, in the letters of `strftime` |
//! | `time` | the same without the date: `04:04 CET` |
//! | `ago` | how long before now: `1h 30m ago`; `in 5m` for what is to come |
//! | `duration_to` | how long from this time to the one in the argument: `1h 30m` |
//! | `duration` | a number of seconds as `1h 30m` |
//!
//! A time is RFC 3339, or seconds or milliseconds since 1970. Nothing stays nothing. Any other text is a mistake
//! when a template is checked, and stays as it is when a message is made: a message that says less is better than
//! none. Never reads a clock: now comes with the view.

use jiff::Zoned;
use jiff::fmt::strtime::{self, BrokenDownTime};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::shown::{defined, plain};
use crate::durations::roughly;
use crate::time::Timestamp;
use crate::time_zone::TimeZone;
use crate::view::Moment;

/// How `date` writes a time unless told otherwise.
const DATE: &str = "%Y-%m-%d %H:%M %Z";
/// How `time` does.
const TIME: &str = "%H:%M %Z";
/// Bytes of a format: more is no format.
const FORMAT_BYTES_MAX: usize = 200;
/// Seconds since 1970 that are a time: from 1973 on. Less is a count of something.
const SECONDS_MIN: i64 = 100_000_000;
/// From here on a number counts milliseconds.
const MILLISECONDS_MIN: i64 = 100_000_000_000;
/// From here on a number is no time.
const MILLISECONDS_END: i64 = 100_000_000_000_000;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("date", |state: &State, value: &Value, format: Option<&str>| {
        formatted(state, "date", value, format.unwrap_or(DATE))
    });
    environment.add_filter("time", |state: &State, value: &Value, format: Option<&str>| {
        formatted(state, "time", value, format.unwrap_or(TIME))
    });
    environment.add_filter("ago", |state: &State, value: &Value| {
        let Some(at) = read(state, "ago", value)? else { return Ok(plain(value)) };
        Ok(Moment::of(state).map_or_else(String::new, |moment| ago(at, moment.now)))
    });
    environment.add_filter("duration_to", |state: &State, value: &Value, end: &Value| {
        let (from, to) = (read(state, "duration_to", value)?, read(state, "duration_to", end)?);
        Ok::<_, Error>(from.zip(to).map_or_else(String::new, |(from, to)| roughly(to.ms_since(from))))
    });
    environment.add_filter("duration", |state: &State, value: &Value| match seconds(defined(value)?) {
        Some(ms) => Ok(roughly(ms)),
        None => other(state, value, "is no number of seconds: of two times, write `| duration_to(…)`"),
    });
}

/// The date and time that `value` is, in the moment's zone.
pub(super) fn local(value: &Value, moment: Option<&Moment>) -> Option<Zoned> {
    let zone = moment.map_or(TimeZone::utc(), |moment| &moment.zone);
    zone.local(timestamp(value)?)
}

fn formatted(state: &State<'_, '_>, filter: &str, value: &Value, format: &str) -> Result<String, Error> {
    if read(state, filter, value)?.is_none() {
        return Ok(plain(value));
    }
    let moment = Moment::of(state);
    let Some(time) = local(value, moment.as_ref()) else { return Ok(plain(value)) };
    if format.len() > FORMAT_BYTES_MAX {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("the format of `{filter}` is too long")));
    }
    // A mistake in a format is found when the template is checked; a format out of a label costs no message.
    let config = strtime::Config::new().lenient(!is_trial(moment.as_ref()));
    BrokenDownTime::from(&time).to_string_with_config(&config, format).map_err(|error| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{filter}` cannot use the format `{format}`: {error}"),
        )
    })
}

fn is_trial(moment: Option<&Moment>) -> bool {
    moment.is_some_and(|moment| moment.is_trial)
}

/// The time that `value` is; none for nothing, and for other text in a message.
fn read(state: &State<'_, '_>, filter: &str, value: &Value) -> Result<Option<Timestamp>, Error> {
    match timestamp(defined(value)?) {
        Some(at) => Ok(Some(at)),
        None => {
            let why =
                format!("is not a time: `{filter}` is for `opened_at`, `change.at`, `now` and the like");
            other(state, value, &why).map(|_| None)
        }
    }
}

/// What a filter makes of a value that it is not for.
fn other(state: &State<'_, '_>, value: &Value, why: &str) -> Result<String, Error> {
    let text = plain(value);
    if text.is_empty() || !is_trial(Moment::of(state).as_ref()) {
        return Ok(text);
    }
    let shown: String = text.chars().take(80).collect();
    Err(Error::new(ErrorKind::InvalidOperation, format!("`{shown}` {why}")))
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    let text = match value.kind() {
        ValueKind::String | ValueKind::Number => value.to_string(),
        _ => return None,
    };
    if let Ok(number) = text.trim().parse::<f64>() {
        let number = number.trunc() as i64;
        let micros = match number {
            SECONDS_MIN..MILLISECONDS_MIN => number.checked_mul(1_000_000),
            MILLISECONDS_MIN..MILLISECONDS_END => number.checked_mul(1000),
            _ => None,
        };
        return micros.map(Timestamp::from_micros);
    }
    let time: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

/// Milliseconds of a number of seconds.
fn seconds(value: &Value) -> Option<u64> {
    let is_number = matches!(value.kind(), ValueKind::String | ValueKind::Number);
    let seconds: f64 = value.to_string().trim().parse().ok().filter(|_| is_number)?;
    // A number that is too large becomes the largest.
    (seconds >= 0.0).then_some((seconds * 1000.0) as u64)
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let (past, future) = (now.ms_since(at), at.ms_since(now));
    match (past >= 1000, future >= 1000) {
        (true, _) => format!("{} ago", roughly(past)),
        (_, true) => format!("in {}", roughly(future)),
        _ => "just now".to_owned(),
    }
}
