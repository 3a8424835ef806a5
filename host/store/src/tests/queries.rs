//! Lists by any filter have what a look at everything has, and pages have each of it once, whatever happens meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::{Config, TestRunner};
use tocsin_core::command::{Command, Decoding, Received};
use tocsin_core::delivery::{Delivery, DeliveryState};
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::id::{Id, IncidentId, Kind};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::name::{ActionName, ConnectionName, SourceName};
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::time::Timestamp;
use tocsin_core::transition::IncidentCommand;

use super::disk::Disk;
use super::samples::{Script, assert_clean, event, options, received, started, submit, write};
use crate::{
    DeliveryQuery, IncidentQuery, Page, Period, ReadError, ReceiptQuery, Receipts, Store, raw, tables,
};

const SOURCES: [&str; 3] = ["grafana", "jira", "zabbix"];
/// Requests with several events each, which are of one millisecond.
const REQUESTS: usize = 60;
const EVENTS: usize = 20;

/// The event `n`: its severity and its words depend on `n`.
fn opening(n: usize) -> Event {
    let title = ["Disk full", "CPU busy", "disk is slow", "Straße GESPERRT"][n % 4];
    let mut event = event(EventChange::Trigger, &format!("key-{n}"), title);
    event.severity = Some(Severity::ALL[n / 3 % Severity::ALL.len()]);
    event.labels.insert("host".to_owned(), format!("db{}", n % 10));
    event
}

fn receive(store: &Store, script: &mut Script, source: &str, events: Vec<Event>) {
    let identities = vec![format!("request-{}", script.now.micros())];
    let request = Received { identities, ..received(source, Decoding::Events(events)) };
    write(store, script.write(request)).unwrap();
}

fn operate(script: &mut Script, incident: IncidentId, command: IncidentCommand) -> crate::Write {
    script.command(Command::Operate { incident, command, actor: "ada".to_owned(), text: String::new() })
}

/// A store with incidents of every kind.
fn filled() -> (Store, Script) {
    let (store, mut script) = started(options());
    for request in 0..REQUESTS {
        let events = (0..EVENTS).map(|event| opening(request * EVENTS + event)).collect();
        receive(&store, &mut script, SOURCES[request % SOURCES.len()], events);
    }
    let failed = Received {
        identities: vec!["x".to_owned()],
        ..received("jira", Decoding::Failed("a trap".to_owned()))
    };
    write(&store, script.write(failed)).unwrap();
    let changed = incidents(&store, &IncidentQuery::default());
    let changes = changed.iter().enumerate().filter_map(|(n, incident)| match n % 5 {
        0 | 1 => Some(operate(&mut script, incident.id, IncidentCommand::Resolve)),
        2 => Some(operate(&mut script, incident.id, IncidentCommand::Acknowledge)),
        3 => Some(script.command(Command::Modify {
            incident: incident.id,
            title: None,
            severity: Some(Severity::ALL[n % Severity::ALL.len()]),
            actor: "ada".to_owned(),
            text: String::new(),
        })),
        _ => None,
    });
    let answers: Vec<_> = changes.map(|change| submit(&store, change)).collect();
    answers.into_iter().for_each(|answer| drop(answer.recv().unwrap().unwrap()));
    (store, script)
}

/// Everything that the pages of a list have, each of `limit` at most.
fn walked<T, K: Kind>(
    limit: usize,
    mut page: impl FnMut(Option<Id<K>>) -> Result<Page<T, K>, ReadError>,
) -> Vec<T> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let Page { items, next, searched_until } = page(before).unwrap();
        assert!(items.len() <= limit);
        assert!(next.is_some() || searched_until.is_none(), "the last page has looked at all");
        assert!(next.is_none() || items.len() == limit || searched_until.is_some(), "a short page says why");
        found.extend(items);
        match next {
            Some(_) if next == before => unreachable!("a page that leads to itself"),
            Some(_) => before = next,
            None => return found,
        }
    }
}

/// All that `query` asks for, in large pages.
fn incidents(store: &Store, query: &IncidentQuery) -> Vec<Incident> {
    in_pages(store, query, 10_000)
}

fn in_pages(store: &Store, query: &IncidentQuery, limit: usize) -> Vec<Incident> {
    walked(limit, |before| store.incidents(&IncidentQuery { before, limit, ..query.clone() }))
}

