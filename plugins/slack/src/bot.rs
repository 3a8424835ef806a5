//! The Web API with a bot token: one message for each incident, edited as it changes, with its history in its
//! thread.
//!
//! Never posts on a repeated attempt before it has looked for what an earlier one posted, as far as Slack lets
//! it look. Every request before the one that posts can be repeated without harm.
//!
//! ```text
//! no message yet:  [Name →] [Look →] Post           (in brackets: from the second attempt on)
//! a message:       Update → [Replies →] Reply       the message is gone: as without one
//! ```
//!
//! A layout that Slack refuses is sent once more as plain text. Where the incident had a message of the same action in
//! another channel, that one is edited last: Moved.

use serde_json::Value;
use tocsin_plugin::chat::View;
use tocsin_plugin::prelude::*;

use crate::error_codes::{self, Meaning};
use crate::mention;
use crate::message::{Message, compose, moved};
use crate::mode::workspace_host;
use crate::thread::entry;
use crate::{Fields, Workspace};

mod answer;
mod place;
mod probe;
mod request;
mod state;

use answer::{Answer, failure};
use place::Place;
pub(crate) use probe::{probe, probed};
use request::PAGES_MAX;
use state::{Stage, State};

/// Characters of a channel's name or id (Slack: 80).
const CHANNEL_CHARS: usize = 80;

/// The channel that the settings name, without `#`.
///
/// # Errors
/// What is wrong with it, for the operator.
pub(crate) fn channel(settings: &Fields) -> Result<&str, String> {
    let channel = settings.channel.as_deref().unwrap_or_default().trim();
    let channel = channel.strip_prefix('#').unwrap_or(channel);
    if channel.is_empty() {
        return Err("is needed with a bot token: a channel's id, such as C024BE91L, or its name".to_owned());
    }
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "#@<>,".contains(c);
    if channel.chars().count() > CHANNEL_CHARS || channel.contains(is_bad) {
        let shown = text::truncate(&text::one_line(channel), 40);
        return Err(format!("`{shown}` is neither a channel's id nor its name"));
    }
    Ok(channel)
}

/// One attempt of a delivery.
#[derive(Clone, Copy)]
struct Call<'a> {
    context: &'a Context,
    workspace: &'a Workspace,
    settings: &'a Fields,
    channel: &'a str,
}

/// The first request.
pub(crate) fn begin(context: &Context, workspace: &Workspace, settings: &Fields) -> Result<Step, Failure> {
    let call = Call::new(context, workspace, settings)?;
    match place::present(context, call.channel) {
        Some(message) => call.update(message),
        None => call.look_or_post(State::default()),
    }
}

/// What follows an answer.
pub(crate) fn resume(
    context: &Context,
    workspace: &Workspace,
    settings: &Fields,
    state: &[u8],
    response: &Response,
) -> Result<Step, Failure> {
    let call = Call::new(context, workspace, settings)?;
    let state = State::from_bytes(state).ok_or_else(|| Failure::rejected("the attempt's state is lost"))?;
    let answer = Answer::of(response);
    match state.stage {
        Stage::Name => call.named(state, &answer, response),
        Stage::Look => call.looked(state, &answer, response),
        Stage::Post => call.posted(state, &answer, response),
        Stage::Update => call.updated(state, &answer, response),
        Stage::Replies => call.replies_seen(state, &answer, response),
        Stage::Reply => call.replied(state, &answer, response),
        Stage::Moved => Ok(call.moved(state, &answer).into()),
    }
}

impl<'a> Call<'a> {
    fn new(context: &'a Context, workspace: &'a Workspace, settings: &'a Fields) -> Result<Self, Failure> {
        let channel = channel(settings).map_err(|why| Failure::rejected(format!("`channel` {why}")))?;
        Ok(Self { context, workspace, settings, channel })
    }

    // === no message yet ===

    /// Posts; before that, on a repeated attempt, looks whether an earlier one has.
    fn look_or_post(self, state: State) -> Result<Step, Failure> {
        if self.context.attempt <= 1 {
            return self.post(state);
        }
        let id = state.message.as_ref().map(|message| message.channel.clone());
        match id.or_else(|| place::is_id(self.channel).then(|| self.channel.to_owned())) {
            Some(id) => self.look(state, id, None),
            None if place::is_person(self.channel) => {
                self.post(state.noted("an earlier attempt's message cannot be looked for with a member's id"))
            }
            None => Ok(state.at(Stage::Name, request::channels(self.workspace, None))),
        }
    }

    /// The id of the channel's name, among the channels that the bot is in.
    fn named(self, state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        let Answer::Ok(document) = answer else {
            return self.not_allowed_to_look(state, answer, response);
        };
        if let Some(id) = place::find_channel(document, self.channel) {
            return self.look(state, id, None);
        }
        match request::next_page(document) {
            Some(cursor) if state.page + 1 < PAGES_MAX => {
                let request = request::channels(self.workspace, Some(&cursor));
                Ok(state.next_page().at(Stage::Name, request))
            }
            _ => self.post(state.noted(
                "the bot is not in the channel, so that an earlier attempt's message could not be looked for",
            )),
        }
    }

