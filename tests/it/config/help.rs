//! The command line explains itself.

use crate::harness::Site;

const COMMANDS: [&[&str]; 24] = [
    &[],
    &["serve"],
    &["check"],
    &["demo"],
    &["status"],
    &["incidents"],
    &["incidents", "list"],
    &["incidents", "show"],
    &["incidents", "ack"],
    &["incidents", "unack"],
    &["incidents", "resolve"],
    &["incidents", "note"],
    &["deliveries"],
    &["deliveries", "list"],
    &["deliveries", "show"],
    &["deliveries", "retry"],
    &["receipts"],
    &["receipts", "list"],
    &["receipts", "show"],
    &["receipts", "redecode"],
    &["plugins"],
    &["plugins", "list"],
    &["plugins", "check"],
    &["verify"],
];

#[test]
fn every_command_has_help() {
    let site = Site::new("");
    for command in COMMANDS {
        let said = site.run(&[command, &["--help"]].concat()).expect(0).stdout;
        assert!(said.contains("Usage:") && said.contains("--config"), "{command:?}: {said}");
    }
}

#[test]
fn every_command_that_help_lists_is_among_those_tested() {
    let site = Site::new("");
    for group in [&[][..], &["incidents"], &["deliveries"], &["receipts"], &["plugins"]] {
        let said = site.run(&[group, &["--help"]].concat()).expect(0).stdout;
        let listed = said.split("Commands:\n").nth(1).expect("commands").lines();
        for line in listed.take_while(|line| !line.is_empty()) {
            let word = line.trim_start().split(' ').next().unwrap_or_default();
            // A continued line is indented further.
            if line.starts_with("   ") || ["help", "bench"].contains(&word) {
                continue;
            }
            let command = [group, &[word]].concat();
            assert!(COMMANDS.contains(&command.as_slice()), "{command:?} has no test");
        }
    }
}

#[test]
fn an_unknown_command_and_no_configuration_are_told_apart() {
    let site = Site::new("");
    assert!(site.run(&["incident", "burn"]).expect(2).stderr.contains("burn"));
    assert!(site.run(&["--version"]).expect(0).stdout.starts_with("tocsin "));
    let said = site.run(&["check", "--config", "elsewhere.toml"]).expect(1).stderr;
    assert!(said.contains("elsewhere.toml"), "{said}");
}