/// What `query` asks for, said plainly.
fn asks_for(query: &IncidentQuery, incident: &Incident) -> bool {
    let labels = incident.labels.iter().map(|(name, value)| format!("{name}={value}"));
    let texts: Vec<String> = labels.chain([incident.title.clone(), incident.key.clone()]).collect();
    let has = |word: &str| texts.iter().any(|text| text.to_lowercase().contains(&word.to_lowercase()));
    (query.states.is_empty() || query.states.contains(&incident.state()))
        && (query.severities.is_empty() || query.severities.contains(&incident.severity))
        && query.source.as_ref().is_none_or(|source| *source == incident.source)
        && query.opened.since.is_none_or(|since| incident.opened_at >= since)
        && query.opened.until.is_none_or(|until| incident.opened_at < until)
        && query.text.iter().flat_map(|text| text.split(' ')).all(has)
}

/// Times around those at which anything happened: whole ones, and a little before and after.
fn period() -> impl Strategy<Value = Period> {
    let time = || {
        let around = (0..150i64, prop_oneof![Just(0), Just(-1), Just(1), Just(1000)]);
        proptest::option::of(around.prop_map(|(second, micros)| {
            Timestamp::from_micros(super::samples::START.micros() + second * 1_000_000 + micros)
        }))
    };
    (time(), time()).prop_map(|(since, until)| Period { since, until })
}

fn incident_query() -> impl Strategy<Value = IncidentQuery> {
    let words = ["disk", "DISK full", "key-7", "host=db3", "straße", "db1 slow", "nothing has this"];
    (
        subsequence(IncidentState::ALL.to_vec(), 0..=3),
        subsequence(Severity::ALL.to_vec(), 0..=5),
        proptest::option::of(proptest::sample::select(vec!["grafana", "jira", "zabbix", "graf", ""])),
        period(),
        proptest::option::of(proptest::sample::select(words.to_vec())),
    )
        .prop_map(|(states, severities, source, opened, text)| IncidentQuery {
            states,
            severities,
            source: source.map(Into::into),
            opened,
            text: text.map(str::to_owned),
            ..IncidentQuery::default()
        })
}

fn each(strategy: impl Strategy<Value = (IncidentQuery, usize)>, test: impl Fn(IncidentQuery, usize)) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
    runner
        .run(&strategy, |(query, limit)| {
            test(query, limit);
            Ok(())
        })
        .unwrap();
}

#[test]
fn incidents_by_any_filter_are_those_that_a_look_at_all_finds() {
    let (store, _) = filled();
    let all = incidents(&store, &IncidentQuery::default());
    assert_eq!(all.len(), REQUESTS * EVENTS);
    assert!(all.is_sorted_by(|a, b| a.id > b.id && a.opened_at >= b.opened_at));
    each((incident_query(), prop_oneof![1..20usize, 100..300usize]), |query, limit| {
        let expected: Vec<&Incident> = all.iter().filter(|incident| asks_for(&query, incident)).collect();
        let found = in_pages(&store, &query, limit);
        assert!(found.iter().eq(expected.iter().copied()), "{query:?}: {found:#?}");
    });
    assert_clean(&store);
}

#[test]
fn incidents_of_more_kinds_than_are_merged_are_the_same() {
    let (store, mut script) = started(options());
    let answers: Vec<_> = (0..2010)
        .map(|n| {
            let source = format!("source-{n}");
            submit(&store, script.write(received(&source, Decoding::Events(vec![opening(n)]))))
        })
        .collect();
    answers.into_iter().for_each(|answer| drop(answer.recv().unwrap().unwrap()));
    let all = incidents(&store, &IncidentQuery::default());
    assert_eq!(all.len(), 2010);
    let severities = Severity::ALL.to_vec();
    for query in [
        IncidentQuery { states: vec![IncidentState::Open], ..Default::default() },
        IncidentQuery { severities, ..Default::default() },
        IncidentQuery { source: Some("source-77".into()), ..Default::default() },
    ] {
        let expected: Vec<&Incident> = all.iter().filter(|incident| asks_for(&query, incident)).collect();
        assert!(in_pages(&store, &query, 90).iter().eq(expected), "{query:?}");
    }
}

