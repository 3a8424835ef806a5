//! What people did is listed by an index of the journal, which agrees with the journal whatever happens to both.

use redb::backends::InMemoryBackend;
use tocsin_core::command::Command;
use tocsin_core::journal::Cause;
use tocsin_core::transition::IncidentCommand;

use super::disk::{Disk, Survives};
use super::samples::{Script, assert_clean, options, started, write};
use crate::{AuditPage, AuditQuery, Keep, Options, Period, Store, raw, rebuild, tables};

const HOUR: u64 = 60 * 60 * 1000;

fn audited(script: &mut Script, by: &str, what: &str) -> crate::Write {
    script.command(Command::Audit { by: by.to_owned(), what: what.to_owned() })
}

fn configured(script: &mut Script, by: &str) -> crate::Write {
    script.command(Command::Configure {
        by: by.to_owned(),
        digest: "9f86".to_owned(),
        changes: vec!["limits.queue".to_owned()],
        sources: Vec::new(),
        connections: Vec::new(),
    })
}

/// An incident opens, and this operator acknowledges it.
fn acknowledged(store: &Store, script: &mut Script, by: &str) {
    let opened = write(store, script.trigger("disk", "Disk full")).unwrap().receipt.unwrap();
    let (incident, _) = opened.effects[0].incident.unwrap();
    let command = IncidentCommand::Acknowledge;
    let (actor, text) = (by.to_owned(), String::new());
    write(store, script.command(Command::Operate { incident, command, actor, text })).unwrap();
}

/// Deeds of three people among requests.
fn deeds(store: &Store, script: &mut Script) {
    write(store, audited(script, "ada (root)", "approved the plugin file jira.wasm")).unwrap();
    acknowledged(store, script, "grace");
    write(store, script.trigger("cpu", "CPU busy")).unwrap();
    write(store, configured(script, "Ada (ada), with `tocsin reload`")).unwrap();
    write(store, script.trigger("fan", "Fan stands still")).unwrap();
    write(store, audited(script, "lin", "made a backup")).unwrap();
}

fn listed(store: &Store, query: &AuditQuery) -> AuditPage {
    store
        .audit(&AuditQuery { limit: if query.limit == 0 { 1000 } else { query.limit }, ..query.clone() })
        .unwrap()
}

fn people(page: &AuditPage) -> Vec<&str> {
    page.entries.iter().map(|(_, by, _)| by.as_str()).collect()
}

const ALL: [&str; 4] = ["lin", "Ada (ada), with `tocsin reload`", "grace", "ada (root)"];

#[test]
fn what_people_did_is_listed_newest_first_and_nothing_else() {
    let (store, mut script) = started(options());
    assert_eq!(listed(&store, &AuditQuery::default()), AuditPage::default());
    deeds(&store, &mut script);
    let page = listed(&store, &AuditQuery::default());
    assert_eq!(people(&page), ALL);
    assert_eq!((page.next, page.searched_until), (None, None));
    let journal = store.entries(0, 1000).unwrap();
    let in_journal = journal.into_iter().filter(|(_, entry)| entry.cause.by().is_some()).rev();
    let found = page.entries.into_iter().map(|(number, _, entry)| (number, entry.unwrap()));
    assert!(found.eq(in_journal));
    assert_clean(&store);
}

#[test]
fn an_audit_entry_is_kept_although_no_state_follows_from_it() {
    let (store, mut script) = started(options());
    let before = store.verify(1, &mut |_, _| {}).unwrap().digest.rows;
    write(&store, audited(&mut script, "ada", "made a backup")).unwrap();
    let last = store.entries(2, 10).unwrap();
    let cause = Cause::Audited { by: "ada".to_owned(), what: "made a backup".to_owned() };
    assert_eq!((last.len(), &last[0].1.cause, last[0].1.facts.len()), (1, &cause, 0));
    assert_eq!(store.verify(1, &mut |_, _| {}).unwrap().digest.rows, before);
}

