//! The relay itself over the control socket: its state, its plugins, and the check of its store.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tocsin_store::{Fault, ReadError};

use super::{Control, blocking, shapes};
use crate::bindings::{Loaded, Origin};
use crate::filters::Failing;
use crate::problem::Problem;
use crate::{backups, clock, delivery, quiet, timers};

pub(super) async fn status(State(control): State<Control>) -> Result<Json<Value>, Problem> {
    let store = control.app.store.clone();
    let counts = blocking(move || store.counts()).await;
    let unmatched = super::unmatched::of_the_last_day(&control.app).await;
    let trouble = control.app.store.trouble();
    let bindings = control.app.bindings();
    let problem = |path: &str, why: &str| json!({ "path": path, "problem": why });
    let mut problems: Vec<Value> =
        bindings.unbound().into_iter().map(|(path, why)| problem(&path, why)).collect();
    if let Some(fault) = trouble {
        problems.push(problem("the store", &format!("nothing can be stored: {}", fault.advice())));
    }
    // Whoever asks what stands still is answered, above all when it is the store.
    if let Err(error) = &counts {
        problems.push(problem("the store", error.detail()));
    }
    for (source, suspended) in control.app.suspensions.all() {
        let why = format!(
            "suspended since {}, since its plugin `{}` ran out of time again and again; requests are kept as dead \
             letters; the plugin is tried again with the first request after {}",
            suspended.since, suspended.plugin, suspended.next_at
        );
        problems.push(problem(&format!("sources.{source}"), &why));
    }
    for name in [delivery::TROUBLE, timers::TROUBLE, backups::TROUBLE] {
        problems.extend(quiet::ongoing(name).map(|why| problem("the relay", &format!("{name}: {why}"))));
    }
    let store = control.app.store.clone();
    // What cannot be read is told once, with the counts.
    let set_aside = blocking(move || store.set_aside()).await.unwrap_or_default();
    Ok(Json(json!({
        "set_aside": set_aside.iter().filter(|row| !row.dismissed).map(shapes::set_aside).collect::<Vec<_>>(),
        "clock_ahead_seconds": clock::ahead_ms() / 1000,
        "version": env!("CARGO_PKG_VERSION"),
        "listen": control.app.config.listen.to_string(),
        "state_dir": control.app.config.state_dir,
        "counts": counts.as_ref().ok().map(shapes::counts),
        "problems": problems,
        "plugins": {
            "refused": super::plugins::refused(&control),
            "waiting": super::plugins::waiting(&control),
        },
        "unmatched": unmatched,
        "rejections": super::intake::rejections(&control.app),
        "filters": control.app.signals.filters.failing().iter().map(filter).collect::<Vec<Value>>(),
        "echoes": super::intake::echoes(&control.app),
        "dropped": super::intake::dropped(&control.app).await,
        "backup": control.app.config.backup.as_ref().map(|plan| control.app.backups.shown(plan)),
    })))
}

/// A filter that failed.
fn filter((action, failing): (&String, &Failing)) -> Value {
    json!({
        "action": action,
        "reason": failing.reason,
        "incident": failing.incident,
        "count": failing.count,
    })
}

pub(super) async fn plugins(State(control): State<Control>) -> Json<Value> {
    let bindings = control.app.bindings();
    let in_force: Vec<Value> = bindings.plugins.values().map(plugin).collect();
    Json(json!({
        "directory": control.shelf.directory(),
        "in_force": in_force,
        "refused": super::plugins::refused(&control),
        "waiting": super::plugins::waiting(&control),
    }))
}

/// A plugin, as it is in force.
fn plugin(loaded: &Loaded) -> Value {
    let info = loaded.plugin.info();
    let origin = match &loaded.origin {
        Origin::Bundled => json!("bundled"),
        Origin::Dropped(file) => json!(file),
    };
    json!({
        "id": info.id,
        "name": info.name,
        "summary": info.summary,
        "version": info.version,
        "digest": loaded.plugin.digest(),
        "origin": origin,
        "source": info.source.is_some(),
        "action": info.action.is_some(),
        "imports": loaded.plugin.imports(),
    })
}

/// Marks what was set aside as seen to.
pub(super) async fn dismiss(State(control): State<Control>) -> Result<Json<Value>, Problem> {
    let store = control.app.store.clone();
    let dismissed = blocking(move || {
        store
            .dismiss_set_aside()
            .map_err(|error| Problem::unavailable("Not stored", format!("Nothing was dismissed: {error}.")))
    });
    Ok(Json(json!({ "dismissed": dismissed.await? })))
}

pub(super) async fn verify(State(control): State<Control>) -> Result<Json<Value>, Problem> {
    let store = control.app.store.clone();
    let verified = blocking(move || {
        store.verify(&mut |_, _| {}).map_err(|error| match error {
            // Reading takes no room.
            ReadError::Storage(Fault::DiskFull) => Problem::unavailable(
                "No room",
                "The check makes a copy beside the store, as large as the store, and the disk is full: make room.",
            ),
            other => Problem::from(other),
        })
    });
    let verified = verified.await?;
    Ok(Json(shapes::verified(&verified)))
}