#[test]
fn a_walk_has_everything_once_that_was_there_all_along_whatever_happens_meanwhile() {
    let filters = [
        IncidentQuery::default(),
        IncidentQuery { source: Some("jira".into()), ..Default::default() },
        IncidentQuery { severities: vec![Severity::High, Severity::Info], ..Default::default() },
        IncidentQuery { states: vec![IncidentState::Open], ..Default::default() },
        IncidentQuery { text: Some("disk".to_owned()), ..Default::default() },
    ];
    for query in filters {
        let (store, mut script) = filled();
        let before: Vec<IncidentId> = incidents(&store, &query).iter().map(|incident| incident.id).collect();
        let (mut turn, limit) = (0, 37);
        let found = walked(limit, |before| {
            turn += 1;
            // New ones come, and one that is far from the cursor and one that is near it change.
            receive(&store, &mut script, SOURCES[turn % 3], vec![opening(5000 + turn)]);
            let all = incidents(&store, &IncidentQuery::default());
            for at in [turn * 7, all.len() - 1 - turn * 3] {
                let incident = &all[at];
                let command = match incident.state() {
                    IncidentState::Open => IncidentCommand::Acknowledge,
                    IncidentState::Acknowledged => IncidentCommand::Unacknowledge,
                    IncidentState::Resolved => IncidentCommand::Note,
                };
                let text = "changed".to_owned();
                let actor = "ada".to_owned();
                write(
                    &store,
                    script.command(Command::Operate { incident: incident.id, command, actor, text }),
                )
                .unwrap();
            }
            store.incidents(&IncidentQuery { before, limit, ..query.clone() })
        });
        let ids: Vec<IncidentId> = found.iter().map(|incident| incident.id).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "{query:?}: each once, the newest first");
        let found: BTreeSet<IncidentId> = ids.into_iter().collect();
        let after: BTreeSet<IncidentId> =
            incidents(&store, &query).iter().map(|incident| incident.id).collect();
        let missing: Vec<&IncidentId> =
            before.iter().filter(|id| after.contains(id) && !found.contains(id)).collect();
        // One that was another meanwhile may be missing.
        let is_open = !query.states.is_empty();
        assert!(missing.is_empty() || (is_open && missing.len() <= 2 * turn), "{query:?}: {missing:?}");
        assert_clean(&store);
    }
}

#[test]
fn a_page_of_a_rare_word_ends_early_and_says_how_far_it_looked() {
    let (store, mut script) = started(options());
    receive(&store, &mut script, "jira", vec![event(EventChange::Trigger, "rare", "A needle")]);
    let oldest = script.now;
    for request in 0..5 {
        receive(&store, &mut script, "jira", (0..900).map(|n| opening(request * 900 + n)).collect());
    }
    let query = IncidentQuery { text: Some("NEEDLE".to_owned()), limit: 10, ..IncidentQuery::default() };
    let first = store.incidents(&query).unwrap();
    assert_eq!(first.items, []);
    let searched_until = first.searched_until.unwrap();
    assert!(oldest < searched_until && searched_until < script.now, "{searched_until}");
    assert_eq!(first.next.map(Id::at), first.searched_until);
    assert_eq!(in_pages(&store, &query, 10).len(), 1);
    // What no word narrows has whole pages.
    let all = store.incidents(&IncidentQuery { limit: 4000, ..IncidentQuery::default() }).unwrap();
    assert_eq!((all.items.len(), all.searched_until), (4000, None));
    assert_eq!(all.next, all.items.last().map(|last| last.id));
    let opened = Period { until: Some(oldest.plus_ms(1)), since: None };
    let narrowed = store.incidents(&IncidentQuery { opened, ..query.clone() }).unwrap();
    assert_eq!((narrowed.items.len(), narrowed.next, narrowed.searched_until), (1, None, None));
    let nobody = IncidentQuery { source: Some("nobody".into()), ..query };
    assert_eq!(store.incidents(&nobody).unwrap(), Page::default());
}

