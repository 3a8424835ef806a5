//! The OpenAPI description of the API, and a page that shows it. Both are public: they say nothing about this relay.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Required, ResponseBuilder, ServerBuilder, Type,
};

use crate::operate::api::ROOT;
use crate::operate::api::deliveries::Named;
use crate::operate::api::problem::Problem;
use crate::shared::access::Role;

mod page;
mod refusals;

pub(super) use refusals::{Changed, Conflict, NotFound, TooLarge, TooMany};

/// The name of the only security scheme.
const SCHEME: &str = "token";
/// What the API says of itself.
const DESCRIPTION: &str = "The API of a Tocsin relay. The command line uses it over the control socket. A program on \
    the network needs an access token (`tocsin tokens create`). Times are RFC 3339 in UTC. Ids have 26 characters. \
    A field that a request's body does not have, or a parameter that a list does not have, is an error that names it. \
    Errors are problem documents (RFC 9457).";
/// How any operation may be refused.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "Bad request."),
    ("401", "No valid access token."),
    ("403", "The token's scope does not cover this."),
    ("429", "Too many wrong tokens came from this address."),
    ("500", "The store cannot be read."),
    ("503", "Not possible now: come again later."),
];

/// How an operation that changes something may be refused too.
const REFUSALS_OF_CHANGES: [(&str, &str); 4] = [
    ("408", "The body did not come in time."),
    ("413", "The body is too large."),
    ("409", "The first request with this `Idempotency-Key` is still under way."),
    ("422", "This `Idempotency-Key` was for another request."),
];

/// The description without operations.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new().title("Tocsin").version(env!("CARGO_PKG_VERSION"));
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    // What the derivation does not follow: the default of a generic type, and refusals.
    let components = ComponentsBuilder::new()
        .security_scheme(SCHEME, scheme)
        .schema_from::<Named>()
        .schema_from::<Problem>();
    OpenApiBuilder::new()
        .info(info.description(Some(DESCRIPTION)).build())
        .servers(Some([ServerBuilder::new().url(ROOT).build()]))
        .components(Some(components.build()))
        .build()
}

/// Says of each operation which role it needs, and how the relay refuses it.
pub(super) fn guarded(description: &mut OpenApi, role: Role) {
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, [role.as_str()])]);
        operation.description = Some(format!("Needs the scope `{}` or one that includes it.", role.as_str()));
        refused(operation, &REFUSALS);
    }
    for operation in description.paths.paths.values_mut().flat_map(changes) {
        operation.parameters.get_or_insert_default().push(RefOr::T(key()));
        refused(operation, &REFUSALS_OF_CHANGES);
    }
}

fn refused(operation: &mut Operation, refusals: &[(&str, &str)]) {
    for (status, meaning) in refusals {
        let responses = &mut operation.responses.responses;
        responses.entry((*status).to_owned()).or_insert_with(|| problem(meaning));
    }
}

/// The header of a request that is done once.
fn key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A repeated request with the same key is not done again, for a day or until the relay restarts. It gets the first answer. It gets 409 if that had a secret or more than 64 KiB, or made room for newer answers: the relay keeps 4 MiB of them."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255))))
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, .. } = item;
    [get, put, post, delete].into_iter().filter_map(Option::as_mut)
}

/// The operations that change something.
fn changes(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { put, post, delete, .. } = item;
    [put, post, delete].into_iter().filter_map(Option::as_mut)
}

fn problem(meaning: &str) -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    RefOr::T(ResponseBuilder::new().description(meaning).content("application/problem+json", content).build())
}

/// The description and its page, as they are sent.
struct Written {
    json: String,
    page: String,
}

/// The routes of the description and of its page.
///
/// # Errors
/// The template of the page is broken.
pub(super) fn router(description: &OpenApi) -> anyhow::Result<Router> {
    let page = page::render(&serde_json::to_value(description)?)?;
    let written = Arc::new(Written { json: serde_json::to_string(description)?, page });
    let page = format!("{ROOT}/");
    let router = Router::new()
        .route(&format!("{page}openapi.json"), get(json))
        .route(&page, get(show))
        .route(ROOT, get(async move || Redirect::permanent(&page)));
    Ok(router.with_state(written))
}

async fn json(State(written): State<Arc<Written>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], written.json.clone()).into_response()
}

async fn show(State(written): State<Arc<Written>>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, page::POLICY.clone()),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, written.page.clone()).into_response()
}