    fn look(self, mut state: State, id: String, cursor: Option<&str>) -> Result<Step, Failure> {
        let request = request::history(self.workspace, self.context, &id, cursor);
        state.page = if cursor.is_some() { state.page + 1 } else { 0 };
        state.looked_in = id;
        Ok(state.at(Stage::Look, request))
    }

    fn looked(self, state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        let Answer::Ok(document) = answer else {
            return self.not_allowed_to_look(state, answer, response);
        };
        if let Some(ts) = place::find_delivery(document, &self.context.delivery_id) {
            let message = Place { channel: state.looked_in.clone(), ts };
            return Ok(self.close_old("an earlier attempt had posted to Slack", state, message));
        }
        match request::next_page(document) {
            Some(cursor) if state.page + 1 < PAGES_MAX => {
                let id = state.looked_in.clone();
                self.look(state, id, Some(&cursor))
            }
            Some(_) => self.post(state.noted("an earlier attempt's message was not among the newest there")),
            None => self.post(state),
        }
    }

    fn post(self, state: State) -> Result<Step, Failure> {
        let body = shown(compose(self.context, self.settings, View::Change)?, &state).posted();
        let channel = self.settings.channel.as_deref().unwrap_or_default().trim();
        let request = request::post(self.workspace, self.context, body, channel, None);
        Ok(state.at(Stage::Post, request))
    }

    fn posted(self, state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        match answer {
            Answer::Ok(document) => match Place::of(document) {
                Some(message) => Ok(self.close_old("posted to Slack", state, message)),
                None => Ok(self.outcome("posted to Slack", &state, None).into()),
            },
            Answer::Refused(word, _) if is_refused_layout(&state, word) => {
                self.post(without_layout(state, word))
            }
            _ => Err(failure(self.context, answer, response, self.channel)),
        }
    }

    // === the channel that the incident has left ===

    /// The message is there; the one in the channel before, if there is one, is closed and points to it.
    fn close_old(self, said: &str, state: State, message: Place) -> Step {
        let Some(old) = place::left(self.context, self.channel).filter(|old| old.channel != message.channel)
        else {
            return self.outcome(said, &state, Some(&message)).into();
        };
        let url = workspace_host(&self.context.host).map(|host| message.url(&host));
        let body = moved(self.context, &message.channel, url.as_deref()).edited();
        let request = request::update(self.workspace, body, &old);
        State { message: Some(message), ..state }.at(Stage::Moved, request)
    }

    /// Slack may have refused the edit: the new message stands all the same.
    fn moved(self, state: State, answer: &Answer) -> Outcome {
        let said = match answer {
            Answer::Ok(_) => "posted to Slack; the message in the other channel points to it".to_owned(),
            Answer::Refused(word, _) => {
                format!("posted to Slack; the message in the other channel stays ({word})")
            }
            Answer::Other => "posted to Slack; the message in the other channel stays".to_owned(),
        };
        self.outcome(&said, &state, state.message.as_ref())
    }

    /// Slack posts all the same: a message too many is better than none.
    fn not_allowed_to_look(
        self,
        state: State,
        answer: &Answer,
        response: &Response,
    ) -> Result<Step, Failure> {
        let note = self.no_look(answer, response)?;
        self.post(state.noted(&note))
    }

    fn no_look(self, answer: &Answer, response: &Response) -> Result<String, Failure> {
        let Answer::Refused(word, needed) = answer else {
            return Err(failure(self.context, answer, response, self.channel));
        };
        let scope = needed.as_deref().map(|needed| format!(": {needed}")).unwrap_or_default();
        match error_codes::web(word) {
            Some(Meaning::Later) => Err(verdict::retry(self.context, response)),
            Some(Meaning::Connection(_)) if word != "missing_scope" => {
                Err(failure(self.context, answer, response, self.channel))
            }
            _ => Ok(format!(
                "Slack did not let it look whether an earlier attempt had posted ({word}{scope}), there may be two"
            )),
        }
    }

    // === a message ===

    fn update(self, message: Place) -> Result<Step, Failure> {
        self.edit(State { message: Some(message), ..State::default() })
    }

    fn edit(self, state: State) -> Result<Step, Failure> {
        let Some(message) = &state.message else { return self.look_or_post(state) };
        let body = shown(compose(self.context, self.settings, View::Present)?, &state).edited();
        let request = request::update(self.workspace, body, message);
        Ok(state.at(Stage::Update, request))
    }

    fn updated(self, mut state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        match answer {
            Answer::Ok(_) => {}
            Answer::Refused(word, _) if word == "edit_window_closed" => {
                state.is_stale = true;
                state = state
                    .noted("the workspace forbids the edit, so that the thread's entry is in the channel");
            }
            Answer::Refused(word, _) if is_refused_layout(&state, word) => {
                return self.edit(without_layout(state, word));
            }
            Answer::Refused(word, _) if error_codes::is_gone(word) => {
                if word != "message_not_found" && word != "cant_update_message" {
                    state.message = None;
                }
                return self
                    .look_or_post(state.noted(&format!("the message is gone ({word}), this is a new one")));
            }
            _ => return Err(failure(self.context, answer, response, self.channel)),
        }
        if self.context.attempt > 1 { self.look_in_thread(state, None) } else { self.reply(state) }
    }

