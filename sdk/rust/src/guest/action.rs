//! An action's context, requests and verdicts, between this crate's types and the generated ones.
//!
//! Never adds or leaves out a field.

use super::exchange::{failure, request, response as answer};
use super::shared::{labels_in, labels_out, reference_in, reference_out, settings};
use super::{Exported, types};
use bindings::exports::tocsin::plugin::action_encoder as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world encodes { export tocsin:plugin/action-encoder@0.2.0; }",
        world: "tocsin:sdk/encodes",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_action",
        with: { "tocsin:plugin/types@0.2.0": crate::guest::description::bindings::tocsin::plugin::types },
    });
}

impl<T: crate::Action, Kind> wit::Guest for Exported<T, Kind> {
    fn encode(context: wit::Context) -> Result<wit::Step, types::Failure> {
        let (context, connection, settings) = read::<T>(context)?;
        T::encode(&context, &connection, &settings).map(step).map_err(failure)
    }

    fn resume(
        context: wit::Context,
        state: Vec<u8>,
        response: types::Response,
    ) -> Result<wit::Step, types::Failure> {
        let (context, connection, settings) = read::<T>(context)?;
        T::resume(&context, &connection, &settings, &state, &answer(response)).map(step).map_err(failure)
    }
}

fn read<T: crate::Action>(
    given: wit::Context,
) -> Result<(crate::Context, T::Connection, T::Settings), types::Failure> {
    let context = context(given);
    let wrong = |error: crate::SettingError| failure(crate::Failure::misconfigured(error.to_string()));
    let connection = <T::Connection as crate::Settings>::from_settings(&context.connection).map_err(wrong)?;
    let settings = <T::Settings as crate::Settings>::from_settings(&context.settings).map_err(wrong)?;
    Ok((context, connection, settings))
}

fn context(given: wit::Context) -> crate::Context {
    crate::Context {
        incident: incident(given.incident),
        change: change(given.change),
        attempt: given.attempt,
        delivery_id: given.delivery_id,
        test: given.test,
        now: crate::Timestamp::from_micros(given.now),
        owed_since: crate::Timestamp::from_micros(given.owed_since),
        zone: crate::Zone {
            id: given.zone.id,
            name: given.zone.name,
            offset_minutes: given.zone.offset_minutes,
        },
        language: given.language,
        action: given.action,
        references: given.references.into_iter().map(reference_in).collect(),
        settings: settings(given.settings),
        connection: settings(given.connection),
        host: given.host,
        urls: labels_in(given.urls),
    }
}

fn incident(given: wit::Incident) -> crate::Incident {
    let link = |l: types::Link| crate::Link { title: l.title, url: l.url };
    crate::Incident {
        id: given.id,
        number: given.number,
        source: given.source,
        key: given.key,
        title: given.title,
        message: given.message,
        severity: match given.severity {
            types::Severity::Critical => crate::Severity::Critical,
            types::Severity::High => crate::Severity::High,
            types::Severity::Medium => crate::Severity::Medium,
            types::Severity::Low => crate::Severity::Low,
            types::Severity::Info => crate::Severity::Info,
        },
        state: match given.state {
            wit::State::Open => crate::State::Open,
            wit::State::Acknowledged => crate::State::Acknowledged,
            wit::State::Resolved => crate::State::Resolved,
        },
        labels: labels_in(given.labels),
        links: given.links.into_iter().map(link).collect(),
        count: given.count,
        opened_at: crate::Timestamp::from_micros(given.opened_at),
        open_since: crate::Timestamp::from_micros(given.open_since),
        updated_at: crate::Timestamp::from_micros(given.updated_at),
        acknowledged_at: given.acknowledged_at.map(crate::Timestamp::from_micros),
        resolved_at: given.resolved_at.map(crate::Timestamp::from_micros),
        extra: labels_in(given.extra),
    }
}

fn change(given: wit::Change) -> crate::IncidentChange {
    crate::IncidentChange {
        kind: crate::ChangeKind::of_word(&given.kind),
        at: crate::Timestamp::from_micros(given.at),
        actor: given.actor,
        text: given.text,
        changed: given.changed,
        before: labels_in(given.before),
    }
}

fn step(step: crate::Step) -> wit::Step {
    match step {
        crate::Step::Send(sent, state) => wit::Step::Send(wit::Exchange { request: request(*sent), state }),
        crate::Step::Skipped(why) => wit::Step::Skipped(why),
        crate::Step::Delivered(outcome) => wit::Step::Delivered(wit::Receipt {
            certainty: match outcome.certainty {
                crate::Certainty::Delivered => wit::Certainty::Delivered,
                crate::Certainty::Accepted => wit::Certainty::Accepted,
            },
            summary: outcome.summary,
            references: outcome.references.into_iter().map(reference_out).collect(),
            updates: labels_out(outcome.updates),
            extra: Vec::new(),
        }),
    }
}
