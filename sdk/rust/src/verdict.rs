//! What a service's answer means when only its status says so.
//!
//! Never calls a redirect a success: the host does not follow any, and a webhook that redirects is at another
//! address.

use crate::{Context, Failure, Outcome, Response, Step, Timestamp, text};

/// Characters of an answer that go into a verdict.
const BODY_CHARS_MAX: usize = 200;
/// The longest wait that a service may ask for: a day, in milliseconds.
const RETRY_AFTER_MAX_MS: u64 = 86_400_000;

/// 2xx is delivered; 408, 425, 429 and 5xx may work later; anything else is rejected, with the status and the
/// start of the body.
///
/// # Errors
/// Every status outside 200–299.
pub fn by_status(context: &Context, response: &Response) -> Result<Step, Failure> {
    match response.status {
        200..=299 => Ok(Outcome::delivered(format!("answered {}", response.status)).into()),
        408 | 425 | 429 | 500..=599 => Err(retry(context, response)),
        _ => Err(Failure::Rejected(answer(response))),
    }
}

/// A retry that keeps to the answer's `Retry-After`.
pub fn retry(context: &Context, response: &Response) -> Failure {
    Failure::Retry { reason: answer(response), after_ms: retry_after_ms(context, response) }
}

/// What `Retry-After` asks for, in seconds or as a date against the attempt's time; at most a day.
pub fn retry_after_ms(context: &Context, response: &Response) -> Option<u64> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        // `as` saturates, so that neither a negative nor a huge number can wrap.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturating and bounded below"
        )]
        let millis = (seconds * 1000.0) as u64;
        return seconds.is_finite().then_some(millis.min(RETRY_AFTER_MAX_MS));
    }
    let micros = Timestamp::parse(value)?.as_micros().saturating_sub(context.now.as_micros());
    Some(u64::try_from(micros / 1000).unwrap_or(0).min(RETRY_AFTER_MAX_MS))
}

/// Whether a web page answered: a proxy or a sign-in in a service's place.
pub fn is_web_page(response: &Response) -> bool {
    let start = response.text().trim_start().to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}

/// What stands behind the words of an answer for which [`is_firewalled`] is true.
pub const FIREWALLED: &str =
    "a web page refused it: a firewall before the service dislikes what this message says";

/// Whether a web page refused this one request: the word of a firewall on what it says, and no word of the service
/// on the connection.
pub fn is_firewalled(response: &Response) -> bool {
    matches!(response.status, 403 | 406) && is_web_page(response)
}

/// `answered 404 Not Found: the start of the body`, for a person.
pub fn answer(response: &Response) -> String {
    let body = text::truncate(&text::one_line(&response.text()), BODY_CHARS_MAX);
    let status = response.status;
    let hint = match status {
        300..=399 => match response.header("location") {
            // The query of a location may hold a token.
            Some(location) => {
                let location = location.split(['?', '#']).next().unwrap_or("");
                format!(
                    " (a redirect to {}; put the final address into the connection)",
                    text::truncate(location, 200)
                )
            }
            None => " (a redirect)".to_owned(),
        },
        _ => String::new(),
    };
    if body.is_empty() {
        format!("answered {status}{hint}")
    } else {
        format!("answered {status}{hint}: {body}")
    }
}

/// What a second request comes to that holds as text what the service refused at first, for the reason in `earlier`; as
/// it is when there was none before. The words say both.
///
/// # Errors
/// Those of `outcome`.
pub fn second(outcome: Result<Step, Failure>, earlier: &[u8]) -> Result<Step, Failure> {
    if earlier.is_empty() {
        return outcome;
    }
    let earlier = String::from_utf8_lossy(earlier);
    match outcome {
        Err(Failure::Rejected(why)) => Err(Failure::rejected(format!("{why}; before, {earlier}"))),
        Ok(Step::Delivered(mut outcome)) => {
            outcome.summary = format!("{}; as text, because {earlier}", outcome.summary);
            Ok(outcome.into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::example_context;
    use crate::{Certainty, Header};

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(n, v)| Header { name: (*n).to_owned(), value: (*v).to_owned() });
        Response { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn statuses_are_delivered_retried_or_rejected() {
        let context = example_context();
        let of = |status| by_status(&context, &response(status, &[], "because"));
        assert!(matches!(of(204), Ok(Step::Delivered(outcome)) if outcome.certainty == Certainty::Delivered));
        for status in [408, 425, 429, 500, 503] {
            assert!(matches!(of(status), Err(Failure::Retry { .. })), "{status}");
        }
        for status in [301, 400, 404, 410, 422, 100, 999] {
            assert!(matches!(of(status), Err(Failure::Rejected(why)) if why.contains("because")), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let context = example_context();
        let after = |value| retry_after_ms(&context, &response(429, &[("Retry-After", value)], ""));
        assert_eq!(context.now.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(after("30"), Some(30_000));
        assert_eq!(after("0.5"), Some(500));
        assert_eq!(after("Fri, 02 Jan 2026 03:05:05 GMT"), Some(60_000));
        assert_eq!(after("Fri, 02 Jan 2026 03:00:00 GMT"), Some(0));
        assert_eq!(after("99999999999"), Some(RETRY_AFTER_MAX_MS));
        for nonsense in ["", "soon", "NaN", "inf"] {
            assert_eq!(after(nonsense), None, "{nonsense}");
        }
        assert_eq!(after("-1"), Some(0));
    }

    #[test]
    fn a_web_page_is_told_by_how_it_begins() {
        let is_page = |body| is_web_page(&response(200, &[], body));
        assert!(is_page(" <!DOCTYPE html><p>") && is_page("<HTML>"));
        assert!(!is_page("") && !is_page("1") && !is_page("{\"html\":\"<html>\"}"));
    }

    #[test]
    fn a_firewall_refuses_with_a_web_page_and_a_service_in_its_own_words() {
        let is_firewalled = |status, body| is_firewalled(&response(status, &[], body));
        assert!(is_firewalled(403, "<html>Request rejected</html>"));
        assert!(!is_firewalled(403, "action_prohibited") && !is_firewalled(403, ""));
        assert!(!is_firewalled(404, "<html>Not Found</html>"));
    }

    #[test]
    fn a_redirect_names_its_target_without_the_query() {
        let said = answer(&response(302, &[("location", "https://b.example/login?token=x")], ""));
        assert!(said.contains("https://b.example/login;") && !said.contains("token"), "{said}");
    }
}