    fn look_in_thread(self, state: State, cursor: Option<&str>) -> Result<Step, Failure> {
        let Some(message) = &state.message else { return self.look_or_post(state) };
        let request = request::replies(self.workspace, self.context, message, cursor);
        Ok(state.at(Stage::Replies, request))
    }

    fn replies_seen(self, state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        let document = match answer {
            Answer::Ok(document) => document,
            // Nobody has replied: there is nothing to find.
            Answer::Refused(word, _) if word == "thread_not_found" => return self.reply(state),
            _ => {
                let note = self.no_look(answer, response)?;
                return self.reply(state.noted(&note));
            }
        };
        if place::find_delivery(document, &self.context.delivery_id).is_some() {
            let said = "message edited; an earlier attempt had replied in its thread";
            return Ok(self.outcome(said, &state, None).into());
        }
        match request::next_page(document) {
            Some(cursor) if state.page + 1 < PAGES_MAX => {
                self.look_in_thread(state.next_page(), Some(&cursor))
            }
            _ => self.reply(state),
        }
    }

    fn reply(self, state: State) -> Result<Step, Failure> {
        let Some(message) = &state.message else { return self.look_or_post(state) };
        let kind = self.context.change.kind.as_str();
        let is_broadcast = state.is_stale || self.settings.broadcast.iter().any(|name| name.trim() == kind);
        let mut body = shown(entry(self.context, self.settings, is_broadcast), &state).posted();
        if is_broadcast {
            body.insert("reply_broadcast".to_owned(), true.into());
        }
        let (channel, ts) = (&message.channel, Some(message.ts.as_str()));
        let request = request::post(self.workspace, self.context, body, channel, ts);
        Ok(state.at(Stage::Reply, request))
    }

    fn replied(self, state: State, answer: &Answer, response: &Response) -> Result<Step, Failure> {
        match answer {
            Answer::Ok(document) if is_outside(document) => {
                // Slack takes a reply to a message that was just deleted for one to the channel. It is the
                // incident's message from now on.
                let said = "the message was deleted meanwhile; posted to the channel";
                Ok(self.outcome(said, &state, Place::of(document).as_ref()).into())
            }
            Answer::Ok(_) => {
                let edited = if state.is_stale { "" } else { "message edited, " };
                Ok(self.outcome(&format!("{edited}replied in its thread"), &state, None).into())
            }
            Answer::Refused(word, _) if is_refused_layout(&state, word) => {
                self.reply(without_layout(state, word))
            }
            Answer::Refused(word, _) if !state.is_stale && is_of_the_thread(word) => {
                let said = format!("message edited; its thread takes no reply ({word})");
                Ok(self.outcome(&said, &state, None).into())
            }
            _ => Err(failure(self.context, answer, response, self.channel)),
        }
    }

    // === both ===

    fn outcome(self, said: &str, state: &State, message: Option<&Place>) -> Outcome {
        let said = if state.note.is_empty() { said.to_owned() } else { format!("{said}; {}", state.note) };
        let left_out = mention::left_out(self.context.change.kind, &self.settings.mention);
        let said = left_out.map_or(said.clone(), |left_out| format!("{said}; {left_out}"));
        let mut outcome = Outcome::delivered(said);
        let own = place::key_of_action(&self.context.action);
        if self.context.reference(&own).is_none_or(|kept| kept.value != self.channel) {
            outcome = outcome.reference(&own, self.channel, None);
        }
        let Some(message) = message else { return outcome };
        let url = workspace_host(&self.context.host).map(|host| message.url(&host));
        outcome.reference(&place::key(self.channel), &message.to_string(), url.as_deref())
    }
}

/// The message as Slack takes it by now.
fn shown(message: Message, state: &State) -> Message {
    if state.is_plain { message.plain() } else { message }
}

/// Whether the same as plain text may be taken, which is tried once.
fn is_refused_layout(state: &State, word: &str) -> bool {
    !state.is_plain && error_codes::is_layout(word)
}

fn without_layout(state: State, word: &str) -> State {
    let note = format!("as plain text, since Slack refused the layout ({word})");
    State { is_plain: true, ..state.noted(&note) }
}

/// Whether a reply stands in the channel, not in a thread; only where Slack shows the message.
fn is_outside(document: &Value) -> bool {
    document.get("message").is_some_and(|message| message.is_object() && message.get("thread_ts").is_none())
}

fn is_of_the_thread(word: &str) -> bool {
    matches!(
        word,
        "cannot_reply_to_message"
            | "thread_not_found"
            | "invalid_thread_ts"
            | "restricted_action_non_threadable_channel"
            | "restricted_action_thread_locked"
    )
}
