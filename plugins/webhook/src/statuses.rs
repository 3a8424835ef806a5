//! Sets of HTTP statuses as people write them: `200-299, 304`.
//!
//! Never takes a number that is no status.

use std::ops::RangeInclusive;

/// A set of HTTP statuses.
pub(crate) struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    /// From numbers and ranges with commas or spaces between; `5xx` is `500-599`. Empty holds none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let joined = text.replace(" -", "-").replace("- ", "-");
        let words = joined.split([',', ' ', ';', '\n']).filter(|word| !word.is_empty());
        words.map(range).collect::<Result<_, _>>().map(Self)
    }

    /// The first status of the set as it was written; none when it is empty.
    pub(crate) fn first(&self) -> Option<u16> {
        self.0.first().map(|range| *range.start())
    }

    /// The lowest status that is in both.
    pub(crate) fn first_shared(&self, other: &Self) -> Option<u16> {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| (a, b)));
        let shared = pairs.map(|(a, b)| *a.start().max(b.start())..=*a.end().min(b.end()));
        shared.filter(|range| !range.is_empty()).map(|range| *range.start()).min()
    }

    pub(crate) fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

fn range(word: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || format!("`{word}` is neither a status such as 200 nor a range such as 200-299");
    let number = |text: &str| match text.parse::<u16>() {
        Ok(status @ 100..=599) => Ok(status),
        _ => Err(wrong()),
    };
    if let Some(class) = word.to_ascii_lowercase().strip_suffix("xx") {
        let first = number(&format!("{class}00"))?;
        return Ok(first..=first + 99);
    }
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (number(first)?, number(last)?);
    if first > last { Err(wrong()) } else { Ok(first..=last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_sets_share_is_found_wherever_it_stands() {
        let shared = |a: &str, b: &str| {
            Statuses::parse(a).expect("a set").first_shared(&Statuses::parse(b).expect("a set"))
        };
        assert_eq!(shared("200-299, 500", "408, 429, 500-504"), Some(500));
        assert_eq!(shared("200-299, 500", "4xx"), None);
        assert_eq!(shared("500, 290-420", "4xx, 299"), Some(299));
        assert_eq!(shared("", "200"), None);
    }

    #[test]
    fn numbers_ranges_and_classes_are_read() {
        let set = Statuses::parse("200 - 299, 304 5xx").expect("a set");
        assert!(set.contains(204) && set.contains(304) && set.contains(599));
        assert!(!set.contains(303) && !set.contains(404));
        for wrong in ["abc", "299-200", "20", "200-", "xx", "9xx", "200..299"] {
            assert!(Statuses::parse(wrong).is_err(), "{wrong}");
        }
    }
}
