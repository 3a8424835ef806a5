//! What a peer's answers mean to an action: tables of them, and one word for each outcome.
//!
//! Never judges by itself: a class that is unknown is the test's to name.

use serde_json::Value;

use super::samples::for_each_sample;
use crate::{Certainty, Failure, Header, Response, Step};

/// An answer with these headers.
pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let header =
        |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    Response { status, headers: headers.iter().map(header).collect(), body: body.as_bytes().to_vec() }
}

/// One word for an outcome: `delivered`, `accepted` (the peer will not say more), `skipped`, `goes on` (with
/// another request), `retry`, `rejected` or `misconfigured`.
pub const fn verdict(outcome: &Result<Step, Failure>) -> &'static str {
    match outcome {
        Ok(Step::Delivered(outcome)) => match outcome.certainty {
            Certainty::Delivered => "delivered",
            Certainty::Accepted => "accepted",
        },
        Ok(Step::Skipped(_)) => "skipped",
        Ok(Step::Send(..)) => "goes on",
        Err(Failure::Retry { .. }) => "retry",
        Err(Failure::Rejected(_)) => "rejected",
        Err(Failure::Misconfigured(_)) => "misconfigured",
    }
}

/// A row of a table of documented answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status, from `status` or `http`.
    pub status: u16,
    /// The body, from `body_text` or `body`: a text as it is, anything else as JSON; empty when there is none.
    pub body: String,
    /// What the answer is said to be, from `class`; empty where nothing is said.
    pub class: String,
    /// The whole row.
    pub row: Value,
}

impl Answer {
    /// The [`verdict`] that the class asks for: `success…`, `retry…`, `permanent(config…` or `permanent…`.
    ///
    /// # Panics
    /// For another class, with its name: what that means is for the test to say.
    pub fn documented(&self) -> &'static str {
        match self.class.as_str() {
            class if class.starts_with("success") => "delivered",
            class if class.starts_with("retry") => "retry",
            class if class.starts_with("permanent(config") => "misconfigured",
            class if class.starts_with("permanent") => "rejected",
            other => panic!("a class that nobody has judged: {other}"),
        }
    }
}

/// Calls `check` with every row of every table of answers below `<workspace>/../shared/samples/<folder>`, as
/// [`for_each_sample`] finds them. Returns how many answers there were; none when there is no such folder. A row
/// without a status is no answer: no caller sees it.
///
/// # Panics
/// When a file is no list of rows.
pub fn for_each_answer(manifest_dir: &str, folder: &str, mut check: impl FnMut(&Answer)) -> usize {
    let mut rows = 0;
    for_each_sample(manifest_dir, folder, |name, bytes| {
        let table: Vec<Value> =
            serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for answer in table.into_iter().filter_map(answer) {
            rows += 1;
            check(&answer);
        }
    });
    rows
}

fn answer(row: Value) -> Option<Answer> {
    let status = row.get("status").or_else(|| row.get("http")).and_then(Value::as_u64);
    let status = u16::try_from(status?).ok()?;
    let class = row.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = match row.get("body_text").filter(|text| text.is_string()).or_else(|| row.get("body")) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some(Answer { status, body, class, row })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_its_status_its_body_as_it_came_and_the_verdict_of_its_class() {
        for (row, status, body, verdict) in [
            (
                json!({"status": 200, "body": {"ok": true}, "class": "success"}),
                200,
                r#"{"ok":true}"#,
                "delivered",
            ),
            (json!({"http": 503, "body_text": "<p>", "class": "retryable"}), 503, "<p>", "retry"),
            (json!({"status": 404, "body": null, "class": "permanent(config)"}), 404, "", "misconfigured"),
            (json!({"status": 400, "body": "no", "class": "permanent"}), 400, "no", "rejected"),
        ] {
            let answer = answer(row).expect("a row");
            assert_eq!((answer.status, answer.body.as_str(), answer.documented()), (status, body, verdict));
        }
        assert!(answer(json!({"status": 200})).is_some_and(|answer| answer.class.is_empty()));
        assert!(answer(json!({"class": "success"})).is_none());
    }
}
