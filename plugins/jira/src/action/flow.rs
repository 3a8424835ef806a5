//! The road of one delivery: find or make the issue, move it, comment on it.
//!
//! Never relies on an earlier attempt having failed: whether the issue is there, where it stands and whether a
//! comment has been made is asked first when it may have been done before.

use serde_json::Value;
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Context, Response};

use super::answer::{self, Fault};
use super::api::{self, Requests};
use super::document::essence;
use super::settings::{Account, Ticket, object};
use super::settle;
use super::task::{At, Task};
use super::transition::{self, Status, Transition};
use super::{content, origin};

/// How much earlier than ours Jira's clock may be, in microseconds.
const CLOCK_SKEW_MICROS: i64 = 120_000_000;
/// Transitions that a sentence names.
const NAMED_MAX: usize = 8;

struct Run<'a> {
    context: &'a Context,
    ticket: &'a Ticket,
    jira: Requests<'a>,
}

/// The first request for a change.
pub(crate) fn begin(context: &Context, account: &Account, ticket: &Ticket) -> Result<Step, Failure> {
    Run { context, ticket, jira: Requests::new(account, &context.host) }.begin()
}

/// What an answer leads to.
pub(crate) fn resume(
    context: &Context,
    account: &Account,
    ticket: &Ticket,
    state: &[u8],
    response: &Response,
) -> Result<Step, Failure> {
    let Some(task) = Task::read(state) else {
        return Err(Failure::rejected("the plugin's own state could not be read"));
    };
    let run = Run { context, ticket, jira: Requests::new(account, &context.host) };
    let made = task.is_new.then(|| task.clone());
    match (run.answered(task, response), made) {
        // The issue is there; what came after must not make it forgotten.
        (Err(failure), Some(mut task)) => {
            let (Failure::Retry { reason: why, .. } | Failure::Rejected(why) | Failure::Misconfigured(why)) =
                failure;
            task.done.push(format!("the rest was left undone: {why}"));
            Ok(task.outcome(ticket.write_back).into())
        }
        (outcome, _) => outcome,
    }
}

