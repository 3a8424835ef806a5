//! Finds the incidents of the last day that would trigger other actions under another configuration.

use std::collections::BTreeSet;

use tocsin_core::incident::Incident;
use tocsin_core::routing::Router;
use tocsin_store::{IncidentQuery, Period, ReadError};

use crate::shared::app::App;
use crate::shared::reloads::OtherMatches;

/// The age limit of incidents, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How many incidents are read at once.
const PAGE: usize = 500;
/// How many incidents are examined, the newest first.
const INCIDENTS_MAX: usize = 20_000;

/// The actions that other incidents of the last day would trigger.
pub(super) fn other_matches(
    app: &App,
    before: &Router,
    after: &Router,
) -> Result<Vec<OtherMatches>, ReadError> {
    let names: BTreeSet<&str> = [before, after]
        .iter()
        .flat_map(|router| router.routing().actions.iter().map(|rule| rule.name.as_str()))
        .collect();
    let mut found: Vec<OtherMatches> = names
        .into_iter()
        .map(|action| OtherMatches { action: action.to_owned(), more: Vec::new(), fewer: Vec::new() })
        .collect();
    let mut query = IncidentQuery {
        opened: Period { since: Some(app.clock.now().minus_ms(DAY_MS)), until: None },
        limit: PAGE,
        ..IncidentQuery::default()
    };
    for _ in 0..INCIDENTS_MAX / PAGE {
        let page = app.store.incidents(&query)?;
        for incident in &page.items {
            found.iter_mut().for_each(|action| compare(action, incident, before, after));
        }
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    found.retain(|action| !action.more.is_empty() || !action.fewer.is_empty());
    Ok(found)
}

fn compare(action: &mut OtherMatches, incident: &Incident, before: &Router, after: &Router) {
    let takes =
        |router: &Router| router.action(&action.action).is_some_and(|rule| router.would_open(rule, incident));
    match (takes(before), takes(after)) {
        (false, true) => action.more.push(incident.number),
        (true, false) => action.fewer.push(incident.number),
        _ => {}
    }
}
