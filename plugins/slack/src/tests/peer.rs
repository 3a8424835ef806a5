//! A Slack in memory: enough of the Web API to post, edit, reply and look.
//!
//! Never lenient: a request that Slack would not understand fails the test.

use std::collections::BTreeMap;

use serde_json::json;
use tocsin_plugin::Reference;
use tocsin_plugin::testing::check_action;

use super::*;

/// The id of the one channel, which is called `ops`.
pub(crate) const OPS: &str = "C024BE91L";

/// A message as Slack keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) body: Value,
    pub(crate) thread: Option<String>,
    pub(crate) is_deleted: bool,
}

/// The workspace.
#[derive(Default)]
pub(crate) struct Peer {
    /// By `ts`.
    pub(crate) messages: BTreeMap<String, Posted>,
    /// What a method answers in place of what it would.
    pub(crate) refusals: BTreeMap<&'static str, &'static str>,
    /// The methods that were called.
    pub(crate) calls: Vec<String>,
    /// Whether every layout is refused.
    pub(crate) refuses_blocks: bool,
    /// The messages of others that come after each of ours.
    pub(crate) noise: usize,
}

/// How a delivery's attempt ended: `None` when its last answer was lost on the way.
pub(crate) type Ended = Option<Result<Outcome, Failure>>;

impl Peer {
    /// Runs an attempt; the answer to the `lost`th request (from 1) never arrives. What comes of it is kept in
    /// the context, as the host would.
    pub(crate) fn attempt(&mut self, context: &mut Context, settings: &Fields, lost: Option<usize>) -> Ended {
        let bot = workspace(Mode::Bot);
        let mut outcome = Slack::encode(context, &bot, settings);
        for number in 1..=8 {
            let (request, state) = match outcome {
                Err(failure) => return Some(Err(failure)),
                Ok(Step::Delivered(outcome)) => {
                    keep(context, &outcome.references);
                    return Some(Ok(outcome));
                }
                Ok(Step::Skipped(why)) => panic!("skipped: {why}"),
                Ok(Step::Send(request, state)) => (request, state),
            };
            let answer = self.answer(&request);
            if lost == Some(number) {
                return None;
            }
            outcome = Slack::resume(context, &bot, settings, &state, &answer);
        }
        panic!("more than 8 requests: {:?}", self.calls);
    }

    /// A delivery that works at once.
    pub(crate) fn deliver(&mut self, context: &mut Context, settings: &Fields) -> Outcome {
        self.attempt(context, settings, None).expect("an answer").expect("delivered")
    }