impl Run<'_> {
    fn kind(&self) -> ChangeKind {
        self.context.change.kind
    }

    /// Whether an issue is made for this change when there is none. A resolution without an issue is an incident that
    /// was over before it could be sent: its issue is made and moved on at once.
    fn creates(&self) -> bool {
        match self.kind() {
            ChangeKind::Resolved => self.context.incident.state == State::Resolved,
            ChangeKind::Flapping | ChangeKind::Steady => false,
            _ => self.context.incident.state != State::Resolved,
        }
    }

    /// Whether there is something to say or do about an issue that is there.
    fn concerns(&self) -> bool {
        self.ticket.comments_on(self.kind()) || !self.ticket.targets(self.kind()).is_empty()
    }

    fn send(&self, at: At, mut task: Task, request: HttpRequest) -> Result<Step, Failure> {
        task.at = at;
        Ok(Step::Send(Box::new(request), task.write()))
    }

    fn begin(&self) -> Result<Step, Failure> {
        let project = self.ticket.project.trim();
        if self.ticket.skip_own_issues
            && let Some(why) = origin::own(&self.context.incident, project)
        {
            return Ok(Step::Skipped(why));
        }
        let kept = self.context.reference("issue");
        if let Some(reference) = kept
            && let Some(key) = api::key(&reference.value)
        {
            if !self.concerns() {
                let kind = self.kind().as_str();
                return Ok(Step::Skipped(format!("{key} is there, and `comment_on` does not name {kind}")));
            }
            return self.known(Task::new(At::Status, &key, reference.url.clone()));
        }
        if !self.creates() && !self.concerns() {
            return Ok(Step::Skipped(format!("{} is not told to Jira", self.kind().as_str())));
        }
        // A first attempt for a new incident can have made nothing yet.
        if self.context.attempt > 1 || self.kind() != ChangeKind::Opened {
            self.search()
        } else {
            self.create()
        }
    }

    /// Looks for the issue by its label before one is made.
    fn search(&self) -> Result<Step, Failure> {
        if !self.ticket.mark {
            return self.create();
        }
        let request = self.jira.search(&origin::mark(&self.context.incident))?;
        self.send(At::Search, Task::new(At::Search, "", None), request)
    }

    fn create(&self) -> Result<Step, Failure> {
        if !self.creates() {
            return Ok(Step::Skipped("there is no issue for this incident".to_owned()));
        }
        let document = content::issue(self.context, self.ticket, self.jira.is_cloud)?;
        let request = self.jira.create(&document)?;
        self.send(At::Create, Task::new(At::Create, "", None), request)
    }

    fn answered(&self, task: Task, response: &Response) -> Result<Step, Failure> {
        let document = match answer::of(self.context, response, answer::Spoken::of(self.jira.is_cloud)) {
            Ok(document) => document,
            Err(Fault::Failure(failure)) => return Err(failure),
            Err(Fault::Gone(said)) => return self.gone(&task, &said),
        };
        match task.at {
            At::Search => self.searched(&document),
            At::Create => self.created(&document),
            At::Status => self.standing(task, &document),
            At::Transitions => self.choose(task, &transition::read(&document)),
            At::Move => self.comment(task),
            At::Comments => self.compare(task, &document),
            At::Comment => {
                let mut task = task;
                task.done.push(format!("{} has a comment", task.key));
                Ok(task.outcome(self.ticket.write_back).into())
            }
        }
    }

    /// An issue that is not there was deleted by somebody, who is not contradicted before the problem comes back.
    fn gone(&self, task: &Task, said: &str) -> Result<Step, Failure> {
        match task.at {
            At::Search | At::Create => Err(Failure::misconfigured(format!("Jira {said}; {}", answer::ROOT))),
            _ if self.kind() == ChangeKind::Reopened && !task.is_new => {
                // An earlier attempt may have made the new one, unless it was searched and this is what was found.
                if self.context.attempt > 1 && !task.keep { self.search() } else { self.create() }
            }
            _ => Err(Failure::rejected(format!(
                "{} was deleted, or the account may not see it: Jira {said}",
                task.key
            ))),
        }
    }

    fn searched(&self, document: &Value) -> Result<Step, Failure> {
        let Some(issues) = document.get("issues").and_then(Value::as_array) else {
            return Err(Failure::rejected("Jira answered a search without `issues`"));
        };
        if let Some((key, url)) = issues.first().and_then(|issue| self.named(issue)) {
            let mut task = Task::new(At::Status, &key, url);
            task.keep = true;
            task.done.push(format!("{key} was found by its label"));
            return self.known(task);
        }
        match settle::wait(self.context, self.jira.account) {
            Some(waits) if self.creates() => Err(waits),
            _ => self.create(),
        }
    }

    /// The key and the address of an issue in one of Jira's documents.
    fn named(&self, issue: &Value) -> Option<(String, Option<String>)> {
        let key = ["key", "id"].iter().find_map(|name| api::key(&json::text(issue, name)?))?;
        let given = json::text(issue, "self");
        let url = self.jira.web_address(&key, given.as_deref(), &self.context.host);
        Some((key, url))
    }

    fn created(&self, document: &Value) -> Result<Step, Failure> {
        let Some((key, url)) = self.named(document) else {
            // The next attempt finds it by its label.
            return Err(Failure::retry("Jira made an issue and did not say which"));
        };
        let mut task = Task::new(At::Status, &key, url);
        (task.keep, task.is_new) = (true, true);
        task.done.push(format!("created {key}"));
        self.known(task)
    }

    /// There is an issue: where does it stand?
    fn known(&self, task: Task) -> Result<Step, Failure> {
        // An incident that comes back as a new issue need not be reopened there.
        let moves = !self.ticket.targets(self.kind()).is_empty();
        if !moves || (task.is_new && self.kind() == ChangeKind::Reopened) {
            return self.comment(task);
        }
        let request = self.jira.status(&task.key)?;
        self.send(At::Status, task, request)
    }

    fn standing(&self, mut task: Task, document: &Value) -> Result<Step, Failure> {
        if let Some((key, url)) = self.named(document)
            && document.get("key").is_some()
            && key != task.key
        {
            task.done.push(format!("{} is now {key}", task.key));
            (task.key, task.url, task.keep) = (key, url, true);
        }
        let status = json::at(document, "fields.status").map(Status::read).unwrap_or_default();
        if status.is_one_of(&self.ticket.targets(self.kind())) {
            task.done.push(format!("{} is {} already", task.key, text::truncate(&status.name, 60)));
            return self.comment(task);
        }
        task.is_there = status.means(self.kind());
        task.status = text::truncate(&status.name, 60);
        let request = self.jira.transitions(&task.key)?;
        self.send(At::Transitions, task, request)
    }

    fn choose(&self, mut task: Task, transitions: &[Transition]) -> Result<Step, Failure> {
        let targets = self.ticket.targets(self.kind());
        if let Some(chosen) = transition::pick(transitions, &targets) {
            let fields = match self.kind() {
                ChangeKind::Resolved => object(self.ticket.resolve_fields.as_deref())
                    .map_err(|why| Failure::rejected(format!("`resolve_fields` {why}")))?,
                _ => serde_json::Map::new(),
            };
            let request = self.jira.transition(&task.key, &api::transition_body(&chosen.id, fields))?;
            let (name, to) = (text::truncate(&chosen.name, 60), text::truncate(&chosen.to.name, 60));
            task.done.push(format!("{} moved to {to} by \"{name}\"", task.key));
            return self.send(At::Move, task, request);
        }
        // For example resolved by hand to a status that is not the first choice.
        if task.is_there {
            task.done.push(format!("{} is {} already", task.key, task.status));
            return self.comment(task);
        }
        let why = self.no_way(&task, transitions, &targets);
        if self.ticket.require_transition {
            return Err(Failure::rejected(format!("{}: {why} (require_transition)", task.key)));
        }
        task.done.push(format!("{} was not moved: {why}", task.key));
        task.stuck = Some(format!("Tocsin could not move this issue: {why}."));
        self.comment(task)
    }

    fn no_way(&self, task: &Task, transitions: &[Transition], targets: &[&str]) -> String {
        let names = transitions.iter().take(NAMED_MAX).map(|transition| text::truncate(&transition.name, 60));
        let there_are = match names.collect::<Vec<_>>().join(", ") {
            names if names.is_empty() => "the account may use none".to_owned(),
            names => format!("there are {names}"),
        };
        let targets = text::truncate(&targets.join(", "), 200);
        format!("no transition from {} leads to {targets}; {there_are}", task.status)
    }

    fn comment(&self, task: Task) -> Result<Step, Failure> {
        let told = self.ticket.comments_on(self.kind()) && !task.is_new;
        if !told && task.stuck.is_none() {
            return Ok(task.outcome(self.ticket.write_back).into());
        }
        if self.context.attempt > 1 && !task.is_new {
            let request = self.jira.comments(&task.key)?;
            return self.send(At::Comments, task, request);
        }
        self.write_comment(task)
    }

    fn comment_body(&self, task: &Task) -> Value {
        let told = self.ticket.comments_on(self.kind()) && !task.is_new;
        content::comment(self.context, self.ticket, told, task.stuck.as_deref(), self.jira.is_cloud)
    }

    fn write_comment(&self, task: Task) -> Result<Step, Failure> {
        let request = self.jira.comment(&task.key, &self.comment_body(&task))?;
        self.send(At::Comment, task, request)
    }

    /// Whether an earlier attempt has made the comment: the same text, after the change.
    fn compare(&self, mut task: Task, document: &Value) -> Result<Step, Failure> {
        let ours = essence(self.comment_body(&task).get("body").unwrap_or(&Value::Null));
        let since = self.context.change.at.as_micros() - CLOCK_SKEW_MICROS;
        let comments = document.get("comments").and_then(Value::as_array).into_iter().flatten();
        let is_ours = |comment: &Value| {
            let made = json::text(comment, "created").and_then(|at| Timestamp::parse(&at));
            made.is_some_and(|at| at.as_micros() >= since)
                && comment.get("body").is_some_and(|body| essence(body) == ours)
        };
        if comments.into_iter().any(is_ours) {
            task.done.push(format!("{} has the comment of an earlier attempt", task.key));
            return Ok(task.outcome(self.ticket.write_back).into());
        }
        self.write_comment(task)
    }
}
