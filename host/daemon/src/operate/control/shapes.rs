//! What the relay knows, as the API answers it.
//!
//! What is not shown here is not known outside: no secret is.

use std::path::Path;

use tocsin_core::command::RejectedElements;
use tocsin_core::delivery::{Attempt, Delivery, DeliveryState};
use tocsin_core::event::{Event, Link};
use tocsin_core::id::Kind;
use tocsin_core::incident::Incident;
use tocsin_core::plugin::Pair;
use tocsin_core::receipt::{Effect, ReceiptRecord, ReceiptStatus};
use tocsin_core::state::{Happening, TimelineItem};
use tocsin_core::time::Timestamp;
use tocsin_store::{Counts, JournalCut, Page, SetAside, TableSize, Verified};

use crate::config::Backup;
use crate::operate::api::incident::Incident as Shown;
use crate::operate::api::{self, backup, deliveries, incidents, receipts, sources, status, store};
use crate::runtime::wording;
use crate::shared::backups::Made;

pub(super) fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

pub(super) fn links(links: &[Link]) -> Vec<api::Link> {
    links.iter().map(|link| api::Link { title: link.title.clone(), url: link.url.clone() }).collect()
}

/// Names with their values.
pub(crate) fn pairs(pairs: &[Pair]) -> Vec<api::Pair> {
    pairs.iter().map(|pair| api::Pair { name: pair.name.clone(), value: pair.value.clone() }).collect()
}

/// A page of what `shape` makes of the items.
pub(super) fn page<T, K: Kind, U>(page: &Page<T, K>, shape: impl Fn(&T) -> U) -> api::page::Page<U> {
    api::page::Page {
        items: page.items.iter().map(shape).collect(),
        next: page.next.map(|id| id.to_string()),
        searched_until: time(page.searched_until),
    }
}

pub(super) fn incident(incident: &Incident) -> Shown {
    Shown {
        id: incident.id.to_string(),
        number: incident.number,
        source: incident.source.to_string(),
        key: incident.key.clone(),
        title: incident.title.clone(),
        message: incident.message.clone(),
        severity: incident.severity.as_str().to_owned(),
        state: incident.state().as_str().to_owned(),
        labels: incident.labels.clone(),
        links: links(&incident.links),
        count: incident.count,
        flapping: incident.flapping,
        unmatched: incident.unmatched,
        opened_at: incident.opened_at.to_string(),
        updated_at: incident.updated_at.to_string(),
        acknowledged_at: time(incident.acknowledged_at()),
        resolved_at: time(incident.resolved_at()),
    }
}

pub(super) fn timeline(item: &TimelineItem) -> incidents::Happened {
    let (what, fields, action, delivery) = match &item.what {
        Happening::Changed(kind, fields) => (kind.as_str().to_owned(), Some(fields.clone()), None, None),
        Happening::Late(change) => (format!("late {}", change.as_str()), None, None, None),
        Happening::Delivery { id, action, state } => {
            (state.as_str().to_owned(), None, Some(action.to_string()), Some(id.to_string()))
        }
    };
    incidents::Happened {
        at: item.at.to_string(),
        actor: item.actor.clone(),
        text: item.text.to_string(),
        receipt: item.receipt.map(|id| id.to_string()),
        what,
        fields,
        action,
        delivery,
    }
}

pub(super) fn delivery(delivery: &Delivery) -> deliveries::Delivery {
    let incident = deliveries::Named {
        id: delivery.incident.id.to_string(),
        number: delivery.incident.number,
        title: delivery.incident.title.clone(),
    };
    delivery_of(delivery, incident)
}

fn delivery_of<I>(delivery: &Delivery, incident: I) -> deliveries::Delivery<I> {
    // One that waits behind another has no time; one that is held for its action's delay has.
    let is_held = delivery.state == DeliveryState::Waiting && delivery.next_at > delivery.owed_since;
    let has_time = delivery.state == DeliveryState::Due || is_held;
    deliveries::Delivery {
        id: delivery.id.to_string(),
        action: delivery.action.to_string(),
        connection: delivery.connection.to_string(),
        test: delivery.test,
        incident,
        change: delivery.change.kind.as_str().to_owned(),
        state: delivery.state.as_str().to_owned(),
        settled: delivery.state.is_settled(),
        attempts: delivery.attempts,
        next_at: has_time.then(|| delivery.next_at.to_string()),
        owed_since: delivery.owed_since.to_string(),
        last: delivery.log.last().map(attempt),
    }
}

pub(super) fn delivery_whole(whole: &Delivery) -> deliveries::WholeDelivery {
    deliveries::WholeDelivery {
        delivery: delivery_of(whole, incident(&whole.incident)),
        log: whole.log.iter().map(attempt).collect(),
        text: whole.change.text.to_string(),
        actor: whole.change.actor.clone(),
        receipt: whole.origin.map(|origin| origin.receipt.to_string()),
        request_id: whole.origin.map(|origin| origin.trace().to_string()),
    }
}

fn attempt(attempt: &Attempt) -> deliveries::Attempt {
    deliveries::Attempt {
        number: attempt.number,
        at: attempt.at.to_string(),
        took_us: attempt.took_us,
        status: attempt.status,
        summary: attempt.summary.to_string(),
    }
}

