//! The disk is full: what was answered is kept and can be read, the cause is told everywhere, and all goes on by
//! itself once there is room.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::harness::{Relay, Request, Site, TOKEN, absent, noise, source, until};
use crate::systemd::Notified;

/// Bytes that are in the way until a test makes room: without them, the database has room for all that is in the log, and
/// a replay for its copy.
const FILLER: usize = 56 * 1024 * 1024;
/// What the cause is called.
const FULL: &str = "the disk is full: make room";

/// A small disk in memory: a process in a place of its own, where it is mounted.
struct Disk {
    process: Child,
    path: PathBuf,
}

impl Disk {
    /// A disk that has room for a log, a filler and eight megabytes, if this system lets one be made.
    fn mount(site: &Site) -> Option<Self> {
        let place = site.path("disk");
        fs::create_dir(&place).expect("the folder can be written");
        // Root needs no user namespace, which a container may not have; everybody else does.
        [&["--mount"][..], &["--map-root-user", "--mount"]].into_iter().find_map(|how| {
            let script = "mount -t tmpfs -o size=96m tmpfs \"$0\" 2>/dev/null && echo mounted && exec cat";
            let mut command = Command::new("unshare");
            command.args(how).args(["sh", "-c", script]).arg(&place);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut process = command.spawn().ok()?;
            let mut said = String::new();
            let output = process.stdout.take().expect("a pipe");
            BufReader::new(output).read_line(&mut said).expect("a pipe");
            let path = format!("/proc/{}/root{}", process.id(), place.display()).into();
            let disk = Self { process, path };
            (said == "mounted\n").then_some(disk)
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may not have started.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An alert with something in it.
fn alert(number: usize) -> Request {
    let body = format!(
        r#"{{"title":"Alert {number}","id":"alert-{number}","message":"{}"}}"#,
        noise(number as u64, 15_000)
    );
    Request::json(&format!("/in/hook?token={TOKEN}"), &body)
}

#[test]
fn a_full_disk_is_told_everywhere_and_what_was_answered_can_be_read() {
    let site = Site::new("");
    let Some(disk) = Disk::mount(&site) else {
        absent("the full disk: none of its own can be mounted here");
        return;
    };
    let filler = disk.path.join("filler");
    fs::write(&filler, vec![1; FILLER]).expect("there is room");
    site.configure(&format!("state_dir = \"{}/state\"\n{}", disk.path.display(), source("hook", "webhook")));
    let notify = site.path("notify");
    let mut notified = Notified::bind(&notify);
    let socket = notify.display().to_string();
    let relay =
        Relay::start_in(site.with_environment(&[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", "300000")]));

    let mut kept = Vec::new();
    let refused = loop {
        let answer = relay.send(&alert(kept.len()));
        if answer.status != 200 {
            break answer.problem(503);
        }
        kept.push(answer.receipt());
        assert!(kept.len() < 2_000, "the disk does not get full");
    };
    assert!(refused.contains(FULL), "{refused}");
    relay.send(&alert(0)).problem(503);

    // What was answered is there, all of it.
    let receipts = relay.list(&["receipts", "list", "--limit", "1000"]);
    let listed: Vec<&str> = receipts.iter().filter_map(|receipt| receipt["id"].as_str()).collect();
    assert!(kept.iter().all(|id| listed.contains(&id.as_str())), "{} of {}", listed.len(), kept.len());
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(shown.contains("Alert 0"), "{shown}");
    assert!(relay.list(&["deliveries", "list"]).is_empty());

    // Whoever is called is told why.
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains(&format!("not working: the store: nothing can be stored: {FULL}")), "{status}");
    assert!(status.contains(&format!("{} open", kept.len())), "{status}");
    for command in [&["incidents", "ack", "1"][..], &["verify", "--replay"]] {
        let said = relay.run(command).expect(1).stderr;
        assert!(said.contains(FULL), "{command:?}: {said}");
    }
    let health = Request::new("GET", "/healthz");
    let said = relay.send(&health).problem(503);
    assert!(said.contains(FULL), "{said}");
    let ready = relay.send(&Request::new("GET", "/readyz")).expect(503).json();
    let said = ready["parts"]["store"]["reason"].as_str().expect("a reason");
    assert!(said.contains(FULL) && ready["parts"]["plugins"]["ready"] == true, "{ready}");
    let metrics = relay.run(&["metrics"]).expect(0).stdout;
    for sample in
        ["\ntocsin_store_trouble 1\n", "\ntocsin_ready{part=\"store\"} 0\n", "\ntocsin_incidents{state"]
    {
        assert!(metrics.contains(sample), "{sample} in {metrics}");
    }
    // No restart mends it, so systemd is not given a reason for one.
    notified.wait(&format!("STATUS=nothing can be stored: {FULL}, and writing goes on by itself"));
    for _ in 0..3 {
        notified.wait_anew("WATCHDOG=1");
    }

    fs::remove_file(&filler).expect("it is ours");
    until("the store sees for itself", || (relay.send(&health).status == 200).then_some(()));
    // All goes on; what was turned away meanwhile was counted, and is for the sender to send again.
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(!status.contains("not working"), "{status}");
    let rejected = "rejected: source hook: 2 in the last hour with 503: Nothing of this request was kept";
    assert!(status.contains(rejected) && status.contains(FULL), "{status}");
    relay.send(&alert(kept.len())).expect(200);
    assert_eq!(relay.list(&["incidents", "list", "--limit", "1000"]).len(), kept.len() + 1);
    relay.run(&["verify", "--replay"]).expect(0);
    notified.wait("STATUS=taking requests");
}

#[test]
fn a_backup_for_which_there_is_no_room_leaves_the_relay_going_and_is_made_later() {
    let site = Site::new("");
    let Some(disk) = Disk::mount(&site) else {
        absent("the backup on a full disk: none of its own can be mounted here");
        return;
    };
    let filler = disk.path.join("filler");
    let mut file = fs::File::create(&filler).expect("there is room");
    while file.write_all(&[1; 4096]).is_ok() {}
    drop(file);
    let directory = disk.path.display();
    site.configure(&format!(
        "{}[backup]\nevery = \"1s\"\ndir = \"{directory}\"\n",
        source("hook", "webhook")
    ));
    let relay = Relay::start_in(site);
    let failing = "the scheduled backup could not be made";
    until("it is tried", || relay.log().contains(failing).then_some(()));
    let said = relay.run(&["status"]).expect(1).stdout;
    assert!(said.contains(failing) && said.contains("No space left on device"), "{said}");
    for number in 0..20 {
        relay.send(&alert(number)).expect(200);
    }
    let said = relay.run(&["backup", &format!("{directory}/by-hand")]).expect(1).stderr;
    assert!(said.contains("No space left on device"), "{said}");
    let left: Vec<_> = fs::read_dir(&disk.path).expect("ours").flatten().map(|one| one.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("by-hand")), "{left:?}");

    fs::remove_file(&filler).expect("it is ours");
    until("it is made", || relay.log().contains("a backup is made").then_some(()));
    // Once for each reason, however often it was tried.
    assert!(relay.log().matches(failing).count() <= 2, "{}", relay.log());
    relay.run(&["status"]).expect(0);
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_relay_that_is_started_on_a_full_disk_shows_what_it_has_and_goes_on_when_there_is_room() {
    let site = Site::new("");
    let Some(disk) = Disk::mount(&site) else {
        absent("the start on a full disk: none of its own can be mounted here");
        return;
    };
    site.configure(&format!("state_dir = \"{}/state\"\n{}", disk.path.display(), source("hook", "webhook")));
    let mut relay = Relay::start_in(site);
    relay.send(&alert(0)).expect(200);
    relay.kill();
    let filler = disk.path.join("filler");
    let mut file = fs::File::create(&filler).expect("it is ours");
    while file.write_all(&[1; 4096]).is_ok() {}
    drop(file);
    relay.restart_unwell();

    // The log may have room for a few.
    let mut kept = 1;
    let refused = loop {
        let answer = relay.send(&alert(kept));
        if answer.status != 200 {
            break answer.problem(503);
        }
        kept += 1;
        assert!(kept < 2_000, "the disk does not get full");
    };
    assert!(refused.contains(FULL), "{refused}");
    let health = Request::new("GET", "/healthz");
    let said = relay.send(&health).problem(503);
    assert!(said.contains(FULL), "{said}");
    let ready = relay.send(&Request::new("GET", "/readyz")).expect(503).json();
    assert_eq!(ready["parts"]["store"]["ready"], false, "{ready}");
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains(&format!("not working: the store: nothing can be stored: {FULL}")), "{status}");
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(shown.contains("Alert 0"), "{shown}");

    fs::remove_file(&filler).expect("it is ours");
    until("the store sees for itself", || (relay.send(&health).status == 200).then_some(()));
    until("the start is recorded", || (relay.send(&alert(kept)).status == 200).then_some(()));
    assert_eq!(relay.list(&["incidents", "list", "--limit", "1000"]).len(), kept + 1);
    relay.run(&["verify", "--replay"]).expect(0);
}
