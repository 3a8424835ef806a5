//! A small Jira in memory, and what drives a delivery against it as the host would.
//!
//! Never lenient: a path or field that Jira does not have is a failed test.

use super::*;
use tocsin_plugin::Timestamp;

/// Names and categories of the workflow's statuses.
const CATEGORIES: [(&str, &str); 4] =
    [("To Do", "new"), ("In Progress", "indeterminate"), ("In Review", "indeterminate"), ("Done", "done")];

pub(super) struct Issue {
    pub(super) key: String,
    pub(super) fields: Value,
    pub(super) status: String,
    pub(super) comments: Vec<Value>,
    pub(super) resolution: Option<Value>,
    /// When it was made, in seconds.
    made: i64,
}

/// Jira, Cloud or Server.
pub(super) struct Peer {
    pub(super) is_cloud: bool,
    pub(super) issues: Vec<Issue>,
    /// From, the transition's name, to.
    pub(super) workflow: Vec<(&'static str, &'static str, &'static str)>,
    /// What was asked: method and path.
    pub(super) log: Vec<String>,
    /// The answers that are lost after the work was done: how many of the next writes.
    pub(super) lost: usize,
    /// Seconds until the search sees what was made.
    pub(super) lag: i64,
    /// The time of the request, in seconds.
    clock: i64,
    pub(super) references: Vec<Reference>,
}

impl Peer {
    pub(super) fn new(is_cloud: bool) -> Self {
        let workflow = vec![
            ("To Do", "Start", "In Progress"),
            ("To Do", "Close", "Done"),
            ("In Progress", "Close", "Done"),
            ("Done", "Open again", "To Do"),
        ];
        let (issues, log, references) = (Vec::new(), Vec::new(), Vec::new());
        Self { is_cloud, issues, workflow, log, lost: 0, lag: 0, clock: 0, references }
    }

    fn root(&self) -> String {
        format!(
            "https://{}/rest/api/{}",
            if self.is_cloud { CLOUD } else { SERVER },
            if self.is_cloud { 3 } else { 2 }
        )
    }

    fn status(&self, name: &str) -> Value {
        let category = CATEGORIES.iter().find(|(known, _)| *known == name).expect("a status").1;
        json!({"name": name, "statusCategory": {"key": category}})
    }

