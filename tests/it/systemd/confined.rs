//! The real relay under the unit's settings, as far as they can be put on without systemd: its filter of system
//! calls, its limits, a read-only system, an unprivileged user without capabilities.
//!
//! Never tests systemd itself. What is not put on here is listed in `host/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde_json::json;
use syscalls::Sysno;

use super::{analyze, unit};
use crate::harness::{Receiver, Relay, Request, Site, absent, action, at, connection, guest, source, until};

/// What a system call gets that the filter denies (`SystemCallErrorNumber=EPERM`).
pub(super) const EPERM: u32 = 1;
/// The families of `RestrictAddressFamilies=`: AF_UNIX, AF_INET, AF_INET6.
const FAMILIES: [u64; 3] = [1, 2, 10];

/// The system calls of a group, with those of the groups in it.
fn group(name: &str) -> Option<BTreeSet<String>> {
    let output = analyze(&["syscall-filter", name])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut calls = BTreeSet::new();
    for entry in said.lines().filter(|line| line.starts_with(' ')).map(str::trim) {
        match entry.chars().next() {
            Some('@') => calls.extend(group(entry)?),
            Some('#') | None => {}
            Some(_) => drop(calls.insert(entry.to_owned())),
        }
    }
    assert!(!calls.is_empty(), "{name} is a group: {said}");
    Some(calls)
}

/// What the unit allows, by its lines in their order.
fn allowed() -> Option<BTreeSet<String>> {
    let mut allowed = BTreeSet::new();
    for line in unit().lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (is_denied, names) = line.strip_prefix('~').map_or((false, line), |names| (true, names));
        for name in names.split_whitespace() {
            let calls = if name.starts_with('@') { group(name)? } else { BTreeSet::from([name.to_owned()]) };
            if is_denied {
                allowed.retain(|call| !calls.contains(call));
            } else {
                allowed.extend(calls);
            }
        }
    }
    // What systemd itself needs to start a service is allowed whatever the unit says.
    allowed.extend(["execve", "exit", "exit_group", "rt_sigreturn"].map(str::to_owned));
    Some(allowed)
}

/// The unit's filter, for this machine's processor.
pub(super) fn filter() -> Option<BpfProgram> {
    let allowed = allowed()?;
    for (call, expected) in
        [("prlimit64", true), ("mprotect", true), ("setpriority", false), ("setuid", false)]
    {
        assert_eq!(allowed.contains(call), expected, "{call}");
    }
    let mut rules = BTreeMap::new();
    // Names of other processors and of newer kernels have no number here.
    for call in allowed.iter().filter_map(|name| Sysno::from_str(name).ok()) {
        let only = if call == Sysno::socket { FAMILIES.map(of_family).to_vec() } else { Vec::new() };
        rules.insert(i64::from(call.id()), only);
    }
    let denied = SeccompAction::Errno(EPERM);
    let machine = std::env::consts::ARCH.try_into().expect("a processor that filters are made for");
    let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, machine).expect("a filter");
    Some(filter.try_into().expect("a program"))
}

fn of_family(family: u64) -> SeccompRule {
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family);
    SeccompRule::new(vec![condition.expect("an argument")]).expect("a rule")
}

/// A plugin's bytes as no other run has them, so that it is compiled anew: with a section that nobody reads.
fn never_compiled(name: &str) -> Vec<u8> {
    let mut bytes = guest(name);
    let mark = format!("{:?}", std::time::SystemTime::now());
    let size = u8::try_from(mark.len() + 2).expect("a short text");
    bytes.extend([0, size, 1, b'x']);
    bytes.extend(mark.as_bytes());
    bytes
}

/// A source, hostile sources, and an action that sends to `receiver`.
pub(super) fn tables(receiver: &Receiver) -> String {
    let limits = "[limits]\nplugin_time = \"500ms\"\nplugin_memory = \"16MiB\"\n";
    let sources: String =
        ["endless-loop", "deep-recursion", "memory-growth"].map(|id| source(id, id)).concat();
    let out = connection("out", "webhook", &receiver.url("/hook"));
    format!("{limits}{sources}{}{out}{}", source("hook", "webhook"), action("tell", "out"))
}

/// Everything that a relay does: it receives, sends, compiles, stops what loops and what recurses, measures itself, and
/// ends.
pub(super) fn works(mut relay: Relay, receiver: &Receiver) {
    relay.post("hook", &json!({ "title": "Disk full", "id": "disk" }).to_string()).expect(200);
    assert_eq!(receiver.wait(1)[0].title(), "Disk full");
    for (id, why) in [("endless-loop", "time"), ("deep-recursion", "stack"), ("memory-growth", "memory")] {
        let before = relay.list_of_plugins().len();
        relay.drop_plugin(&format!("{id}.wasm"), &never_compiled(id));
        until("the plugin is compiled and in force", || {
            (relay.list_of_plugins().len() > before).then_some(())
        });
        let answer = Request::json(&at(id), "body").send(relay.address()).expect(202);
        let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(reason.contains(why), "{id}: {reason}");
    }
    relay.settled();
    relay.run(&["verify", "--replay"]).expect(0);
    let metrics = relay.run(&["metrics"]).expect(0).stdout;
    for metric in ["process_resident_memory_bytes", "process_open_fds", "tocsin_disk_free_bytes"] {
        assert!(metrics.contains(&format!("\n{metric} ")), "{metric} in {metrics}");
    }
    relay.stop();
    let log = relay.log();
    assert!(!log.contains("ot permitted") && !log.contains("ermission denied"), "{log}");
    assert!(!log.contains("take longer"), "plugins have no pool: {log}");
}

#[test]
fn the_relay_works_within_the_units_system_calls() {
    let Some(filter) = filter() else { return };
    let receiver = Receiver::start();
    let site = Site::new(&tables(&receiver));
    // A filter holds for a thread and what it starts, and is never taken off.
    let confined = thread::spawn(move || {
        seccompiler::apply_filter(&filter).expect("a filter can be put on");
        Relay::start_in(site)
    });
    works(confined.join().expect("it starts"), &receiver);
}

/// Puts on what needs root: a system that is read-only but for the folder `$0`, processes and homes out of sight,
/// nobody's user, no capability, the unit's limits. What follows is run.
const CONFINE: &str = r#"
set -e
mount --make-rprivate /
mount --bind "$0" "$0"
cd "$0"
mount -o remount,bind,ro /
mount -t proc -o subset=pid,hidepid=invisible proc /proc
for home in /home /root; do mount -t tmpfs -o ro tmpfs "$home"; done
chown -R 65534:65534 "$0"
umask 0077
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
    prlimit --core=0 --nofile=8192 -- "$@"
"#;

#[test]
fn the_relay_works_as_an_unprivileged_user_on_a_read_only_system() {
    let receiver = Receiver::start();
    let site = Site::new(&tables(&receiver));
    site.own_cache();
    let folder = site.path("").display().to_string();
    let unshare = ["--mount", "--ipc", "--uts", "sh", "-c"];
    let tried = std::process::Command::new("unshare")
        .args(unshare)
        .args(["mount --make-rprivate / && mount -t tmpfs tmpfs /mnt"])
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        absent("the relay on a read-only system: only root can make one");
        return;
    }
    let arguments = [&unshare[..], &[CONFINE, &folder]].concat();
    let relay = Relay::start_in(site.started_by("unshare", &arguments));
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.pid())).expect("it runs");
    for line in
        ["Uid:\t65534\t65534", "NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"]
    {
        assert!(status.contains(line), "{line} in {status}");
    }
    works(relay, &receiver);
}
