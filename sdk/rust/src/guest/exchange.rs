//! Requests, answers and failures, between this crate's types and the generated ones.
//!
//! Never adds or leaves out a field.

use super::description::signature;
use super::shared::headers_in;
use super::types;

fn part(part: crate::Part) -> types::Part {
    match part {
        crate::Part::Bytes(bytes) => types::Part::Bytes(bytes),
        crate::Part::Credentials { user, password } => {
            types::Part::Credentials(types::Credentials { user, password })
        }
        crate::Part::Secret(name, encoding) => types::Part::Secret(types::SecretUse {
            name,
            encoding: match encoding {
                crate::SecretEncoding::Raw => types::SecretEncoding::Raw,
                crate::SecretEncoding::Json => types::SecretEncoding::Json,
                crate::SecretEncoding::Form => types::SecretEncoding::Form,
            },
        }),
    }
}

fn parts(parts: Vec<crate::Part>) -> Vec<types::Part> {
    parts.into_iter().map(part).collect()
}

pub(super) fn request(request: crate::HttpRequest) -> types::Request {
    let parameter = |p: crate::Parameter| types::Parameter { name: p.name, value: p.value };
    let line = |l: crate::HeaderLine| types::HeaderLine { name: l.name, value: parts(l.value) };
    let signing = |s: crate::Signing| types::Signing { secret: s.secret, signature: signature(s.signature) };
    types::Request {
        method: request.method,
        path: request.path,
        query: request.query.into_iter().map(parameter).collect(),
        headers: request.headers.into_iter().map(line).collect(),
        content_type: request.content_type,
        body: parts(request.body),
        signing: request.signing.into_iter().map(signing).collect(),
    }
}

pub(super) fn response(given: types::Response) -> crate::Response {
    crate::Response { status: given.status, headers: headers_in(given.headers), body: given.body }
}

pub(super) fn failure(failure: crate::Failure) -> types::Failure {
    match failure {
        crate::Failure::Retry { reason, after_ms } => {
            types::Failure::Retry(types::Later { reason, after_ms })
        }
        crate::Failure::Rejected(why) => types::Failure::Rejected(why),
        crate::Failure::Misconfigured(why) => types::Failure::Misconfigured(why),
    }
}
