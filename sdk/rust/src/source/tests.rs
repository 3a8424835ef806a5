//! Lists with bad elements, and what is too long.

use super::*;

fn event(number: usize) -> Vec<Event> {
    vec![Event::new(Change::Trigger, &number.to_string(), "t")]
}

#[test]
fn a_bad_element_costs_only_itself_and_is_named() {
    let elements = [Ok(event(0)), Err(Refusal::missing("id")), Ok(event(2))];
    let decoded = Decoded::of_elements(elements, |index| format!("[{index}]")).unwrap();
    assert_eq!(decoded.events.len(), 2);
    let expected = Rejection { place: "[1]".to_owned(), reason: "`id` is missing".to_owned() };
    assert_eq!(decoded.rejected, [expected]);
    let all_bad = [Err(Refusal::missing("id")), Err(Refusal::missing("x"))];
    assert_eq!(Decoded::of_elements(all_bad, |_| String::new()), Err(Refusal::missing("id")));
}

#[test]
fn of_too_many_elements_the_first_are_taken_and_the_others_named() {
    let elements = (0..EVENTS_MAX + 3).map(|number| Ok(event(number)));
    let decoded = Decoded::of_elements(elements, |index| format!("[{index}]")).unwrap();
    assert_eq!((decoded.events.len(), decoded.rejected.len()), (EVENTS_MAX, 3));
    assert!(decoded.rejected[0].place == "[10000]" && decoded.rejected[0].reason.contains("10000 events"));
    let bad = std::iter::repeat_n(Err(Refusal::missing("id")), EVENTS_MAX * 2);
    let decoded = Decoded::of_elements(bad.chain([Ok(event(1))]), |_| String::new()).unwrap();
    assert_eq!(decoded.rejected.len(), EVENTS_MAX);
}

#[test]
fn an_overlong_delivery_id_is_shortened_and_stays_another() {
    let of = |end: &str| Decoded::default().delivery_id("x".repeat(5000) + end).delivery_id.unwrap();
    assert!(of("a").len() <= keys::BYTES_MAX && of("a") != of("b"));
    assert_eq!(Decoded::default().delivery_id(String::new()).delivery_id, None);
}
