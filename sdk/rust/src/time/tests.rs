//! Dates as senders write them, and the calendar against a library's.

use super::*;

#[test]
fn dates_are_read_in_every_spelling_that_senders_use() {
    for (text, rfc3339) in [
        ("2019-08-16T19:30:17.153+0530", "2019-08-16T14:00:17.153Z"),
        ("2019-08-16T19:30:17.153+05:30", "2019-08-16T14:00:17.153Z"),
        ("2019-08-16T19:30:17.1534567+05.30", "2019-08-16T14:00:17.153456Z"),
        ("2019-08-16T14:00:17Z", "2019-08-16T14:00:17Z"),
        ("2019-08-16t14:00z", "2019-08-16T14:00:00Z"),
        ("2019-08-16 14:00:17", "2019-08-16T14:00:17Z"),
        ("2019-08-16 14:00:17 UTC", "2019-08-16T14:00:17Z"),
        ("2019-08-16", "2019-08-16T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Mon, 6 November 1994 08:49:37 -0130", "1994-11-06T10:19:37Z"),
        ("06 Nov 1994 08:49", "1994-11-06T08:49:00Z"),
        ("1565964017", "2019-08-16T14:00:17Z"),
        ("1565964017153", "2019-08-16T14:00:17.153Z"),
        ("1565964017153000", "2019-08-16T14:00:17.153Z"),
        ("1565964017153000246", "2019-08-16T14:00:17.153Z"),
    ] {
        assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), Some(rfc3339), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none_and_never_a_panic() {
    for text in [
        "",
        "yesterday",
        "2019-13-45T99:00:00Z",
        "2019-02-29",
        "2019-04-31",
        "2019-01-01T24:00:00Z",
        "-5",
        "9999999999999999999999",
        "Z",
        "+0530",
        "2019-08-16T",
        "2019-08-16Tü",
        "üüüü-üü-üü",
        "2019-08-1ü",
        "2019-01-01T00:00:00+99:00",
        "2019-01-01T00:00:00.x",
        "2019-01-01T1:2:3:4",
        "Sun,",
        "Sun, 1 ü 2000 1:1",
        "1 Jan 99 00:00 GMT",
        "20190816T140017Z",
    ] {
        assert_eq!(Timestamp::parse(text), None, "{text}");
    }
    for micros in [i64::MAX, i64::MIN, -1] {
        assert!(Timestamp::from_micros(micros).to_string().ends_with('Z'));
    }
}

#[test]
fn the_calendar_is_that_of_a_library() {
    // From the year 0 to 9999 in steps that meet every month, leap days and fractions.
    let mut micros = -62_167_219_200_000_000_i64;
    while micros < 253_370_764_800_000_000 {
        let library = jiff::Timestamp::from_microsecond(micros).expect("within the library's range");
        let ours = Timestamp::from_micros(micros).to_string();
        assert_eq!(ours, library.to_string());
        assert_eq!(Timestamp::parse(&ours), Some(Timestamp::from_micros(micros)), "{ours}");
        micros += 86_400_000_000 * 13 + 12_345_678_901;
    }
}