#[test]
fn deliveries_by_any_filter_are_those_that_a_look_at_all_finds() {
    let (store, _) = filled();
    let pages = |query: DeliveryQuery, limit: usize| -> Vec<Delivery> {
        walked(limit, |before| store.deliveries(&DeliveryQuery { before, limit, ..query.clone() }))
    };
    let all = pages(DeliveryQuery::default(), 10_000);
    assert!(all.len() > 3000, "{}", all.len());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(100) });
    let name = |names: &[&'static str]| proptest::option::of(proptest::sample::select(names.to_vec()));
    let strategy = (
        subsequence(DeliveryState::ALL.to_vec(), 0..=4),
        name(&["pager", "chat", "nowhere"]),
        name(&["page", "post"]),
        proptest::option::of(any::<Index>()),
        period(),
        prop_oneof![1..50usize, 100..3000usize],
    );
    runner
        .run(&strategy, |(states, connection, action, incident, made, limit)| {
            let incident = incident.map(|index| index.get(&all).incident.id);
            let (connection, action) = (connection.map(ConnectionName::from), action.map(ActionName::from));
            let has = |one: &&Delivery| {
                (states.is_empty() || states.contains(&one.state))
                    && connection.as_ref().is_none_or(|connection| *connection == one.connection)
                    && action.as_ref().is_none_or(|action| *action == one.action)
                    && incident.is_none_or(|incident| incident == one.incident.id)
                    && made.since.is_none_or(|since| one.id >= Id::new(since, 0))
                    && made
                        .until
                        .is_none_or(|until| one.id < Id::new(Timestamp::from_micros(until.micros() + 999), 0))
            };
            let expected: Vec<&Delivery> = all.iter().filter(has).collect();
            let states = states.clone();
            let query = DeliveryQuery { states, connection, action, incident, made, ..Default::default() };
            let found = pages(query.clone(), limit);
            assert!(found.iter().eq(expected), "{query:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn receipts_by_any_filter_are_those_that_a_look_at_all_finds() {
    let (store, _) = filled();
    let pages = |query: ReceiptQuery, limit: usize| -> Vec<ReceiptRecord> {
        walked(limit, |before| store.receipts(&ReceiptQuery { before, limit, ..query.clone() }))
    };
    let all = pages(ReceiptQuery::default(), 10_000);
    assert_eq!(all.len(), REQUESTS + 1);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(100) });
    let strategy = (
        proptest::option::of(proptest::sample::select(SOURCES.to_vec())),
        proptest::sample::select(vec![Receipts::All, Receipts::DeadLetters, Receipts::Ignored]),
        period(),
        1..50usize,
    );
    runner
        .run(&strategy, |(source, which, came, limit)| {
            let has = |one: &&ReceiptRecord| {
                source.is_none_or(|source| source == one.source)
                    && came.since.is_none_or(|since| one.at >= since)
                    && came.until.is_none_or(|until| one.at < until)
                    && match which {
                        Receipts::All => true,
                        Receipts::DeadLetters => one.status.is_dead_letter(),
                        Receipts::Ignored => false,
                    }
            };
            let expected: Vec<&ReceiptRecord> = all.iter().filter(has).collect();
            let source = source.map(SourceName::from);
            let query = ReceiptQuery { source, which, came, ..Default::default() };
            let found = pages(query.clone(), limit);
            assert!(found.iter().eq(expected), "{query:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_source_is_known_by_what_is_kept_of_it() {
    let (store, mut script) = started(options());
    receive(&store, &mut script, "jira", vec![opening(1)]);
    write(&store, script.write(received("ignores", Decoding::Ignored("a test".to_owned())))).unwrap();
    let known = ["jira", "ignores", "jir", "jirb", ""].map(|source| store.knows_source(source).unwrap());
    assert_eq!(known, [true, true, false, false, false]);
}

#[test]
fn a_row_of_the_index_that_is_no_kind_hides_no_incident() {
    let disk = Disk::default();
    let mut store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(None)).unwrap();
    receive(&store, &mut script, "jira", (0..30).map(opening).collect());
    let states = vec![IncidentState::Open, IncidentState::Resolved];
    let query = IncidentQuery { states, ..IncidentQuery::default() };
    let before = incidents(&store, &query);
    let mut odd = crate::keys::text("jira");
    odd.extend_from_slice(&[1, 0]);
    for wrong in [vec![0], [odd.as_slice(), &[7; 16]].concat(), vec![0xff; 30]] {
        store.close();
        raw::alter(disk.clone(), tables::INCIDENTS_BY_KIND, &wrong, |_| Some(Vec::new()));
        store = Store::open_backend(disk.clone(), options()).unwrap();
        assert_eq!(incidents(&store, &query), before);
        assert_eq!(
            incidents(&store, &IncidentQuery { source: Some("jira".into()), ..query.clone() }),
            before
        );
    }
    // A start looks at every incident that is not over, by the same index.
    write(&store, script.started(None)).unwrap();
    receive(&store, &mut script, "jira", vec![opening(99)]);
    assert_eq!(incidents(&store, &query).len(), 31);
    let set_aside: Vec<String> = store.set_aside().unwrap().into_iter().map(|row| row.table).collect();
    assert_eq!(set_aside, ["incidents_by_kind"; 3]);
    let verified = store.verify(1, &mut |_, _| {}).unwrap();
    assert!(verified.differences.is_empty() && verified.digest.is_right(), "{verified:#?}");
}
