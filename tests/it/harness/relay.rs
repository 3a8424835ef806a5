//! The real relay as a process: started, asked, stopped, killed, started again on the same state.

use std::fs;
use std::fs::File;
use std::net::SocketAddr;
use std::ops::Deref;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::thread;

use rustls::ClientConfig;
use serde_json::Value;

use super::{Answer, Request, Secure, Site, TOKEN, until};

/// A relay that runs in a folder of its own. It is killed when the test ends.
pub(crate) struct Relay {
    site: Site,
    process: Option<Child>,
    address: SocketAddr,
    /// How the test speaks TLS with it, if it does.
    tls: Option<Arc<ClientConfig>>,
    starts: usize,
}

impl Relay {
    /// Starts one with these tables in its configuration.
    pub(crate) fn start(tables: &str) -> Self {
        Self::start_in(Site::new(tables))
    }

    /// Starts one in a folder that is prepared.
    pub(crate) fn start_in(site: Site) -> Self {
        let mut relay = Self::unstarted(site, None);
        relay.restart();
        relay
    }

    /// Starts one in a folder that is prepared, whose listener speaks TLS with a client like this.
    pub(crate) fn start_secure(site: Site, tls: Arc<ClientConfig>) -> Self {
        let mut relay = Self::unstarted(site, Some(tls));
        relay.restart();
        relay
    }

    fn unstarted(site: Site, tls: Option<Arc<ClientConfig>>) -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { site, process: None, address: nowhere, tls, starts: 0 }
    }

    /// Starts one in a folder that is prepared, and waits until it answers: its plugins may still be compiled.
    pub(crate) fn start_early(site: Site) -> Self {
        let mut relay = Self::unstarted(site, None);
        relay.restart_unwell();
        relay
    }

    /// Waits until everything is loaded that the configuration names.
    pub(crate) fn loaded(&self) {
        let log = self.site.path(format!("log-{}", self.starts));
        until("the relay's plugins are loaded", || {
            fs::read_to_string(&log).unwrap_or_default().contains("plugins are loaded").then_some(())
        });
    }

    /// Starts it again, and waits until all is well.
    pub(crate) fn restart(&mut self) {
        self.restart_unwell();
        self.loaded();
        until("the relay is healthy", || {
            let answer = self.try_send(&Request::new("GET", "/healthz"))?;
            (answer.status == 200 && answer.body == "ok\n").then_some(())
        });
    }

    /// Starts it again, and waits until it answers, whatever it answers.
    pub(crate) fn restart_unwell(&mut self) {
        assert!(self.process.is_none(), "it runs");
        self.starts += 1;
        let log = self.site.path(format!("log-{}", self.starts));
        let mut command = self.site.serve();
        command.stderr(File::create(&log).expect("the folder can be written"));
        self.process = Some(command.spawn().expect("the binary starts"));
        // The system chose the port; the log says which.
        self.address = until("the relay is ready", || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            self.has_not_ended(&said);
            said.split_inclusive('\n').find_map(address_in)
        });
    }

    fn has_not_ended(&mut self, said: &str) {
        let ended = self.process.as_mut().and_then(|process| process.try_wait().expect("a process"));
        assert!(ended.is_none(), "the relay did not start: {said}");
    }

    /// The plugins in force.
    pub(crate) fn list_of_plugins(&self) -> Vec<Value> {
        self.site.json_of_any_code(&["plugins", "list"])["in_force"].as_array().expect("a list").clone()
    }

    /// Its folder, to prepare its next start.
    pub(crate) fn site_mut(&mut self) -> &mut Site {
        &mut self.site
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        let logs = (1..=self.starts).map(|start| self.site.path(format!("log-{start}")));
        logs.map(|log| fs::read_to_string(log).unwrap_or_default()).collect()
    }

    /// Kills it as a power failure would: it hears nothing of it.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
    }

    /// A number of bytes that the system has about its memory, such as `VmHWM`, the most that it ever used.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let process = self.process.as_ref().expect("it runs");
        let about = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
        let line = about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a name");
        let number = line.trim().strip_suffix(" kB").expect("kilobytes").trim();
        number.parse::<u64>().expect("a number") * 1024
    }

    /// Sends SIGTERM and goes on.
    pub(crate) fn tell_to_stop(&self) {
        self.signal("TERM");
    }

    /// Sends this signal.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("it runs");
        let told = Command::new("sh").args(["-c", &format!("kill -{name} {}", process.id())]).status();
        assert!(told.expect("a shell").success());
    }

    /// The state of its process as the system names it, such as `T` while it is stopped.
    pub(crate) fn process_state(&self) -> Option<char> {
        let process = self.process.as_ref()?;
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).ok()?;
        // The name before it is in brackets, and may hold anything.
        stat.rsplit_once(") ")?.1.chars().next()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        until("the relay has stopped", || process.try_wait().expect("a process"))
    }

    /// Sends SIGTERM and waits until it has ended, as it should.
    pub(crate) fn stop(&mut self) {
        self.tell_to_stop();
        let status = self.ended();
        assert!(status.success(), "{status}");
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        self.try_send(request).expect("the relay answers")
    }

    /// Sends a request that may be refused.
    fn try_send(&self, request: &Request) -> Option<Answer> {
        match &self.tls {
            None => request.try_send(self.address),
            Some(tls) => Secure::connect(self.address, tls).ok()?.ask(request),
        }
    }

    /// Sends JSON to a source.
    pub(crate) fn post(&self, source: &str, json: &str) -> Answer {
        self.send(&Request::json(&at(source), json))
    }

    /// The only incident.
    pub(crate) fn incident(&self) -> Value {
        let incidents = self.site.list(&["incidents", "list"]);
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        self.site.json(&["incidents", "show", incidents[0]["id"].as_str().expect("an id")])
    }

    /// Waits until no delivery is under way, and returns all of them, newest first.
    pub(crate) fn settled(&self) -> Vec<Value> {
        until("every delivery is settled", || {
            let deliveries = self.site.list(&["deliveries", "list", "--limit", "1000"]);
            deliveries.iter().all(|delivery| delivery["settled"] == true).then_some(deliveries)
        })
    }
}

/// The address in the line that says that the relay is ready, as text or JSON.
fn address_in(line: &str) -> Option<SocketAddr> {
    let line = line.strip_suffix('\n')?;
    if let Some((_, at)) = line.split_once("ready address=") {
        return at.trim().parse().ok();
    }
    let line: Value = serde_json::from_str(line).ok().filter(|line: &Value| line["message"] == "ready")?;
    line["fields"]["address"].as_str()?.parse().ok()
}

/// The address of a source with its token.
pub(crate) fn at(source: &str) -> String {
    format!("/in/{source}?token={TOKEN}")
}

impl Deref for Relay {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself, which is what the test is failing for.
            let _ = process.kill();
            let _ = process.wait();
        }
        if thread::panicking() {
            eprintln!("── the relay's log ──\n{}", self.log());
        }
    }
}
