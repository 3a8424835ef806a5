//! Times: what is written can be read, and what a person types.

use proptest::prelude::*;

use crate::time::Timestamp;

/// The years that RFC 3339 has.
const MICROS: std::ops::Range<i64> = -62_000_000_000_000_000..253_000_000_000_000_000;

proptest! {
    #[test]
    fn a_time_survives_being_written(micros in MICROS) {
        let at = Timestamp::from_micros(micros);
        prop_assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn any_text_is_a_time_or_an_error(text in "\\PC{0,30}") {
        let _ = text.parse::<Timestamp>();
    }
}

#[test]
fn a_time_without_an_offset_is_utc_and_a_date_is_its_beginning() {
    let time =
        |text: &str| text.parse::<Timestamp>().map(|at| at.to_string()).map_err(|error| error.to_string());
    for (text, expected) in [
        ("2026-11-20T16:50:00Z", "2026-11-20T16:50:00Z"),
        ("2026-11-20T17:50:00.25+01:00", "2026-11-20T16:50:00.25Z"),
        ("2026-11-20 16:50:07", "2026-11-20T16:50:07Z"),
        (" 2026-11-20 16:50 ", "2026-11-20T16:50:00Z"),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
    ] {
        assert_eq!(time(text).as_deref(), Ok(expected), "{text}");
    }
    for text in ["", "yesterday", "16:50", "2026-13-01", "1763650000", "20.11.2026"] {
        assert!(
            time(text).unwrap_err().starts_with(&format!("`{text}` is not a time: write `2026-")),
            "{text}"
        );
    }
}
