//! Jira's REST API: the requests, and the addresses of issues.
//!
//! Never puts anything but a checked key into a path, nor anything but our own mark into JQL.
//!
//! Cloud is spoken to in version 3 and searches with `search/jql` (the older `search` answers 410), Data Center
//! and Server in version 2: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/>,
//! <https://developer.atlassian.com/server/jira/platform/rest/>.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use super::answer;
use super::settings::{Account, Authentication};

/// Comments that are looked through for one that an earlier attempt may have made.
const COMMENTS: &str = "20";

/// The requests of one product, as one account.
pub(crate) struct Requests<'a> {
    pub(crate) account: &'a Account,
    pub(crate) is_cloud: bool,
}

impl<'a> Requests<'a> {
    pub(crate) fn new(account: &'a Account, host: &str) -> Self {
        Self { account, is_cloud: account.is_cloud(host) }
    }

    /// A request below `/rest/api/<version>`.
    fn to(&self, method: &str, path: &str) -> Result<HttpRequest, Failure> {
        let version = if self.is_cloud { 3 } else { 2 };
        let request = HttpRequest::new(method)
            .path(format!("/rest/api/{version}{path}"))
            .header("accept", "application/json");
        match self.account.authentication {
            Authentication::Bearer => Ok(request.bearer(&self.account.token)),
            Authentication::Basic => match self.account.basic_user() {
                Ok(user) => Ok(request.basic(user, &self.account.token)),
                Err(wrong) => Err(Failure::misconfigured(format!("`user` {}", wrong.problem))),
            },
        }
    }

    pub(crate) fn myself(&self) -> Result<HttpRequest, Failure> {
        self.to("GET", "/myself")
    }

    /// The issues with this label, oldest first. A label that no issue has finds nothing and is no error.
    pub(crate) fn search(&self, mark: &str) -> Result<HttpRequest, Failure> {
        let path = if self.is_cloud { "/search/jql" } else { "/search" };
        let jql = format!("labels = \"{mark}\" ORDER BY created ASC");
        // Cloud gives ids alone unless a field is asked for.
        Ok(self.to("GET", path)?.query("jql", &jql).query("fields", "status").query("maxResults", "2"))
    }

    pub(crate) fn create(&self, document: &Value) -> Result<HttpRequest, Failure> {
        Ok(self.to("POST", "/issue")?.json(document))
    }

    pub(crate) fn status(&self, key: &str) -> Result<HttpRequest, Failure> {
        Ok(self.to("GET", &format!("/issue/{key}"))?.query("fields", "status"))
    }

    pub(crate) fn transitions(&self, key: &str) -> Result<HttpRequest, Failure> {
        self.to("GET", &format!("/issue/{key}/transitions"))
    }

    pub(crate) fn transition(&self, key: &str, document: &Value) -> Result<HttpRequest, Failure> {
        Ok(self.to("POST", &format!("/issue/{key}/transitions"))?.json(document))
    }

    /// The newest comments. Old servers know no order and send all of them.
    pub(crate) fn comments(&self, key: &str) -> Result<HttpRequest, Failure> {
        let request = self.to("GET", &format!("/issue/{key}/comment"))?;
        Ok(request.query("orderBy", "-created").query("maxResults", COMMENTS))
    }

    pub(crate) fn comment(&self, key: &str, document: &Value) -> Result<HttpRequest, Failure> {
        Ok(self.to("POST", &format!("/issue/{key}/comment"))?.json(document))
    }

    /// Where people find an issue: below the configured address, or below what stands before `/rest/` in the
    /// address that Jira itself gives, if that is on the connection's host.
    pub(crate) fn web_address(&self, key: &str, given: Option<&str>, host: &str) -> Option<String> {
        let configured = self.account.web_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let root = match configured {
            Some(url) => url,
            None => {
                let (root, _) = given?.split_once("/rest/")?;
                // This host has the interface and no pages.
                if !is_on(root, host) || host.eq_ignore_ascii_case("api.atlassian.com") {
                    return None;
                }
                root
            }
        };
        let address = format!("{}/browse/{key}", root.trim_end_matches('/'));
        text::is_web_address(&address).then_some(address)
    }
}

/// Whether an address is on this host, whatever its port.
fn is_on(address: &str, host: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => authority,
    };
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && !host.is_empty()
        && name.eq_ignore_ascii_case(host)
}

/// A key or id that Jira or the state gave, if it can stand in a path.
pub(crate) fn key(given: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    ((1..=255).contains(&given.len()) && given.chars().all(is_plain)).then(|| given.to_owned())
}

/// The body of `POST …/transitions`.
pub(crate) fn transition_body(id: &str, fields: serde_json::Map<String, Value>) -> Value {
    let mut document = json!({"transition": {"id": id}});
    if let (Value::Object(members), false) = (&mut document, fields.is_empty()) {
        members.insert("fields".to_owned(), Value::Object(fields));
    }
    document
}

/// Who am I: changes nothing.
pub(crate) fn probe(host: &str, account: &Account) -> Option<Probe> {
    Requests::new(account, host).myself().ok().map(Probe::from)
}

/// Whose account it is.
pub(crate) fn probed(host: &str, account: &Account, response: &Response) -> Result<String, Failure> {
    let document = answer::of_probe(response, answer::Spoken::of(account.is_cloud(host)))?;
    let name = ["displayName", "emailAddress", "name", "key", "accountId"];
    match name.iter().find_map(|field| json::text(&document, field)) {
        Some(name) => Ok(format!("signed in as {}", text::truncate(&text::one_line(&name), 100))),
        None => Err(Failure::misconfigured(format!("{}; {}", verdict::answer(response), answer::ROOT))),
    }
}