pub(super) fn receipt(receipt: &ReceiptRecord) -> receipts::Receipt {
    let reason = match &receipt.status {
        ReceiptStatus::Applied => None,
        ReceiptStatus::PartlyRefused(elements) => Some(wording::rejected(elements)),
        ReceiptStatus::Ignored(why) => Some(why.to_string()),
        ReceiptStatus::Refused(why) | ReceiptStatus::Failed(why) => Some(why.clone()),
        ReceiptStatus::Discarded(actor) => Some(format!("discarded by {actor}")),
        ReceiptStatus::Duplicate(first) => Some(format!("the same delivery as {first}")),
    };
    let elements = match &receipt.status {
        ReceiptStatus::PartlyRefused(elements) => Some(elements),
        _ => None,
    };
    receipts::Receipt {
        id: receipt.id.to_string(),
        at: receipt.at.to_string(),
        source: receipt.source.to_string(),
        plugin: receipt.plugin.clone(),
        status: receipt.outcome().to_owned(),
        dead_letter: receipt.status.is_dead_letter(),
        decodable: receipt.status.is_decodable(),
        reason,
        effects: receipt.effects.iter().map(effect).collect(),
        remarks: receipt.remarks.clone(),
        request_id: receipt.origin().trace().to_string(),
        refused: elements.map(refused),
        refused_count: elements.map(|elements| elements.count),
    }
}

/// The elements of a request that could not be read, as far as they are kept.
pub(crate) fn refused(elements: &RejectedElements) -> Vec<receipts::RefusedElement> {
    let kept = elements.kept.iter();
    kept.map(|element| receipts::RefusedElement {
        place: element.place.clone(),
        reason: element.reason.clone(),
    })
    .collect()
}

pub(super) fn effect(effect: &Effect) -> receipts::Effect {
    receipts::Effect {
        change: effect.change.as_str().to_owned(),
        key: effect.key.clone(),
        did: wording::transition(effect.transition).to_owned(),
        incident: effect
            .incident
            .map(|(id, number)| receipts::IncidentOfEffect { id: id.to_string(), number }),
    }
}

pub(super) fn counts(counts: &Counts) -> status::Counts {
    let incidents = counts.incidents.iter().map(|(state, count)| (state.as_str().to_owned(), *count));
    let deliveries = counts.deliveries.iter().filter(|(_, count)| *count > 0);
    let dead = counts.deliveries.iter().filter(|(state, _)| state.is_dead_letter());
    status::Counts {
        incidents: incidents.collect(),
        deliveries: deliveries.map(|(state, count)| (state.as_str().to_owned(), *count)).collect(),
        receipts: counts.receipts,
        ignored: counts.ignored,
        dead_letters: status::DeadLetterCounts {
            incoming: counts.dead_letters,
            outgoing: dead.map(|(_, count)| count).sum(),
        },
        kept_requests: counts.requests,
        journal_entries: counts.entries,
        store_bytes: counts.file_bytes,
    }
}

/// The outcome of a check of the store; a replay may have begun with a `backup`.
pub fn verified(verified: &Verified, backup: Option<&Path>) -> store::Verified {
    store::Verified {
        clean: verified.is_clean(),
        entries: verified.entries,
        begins: verified.begins,
        replayed_after: verified.replayed_after,
        backup: backup.map(|path| path.display().to_string()),
        tables: verified.tables.len(),
        records: verified.tables.iter().map(|table| table.rows).sum(),
        differing: verified.differing,
        differences: verified.differences.iter().map(ToString::to_string).collect(),
        journal_damaged: verified.is_journal_damaged(),
        digest: store::DigestCheck {
            right: verified.digest.is_right(),
            kept: verified.digest.kept.map(|digest| digest.to_string()),
            rows: verified.digest.rows.to_string(),
        },
        set_aside: verified.set_aside.iter().map(set_aside).collect(),
    }
}

/// Where the journal was cut.
pub(super) fn cut(cut: JournalCut) -> store::JournalCut {
    store::JournalCut { entry: cut.entry, at: cut.at.to_string() }
}

/// The backups that the relay makes by this plan.
pub(super) fn schedule(plan: &Backup, last: Option<Made>) -> backup::Schedule {
    backup::Schedule {
        dir: plan.dir.display().to_string(),
        every_seconds: plan.every.as_secs(),
        keep: plan.keep,
        last: last.map(|made| backup::Made {
            file: made.path.display().to_string(),
            at: made.at.to_string(),
            bytes: made.bytes,
            entries: made.sequence,
            digest: made.digest.to_string(),
        }),
    }
}

/// The room that a table takes.
pub(super) fn size(size: &TableSize) -> store::TableSize {
    store::TableSize {
        table: size.table.to_owned(),
        rows: size.rows,
        stored_bytes: size.stored_bytes,
        metadata_bytes: size.metadata_bytes,
        fragmented_bytes: size.fragmented_bytes,
    }
}

/// A record that could not be read.
pub(super) fn set_aside(row: &SetAside) -> store::SetAside {
    store::SetAside {
        table: row.table.clone(),
        key: row.key.clone(),
        problem: row.problem.clone(),
        incident: row.incident.map(|id| id.to_string()),
        after_entry: row.after,
        dismissed: row.dismissed,
        consequence: wording::set_aside(&row.table).to_owned(),
    }
}

pub(crate) fn event(event: &Event) -> sources::Event {
    sources::Event {
        change: event.change.as_str().to_owned(),
        key: event.key.clone(),
        aliases: event.aliases.clone(),
        title: event.title.clone(),
        message: event.message.clone(),
        severity: event.severity.map(|severity| severity.as_str().to_owned()),
        labels: event.labels.clone(),
        links: links(&event.links),
        actor: event.actor.clone(),
        occurred_at: time(event.occurred_at),
    }
}
