//! The backup over the API: streamed, so that the command line writes it where its user may.
//!
//! Holds a few pieces at a time. A reader that stops reading is cut off, and with it the snapshot goes.

use std::io::{self, BufWriter, Write};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use super::asked::Narrowed;
use super::context::{Control, blocking};
use super::pieces::Pieces;
use super::user::User;
use super::{audit, shapes};
use crate::backups::{self, file::BUFFER_BYTES};
use crate::operate::api::Actor;
use crate::operate::api::store::TableSize;
use crate::shared::problem::HttpProblem;

/// Pieces of a backup that wait for its reader.
const PIECES: usize = 4;

/// A backup of what the store holds now.
#[utoipa::path(
    get,
    path = "/backup",
    operation_id = "getBackup",
    tag = "store",
    summary = "A backup of the store, as a stream.",
    params(Actor),
    responses(
        (status = 200, description = "The backup.", body = Vec<u8>, content_type = "application/octet-stream")
    )
)]
pub(super) async fn stream(
    State(control): State<Control>,
    user: User,
    Narrowed(Actor { actor }): Narrowed<Actor>,
) -> Response {
    // A copy of everything leaves the relay. The backup has this entry too.
    audit::record(&control, &user, actor.as_deref(), "asked for a backup of the store".to_owned()).await;
    let (sender, pieces) = mpsc::channel(PIECES);
    let (store, about) = (control.app.store.clone(), backups::about(control.app.clock.now(), false));
    // It ends with the backup, or when nobody reads it any more.
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, Writing(sender));
        let made = store.backup(&about, &mut out, &mut |_, _| {});
        // What is wrong is the end of what was sent; whoever reads it says so.
        if let Err(error) = made {
            tracing::warn!(%error, "a backup was not finished");
        }
    });
    ([(CONTENT_TYPE, "application/octet-stream")], Body::new(Pieces(pieces))).into_response()
}

/// The writing end.
struct Writing(mpsc::Sender<Bytes>);

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Bytes::copy_from_slice(bytes));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads it any more"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much room each table takes.
#[utoipa::path(
    get,
    path = "/store/sizes",
    operation_id = "getSizes",
    tag = "store",
    summary = "The room that each table of the store takes.",
    responses((status = 200, description = "Done.", body = Vec<TableSize>))
)]
pub(super) async fn sizes(State(control): State<Control>) -> Result<Json<Vec<TableSize>>, HttpProblem> {
    let store = control.app.store.clone();
    let sizes = blocking(move || store.sizes()).await?;
    Ok(Json(sizes.iter().map(shapes::size).collect()))
}
