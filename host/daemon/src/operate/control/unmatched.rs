//! Incidents that no action took, over the API: how many there are, and why each action leaves one out.
//!
//! Computed from the configuration in force; records nothing.

use std::sync::Arc;

use tocsin_core::delivery::{Change, ChangeKind, Delivery};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::reason::Reason;

use super::actions::would;
use super::context::blocking;
use crate::config::{Action, Config};
use crate::operate::api::incidents::ActionOnIncident;
use crate::operate::api::status::Unmatched;
use crate::shared::app::App;

const HOUR_MS: u64 = 60 * 60 * 1000;
/// How far back the count goes.
const DAY_MS: u64 = 24 * HOUR_MS;
/// Numbers of incidents that are shown.
const SHOWN: usize = 5;

/// The unmatched incidents of the last 24 hours; none when the store cannot be read.
pub(super) async fn of_the_last_day(app: &Arc<App>) -> Option<Unmatched> {
    let store = app.store.clone();
    let since = app.clock.now().minus_ms(DAY_MS);
    let found = blocking(move || store.unmatched(since, SHOWN)).await.ok()?;
    Some(Unmatched {
        hours: DAY_MS / HOUR_MS,
        count: found.count,
        latest: found.latest,
        more: found.is_cut,
        fallback: app.config().fallback.clone(),
    })
}

/// For each action: how many deliveries of `incident` it has, and why its opening is not sent by it now.
pub(super) fn reasons(
    config: &Config,
    incident: &Incident,
    deliveries: &[Delivery],
) -> Vec<ActionOnIncident> {
    let kind =
        if incident.open_since > incident.opened_at { ChangeKind::Reopened } else { ChangeKind::Opened };
    let before = if kind == ChangeKind::Reopened { IncidentState::Resolved } else { IncidentState::Open };
    let opened = would::after(kind, incident.open_since, incident.clone());
    let change = Change::of_the_relay(kind, incident.open_since, Reason::none());
    let reason = |action: &Action| {
        let name = &action.rule.name;
        let own = deliveries.iter().filter(|delivery| delivery.action == *name).count();
        ActionOnIncident {
            name: name.to_string(),
            deliveries: own,
            not_sent: would::not_sent(&action.rule, &opened, before, &change),
        }
    };
    config.actions.values().map(reason).collect()
}
