//! The configuration in force, as far as state depends on it, on disk. Holds no URL and no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tocsin_core::delivery::ChangeKind;
use tocsin_core::incident::IncidentState;
use tocsin_core::routing::{ActionRule, Flapping, Routing, SourceRule};

use super::words::{ActionStatusV1, ChangeKindV1, IncidentStateV1, SeverityV1};
use super::{Text, optional};

#[derive(Serialize, Deserialize)]
pub(super) struct RoutingV1<'a> {
    sources: BTreeMap<Text<'a>, SourceRuleV1>,
    actions: Vec<ActionRuleV1<'a>>,
}

impl<'a> From<&'a Routing> for RoutingV1<'a> {
    fn from(routing: &'a Routing) -> Self {
        let Routing { sources, actions } = routing;
        Self {
            sources: sources.iter().map(|(name, rule)| (name.into(), rule.into())).collect(),
            actions: actions.iter().map(ActionRuleV1::from).collect(),
        }
    }
}

impl From<RoutingV1<'_>> for Routing {
    fn from(v1: RoutingV1<'_>) -> Self {
        Self {
            sources: v1.sources.into_iter().map(|(name, rule)| (name.into_owned(), rule.into())).collect(),
            actions: v1.actions.into_iter().map(ActionRule::from).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SourceRuleV1 {
    reopen_window_ms: u64,
    default_severity: SeverityV1,
    replay_window_ms: u64,
    flapping: Option<FlappingV1>,
    heartbeat_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auto_resolve_ms: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct FlappingV1 {
    reopenings: usize,
    window_ms: u64,
}

impl From<&SourceRule> for SourceRuleV1 {
    fn from(rule: &SourceRule) -> Self {
        let SourceRule {
            reopen_window_ms,
            default_severity,
            replay_window_ms,
            flapping,
            heartbeat_ms,
            auto_resolve_ms,
        } = rule;
        Self {
            reopen_window_ms: *reopen_window_ms,
            default_severity: (*default_severity).into(),
            replay_window_ms: *replay_window_ms,
            flapping: flapping.map(|Flapping { reopenings, window_ms }| FlappingV1 { reopenings, window_ms }),
            heartbeat_ms: *heartbeat_ms,
            auto_resolve_ms: *auto_resolve_ms,
        }
    }
}

impl From<SourceRuleV1> for SourceRule {
    fn from(v1: SourceRuleV1) -> Self {
        Self {
            reopen_window_ms: v1.reopen_window_ms,
            default_severity: v1.default_severity.into(),
            replay_window_ms: v1.replay_window_ms,
            flapping: v1
                .flapping
                .map(|FlappingV1 { reopenings, window_ms }| Flapping { reopenings, window_ms }),
            heartbeat_ms: v1.heartbeat_ms,
            auto_resolve_ms: v1.auto_resolve_ms,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ActionRuleV1<'a> {
    name: Text<'a>,
    status: ActionStatusV1,
    connection: Text<'a>,
    test_connection: Option<Text<'a>>,
    on: Vec<ChangeKindV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    enters: Vec<IncidentStateV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leaves: Vec<IncidentStateV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat_ms: Option<u64>,
    filter: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_fallback: bool,
}

impl<'a> From<&'a ActionRule> for ActionRuleV1<'a> {
    fn from(rule: &'a ActionRule) -> Self {
        let ActionRule {
            name,
            status,
            connection,
            test_connection,
            on,
            enters,
            leaves,
            delay_ms,
            repeat_ms,
            filter,
            is_fallback,
        } = rule;
        Self {
            name: name.into(),
            status: (*status).into(),
            connection: connection.into(),
            test_connection: optional(test_connection.as_ref()),
            on: on.iter().copied().map(ChangeKindV1::from).collect(),
            enters: enters.iter().copied().map(IncidentStateV1::from).collect(),
            leaves: leaves.iter().copied().map(IncidentStateV1::from).collect(),
            delay_ms: *delay_ms,
            repeat_ms: *repeat_ms,
            filter: optional(filter.as_ref()),
            is_fallback: *is_fallback,
        }
    }
}

impl From<ActionRuleV1<'_>> for ActionRule {
    fn from(v1: ActionRuleV1<'_>) -> Self {
        Self {
            name: v1.name.into_owned(),
            status: v1.status.into(),
            connection: v1.connection.into_owned(),
            test_connection: v1.test_connection.map(Text::into_owned),
            on: v1.on.into_iter().map(ChangeKind::from).collect(),
            enters: v1.enters.into_iter().map(IncidentState::from).collect(),
            leaves: v1.leaves.into_iter().map(IncidentState::from).collect(),
            delay_ms: v1.delay_ms,
            repeat_ms: v1.repeat_ms,
            filter: v1.filter.map(Text::into_owned),
            is_fallback: v1.is_fallback,
        }
    }
}
