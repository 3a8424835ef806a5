//! Reads a JSON document and leaves out members by name.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The document in `bytes`, without the members that `skip` picks.
pub(super) fn parse(bytes: &[u8], skip: fn(&str) -> bool) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Pruned(skip).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Which members to leave out.
#[derive(Clone, Copy)]
struct Pruned(fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for Pruned {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pruned {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key_seed(Name)? {
            if (self.0)(&name) {
                members.next_value::<IgnoredAny>()?;
            } else {
                object.insert(name.into_owned(), members.next_value_seed(self)?);
            }
        }
        Ok(Value::Object(object))
    }
}

/// A member's name, borrowed where it holds no escapes: a skipped one costs no memory.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn picked_members_are_left_out_at_any_depth() {
        let bytes = br#"{"a":1,"x_1":{"deep":[1,2]},"list":[{"x_2":null,"b":"t\u00e9"}],"n":-1.5,"big":18446744073709551615}"#;
        let value = parse(bytes, |name| name.starts_with("x_")).unwrap();
        assert_eq!(value, json!({"a":1,"list":[{"b":"té"}],"n":-1.5,"big":u64::MAX}));
    }

    #[test]
    fn a_mistake_within_a_skipped_member_is_found_where_it_stands() {
        let error = parse(b"{\n\"x_1\": {nope}}", |name| name.starts_with("x_")).unwrap_err();
        assert_eq!((error.line(), error.column()), (2, 9));
    }

    #[test]
    fn nothing_may_follow_the_document() {
        assert!(parse(b"{} {}", |_| false).is_err());
    }
}
