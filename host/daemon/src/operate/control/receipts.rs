//! Requests that came in, over the API: list, show the bytes, decode again.

use axum::Json;
use axum::extract::State;
use tocsin_core::command::Command;
use tocsin_core::id::ReceiptId;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_store::{ReadError, ReceiptQuery, Receipts};

use super::asked::{Asked, Narrowed, Path};
use super::context::{Control, blocking};
use super::document::{Conflict, NotFound};
use super::guard::Caller;
use super::user::User;
use super::{audit, query, shapes};
use crate::operate::api::Actor;
use crate::operate::api::body::Body;
use crate::operate::api::page::Page;
use crate::operate::api::receipts::{
    Discard, Discarded, KeptRequest, Receipt, ReceiptList, RedecodeAll, WholeReceipt,
};
use crate::receive::decode::redecode as decode_again;
use crate::shared::problem::HttpProblem;

#[utoipa::path(
    get,
    path = "/receipts",
    operation_id = "listReceipts",
    tag = "receipts",
    summary = "The receipts of requests, the newest first.",
    params(ReceiptList),
    responses((status = 200, description = "Done.", body = Page<Receipt>), NotFound)
)]
pub(super) async fn list(
    State(control): State<Control>,
    caller: Caller,
    Narrowed(list): Narrowed<ReceiptList>,
) -> Result<Json<Page<Receipt>>, HttpProblem> {
    let query = ReceiptQuery {
        which: which(&list)?,
        source: caller.narrowed(list.source)?.map(Into::into),
        came: query::period(list.since.as_deref(), list.until.as_deref())?,
        before: query::after(list.after.as_deref())?,
        limit: query::limit(list.limit),
    };
    let app = control.app.clone();
    let found = blocking(move || -> Result<_, HttpProblem> {
        query::known_source(&app, query.source.as_deref())?;
        Ok(app.store.receipts(&query)?)
    });
    Ok(Json(shapes::page(&found.await?, shapes::receipt)))
}

/// Receipts of which outcome.
fn which(list: &ReceiptList) -> Result<Receipts, HttpProblem> {
    match (list.dead_letters, list.ignored) {
        (false, false) => Ok(Receipts::All),
        (true, false) => Ok(Receipts::DeadLetters),
        (false, true) => Ok(Receipts::Ignored),
        (true, true) => Err(HttpProblem::bad_request(
            "`dead_letters` and `ignored` exclude each other: no receipt is both.",
        )),
    }
}

#[utoipa::path(
    get,
    path = "/receipts/{receipt}",
    operation_id = "getReceipt",
    tag = "receipts",
    summary = "A receipt with the request as it came, while its bytes are kept.",
    params(
        ("receipt" = String, Path, pattern = "^([0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{32})$", description = "The id of the receipt.")
    ),
    responses((status = 200, description = "Done.", body = WholeReceipt), NotFound)
)]
pub(super) async fn show(
    State(control): State<Control>,
    caller: Caller,
    Path(receipt): Path<String>,
) -> Result<Json<WholeReceipt>, HttpProblem> {
    let (found, request) = find(&control, &receipt).await?;
    if !caller.sees(&found.source) {
        return Err(not_found(&receipt));
    }
    Ok(Json(WholeReceipt { receipt: shapes::receipt(&found), request: request.as_ref().map(shape) }))
}

#[utoipa::path(
    post,
    path = "/receipts/{receipt}/redecode",
    operation_id = "redecodeReceipt",
    tag = "receipts",
    summary = "Decodes a kept request again.",
    params(
        ("receipt" = String, Path, pattern = "^([0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{32})$", description = "The id of the receipt.")
    ),
    request_body = Actor,
    responses((status = 200, description = "Done.", body = Receipt), NotFound, Conflict)
)]
pub(super) async fn redecode(
    State(control): State<Control>,
    Path(receipt): Path<String>,
    user: User,
    Asked(Actor { actor }): Asked<Actor>,
) -> Result<Json<Receipt>, HttpProblem> {
    let (found, request) = find(&control, &receipt).await?;
    let request = request.ok_or_else(|| {
        HttpProblem::not_found(format!("The bytes of receipt {receipt} are no longer kept."))
    })?;
    let what = format!("had request {} of {} decoded again", found.id, found.source);
    if found.status.is_decodable() {
        audit::record(&control, &user, actor.as_deref(), what).await;
    }
    let decoded = decode_again(&control.app, &found, request).await?;
    Ok(Json(shapes::receipt(&decoded)))
}

/// The receipt with this id, with its request while the bytes are kept.
async fn find(
    control: &Control,
    receipt: &str,
) -> Result<(ReceiptRecord, Option<SourceRequest>), HttpProblem> {
    let id = called(receipt).map_or_else(|| query::id(receipt), Ok)?;
    let store = control.app.store.clone();
    let (found, request) =
        blocking(move || Ok::<_, ReadError>((store.receipt(id)?, store.request(id)?))).await?;
    Ok((found.ok_or_else(|| not_found(receipt))?, request))
}

