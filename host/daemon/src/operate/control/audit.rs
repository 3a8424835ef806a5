//! What people did: recorded where no state follows from it, and listed for all.
//!
//! Never refuses a deed because it cannot be recorded: on a full disk an operator still wants a backup. The log has it then.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use tocsin_core::command::Command;
use tocsin_core::event::single_line;
use tocsin_core::journal::Entry;
use tocsin_store::AuditQuery;

use super::asked::Narrowed;
use super::context::{Control, blocking};
use super::journal::{self, Names};
use super::user::User;
use super::{query, shapes};
use crate::operate::api::audit::{AuditList, Deed};
use crate::operate::api::page::Page;
use crate::shared::problem::HttpProblem;

mod words;

/// Characters of a recorded name.
const NAME_CHARS: usize = 200;
/// Characters of a recorded deed. Longer than any: a name in it may come from outside.
const WHAT_CHARS: usize = 1000;

/// How long a deed waits for its entry.
const RECORDING: Duration = Duration::from_secs(10);

/// Records that the person who gave `claim` did `what`, in words such as `approved the plugin file jira.wasm`. If that is
/// not possible, the log has it.
pub(super) async fn record(control: &Control, user: &User, claim: Option<&str>, what: String) {
    let actor = user.actor(claim.map(str::to_owned));
    let by = single_line(&user.beside(&actor), NAME_CHARS);
    let what = single_line(&what, WHAT_CHARS);
    let recording = control.app.record(Command::Audit { by: by.clone(), what: what.clone() });
    let why = match tokio::time::timeout(RECORDING, recording).await {
        Ok(Ok(_)) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the disk did not answer within {RECORDING:?}"),
    };
    tracing::warn!(by, what, reason = why, "what a person did could not be recorded in the journal");
}

/// What people did, the newest first.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listDeeds",
    tag = "audit",
    summary = "What people did, and every change of the configuration, the newest first.",
    params(AuditList),
    responses((status = 200, description = "Done.", body = Page<Deed>))
)]
pub(super) async fn list(
    State(control): State<Control>,
    Narrowed(list): Narrowed<AuditList>,
) -> Result<Json<Page<Deed>>, HttpProblem> {
    let query = AuditQuery {
        by: list.by,
        period: query::period(list.since.as_deref(), list.until.as_deref())?,
        before: list.after.as_deref().map(number).transpose()?,
        limit: query::limit(list.limit),
    };
    let store = control.app.store.clone();
    let found = blocking(move || -> Result<_, HttpProblem> {
        let page = store.audit(&query)?;
        let mut names = Names::of(&store);
        let items =
            page.entries.into_iter().map(|(number, by, entry)| deed(number, by, entry.as_ref(), &mut names));
        Ok(Page {
            items: items.collect(),
            next: page.next.map(|number| number.to_string()),
            searched_until: shapes::time(page.searched_until),
        })
    });
    found.await.map(Json)
}

/// The number of an entry, after which the list goes on.
fn number(text: &str) -> Result<u64, HttpProblem> {
    text.parse().map_err(|_| {
        HttpProblem::bad_request(format!(
            "`after`: `{text}` is not the number of an entry: write the `next` of the page before."
        ))
    })
}

fn deed(number: u64, by: String, entry: Option<&Entry>, names: &mut Names<'_>) -> Deed {
    Deed {
        number,
        at: entry.map(|entry| entry.at.to_string()),
        by,
        cause: entry.map(|entry| journal::cause(&entry.cause).cause),
        what: entry
            .map_or_else(|| vec!["the entry cannot be read".to_owned()], |entry| words::of(entry, names)),
    }
}
