//! Reads the JSON document of a group without a tree of the whole: first everything but the alerts, then the
//! alerts one by one.
//!
//! Never holds more than one alert: a tree takes about ten times the text, and a group may have megabytes.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The member that holds the list.
const ALERTS: &str = "alerts";

/// What the member `alerts` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Not there, or null.
    Absent,
    /// A list of so many elements.
    List(usize),
    /// Anything else.
    Other,
}

/// Every member but `alerts`, and what that is. A document that is no object has no members.
pub(super) fn outline(bytes: &[u8]) -> Result<(Map<String, Value>, Shape), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    let outline = if is_object {
        reader.deserialize_map(Outline)?
    } else {
        IgnoredAny::deserialize(&mut reader)?;
        (Map::new(), Shape::Absent)
    };
    reader.end()?;
    Ok(outline)
}

/// Calls `each` with the first `limit` elements of `alerts`.
pub(super) fn for_each(
    bytes: &[u8],
    limit: usize,
    mut each: impl FnMut(Value),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.deserialize_map(Elements { limit, each: &mut each })
}

struct Outline;

impl<'de> Visitor<'de> for Outline {
    type Value = (Map<String, Value>, Shape);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group of alerts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut about, mut alerts) = (Map::new(), None);
        while let Some(name) = members.next_key::<String>()? {
            if name != ALERTS {
                about.insert(name, members.next_value()?);
            } else if alerts.replace(members.next_value_seed(Count)?).is_some() {
                return Err(Error::duplicate_field(ALERTS));
            }
        }
        Ok((about, alerts.unwrap_or(Shape::Absent)))
    }
}

/// Counts a list's elements and keeps none.
struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Shape, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of alerts")
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Absent)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Shape, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut count = 0;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Shape::List(count))
    }
}

/// Goes through the document to the elements of `alerts`.
struct Elements<'a> {
    limit: usize,
    each: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group of alerts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == ALERTS {
                members.next_value_seed(Elements { limit: self.limit, each: &mut *self.each })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for _ in 0..self.limit {
            let Some(item) = items.next_element()? else { return Ok(()) };
            (self.each)(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