#[test]
fn the_list_is_narrowed_by_person_and_time_and_comes_in_pages() {
    let (store, mut script) = started(options());
    deeds(&store, &mut script);
    let of_ada = listed(&store, &AuditQuery { by: Some("ADA".to_owned()), ..AuditQuery::default() });
    assert_eq!(people(&of_ada), [ALL[1], ALL[3]]);
    let nobody = listed(&store, &AuditQuery { by: Some("bob".to_owned()), ..AuditQuery::default() });
    assert_eq!(nobody, AuditPage::default());

    let at = |place: usize| {
        let page = listed(&store, &AuditQuery::default());
        page.entries[place].2.as_ref().unwrap().at
    };
    let period = Period { since: Some(at(2)), until: Some(at(0)) };
    let some = listed(&store, &AuditQuery { period, ..AuditQuery::default() });
    assert_eq!(people(&some), ALL[1..3]);

    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = listed(&store, &AuditQuery { before, limit: 1, ..AuditQuery::default() });
        all.extend(people(&page).into_iter().map(str::to_owned));
        assert!(page.entries.len() <= 1 && all.len() <= 4, "the pages repeat something: {all:?}");
        // What comes meanwhile is on no later page.
        write(&store, audited(&mut script, "late", "made a backup")).unwrap();
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all, ALL);
}

#[test]
fn the_index_is_cut_with_the_journal() {
    let keep = Keep { journal_ms: HOUR, ..Keep::default() };
    let (store, mut script) = started(Options { keep, ..options() });
    deeds(&store, &mut script);
    script.now = script.now.plus_ms(2 * HOUR);
    for n in 0..20 {
        write(&store, script.trigger(&format!("later-{n}"), "Later")).unwrap();
    }
    write(&store, audited(&mut script, "late", "made a backup")).unwrap();
    let (first, _) = store.journal_ends().unwrap().unwrap();
    assert!(store.journal_cut().unwrap().is_some() && first > 8, "the journal begins at {first}");
    assert_eq!(people(&listed(&store, &AuditQuery::default())), ["late"]);
    assert_eq!(raw::rows(&store, tables::AUDIT).len(), 1);
    assert_clean(&store);
}

#[test]
fn what_was_only_in_the_log_is_in_the_index_after_a_crash() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(None)).unwrap();
    deeds(&store, &mut script);
    // As it is on the disk while the relay runs.
    let crashed = disk.crashed(Survives::Nothing);
    let store = Store::open_backend(crashed, options()).unwrap();
    assert_eq!(people(&listed(&store, &AuditQuery::default())), ALL);
    assert_clean(&store);
}

#[test]
fn an_index_that_does_not_agree_with_the_journal_is_found_and_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tocsin.redb");
    let store = Store::open(&path, options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(None)).unwrap();
    deeds(&store, &mut script);
    let whole = raw::rows(&store, tables::AUDIT);
    store.close();
    let file = || {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        redb::backends::FileBackend::new(file).unwrap()
    };
    // One is missing, one names somebody else, and two lead to an entry of nobody and to none.
    raw::alter(file(), tables::AUDIT, &whole[0].0, |_| None);
    raw::alter(file(), tables::AUDIT, &whole[1].0, |_| Some(b"mallory".to_vec()));
    raw::alter(file(), tables::AUDIT, &1_u64.to_be_bytes(), |_| Some(b"mallory".to_vec()));
    raw::alter(file(), tables::AUDIT, &999_u64.to_be_bytes(), |_| Some(b"mallory".to_vec()));
    let store = Store::open(&path, options()).unwrap();
    let verified = store.verify(2, &mut |_, _| {}).unwrap();
    let mut words: Vec<String> = verified.differences.iter().map(ToString::to_string).collect();
    words.sort();
    assert_eq!(
        words,
        [
            "audit #1: the entry names another person, or none",
            "audit #2: the entry of a person is not in the index",
            "audit #4: the entry names another person, or none",
            "audit #999: there is no such entry in the journal",
        ]
    );
    // The list goes on with what there is.
    assert_eq!(listed(&store, &AuditQuery::default()).entries.len(), 5);
    store.close();

    rebuild(&path, None, "before", &mut |_, _| {}).unwrap();
    let store = Store::open(&path, options()).unwrap();
    assert!(raw::rows(&store, tables::AUDIT) == whole);
    assert_clean(&store);
}

#[test]
fn an_entry_that_cannot_be_read_is_in_its_place() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(None)).unwrap();
    deeds(&store, &mut script);
    let number = listed(&store, &AuditQuery::default()).entries[0].0;
    store.close();
    raw::alter(disk.clone(), tables::JOURNAL, &number.to_be_bytes(), |row| {
        let mut row = row.unwrap();
        row.truncate(40);
        Some(row)
    });
    let store = Store::open_backend(disk, options()).unwrap();
    let page = listed(&store, &AuditQuery::default());
    assert_eq!(page.entries[0], (number, "lin".to_owned(), None));
    assert_eq!(people(&page), ALL);
}

#[test]
fn an_empty_store_lists_nothing() {
    let store = Store::open_backend(InMemoryBackend::new(), options()).unwrap();
    assert_eq!(listed(&store, &AuditQuery::default()), AuditPage::default());
}
