//! What requests are called beyond the relay, and that what follows from a request knows it.

use super::relay::*;
use crate::command::{Command, Decoding, Received};
use crate::trace::{Caller, Origin, Trace};

const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn only_a_valid_header_names_a_trace() {
    let trace = Trace::of_header(HEADER).expect("it is valid");
    assert_eq!(trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(trace.header(7), "00-0af7651916cd43dd8448eb211c80319c-0000000000000007-01");
    let caller = Caller::of_header(HEADER).expect("it is valid");
    assert_eq!((caller.trace, caller.span), (trace, 0xb7ad_6b71_6920_3331));
    for (flags, kept) in [("00", "00"), ("ff", "01"), ("02", "00")] {
        let header = format!("{}{flags}", HEADER.strip_suffix("01").expect("flags"));
        let trace = Trace::of_header(&header).expect("it is valid");
        assert!(trace.header(1).ends_with(&format!("-{kept}")), "{flags}");
    }
    for wrong in [
        "",
        "00",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
        "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c8031é-b7ad6b7169203331-01",
    ] {
        assert_eq!(Trace::of_header(wrong), None, "{wrong}");
    }
}

#[test]
fn a_trace_that_the_sender_gave_stays_with_what_follows_also_when_the_request_is_decoded_again() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let given = Trace::of_header(HEADER);
    let events = |keys: &[&str]| Decoding::Events(keys.iter().map(|key| trigger(key)).collect());
    let first = Received { trace: given, ..partly(&[], vec![trigger("disk")], &["alerts[1]"]) };
    let receipt = relay.receive(first);
    assert_eq!(receipt.trace, given);
    let more = Command::Continue { receipt: receipt.id, after: 1, events: vec![trigger("net")] };
    relay.apply(more);
    let record = relay.redecode(receipt.id, received(SOURCE, &[], events(&["disk", "net", "cpu"])));
    assert_eq!((record.trace, record.effects.len()), (given, 3));
    let origins: Vec<_> = relay.state.deliveries.values().map(|delivery| delivery.origin).collect();
    assert_eq!(origins, [Some(Origin { receipt: receipt.id, given }); 3]);
    relay.check();
}

#[test]
fn whether_a_trace_is_recorded_is_a_flag_of_the_header_and_no_part_of_its_id() {
    let trace = Trace::of_header(HEADER).expect("it is valid");
    assert!(trace.is_sampled() && !trace.sampled(false).is_sampled());
    assert_eq!(trace.sampled(false).to_bytes(), trace.to_bytes());
    assert_eq!(trace.sampled(false).header(7), "00-0af7651916cd43dd8448eb211c80319c-0000000000000007-00");
    assert_eq!(trace.sampled(false).sampled(true), trace);
}

#[test]
fn a_delivery_knows_the_request_that_it_follows_from() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let receipt = relay.event(trigger("disk"));
    let delivery = relay.state.deliveries.values().next().expect("a delivery");
    let origin = delivery.origin.expect("a request");
    assert_eq!(origin, Origin { receipt: receipt.id, given: None });
    assert_eq!(origin.trace(), Trace::of_receipt(receipt.id));
}
