//! Ids: 26 characters that mean the same in order and back.

use proptest::prelude::*;

use crate::id::{Id, IncidentId, OfIncident};
use crate::time::Timestamp;

fn ids() -> impl Strategy<Value = IncidentId> {
    (any::<i64>(), any::<u128>()).prop_map(|(micros, random)| Id::new(Timestamp::from_micros(micros), random))
}

proptest! {
    #[test]
    fn an_id_survives_being_written_also_in_lower_case(id in ids()) {
        let text = id.to_string();
        prop_assert_eq!(text.len(), 26);
        prop_assert_eq!(text.parse(), Ok(id));
        prop_assert_eq!(text.to_lowercase().parse(), Ok(id));
        prop_assert_eq!(Id::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn text_and_bytes_have_the_order_of_the_ids(a in ids(), b in ids()) {
        prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
    }

    #[test]
    fn a_later_id_is_greater_whatever_the_randomness(
        ms in 0_i64..1 << 47, later in 1_i64..1 << 40, random in any::<u128>(), other in any::<u128>(),
    ) {
        let at = |ms: i64| Timestamp::from_micros(ms * 1000);
        let (a, b) = (IncidentId::new(at(ms), random), Id::new(at(ms + later), other));
        prop_assert!(a < b);
        prop_assert_eq!(a.at(), at(ms));
    }

    #[test]
    fn successors_are_of_the_same_millisecond_and_differ(id in ids(), n in 1_u32.., m in 1_u32..) {
        prop_assert_eq!(id.successor::<OfIncident>(n).at(), id.at());
        prop_assert_ne!(id.successor::<OfIncident>(n), id);
        prop_assert_eq!(id.successor::<OfIncident>(n) == id.successor::<OfIncident>(m), n == m);
    }

    #[test]
    fn any_text_is_an_id_or_an_error_that_names_it(text in "[0-9a-zA-Z]{24,28}|\\PC*") {
        match text.parse::<IncidentId>() {
            Ok(id) => prop_assert_eq!(id.to_string(), text.to_uppercase()),
            Err(error) => prop_assert!(error.to_string().contains("is not an id")),
        }
    }
}

#[test]
fn an_id_from_before_1970_counts_as_1970() {
    assert_eq!(IncidentId::new(Timestamp::from_micros(-1), 1), Id::new(Timestamp::from_micros(0), 1));
    assert_eq!(IncidentId::new(Timestamp::from_micros(i64::MIN), 1), Id::new(Timestamp::from_micros(0), 1));
}

#[test]
fn what_is_read_aloud_has_no_letters_that_look_like_digits() {
    for text in ["0000000000000000000000000I", "000000000000000000000000L0", "O0000000000000000000000000"] {
        assert!(text.parse::<IncidentId>().is_err(), "{text}");
    }
    assert!("80000000000000000000000000".parse::<IncidentId>().is_err(), "more than 128 bits");
    assert_eq!("7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse(), Ok(IncidentId::from_bytes([0xff; 16])));
}

#[test]
fn a_time_is_written_as_rfc_3339_and_out_of_its_range_as_a_number() {
    assert_eq!(Timestamp::from_micros(1_763_650_000_250_000).to_string(), "2025-11-20T14:46:40.25Z");
    assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9223372036854775807us");
}

#[test]
fn time_does_not_wrap() {
    let now = Timestamp::from_micros(1);
    assert_eq!(now.plus_ms(u64::MAX), Timestamp::from_micros(i64::MAX));
    assert_eq!(Timestamp::from_micros(-10).minus_ms(u64::MAX), Timestamp::from_micros(i64::MIN));
    assert_eq!(now.ms_since(now.plus_ms(1)), 0);
    assert_eq!(now.plus_ms(1).ms_since(now), 1);
}