    /// The messages of ours in the channel, and those in threads.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let ours = || self.messages.values().filter(|m| !m.is_deleted && m.body.get("metadata").is_some());
        (ours().filter(|m| m.thread.is_none()).count(), ours().filter(|m| m.thread.is_some()).count())
    }

    fn answer(&mut self, request: &HttpRequest) -> Response {
        let shown = testing::request_to_json(request);
        assert_eq!(shown["headers"][0], "authorization: Bearer {{secret:token}}", "{shown}");
        let method = request.path.trim_start_matches('/').to_owned();
        self.calls.push(method.clone());
        if self.refuses_blocks && method.starts_with("chat.") && has_blocks(&json_of(request)) {
            let document = json!({"ok": false, "error": "invalid_blocks"});
            return Response { status: 200, headers: Vec::new(), body: document.to_string().into_bytes() };
        }
        let document = match self.refusals.get(method.as_str()) {
            Some(error) => json!({"ok": false, "error": error}),
            None => match method.as_str() {
                "chat.postMessage" => self.post(&json_of(request)),
                "chat.update" => self.update(&json_of(request)),
                "users.conversations" => {
                    json!({"ok": true, "channels": [{"id": "C0000000A", "name": "random"}, {"id": OPS, "name": "ops"}]})
                }
                "conversations.history" => self.list(request, None),
                "conversations.replies" => {
                    let thread = query(request, "ts").expect("a thread").to_owned();
                    self.list(request, Some(&thread))
                }
                other => panic!("{other} is unknown"),
            },
        };
        Response { status: 200, headers: Vec::new(), body: document.to_string().into_bytes() }
    }

    fn post(&mut self, body: &Value) -> Value {
        check(body);
        let channel = body["channel"].as_str().expect("a channel");
        assert!([OPS, "#ops", "ops", "C0NORMALXX", "C0CRITICAL"].contains(&channel), "{channel}");
        let id = if channel.starts_with('C') { channel } else { OPS };
        let ts = format!("1767323045.{:06}", self.messages.len() + 1);
        // As Slack does: a reply to what is not there any more is a message.
        let parent = body["thread_ts"].as_str().filter(|ts| self.is_there(ts)).map(str::to_owned);
        let mut message = json!({"ts": ts});
        if let Some(parent) = &parent {
            message["thread_ts"] = parent.as_str().into();
        }
        let posted = Posted { body: body.clone(), thread: parent, is_deleted: false };
        self.messages.insert(ts.clone(), posted);
        for _ in 0..self.noise {
            let other = Posted { body: json!({"text": "lunch?"}), thread: None, is_deleted: false };
            self.messages.insert(format!("1767323045.{:06}", self.messages.len() + 1), other);
        }
        json!({"ok": true, "channel": id, "ts": ts, "message": message})
    }

    fn update(&mut self, body: &Value) -> Value {
        check(body);
        assert!(body["channel"].to_string().starts_with("\"C0"), "an edit needs the id");
        let ts = body["ts"].as_str().expect("a ts");
        if !self.is_there(ts) {
            return json!({"ok": false, "error": "message_not_found"});
        }
        if let Some(message) = self.messages.get_mut(ts) {
            for (key, value) in body.as_object().expect("an object") {
                message.body[key] = value.clone();
            }
        }
        json!({"ok": true, "channel": OPS, "ts": ts})
    }

    fn is_there(&self, ts: &str) -> bool {
        self.messages.get(ts).is_some_and(|message| !message.is_deleted)
    }

    /// Newest first, by pages.
    fn list(&self, request: &HttpRequest, thread: Option<&str>) -> Value {
        assert_eq!(query(request, "channel"), Some(OPS));
        assert_eq!(query(request, "include_all_metadata"), Some("true"));
        assert!(query(request, "oldest").is_some_and(|oldest| oldest < "1767323045"));
        let size: usize = query(request, "limit").and_then(|n| n.parse().ok()).expect("a limit");
        let start: usize = query(request, "cursor").and_then(|n| n.parse().ok()).unwrap_or(0);
        let is_in = |m: &(&String, &Posted)| !m.1.is_deleted && m.1.thread.as_deref() == thread;
        let all: Vec<_> = self.messages.iter().rev().filter(is_in).collect();
        let page = all.iter().skip(start).take(size);
        let page: Vec<Value> =
            page.map(|(ts, m)| json!({"ts": ts, "metadata": m.body.get("metadata")})).collect();
        let next = if start + size < all.len() { (start + size).to_string() } else { String::new() };
        json!({"ok": true, "messages": page, "response_metadata": {"next_cursor": next}})
    }
}

fn has_blocks(body: &Value) -> bool {
    body["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty())
}

/// A message without blocks is a text.
fn check(body: &Value) {
    if has_blocks(body) {
        limits::check(body);
    } else {
        assert!(body["text"].as_str().is_some_and(|text| !text.trim().is_empty()), "{body}");
    }
}

fn query<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.query.iter().find(|p| p.name == name).map(|p| p.value.as_str())
}

fn keep(context: &mut Context, references: &[Reference]) {
    for new in references {
        context.references.retain(|old| old.key != new.key);
        context.references.push(new.clone());
    }
}

#[test]
fn the_description_is_one_that_the_host_takes() {
    check_action::<Slack>();
}
