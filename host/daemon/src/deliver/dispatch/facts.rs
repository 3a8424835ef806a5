//! Reads the states of connections and their due deliveries for the dispatcher, on threads that may wait for the disk.
//!
//! Decides nothing, and records nothing. Notes which connections are paused, for their trials.

use std::collections::BTreeSet;
use std::sync::Arc;

use tocsin_core::delivery::Delivery;
use tocsin_core::id::DeliveryId;
use tocsin_core::name::{ConnectionName, SourceName};
use tocsin_store::ReadError;
use tokio::time::Instant;

use super::planner::{Lane, Standing};
use super::{TROUBLE_PAUSE, Trouble};
use crate::deliver::attempt::Attempt;
use crate::runtime::clock::Now;
use crate::shared::app::App;
use crate::shared::trials::Shown;

/// What there is to plan with.
pub(super) struct Facts {
    pub(super) lanes: Vec<Lane>,
    /// The deliveries that the store holds as `sending`.
    pub(super) sending: Vec<DeliveryId>,
    /// Connections that are paused and gone from the configuration.
    pub(super) gone: Vec<ConnectionName>,
}

/// Reads them.
pub(super) async fn read(app: &Arc<App>, now: Now) -> Result<Facts, Trouble> {
    let read = move |app: &App| {
        let sending = app.store.sending()?;
        let paused: BTreeSet<ConnectionName> =
            app.store.pauses()?.into_iter().map(|(name, _)| name.as_str().into()).collect();
        app.trials.retain(|connection| paused.contains(connection));
        let due = app.store.due_connections()?.into_iter().map(|name| name.as_str().into());
        let (paused, gone): (BTreeSet<_>, BTreeSet<_>) =
            paused.into_iter().partition(|name| app.config().connections.contains_key(name.as_str()));
        let works: BTreeSet<ConnectionName> =
            due.filter(|name| !paused.contains(name) && !gone.contains(name)).collect();
        let paused = paused.into_iter().map(|name| (standing_of_paused(app, &name, now), name));
        let works = works.into_iter().map(|name| (standing(app, &name, now), name));
        let lanes = paused.chain(works).map(|(standing, name)| lane(app, name, standing)).collect();
        Ok(Facts { lanes, sending, gone: gone.into_iter().collect() })
    };
    Ok(app.reading(read).await?)
}

fn lane(app: &App, connection: ConnectionName, standing: Standing) -> Lane {
    // Deliveries of a connection that is no longer configured are settled one by one.
    let concurrency = app.config().connections.get(connection.as_str()).map_or(1, |known| known.concurrency);
    let rate = match app.bindings().connections.get(connection.as_str()) {
        Some(Ok(binding)) => binding.info.rate,
        Some(Err(_)) | None => None,
    };
    Lane { connection, concurrency, rate, standing }
}

fn standing(app: &App, connection: &str, now: Now) -> Standing {
    if let Some(Err(_)) = app.bindings().connections.get(connection) {
        return Standing::WithoutPlugin;
    }
    match app.backoffs.of(connection, now.time) {
        Some(backoff) => Standing::BacksOff(now.instant_of(backoff.until)),
        None => Standing::Works,
    }
}

fn standing_of_paused(app: &App, connection: &str, now: Now) -> Standing {
    if !app.trials.knows(connection) {
        let longest_ms = app.config().connections.get(connection).map_or(0, |known| known.retry.longest_ms);
        app.trials.begin(connection, Shown::ByDeliveries, now.time, longest_ms);
    }
    match app.trials.next_at(connection) {
        Some(_) if app.trials.is_open(connection) => Standing::Tested,
        Some(at) if at > now.time => Standing::Paused(now.instant_of(at)),
        Some(_) | None => Standing::Paused(now.instant),
    }
}

/// What to look for over a connection.
pub(super) struct Wanted {
    pub(super) connection: ConnectionName,
    /// The source that was served last: the one behind it begins.
    pub(super) served: Option<SourceName>,
    pub(super) at_most: usize,
}

/// The deliveries that are due over a connection.
pub(super) struct Due {
    /// In the order in which they are to be sent.
    pub(super) attempts: Vec<Attempt>,
    /// When the next one is, if these are all.
    pub(super) next_at: Option<Instant>,
}

/// Reads the deliveries that are due, for each connection that is wanted.
pub(super) async fn due(app: &Arc<App>, now: Now, wanted: Vec<Wanted>) -> Result<Vec<Due>, Trouble> {
    let read = move |app: &App| wanted.iter().map(|wanted| due_over(app, now, wanted)).collect();
    Ok(app.reading(read).await?)
}

fn due_over(app: &App, now: Now, wanted: &Wanted) -> Result<Due, ReadError> {
    let Wanted { connection, served, at_most } = wanted;
    let due = app.store.due(connection, served.as_ref().map(SourceName::as_str), now.time, *at_most)?;
    let next_at = if due.len() == *at_most {
        None
    } else {
        app.store.next_due(connection, Some(now.time).filter(|_| !due.is_empty()))?
    };
    let next_at = next_at.map(|at| match at {
        // It is due, and cannot be read: its record is about to be set aside.
        at if at <= now.time => now.instant + TROUBLE_PAUSE,
        at => now.instant_of(at),
    });
    // Read before the claim: after it, nothing may keep an attempt from beginning.
    let attempt = |delivery: Delivery| {
        let references = app.store.references_of(delivery.incident.id)?;
        Ok(Attempt { delivery, references })
    };
    Ok(Due { attempts: due.into_iter().map(attempt).collect::<Result<_, ReadError>>()?, next_at })
}
