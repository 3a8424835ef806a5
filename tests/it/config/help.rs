//! The command line explains itself.

use crate::harness::Site;

/// Checks the help of `command` and of every command below it. Returns how many there are.
fn explained(site: &Site, command: &[&str]) -> usize {
    let said = site.run(&[command, &["--help"]].concat()).expect(0).stdout;
    assert!(said.contains("Usage: tocsin") && said.contains("--help"), "{command:?}: {said}");
    let mut found = 1;
    let listed = said.split_once("Commands:\n").map_or("", |(_, listed)| listed);
    for line in listed.lines().take_while(|line| !line.is_empty()) {
        // What continues a description stands further in.
        let Some(word) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else { continue };
        if !["", "help"].contains(&word) {
            found += explained(site, &[command, &[word]].concat());
        }
    }
    found
}

#[test]
fn every_command_has_help() {
    let found = explained(&Site::new(""), &[]);
    assert!(found >= 25, "only {found} commands were found");
}

#[test]
fn an_unknown_command_and_no_configuration_are_told_apart() {
    let site = Site::new("");
    assert!(site.run(&["incident", "burn"]).expect(2).stderr.contains("burn"));
    assert!(site.run(&["--version"]).expect(0).stdout.starts_with("tocsin "));
    let said = site.run(&["check", "--config", "elsewhere.toml"]).expect(1).stderr;
    assert!(said.contains("elsewhere.toml"), "{said}");
}