    pub(super) fn answer(&mut self, request: &HttpRequest) -> Response {
        let prefix = if self.is_cloud { "/rest/api/3" } else { "/rest/api/2" };
        let path = request.path.strip_prefix(prefix).expect("the product's version").to_owned();
        self.log.push(format!("{} {path}", request.method));
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (status, document) = match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["search", "jql"]) if self.is_cloud => (200, self.search(request)),
            ("GET", ["search"]) if !self.is_cloud => (200, self.search(request)),
            ("POST", ["issue"]) => (201, self.create(&body(request))),
            (method, ["issue", key, rest @ ..]) => self.of_issue(method, key, rest, request),
            other => panic!("Jira has no {other:?}"),
        };
        response(status, &[], &if document.is_null() { String::new() } else { document.to_string() })
    }

    fn search(&self, request: &HttpRequest) -> Value {
        let jql = &request.query.iter().find(|p| p.name == "jql").expect("a query").value;
        let label = jql.strip_prefix("labels = \"").and_then(|rest| rest.split_once('"')).expect("a label").0;
        let has =
            |issue: &&Issue| issue.fields["labels"].as_array().is_some_and(|l| l.contains(&json!(label)));
        let found = self.issues.iter().filter(|issue| issue.made + self.lag <= self.clock).filter(has);
        let found: Vec<Value> = found
            .map(|i| json!({"key": i.key, "self": format!("{}/issue/{}", self.root(), i.key)}))
            .collect();
        json!({"issues": found})
    }

    fn create(&mut self, document: &Value) -> Value {
        let fields = document["fields"].clone();
        assert!(
            fields["summary"].as_str().is_some_and(|s| s.encode_utf16().count() <= 255 && !s.contains('\n'))
        );
        assert_eq!(fields["description"].is_object(), self.is_cloud, "{}", fields["description"]);
        let key =
            format!("{}-{}", fields["project"]["key"].as_str().expect("a project"), self.issues.len() + 1);
        let (status, made) = ("To Do".to_owned(), self.clock);
        let answer = json!({"id": "10001", "key": key, "self": format!("{}/issue/10001", self.root())});
        self.issues.push(Issue { key, fields, status, comments: Vec::new(), resolution: None, made });
        answer
    }

    fn of_issue(&mut self, method: &str, key: &str, rest: &[&str], request: &HttpRequest) -> (u16, Value) {
        let Some(at) = self.issues.iter().position(|issue| issue.key == key) else {
            return (404, json!({"errorMessages": ["Issue does not exist."], "errors": {}}));
        };
        let ways: Vec<(&str, &str)> = {
            let from = self.issues[at].status.clone();
            self.workflow.iter().filter(|way| way.0 == from).map(|way| (way.1, way.2)).collect()
        };
        match (method, rest) {
            ("GET", []) => {
                (200, json!({"key": key, "fields": {"status": self.status(&self.issues[at].status)}}))
            }
            ("GET", ["transitions"]) => {
                let one = |(id, (name, to)): (usize, &(&str, &str))| json!({"id": id.to_string(), "name": name, "to": self.status(to)});
                (200, json!({"transitions": ways.iter().enumerate().map(one).collect::<Vec<_>>()}))
            }
            ("POST", ["transitions"]) => {
                let document = body(request);
                let id =
                    document["transition"]["id"].as_str().expect("an id").parse::<usize>().expect("ours");
                self.issues[at].status = ways[id].1.to_owned();
                self.issues[at].resolution = document.pointer("/fields/resolution").cloned();
                (204, Value::Null)
            }
            ("GET", ["comment"]) => (200, json!({"comments": self.issues[at].comments})),
            ("POST", ["comment"]) => {
                let body = body(request)["body"].clone();
                assert_eq!(body.is_object(), self.is_cloud);
                let created = example_context().now.to_string();
                self.issues[at].comments.push(json!({"body": body, "created": created}));
                (201, json!({"id": "1"}))
            }
            other => panic!("Jira has no {other:?} of an issue"),
        }
    }

    /// One attempt as the host makes it: at most eight requests; a lost answer ends it.
    pub(super) fn attempt(&mut self, context: &Context, ticket: &Ticket) -> Result<Step, Failure> {
        let mut context = context.clone();
        context.host = if self.is_cloud { CLOUD } else { SERVER }.to_owned();
        context.references = self.references.clone();
        self.clock = context.now.as_seconds();
        let account = account();
        let mut step = Jira::encode(&context, &account, ticket);
        for _ in 0..8 {
            let Ok(Step::Send(request, state)) = &step else { break };
            let answer = self.answer(request);
            if request.method == "POST" && self.lost > 0 {
                self.lost -= 1;
                return Err(Failure::retry("the connection broke"));
            }
            step = Jira::resume(&context, &account, ticket, state, &answer);
        }
        assert!(!matches!(step, Ok(Step::Send(..))), "more than eight requests");
        if let Ok(Step::Delivered(outcome)) = &step {
            for reference in &outcome.references {
                self.references.retain(|kept| kept.key != reference.key);
                self.references.push(reference.clone());
            }
        }
        step
    }

    /// Attempts until it is settled, as the host tries again.
    pub(super) fn deliver(&mut self, context: &Context, ticket: &Ticket) -> Result<Step, Failure> {
        let mut context = context.clone();
        for attempt in 1..=8 {
            context.attempt = attempt;
            // Signed anew each time.
            for url in &mut context.urls {
                url.value = format!("https://tocsin.example/incidents/42?signed={attempt}");
            }
            match self.attempt(&context, ticket) {
                Err(Failure::Retry { after_ms, .. }) => context.now = next(&context, after_ms),
                settled => return settled,
            }
        }
        panic!("eight attempts")
    }

    /// A delivery that arrives.
    pub(super) fn told(&mut self, context: &Context, ticket: &Ticket) -> Outcome {
        match self.deliver(context, ticket) {
            Ok(Step::Delivered(outcome)) => outcome,
            other => panic!("{other:?}"),
        }
    }
}

/// When the host tries again, at the soonest.
pub(super) fn next(context: &Context, asked_ms: Option<u64>) -> Timestamp {
    let wait_ms = (4_000 << (context.attempt - 1)).max(asked_ms.unwrap_or(0));
    Timestamp::from_micros(context.now.as_micros() + i64::try_from(wait_ms).expect("a time") * 1_000)
}
