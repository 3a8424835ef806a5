//! The id under which Google Chat knows a request again, so that a repeated one makes no second message.
//!
//! Never random: all attempts of one delivery have the same.

/// FNV-1a of 128 bits: where it begins, and what it multiplies with.
const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// A UUID of version 8 (RFC 9562, for own uses) made of the delivery's id.
pub(crate) fn uuid(delivery_id: &str) -> String {
    let hash = delivery_id.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    let version = hash & !(0xf << 76) | (0x8 << 76);
    let bits = version & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_delivery_has_one_and_no_other_has_the_same() {
        let id = uuid("01KDYQ3M8800000000000000DD");
        assert_eq!(id, uuid("01KDYQ3M8800000000000000DD"));
        let ids: BTreeSet<String> = (0..10_000).map(|n| uuid(&format!("01KDYQ3M88{n:016}"))).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn it_has_the_form_of_a_uuid_whatever_the_id_is() {
        for id in ["01KDYQ3M8800000000000000DD", "", "ü", "a very long id that is none at all, and goes on"]
        {
            let uuid = uuid(id);
            let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12]);
            assert!(
                uuid.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)),
                "{uuid}"
            );
            assert_eq!(&uuid[14..15], "8", "{uuid}");
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        }
    }
}
