//! The relay itself over the API: its state, and the check of its store.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use tocsin_store::{Fault, ReadError, ReplayError};

use super::asked::Asked;
use super::context::{Control, blocking};
use super::guard::Caller;
use super::user::User;
use super::{audit, shapes};
use crate::backups;
use crate::deliver::dispatch;
use crate::operate::api::Actor;
use crate::operate::api::status::{FailingFilter, KeptSince, PluginsAside, Status, StatusProblem};
use crate::operate::api::store::{Dismissed, Verified, Verify};
use crate::operate::metrics::Exporter;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::filters::Failing;
use crate::shared::problem::HttpProblem;
use crate::{timers, traces};

#[utoipa::path(
    get,
    path = "/status",
    operation_id = "getStatus",
    tag = "relay",
    summary = "The state of the relay: what it holds, and what does not work.",
    responses((status = 200, description = "Done.", body = Status))
)]
pub(super) async fn status(State(control): State<Control>) -> Json<Status> {
    let store = control.app.store.clone();
    let counts = blocking(move || store.counts()).await;
    let unmatched = super::unmatched::of_the_last_day(&control.app).await;
    let store = control.app.store.clone();
    // A read error is reported once, with the counts.
    let set_aside = blocking(move || store.set_aside()).await.unwrap_or_default();
    let store = control.app.store.clone();
    let since = blocking(move || store.kept_since()).await.ok();
    let app = &control.app;
    Json(Status {
        set_aside: set_aside.iter().filter(|row| !row.dismissed).map(shapes::set_aside).collect(),
        clock_ahead_seconds: app.clock.ahead_ms() / 1000,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        listen: app.config().listen.to_string(),
        state_dir: app.config().state_dir.display().to_string(),
        execution: app.config().plugins.execution.to_string(),
        problems: problems(&control, counts.as_ref().err()),
        counts: counts.as_ref().ok().map(shapes::counts),
        plugins: PluginsAside {
            refused: super::plugins::refused(&control),
            pending: super::plugins::pending(&control),
        },
        unmatched,
        rejections: super::intake::rejections(app),
        filters: app.signals.filters.failing().iter().map(filter).collect(),
        echoes: super::intake::echoes(app),
        dropped: super::intake::dropped(app).await,
        kept_since: since.map(kept_since),
        backup: app.config().backup.as_ref().map(|plan| shapes::schedule(plan, app.backups.last())),
    })
}

/// Metrics, whatever `[metrics]` says.
pub(super) async fn metrics(Extension(exporter): Extension<Arc<Exporter>>) -> Result<Response, HttpProblem> {
    exporter.now().await
}

/// How far back things are kept.
fn kept_since(since: tocsin_store::KeptSince) -> KeptSince {
    KeptSince {
        resolved_incidents: since.resolved.map(|at| at.to_string()),
        receipts: since.receipt.map(|at| at.to_string()),
        journal_cut: since.journal_cut.map(shapes::cut),
    }
}

/// What does not work, and why. This always answers, above all when it is the store, which could not be read if there is
/// an `unread`.
fn problems(control: &Control, unread: Option<&HttpProblem>) -> Vec<StatusProblem> {
    let app = &control.app;
    let problem =
        |path: &str, why: &str| StatusProblem { path: path.to_owned(), problem: why.to_owned(), file: None };
    let unbound = app.bindings().unbound().into_iter().map(|(path, why)| problem(&path, why)).collect();
    let mut problems: Vec<StatusProblem> = unbound;
    if let Some(refused) = control.reloads.refused() {
        let why = format!(
            "the relay refused the configuration of {} and keeps the one in force: {}; correct it and run `tocsin reload`",
            refused.at,
            refused.why.replace('\n', "; ")
        );
        problems.push(problem("the configuration", &why));
    }
    if let Some(why) = app.access.trouble() {
        problems.push(problem(
            "the API",
            &format!("{why}: no token is valid; repair the file, or move it away and restart"),
        ));
    }
    if let Some(fault) = app.store.trouble() {
        problems.push(problem("the store", &format!("nothing can be stored: {}", fault.advice())));
    }
    problems.extend(unread.map(|error| problem("the store", error.detail())));
    for (source, suspended) in app.suspensions.all() {
        let why = format!(
            "suspended since {}, since its plugin `{}` ran out of time again and again; requests are kept as dead \
             letters; the plugin is tried again with the first request after {}",
            suspended.since, suspended.plugin, suspended.next_at
        );
        problems.push(problem(&format!("sources.{source}"), &why));
    }
    let troubles =
        [dispatch::TROUBLE, timers::TROUBLE, timers::forget::TROUBLE, backups::TROUBLE, traces::TROUBLE];
    for name in troubles {
        problems.extend(trouble::ongoing(name).map(|why| problem("the relay", &format!("{name}: {why}"))));
    }
    problems
}

