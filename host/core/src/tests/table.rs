//! The whole table of what events and commands do, cell by cell, as the design draws it. A change of any
//! cell is a change of a line here.

use crate::event::EventChange;
use crate::incident::IncidentState;
use crate::transition::{Commanded, IncidentCommand, Order, Situation, Transition, on_command, on_event};

/// The columns, in the order of [`Situation::ALL`].
const SITUATIONS: [&str; 5] = ["none", "open", "acknowledged", "resolved recently", "resolved long ago"];

#[rustfmt::skip]
const EVENTS: [(EventChange, Order, [Transition; 5]); 8] = {
    use EventChange as E;
    use Order::{InOrder, Late};
    use Transition::{
        Acknowledge, Count, Merge, Note, NoteLate, Nothing, Open, OpenAcknowledged, Orphan, Reopen, Resolve,
    };
    [
        //                         none              open         acknowledged  recently  long ago
        (E::Trigger,     InOrder, [Open,             Merge,       Merge,        Reopen,   Open]),
        (E::Acknowledge, InOrder, [OpenAcknowledged, Acknowledge, Nothing,      Nothing,  Nothing]),
        (E::Resolve,     InOrder, [Orphan,           Resolve,     Resolve,      Nothing,  Nothing]),
        (E::Note,        InOrder, [Orphan,           Note,        Note,         Note,     Orphan]),
        (E::Trigger,     Late,    [Open,             Count,       Count,        NoteLate, NoteLate]),
        (E::Acknowledge, Late,    [OpenAcknowledged, NoteLate,    NoteLate,     Nothing,  Nothing]),
        (E::Resolve,     Late,    [Orphan,           NoteLate,    NoteLate,     Nothing,  Nothing]),
        (E::Note,        Late,    [Orphan,           Note,        Note,         Note,     Orphan]),
    ]
};

#[rustfmt::skip]
const COMMANDS: [(IncidentCommand, [Commanded; 3]); 5] = {
    use IncidentCommand as C;
    use Commanded::{Acknowledge, Note, Nothing, Refused, Reopen, Resolve, Unacknowledge};
    [
        //                   open         acknowledged   resolved
        (C::Acknowledge,   [Acknowledge, Nothing,       Refused]),
        (C::Unacknowledge, [Nothing,     Unacknowledge, Refused]),
        (C::Resolve,       [Resolve,     Resolve,       Nothing]),
        (C::Reopen,        [Nothing,     Nothing,       Reopen]),
        (C::Note,          [Note,        Note,          Note]),
    ]
};

#[test]
fn every_event_does_in_every_situation_what_the_table_says() {
    for (change, order, row) in EVENTS {
        for ((situation, name), expected) in Situation::ALL.into_iter().zip(SITUATIONS).zip(row) {
            let done = on_event(situation, change, order);
            assert_eq!(done, expected, "{change:?}, {order:?}, {name}");
        }
    }
}

#[test]
fn every_command_does_in_every_state_what_the_table_says() {
    for (command, row) in COMMANDS {
        for (state, expected) in IncidentState::ALL.into_iter().zip(row) {
            assert_eq!(on_command(state, command), expected, "{command:?}, {state:?}");
        }
    }
}

#[test]
fn the_tables_have_a_cell_for_every_case() {
    assert_eq!(COMMANDS.map(|(command, _)| command), IncidentCommand::ALL);
    let rows = EVENTS.map(|(change, order, _)| (row_of(change), order == Order::Late));
    let expected =
        [(0, false), (1, false), (2, false), (3, false), (0, true), (1, true), (2, true), (3, true)];
    assert_eq!(rows, expected);
}

/// Does not compile when an event has no row.
fn row_of(change: EventChange) -> usize {
    match change {
        EventChange::Trigger => 0,
        EventChange::Acknowledge => 1,
        EventChange::Resolve => 2,
        EventChange::Note => 3,
    }
}

#[test]
fn a_resolution_is_recent_up_to_and_including_the_last_millisecond_of_the_window() {
    let of = |ms| Situation::of(IncidentState::Resolved, ms, 1000);
    assert_eq!(of(0), Situation::ResolvedRecently);
    assert_eq!(of(1000), Situation::ResolvedRecently);
    assert_eq!(of(1001), Situation::ResolvedLongAgo);
}

#[test]
fn an_unresolved_incident_is_what_it_is_however_old() {
    assert_eq!(Situation::of(IncidentState::Open, u64::MAX, 0), Situation::Open);
    assert_eq!(Situation::of(IncidentState::Acknowledged, u64::MAX, 0), Situation::Acknowledged);
}
