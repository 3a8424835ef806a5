//! The hardened mode: plugins in the interpreter, and `MemoryDenyWriteExecute=yes` as systemd puts it on. The same
//! restriction stops a relay with compiled plugins, which shows that it holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use syscalls::Sysno;

use super::confined::{EPERM, filter, tables, works};
use super::{EXPOSED_TENTHS_MAX, exposure, tenths, unit};
use crate::harness::{Ran, Receiver, Relay, Site, absent, source};

const PROT_WRITE: u64 = 2;
const PROT_EXEC: u64 = 4;
const SHM_EXEC: u64 = 0o100_000;
/// `prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN)`, since Linux 6.3.
const PR_SET_MDWE: u64 = 65;
const PR_MDWE_REFUSE_EXEC_GAIN: u64 = 1;

const INTERPRETED: &str = "[plugins]\nexecution = \"interpreted\"\n";

/// The filter of `MemoryDenyWriteExecute=yes`, as `seccomp_memory_deny_write_execute` of systemd 252 builds it.
fn no_executable_memory() -> BpfProgram {
    let denied = [
        (Sysno::mmap, PROT_WRITE | PROT_EXEC),
        (Sysno::mprotect, PROT_EXEC),
        (Sysno::pkey_mprotect, PROT_EXEC),
        (Sysno::shmat, SHM_EXEC),
    ];
    let rule = |bits| {
        // The third argument of each has the bits.
        let has = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), bits);
        SeccompRule::new(vec![has.expect("an argument")]).expect("a rule")
    };
    let rules: BTreeMap<_, _> =
        denied.iter().map(|(call, bits)| (i64::from(call.id()), vec![rule(*bits)])).collect();
    let machine = std::env::consts::ARCH.try_into().expect("a processor that filters are made for");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(EPERM), machine);
    filter.expect("a filter").try_into().expect("a program")
}

/// A program that puts `PR_SET_MDWE` on itself and becomes what it is given; none where the kernel or Perl lacks it.
fn refusing_exec_gain() -> Option<String> {
    let call = Sysno::prctl.id();
    let set = format!("syscall({call}, {PR_SET_MDWE}, {PR_MDWE_REFUSE_EXEC_GAIN}, 0, 0, 0) == 0 or exit 99;");
    let tried = Command::new("perl").args(["-e", &set]).status();
    if !tried.is_ok_and(|tried| tried.success()) {
        absent("a relay under PR_SET_MDWE: this kernel does not have it (Linux 6.3), or there is no Perl");
        return None;
    }
    Some(format!("{set} exec @ARGV or exit 98"))
}

/// A folder whose bundled plugins are compiled for the interpreter.
fn interpreted(receiver: &Receiver) -> Site {
    let site = Site::new(&format!("{}{INTERPRETED}", tables(receiver)));
    site.run(&["check"]).expect(1);
    site
}

/// That a relay which was to run compiled plugins did not start, and says what to do.
fn is_refused(ran: &Ran) {
    assert_eq!(ran.code, 1, "{ran:?}");
    for words in ["make memory executable", "`execution = \"interpreted\"`", "`MemoryDenyWriteExecute=yes`"] {
        assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
    }
}

#[test]
fn interpreted_plugins_need_no_executable_memory_and_compiled_ones_are_refused_without_it() {
    let Some(filter) = filter() else { return };
    let receiver = Receiver::start();
    let (site, compiled) = (interpreted(&receiver), Site::new(&source("hook", "webhook")));
    // A filter holds for a thread and what it starts, and is never taken off.
    let confined = thread::spawn(move || {
        seccompiler::apply_filter(&no_executable_memory()).expect("a filter can be put on");
        seccompiler::apply_filter(&filter).expect("a second one as well");
        (Ran::of(compiled.serve()), Relay::start_in(site))
    });
    let (refused, relay) = confined.join().expect("it starts");
    is_refused(&refused);
    let status = relay.run(&["status"]).stdout;
    assert!(status.contains("plugins          interpreted"), "{status}");
    works(relay, &receiver);
}

#[test]
fn the_same_holds_where_the_kernel_itself_refuses_executable_memory() {
    let Some(script) = refusing_exec_gain() else { return };
    let receiver = Receiver::start();
    let compiled = Site::new(&source("hook", "webhook")).started_by("perl", &["-e", &script]);
    is_refused(&Ran::of(compiled.serve()));
    works(Relay::start_in(interpreted(&receiver).started_by("perl", &["-e", &script])), &receiver);
}

#[test]
fn a_reload_leaves_plugins_as_they_run_and_says_so() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.configure(&format!("{}{INTERPRETED}", source("hook", "webhook")));
    let said = relay.run(&["reload"]).expect(0).all();
    assert!(said.contains("plugins.execution: takes effect at the next start"), "{said}");
    assert!(relay.run(&["status"]).expect(0).stdout.contains("plugins          compiled"));
}

#[test]
fn the_drop_in_denies_executable_memory() {
    let drop_in =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/daemon/systemd/tocsin-interpreted.conf");
    let site = Site::new("");
    fs::write(site.path("tocsin.service"), unit()).expect("written");
    fs::create_dir(site.path("tocsin.service.d")).expect("made");
    fs::copy(drop_in, site.path("tocsin.service.d/tocsin-interpreted.conf")).expect("it is there");
    let Some(said) = exposure(&site) else { return };
    let line = said.lines().find(|line| line.contains("MemoryDenyWriteExecute=")).expect("a line");
    assert!(line.contains('✓'), "{said}");
    assert!(tenths(&said) <= EXPOSED_TENTHS_MAX, "{said}");
}
