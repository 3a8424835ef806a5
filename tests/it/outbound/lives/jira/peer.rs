//! A Jira of one's own (Data Center, REST version 2) with a small workflow in German: what statuses mean is
//! said by their categories alone.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::super::{Shared, lock, parts};
use crate::harness::{Receiver, Recorded, Reply};

/// Statuses and their categories.
const STATUSES: [(&str, &str); 3] = [("Offen", "new"), ("In Arbeit", "indeterminate"), ("Erledigt", "done")];
/// The workflow's transitions: number, name, from, to.
const WAYS: [(&str, &str, &str, &str); 4] = [
    ("11", "Anfangen", "Offen", "In Arbeit"),
    ("21", "Liegen lassen", "In Arbeit", "Offen"),
    ("31", "Abschließen", "In Arbeit", "Erledigt"),
    ("41", "Doch nicht", "Erledigt", "Offen"),
];

/// An issue.
pub(super) struct Issue {
    pub(super) fields: Value,
    pub(super) status: &'static str,
    pub(super) comments: Vec<Value>,
}

/// The Jira.
#[derive(Default)]
pub(super) struct Jira {
    pub(super) issues: Vec<Issue>,
    /// Method and path of each request, without what all of them begin with.
    pub(super) asked: Vec<String>,
    /// The request whose next answer is lost after the work was done.
    pub(super) lose: Option<&'static str>,
    /// The request that is next answered with 503 and not done.
    pub(super) refuse: Option<&'static str>,
    /// What the next searches answer in place of what there is: 503, or that there is nothing yet.
    pub(super) searches: VecDeque<Search>,
}

/// What a search may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Fails,
    SeesNothing,
}

impl Jira {
    /// One that answers below `/jira` of a receiver.
    pub(super) fn at(receiver: &Receiver) -> Shared<Self> {
        let jira: Shared<Self> = Shared::default();
        let asked = Shared::clone(&jira);
        receiver.script(move |request, _| lock(&asked).reply(request));
        jira
    }

    fn reply(&mut self, request: &Recorded) -> Reply {
        // `tocsin:token-of-jira`
        if request.header("authorization") != Some("Basic dG9jc2luOnRva2VuLW9mLWppcmE=") {
            return Reply::status(401);
        }
        let (path, query) = parts(&request.path);
        let path = path.strip_prefix("/jira/rest/api/2").unwrap_or("/another");
        let asked = format!("{} {path}", request.method);
        self.asked.push(asked.clone());
        if self.refuse.take_if(|refused| *refused == asked).is_some() {
            return Reply::status(503);
        }
        let body = if request.body.is_empty() { Value::Null } else { request.json() };
        let (status, answer) = self.answer(&request.method, path, query.get("jql"), &body);
        if self.lose.take_if(|lost| *lost == asked).is_some() {
            return Reply::Cut;
        }
        Reply::body(status, &if answer.is_null() { String::new() } else { answer.to_string() })
    }

    fn answer(&mut self, method: &str, path: &str, jql: Option<&String>, body: &Value) -> (u16, Value) {
        let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, steps.as_slice()) {
            ("GET", ["search"]) => {
                match self.searches.pop_front() {
                    Some(Search::Fails) => return (503, Value::Null),
                    Some(Search::SeesNothing) => return (200, json!({"issues": []})),
                    None => {}
                }
                let label = jql.and_then(|jql| jql.split('"').nth(1)).unwrap_or_default();
                let has = |issue: &Issue| {
                    issue.fields["labels"]
                        .as_array()
                        .is_some_and(|labels| labels.iter().any(|own| own == label))
                };
                let all = self.issues.iter().enumerate();
                let found = all.filter(|(_, issue)| has(issue)).map(|(at, _)| json!({"key": key(at)}));
                (200, json!({"issues": found.collect::<Vec<_>>()}))
            }
            ("POST", ["issue"]) => {
                let issue = Issue { fields: body["fields"].clone(), status: "Offen", comments: Vec::new() };
                self.issues.push(issue);
                (201, json!({"id": "10001", "key": key(self.issues.len() - 1)}))
            }
            (method, ["issue", of, rest @ ..]) => {
                match self.issues.iter_mut().enumerate().find(|(at, _)| key(*at) == *of) {
                    Some((_, issue)) => issue.answer(method, rest, body),
                    None => (404, json!({"errorMessages": ["Issue Does Not Exist"], "errors": {}})),
                }
            }
            _ => (404, json!({"errorMessages": ["no such resource"]})),
        }
    }
}

impl Issue {
    fn answer(&mut self, method: &str, rest: &[&str], body: &Value) -> (u16, Value) {
        match (method, rest) {
            ("GET", []) => (200, json!({"fields": {"status": status(self.status)}})),
            ("GET", ["transitions"]) => {
                let ways = WAYS.iter().filter(|(_, _, from, _)| *from == self.status);
                let ways = ways.map(|(id, name, _, to)| json!({"id": id, "name": name, "to": status(to)}));
                (200, json!({"transitions": ways.collect::<Vec<_>>()}))
            }
            ("POST", ["transitions"]) => {
                let is_it = |way: &&(&str, &str, &str, &str)| {
                    body["transition"]["id"] == way.0 && way.2 == self.status
                };
                let Some((_, _, _, to)) = WAYS.iter().find(is_it) else {
                    return (400, json!({"errorMessages": ["the transition is not valid"]}));
                };
                self.status = to;
                (204, Value::Null)
            }
            ("GET", ["comment"]) => (200, json!({"comments": self.comments})),
            ("POST", ["comment"]) => {
                // As new as can be, whatever the clock of the machine says.
                self.comments.push(json!({"body": body["body"], "created": "2999-01-01T00:00:00.000+0000"}));
                (201, json!({"id": "1"}))
            }
            _ => (405, Value::Null),
        }
    }
}

fn key(at: usize) -> String {
    format!("OPS-{}", at + 1)
}

fn status(name: &str) -> Value {
    let category = STATUSES.iter().find(|(known, _)| *known == name).map(|(_, category)| *category);
    json!({"name": name, "statusCategory": {"key": category}})
}