/// A filter that failed.
fn filter((action, failing): (&String, &Failing)) -> FailingFilter {
    FailingFilter {
        action: action.clone(),
        reason: failing.reason.clone(),
        incident: failing.incident,
        count: failing.count,
    }
}

/// Marks what was set aside as seen to.
#[utoipa::path(
    post,
    path = "/store/dismiss",
    operation_id = "dismissSetAside",
    tag = "store",
    summary = "Marks all records that could not be read as seen.",
    request_body = Actor,
    responses((status = 200, description = "Done.", body = Dismissed))
)]
pub(super) async fn dismiss(
    State(control): State<Control>,
    user: User,
    Asked(Actor { actor }): Asked<Actor>,
) -> Result<Json<Dismissed>, HttpProblem> {
    let store = control.app.store.clone();
    let dismissed = blocking(move || {
        store.dismiss_set_aside().map_err(|error| {
            HttpProblem::unavailable("Not stored", format!("Nothing was dismissed: {error}."))
        })
    });
    let dismissed = dismissed.await?;
    if dismissed > 0 {
        let what = format!("dismissed the records that were set aside: {dismissed}");
        audit::record(&control, &user, actor.as_deref(), what).await;
    }
    Ok(Json(Dismissed { dismissed }))
}

/// Threads of a check: the relay goes on meanwhile.
const VERIFY_THREADS: usize = 1;

#[utoipa::path(
    post,
    path = "/store/verify",
    operation_id = "verifyStore",
    tag = "store",
    summary = "Checks that the store is what its journal says. A replay takes minutes.",
    request_body = Verify,
    responses((status = 200, description = "Done.", body = Verified))
)]
pub(super) async fn verify(
    State(control): State<Control>,
    caller: Caller,
    Asked(asked): Asked<Verify>,
) -> Result<Json<Verified>, HttpProblem> {
    if asked.from.is_some() && !caller.is_local() {
        return Err(HttpProblem::bad_request(
            "`from` names a file of the relay's machine: run `tocsin verify --replay --from` there.",
        ));
    }
    let app = control.app.clone();
    if !asked.replay {
        let verified = blocking(move || app.store.verify(VERIFY_THREADS, &mut |_, _| {})).await?;
        return Ok(Json(shapes::verified(&verified, None)));
    }
    Ok(Json(blocking(move || replay(&app, asked.from.map(PathBuf::from))).await?))
}

fn replay(app: &App, from: Option<PathBuf>) -> Result<Verified, HttpProblem> {
    let store = &app.store;
    let from = match (from, store.journal_cut()?) {
        (Some(from), _) => Some(from),
        (None, None) => None,
        (None, Some(_)) => {
            let ends = store.journal_ends()?.unwrap_or_default();
            app.config().backup.as_ref().and_then(|plan| backups::checkpoint(&plan.dir, ends))
        }
    };
    let verified = store.replay(from.as_deref(), &mut |_, _| {}).map_err(|error| match error {
        // Reading takes no room.
        ReplayError::Store(ReadError::Storage(Fault::DiskFull)) => HttpProblem::unavailable(
            "No room",
            "The replay makes a copy beside the store, as large as the store, and the disk is full: make room.",
        ),
        ReplayError::Store(other) => HttpProblem::from(other),
        other => HttpProblem::bad_request(format!("{other}.")),
    })?;
    Ok(shapes::verified(&verified, from.as_deref()))
}
