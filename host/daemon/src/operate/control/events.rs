//! Live events of the journal, as server-sent events.
//!
//! A stream reads a page of the journal when its reader has taken the page before, so a slow reader delays nobody and
//! costs at most two pages of memory. It says where it is with each event: a reader that comes again with the last id
//! misses nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::asked::Narrowed;
use super::context::{Control, blocking};
use super::document::{NotFound, TooMany};
use super::guard::Caller;
use super::journal;
use super::pieces::Pieces;
use crate::operate::api::events::EventList;
use crate::runtime::server::{Activity, Doing};
use crate::shared::app::App;
use crate::shared::events::{Following, Full, Heard, Place};
use crate::shared::problem::HttpProblem;

mod page;

use page::Position;

/// With the last event that a reader had; the reader sends it when it comes again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Has a proxy in front, such as nginx, pass on each event at once.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");
/// The time without an event after which a comment shows that the stream is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
const ALIVE: &[u8] = b": alive\n\n";
/// How long a stream gathers entries after it was woken, so that a busy relay does not read the journal for each entry.
const GATHERING: Duration = Duration::from_millis(50);
/// When a client that has too many streams may try again: the relay notices within a heartbeat that a reader is gone.
const COME_AGAIN_SECONDS: &str = "15";
/// How long a reader may take for the rest when the relay stops.
const LAST_PIECE: Duration = Duration::from_millis(500);

/// Streams entries of the journal as they are committed.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "followEvents",
    tag = "journal",
    summary = "Entries of the journal as they are committed, as server-sent events.",
    params(
        EventList,
        ("Last-Event-ID" = Option<String>, Header, description = "The number of the last entry that the reader had; wins over `after`.")
    ),
    responses(
        (status = 200, description = "A stream. The id of an event is the number of its entry, its name the cause of the entry, its data an `Entry` as JSON.", body = String, content_type = "text/event-stream"), NotFound, TooMany
    )
)]
pub(super) async fn stream(
    State(control): State<Control>,
    caller: Caller,
    activity: Option<Extension<Activity>>,
    headers: HeaderMap,
    Narrowed(list): Narrowed<EventList>,
) -> Result<Response, HttpProblem> {
    let after = last_event(&headers)?.or(list.after);
    let events = &control.app.signals.events;
    let place = events.place(caller.asker()).map_err(no_place)?;
    // Before the journal is read, so that no entry comes between.
    let following = events.follow();
    let store = control.app.store.clone();
    let position = blocking(move || -> Result<_, HttpProblem> {
        let incident = list.incident.map(|reference| journal::incident(&store, &reference)).transpose()?;
        let last = store.journal_ends()?.map_or(0, |(_, last)| last);
        Ok(Position { after: after.unwrap_or(last), incident })
    });
    let (sender, pieces) = mpsc::channel(1);
    let streaming = Streaming {
        app: Arc::clone(&control.app),
        caller,
        position: position.await?,
        following,
        sender,
        activity: activity.map(|Extension(activity)| activity),
        _place: place,
    };
    tokio::spawn(streaming.run());
    let head = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache"), UNBUFFERED];
    Ok((head, Body::new(Pieces(pieces))).into_response())
}

/// 429 for a token that has its share of streams, 503 if all together are too many.
fn no_place(full: Full) -> HttpProblem {
    const TITLE: &str = "Too many streams";
    match full {
        Full::Token(limit) => {
            let detail = format!(
                "This access token has {limit} streams of events, which is the limit for one token: end one, or use \
                 another token."
            );
            HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, TITLE, detail)
                .header(RETRY_AFTER, HeaderValue::from_static(COME_AGAIN_SECONDS))
                .with("limit", limit)
        }
        Full::All(limit) => {
            let detail = format!(
                "There are {limit} streams of events, which is the limit: end one, or try again later."
            );
            HttpProblem::unavailable(TITLE, detail).with("limit", limit)
        }
    }
}

/// The number of the last event that the reader had, if it says one.
fn last_event(headers: &HeaderMap) -> Result<Option<u64>, HttpProblem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.map(Some).ok_or_else(|| {
        HttpProblem::bad_request(format!(
            "`Last-Event-ID`: {value:?} is not the number of an entry: leave the header out to get what comes next."
        ))
    })
}

/// A stream under way.
struct Streaming {
    app: Arc<App>,
    caller: Caller,
    position: Position,
    following: Following,
    sender: mpsc::Sender<Bytes>,
    activity: Option<Activity>,
    _place: Place,
}

impl Streaming {
    async fn run(mut self) {
        let began = format!("retry: 1000\nid: {}\n\n", self.position.after);
        if self.sender.send(began.into()).await.is_err() {
            return;
        }
        if self.follow().await == Some(Heard::End) {
            drop(self.sender);
            // The connection of a reader that has read everything is closed by now.
            sleep(LAST_PIECE).await;
            if let Some(activity) = self.activity {
                activity.close();
            }
        }
    }

    /// Sends events until the relay stops, or the reader may not see them any more. None if the reader is gone, or the store
    /// cannot be read: then the reader comes again.
    async fn follow(&mut self) -> Option<Heard> {
        let mut heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let place = tokio::select! {
                () = self.following.end() => return Some(Heard::End),
                place = self.sender.reserve() => place.ok()?,
            };
            if !self.caller.is_valid(&self.app) {
                return Some(Heard::End);
            }
            let (store, position) = (self.app.store.clone(), self.position.clone());
            let page = blocking(move || page::read(&store, &position)).await.ok()?;
            self.position.after = page.after;
            if page.text.is_empty() {
                drop(place);
            } else {
                place.send(page.text.into());
                heartbeat = self.is_alive();
            }
            if !page.is_last {
                continue;
            }
            match self.wait(&mut heartbeat).await? {
                Heard::Entries => sleep(GATHERING).await,
                Heard::End => return Some(Heard::End),
            }
        }
    }

    /// Waits for entries or the end, and sends heartbeats meanwhile.
    async fn wait(&mut self, heartbeat: &mut Instant) -> Option<Heard> {
        loop {
            tokio::select! {
                heard = self.following.next() => return Some(heard),
                () = self.sender.closed() => return None,
                () = sleep_until(*heartbeat) => {}
            }
            if !self.caller.is_valid(&self.app) {
                return Some(Heard::End);
            }
            // A reader that has not taken the last piece needs no heartbeat.
            let _ = self.sender.try_send(Bytes::from_static(ALIVE));
            *heartbeat = self.is_alive();
        }
    }

    /// Counts as the least idle of the connections that are not being worked on. Returns the time of the next heartbeat.
    fn is_alive(&self) -> Instant {
        if let Some(activity) = &self.activity {
            activity.is(Doing::Nothing);
        }
        Instant::now() + HEARTBEAT
    }
}
