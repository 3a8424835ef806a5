//! The page in a real browser: what a person sees, presses and gets.
//!
//! Drives Chromium through ChromeDriver's own protocol. Where there is none, the test says that it was skipped.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{link, open, relay};
use crate::harness::{Receiver, Request, skipped, until};

/// A browser, ended with the test.
struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Nothing when there is no ChromeDriver.
    fn start() -> Option<Self> {
        // Asked for and given back: ChromeDriver cannot say which port it took.
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let profile = tempfile::tempdir().expect("a folder");
        let mut browser = Self { driver, address, session: String::new(), profile };
        until("ChromeDriver answers", || {
            Request::new("GET", "/status").try_send(address).filter(|answer| answer.status == 200)
        });
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &format!("--user-data-dir={}", browser.profile.path().display()),
        ];
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": arguments } } } });
        let session = browser.ask("/session", &wanted);
        session["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        Some(browser)
    }

    fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = Request::json(path, &body.to_string()).send(self.address).expect(200);
        answer.json()["value"].clone()
    }

    fn command(&self, command: &str, body: &Value) -> Value {
        self.ask(&format!("/session/{}{command}", self.session), body)
    }

    fn open(&self, url: &str) {
        self.command("/url", &json!({ "url": url }));
    }

    /// What `script` returns in the page.
    fn script(&self, script: &str) -> Value {
        self.command("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    fn find(&self, selector: &str) -> String {
        let found = self.command("/element", &json!({ "using": "css selector", "value": selector }));
        let element = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        element.unwrap_or_else(|| unreachable!("{selector}: {found}")).to_owned()
    }

    fn press(&self, selector: &str) {
        self.command(&format!("/element/{}/click", self.find(selector)), &json!({}));
    }

    fn write(&self, selector: &str, text: &str) {
        self.command(&format!("/element/{}/value", self.find(selector)), &json!({ "text": text }));
    }

    fn text(&self) -> String {
        self.script("return document.body.innerText").as_str().expect("a text").to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        // The browser ends with its session; the driver has to be ended.
        let _ = Request::new("DELETE", &path).try_send(self.address);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

#[test]
fn a_person_acknowledges_by_pressing_a_messages_button() {
    let Some(browser) = Browser::start() else {
        skipped("the incident's page in a browser: there is no chromedriver");
        return;
    };
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    open(&relay, "<script>document.title='taken'</script>", "high");
    let message = receiver.wait(1)[0].json();
    browser.open(&format!("http://{}{}", relay.address(), link(&message, "acknowledge")));
    let seen = browser.text();
    assert!(seen.contains("Are you on it?") && seen.contains("<script>"), "{seen}");
    assert_eq!(browser.script("return document.title"), "#1 <script>document.title='taken'</script>");
    // The style is the page's own, and the policy lets it through.
    assert_eq!(browser.script("return getComputedStyle(document.querySelector('ol')).listStyleType"), "none");
    assert_eq!(relay.incident()["state"], "open");

    browser.write("input[name=name]", "Ada");
    browser.press("button");
    let seen = until("the page says what was done", || {
        Some(browser.text()).filter(|seen| seen.contains("It is acknowledged."))
    });
    assert!(seen.contains("acknowledged by Ada (by a link that tell sent)"), "{seen}");
    assert_eq!(relay.incident()["state"], "acknowledged");

    // Loading the page again asks nothing and does nothing again.
    browser.command("/refresh", &json!({}));
    browser.press("nav a");
    let seen = until("another question is asked", || {
        Some(browser.text()).filter(|seen| seen.contains("Are you no longer on it?"))
    });
    assert!(!seen.contains("It is acknowledged."), "{seen}");
}
