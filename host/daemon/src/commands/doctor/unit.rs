//! Checks the systemd unit: whether it is installed, active and enabled.

use std::path::Path;

use tocsin_sandbox::Execution;

use super::program::{ask, property};
use crate::config::Config;
use crate::operate::api::doctor::Finding;

const ABOUT: &str = "unit";
const UNIT: &str = "tocsin.service";
/// The folder that exists if the machine was booted with systemd, see sd_booted(3).
const BOOTED: &str = "/run/systemd/system";
/// The requested properties of the unit.
const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,Result,NRestarts,ExecStart,\
     MemoryDenyWriteExecute";

/// Checks the unit. `runs` is whether a relay answers at the control socket.
pub(super) fn look(config: Option<&Config>, runs: bool) -> Vec<Finding> {
    if !Path::new(BOOTED).is_dir() {
        return vec![Finding::ok(ABOUT, "this machine does not run systemd: there is no unit to check")];
    }
    match ask("systemctl", &["show", PROPERTIES, UNIT]) {
        Some(said) => {
            let config = config.map(|config| (config.path.as_path(), config.plugins.execution));
            findings(&said, config, runs)
        }
        None => vec![Finding::warning(
            ABOUT,
            "systemctl does not report the state of the unit",
            format!("see `systemctl status {UNIT}`"),
        )],
    }
}

/// The findings from the output of systemctl, for a configuration at this path that runs plugins in this way.
fn findings(said: &str, config: Option<(&Path, Execution)>, runs: bool) -> Vec<Finding> {
    let property = |name| property(said, name);
    if property("LoadState") != "loaded" {
        let fix = "install the package, or follow the first lines of tocsin.service, so that the relay starts at boot";
        return vec![Finding::warning(ABOUT, format!("{UNIT} is not installed"), fix)];
    }
    if config.is_some_and(|(path, _)| !is_about(property("ExecStart"), path)) {
        return vec![Finding::ok(ABOUT, format!("{UNIT} uses another configuration"))];
    }
    let mut findings = vec![active(said, runs)];
    if !matches!(property("UnitFileState"), "enabled" | "enabled-runtime" | "static" | "") {
        let found = format!("{UNIT} does not start at boot");
        findings.push(Finding::warning(ABOUT, found, format!("systemctl enable {UNIT}")));
    }
    if property("NeedDaemonReload") == "yes" {
        let found = format!("{UNIT} was changed, and systemd has not read it");
        findings.push(Finding::warning(ABOUT, found, "systemctl daemon-reload && systemctl restart tocsin"));
    }
    let is_compiled = config.is_some_and(|(_, execution)| execution == Execution::Compiled);
    if is_compiled && property("MemoryDenyWriteExecute") == "yes" {
        let found = format!("{UNIT} has MemoryDenyWriteExecute=yes: compiled plugins cannot run");
        let fix = "set `execution = \"interpreted\"` in [plugins], or remove the line (systemctl cat tocsin); then: \
                   systemctl daemon-reload && systemctl restart tocsin";
        findings.push(Finding::wrong(ABOUT, found, fix));
    }
    findings
}

/// Whether the unit runs the relay.
fn active(said: &str, runs: bool) -> Finding {
    let property = |name| property(said, name);
    let (state, restarts) = (property("ActiveState"), property("NRestarts"));
    let restarted =
        if matches!(restarts, "" | "0") { String::new() } else { format!(", restarted {restarts} times") };
    match state {
        "active" if restarted.is_empty() => Finding::ok(ABOUT, format!("{UNIT} is active")),
        "active" => Finding::warning(
            ABOUT,
            format!("{UNIT} is active{restarted}"),
            "see the log: journalctl -u tocsin -n 100",
        ),
        "inactive" if runs => Finding::warning(
            ABOUT,
            format!("{UNIT} is inactive, but a relay runs: it was started by hand"),
            format!("stop that relay, then: systemctl start {UNIT}"),
        ),
        "inactive" => Finding::wrong(ABOUT, format!("{UNIT} is inactive"), format!("systemctl start {UNIT}")),
        state => Finding::wrong(
            ABOUT,
            format!("{UNIT} is {state} ({}, {}){restarted}", property("SubState"), property("Result")),
            "see the log: journalctl -u tocsin -n 100",
        ),
    }
}

/// Whether the unit's command, in systemctl's format, names this configuration.
fn is_about(command: &str, config: &Path) -> bool {
    let absolute = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    command.is_empty() || command.split([' ', ';', '=']).any(|word| Path::new(word) == absolute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::api::doctor::Health;

    /// What systemctl says of a unit that is as it should be, with these lines instead.
    fn said(lines: &[&str]) -> String {
        let usual = [
            "LoadState=loaded",
            "ActiveState=active",
            "SubState=running",
            "UnitFileState=enabled",
            "NeedDaemonReload=no",
            "Result=success",
            "NRestarts=0",
            "MemoryDenyWriteExecute=no",
            "ExecStart={ path=/usr/bin/tocsin ; argv[]=/usr/bin/tocsin serve --config /etc/tocsin/tocsin.toml ; ignore_errors=no }",
        ];
        let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
        let kept = usual.iter().filter(|line| !lines.iter().any(|other| name(other) == name(line)));
        lines.iter().chain(kept).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn each_state_of_a_unit_has_its_finding() {
        let config = Some((Path::new("/etc/tocsin/tocsin.toml"), Execution::Compiled));
        for (lines, runs, states) in [
            (&[][..], true, &[Health::Ok][..]),
            (&["LoadState=not-found"], false, &[Health::Warning]),
            (&["ActiveState=inactive"], false, &[Health::Wrong]),
            (&["ActiveState=inactive"], true, &[Health::Warning]),
            (&["ActiveState=failed", "Result=exit-code"], false, &[Health::Wrong]),
            (&["ActiveState=activating", "NRestarts=7"], false, &[Health::Wrong]),
            (&["NRestarts=7"], true, &[Health::Warning]),
            (&["UnitFileState=disabled"], true, &[Health::Ok, Health::Warning]),
            (&["NeedDaemonReload=yes"], true, &[Health::Ok, Health::Warning]),
            (&["MemoryDenyWriteExecute=yes"], true, &[Health::Ok, Health::Wrong]),
        ] {
            let found = findings(&said(lines), config, runs);
            let found_states: Vec<Health> = found.iter().map(|finding| finding.state).collect();
            assert_eq!(found_states, states, "{lines:?}: {found:?}");
        }
    }

    #[test]
    fn a_unit_that_denies_executable_memory_is_right_for_interpreted_plugins() {
        let config = Some((Path::new("/etc/tocsin/tocsin.toml"), Execution::Interpreted));
        let found = findings(&said(&["MemoryDenyWriteExecute=yes"]), config, true);
        assert_eq!((found.len(), found[0].state), (1, Health::Ok), "{found:?}");
    }

    #[test]
    fn a_unit_of_another_configuration_is_left_alone() {
        let other = Some((Path::new("/srv/tocsin.toml"), Execution::Compiled));
        let found = findings(&said(&["ActiveState=failed"]), other, false);
        assert_eq!((found.len(), found[0].state), (1, Health::Ok), "{found:?}");
    }
}
