//! What the README shows is what is sent, and it explains every setting.
//!
//! Never compared as text: layout and order of members are the README's own.

use super::*;

#[test]
fn every_snippet_of_the_readme_is_part_of_a_request() {
    testing::check_readme_snippets(env!("CARGO_MANIFEST_DIR"), 10);
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Workspace::fields());
}