fn not_found(receipt: &str) -> HttpProblem {
    let is_request = called(receipt).is_some();
    let hint =
        if is_request { " If the sender gave this trace, the access log names the receipt." } else { "" };
    HttpProblem::not_found(format!(
        "There is no receipt {receipt}: it never was, or it was forgotten, as receipts are after \
         `limits.keep_receipts`.{hint}"
    ))
}

/// The receipt that a request's id is the id of, written in 32 hexadecimal digits.
fn called(request: &str) -> Option<ReceiptId> {
    let is_written = request.len() == 32 && request.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = is_written.then(|| u128::from_str_radix(request, 16).ok()).flatten()?;
    Some(ReceiptId::from_bytes(bits.to_be_bytes()))
}

/// Receipts that are read at once, or discarded by one entry of the journal.
const AT_ONCE: usize = 1000;

/// The ids of a source's receipts of this outcome, the oldest first.
async fn ids(control: &Control, source: String, which: Receipts) -> Result<Vec<ReceiptId>, HttpProblem> {
    let app = control.app.clone();
    let found = blocking(move || -> Result<_, HttpProblem> {
        query::known_source(&app, Some(&source))?;
        let mut query =
            ReceiptQuery { source: Some(source.into()), which, limit: AT_ONCE, ..ReceiptQuery::default() };
        let mut ids: Vec<ReceiptId> = Vec::new();
        loop {
            let page = app.store.receipts(&query)?;
            ids.extend(page.items.iter().map(|receipt| receipt.id));
            query.before = page.next;
            if page.next.is_none() {
                break;
            }
        }
        ids.reverse();
        Ok(ids)
    });
    found.await
}

/// Decodes a source's dead letters or ignored requests again, the oldest first, as they came.
#[utoipa::path(
    post,
    path = "/sources/{source}/redecode",
    operation_id = "redecodeSource",
    tag = "receipts",
    summary = "Decodes the dead letters of a source again, or its ignored requests.",
    params(("source" = String, Path, description = "The name of the source.")),
    request_body = RedecodeAll,
    responses((status = 200, description = "Done.", body = Vec<Receipt>), NotFound, Conflict)
)]
pub(super) async fn redecode_all(
    State(control): State<Control>,
    Path(source): Path<String>,
    user: User,
    Asked(wanted): Asked<RedecodeAll>,
) -> Result<Json<Vec<Receipt>>, HttpProblem> {
    let (which, things) = match wanted.ignored {
        true => (Receipts::Ignored, "ignored requests"),
        false => (Receipts::DeadLetters, "dead letters"),
    };
    let ids = ids(&control, source.clone(), which).await?;
    if !ids.is_empty() {
        let what = format!("had all {things} of {source} decoded again: {}", ids.len());
        audit::record(&control, &user, wanted.actor.as_deref(), what).await;
    }
    let mut outcomes = Vec::new();
    for id in ids {
        let store = control.app.store.clone();
        let read = blocking(move || Ok::<_, ReadError>((store.receipt(id)?, store.request(id)?)));
        let outcome = match read.await? {
            (Some(found), Some(request)) if found.status.is_decodable() => {
                decode_again(&control.app, &found, request).await?
            }
            // Bytes that are no longer kept cannot be decoded; the receipt stays as it is.
            (Some(found), _) => found,
            (None, _) => continue,
        };
        outcomes.push(shapes::receipt(&outcome));
    }
    Ok(Json(outcomes))
}

#[utoipa::path(
    post,
    path = "/receipts/discard",
    operation_id = "discardReceipts",
    tag = "receipts",
    summary = "Gives up on requests that could not be decoded.",
    request_body = Discard,
    responses((status = 200, description = "Done.", body = Discarded), NotFound, Conflict)
)]
pub(super) async fn discard(
    State(control): State<Control>,
    user: User,
    Asked(body): Asked<Discard>,
) -> Result<Json<Discarded>, HttpProblem> {
    let mut receipts = body.receipts.iter().map(|text| query::id(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(source) = body.source {
        receipts.extend(ids(&control, source, Receipts::DeadLetters).await?);
    }
    receipts.sort();
    receipts.dedup();
    let actor = user.actor(body.actor);
    for receipts in receipts.chunks(AT_ONCE) {
        let command = Command::Discard { receipts: receipts.to_vec(), actor: actor.clone() };
        control.app.record(user.does(command)).await?;
    }
    Ok(Json(Discarded { discarded: receipts.len() }))
}

fn shape(request: &SourceRequest) -> KeptRequest {
    KeptRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        query: shapes::pairs(&request.query),
        headers: shapes::pairs(&request.headers),
        received_at: request.received_at.to_string(),
        body_bytes: request.body.len(),
        body: Body::from(&*request.body),
    }
}
