//! Recipes: what opens and what ends an incident meet in one.

use std::fs;
use std::path::Path;

use tocsin_plugin::testing;

#[test]
fn every_recipes_opening_and_resolution_share_an_identity() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let folders = fs::read_dir(&cases).into_iter().flatten().flatten();
    let names: Vec<String> =
        folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    for resolution in names.iter().filter(|name| name.starts_with("recipe-") && name.ends_with("-resolves")) {
        let opening = resolution.replace("-resolves", "-opens");
        assert!(names.contains(&opening), "cases/{resolution} has no sibling {opening}");
        let file = |name: &str| format!("cases/{name}/expected.json");
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), &file(&opening), &file(resolution));
    }
}
