//! What the README shows is what is sent, and it explains every setting.
//!
//! Never compares layout: members that a snippet leaves out may be there.

use super::*;

#[test]
fn every_snippet_of_the_readme_is_part_of_a_request() {
    testing::check_readme_snippets(env!("CARGO_MANIFEST_DIR"), 9);
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Account::fields());
}
