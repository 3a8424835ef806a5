//! A workspace with one channel: takes posts and edits, and shows what there is.
//!
//! Never forgiving: a request without the token, or for another channel, is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Shared, lock, parts};
use crate::harness::{Gate, Receiver, Recorded, Reply};

/// The channel's id.
pub(super) const CHANNEL: &str = "C024BE91L";

/// The workspace.
#[derive(Default)]
pub(super) struct Workspace {
    /// What was posted, by `ts`.
    messages: BTreeMap<String, Value>,
    /// The methods that were called.
    pub(super) calls: Vec<String>,
    /// The method whose next answer is lost after the work was done.
    pub(super) lose: Option<&'static str>,
    /// What the next answer waits for.
    pub(super) gate: Option<Arc<Gate>>,
}

impl Workspace {
    /// One that answers below `/api` of a receiver.
    pub(super) fn at(receiver: &Receiver) -> Shared<Self> {
        let workspace: Shared<Self> = Shared::default();
        let asked = Shared::clone(&workspace);
        receiver.script(move |request, _| {
            let (reply, gate) = {
                let mut slack = lock(&asked);
                (slack.reply(request), slack.gate.take())
            };
            if let Some(gate) = gate {
                gate.wait();
            }
            reply
        });
        workspace
    }

    /// The only message that stands in the channel, and the replies to it, oldest first.
    pub(super) fn thread(&self) -> (&Value, Vec<&Value>) {
        let in_channel: Vec<_> =
            self.messages.iter().filter(|(_, body)| body["thread_ts"].is_null()).collect();
        let [(ts, message)] = in_channel.as_slice() else { unreachable!("{:#?}", self.messages) };
        let replies: Vec<&Value> = self.messages.values().filter(|body| body["thread_ts"] == **ts).collect();
        assert_eq!(replies.len() + 1, self.messages.len(), "{:#?}", self.messages);
        (message, replies)
    }

    fn reply(&mut self, request: &Recorded) -> Reply {
        let (path, query) = parts(&request.path);
        let method = path.trim_start_matches("/api/").to_owned();
        self.calls.push(method.clone());
        let answer = if request.header("authorization") == Some("Bearer token-of-a-bot") {
            self.answer(&method, request, query.get("channel"))
        } else {
            json!({"ok": false, "error": "invalid_auth"})
        };
        if self.lose.take_if(|lost| *lost == method).is_some() {
            return Reply::Cut;
        }
        Reply::body(200, &answer.to_string())
    }

    fn answer(&mut self, method: &str, request: &Recorded, channel: Option<&String>) -> Value {
        let body = if request.method == "POST" { request.json() } else { json!({"channel": channel}) };
        if body["channel"] != CHANNEL {
            return json!({"ok": false, "error": "channel_not_found"});
        }
        match (request.method.as_str(), method) {
            ("POST", "chat.postMessage") => {
                let ts = format!("1767323045.{:06}", self.messages.len() + 1);
                self.messages.insert(ts.clone(), body.clone());
                let message = json!({"ts": ts, "thread_ts": body["thread_ts"]});
                json!({"ok": true, "channel": CHANNEL, "ts": ts, "message": message})
            }
            ("POST", "chat.update") => {
                let Some(message) = body["ts"].as_str().and_then(|ts| self.messages.get_mut(ts)) else {
                    return json!({"ok": false, "error": "message_not_found"});
                };
                for (key, value) in
                    body.as_object().expect("an object").iter().filter(|(key, _)| *key != "ts")
                {
                    message[key] = value.clone();
                }
                json!({"ok": true, "channel": CHANNEL, "ts": body["ts"]})
            }
            ("GET", "conversations.history" | "conversations.replies") => {
                let is_in_thread = method == "conversations.replies";
                let here = self.messages.iter().rev();
                let here = here.filter(|(_, body)| body["thread_ts"].is_null() != is_in_thread);
                let list: Vec<Value> =
                    here.map(|(ts, body)| json!({"ts": ts, "metadata": body["metadata"]})).collect();
                json!({"ok": true, "messages": list, "response_metadata": {"next_cursor": ""}})
            }
            _ => json!({"ok": false, "error": "unknown_method"}),
        }
    }
}
