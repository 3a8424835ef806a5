//! Trying a connection: `auth.test`, which says whose token it is.
//!
//! Never anything that leaves a trace in a channel.

use tocsin_plugin::prelude::*;

use super::answer::Answer;
use crate::Workspace;
use crate::error_codes::{self, Meaning};

/// The scope without which nothing can be posted.
const POST: &str = "chat:write";
/// One of these lets a repeated attempt look for what an earlier one posted.
const LOOK: [&str; 2] = ["channels:history", "groups:history"];

/// The request.
pub(crate) fn probe(workspace: &Workspace) -> Probe {
    HttpRequest::post().path("/auth.test").bearer(&workspace.token).into()
}

/// The workspace and the bot, and what the token lacks. Slack names a token's scopes in `x-oauth-scopes`.
pub(crate) fn probed(response: &Response) -> Result<String, Failure> {
    let answer = Answer::of(response);
    let Answer::Ok(document) = &answer else { return Err(unable(&answer, response)) };
    let scopes: Option<Vec<&str>> =
        response.header("x-oauth-scopes").map(|scopes| scopes.split(',').map(str::trim).collect());
    if scopes.as_ref().is_some_and(|scopes| !scopes.contains(&POST)) {
        return Err(Failure::misconfigured(format!(
            "the token lacks the scope `{POST}`: add it to the Slack app and install the app again"
        )));
    }
    let said = |name: &str| json::text(document, name).map(|t| text::truncate(&text::one_line(&t), 100));
    let who = if document.get("bot_id").is_some() { "bot" } else { "user" };
    let name = said("user").unwrap_or_else(|| "of no name".to_owned());
    let mut found = format!("the {who} {name} of the workspace {}", said("team").unwrap_or_default());
    if let Some(url) = said("url") {
        found.push_str(&format!(" ({url})"));
    }
    if scopes.is_some_and(|scopes| !LOOK.iter().any(|scope| scopes.contains(scope))) {
        found.push_str(
            "; without the scope channels:history (groups:history for private channels) a repeated attempt may post twice",
        );
    }
    Ok(found)
}

fn unable(answer: &Answer, response: &Response) -> Failure {
    match (response.status, answer) {
        (200, Answer::Other) => Failure::misconfigured(format!(
            "{}; this is not Slack's Web API: use https://slack.com/api as the url",
            verdict::answer(response)
        )),
        (429 | 500..=599, _) => Failure::retry(verdict::answer(response)),
        _ => by_word(answer, response),
    }
}

fn by_word(answer: &Answer, response: &Response) -> Failure {
    let Answer::Refused(word, _) = answer else {
        return Failure::misconfigured(verdict::answer(response));
    };
    match error_codes::web(word) {
        Some(Meaning::Later) => Failure::retry(verdict::answer(response)),
        Some(Meaning::Connection(mend)) => Failure::misconfigured(format!("Slack answered {word}; {mend}")),
        _ => Failure::misconfigured(format!("Slack {}", verdict::answer(response))),
    }
}
