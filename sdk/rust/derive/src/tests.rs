//! What an author is told when a struct cannot be a form.
//!
//! Never the code that is generated: what it does is tested where it is used.

use super::*;

/// The error for a struct with this one field.
fn error(field: &str) -> Option<String> {
    let input: DeriveInput = syn::parse_str(&format!("struct Fields {{ {field} }}")).expect("a struct");
    settings(&input).err().map(|error| error.to_string())
}

#[test]
fn a_field_without_help_and_an_unknown_attribute_are_refused() {
    assert_eq!(error("/// Help.\n name: String"), None);
    assert!(error("name: String").is_some_and(|error| error.contains("`name` has no doc comment")));
    let unknown = error("/// Help.\n #[setting(help = \"x\")] name: String");
    assert!(unknown.is_some_and(|error| error.contains("expected `label`, `default`, `kind`")));
}

#[test]
fn flatten_stands_alone() {
    assert_eq!(error("#[setting(flatten)] common: Common"), None);
    assert_eq!(error("/// For readers.\n #[setting(flatten)] common: Common"), None);
    for other in ["label = \"x\"", "default = \"x\"", "kind = \"url\"", "optional"] {
        for both in [format!("flatten, {other}"), format!("{other}, flatten")] {
            let error = error(&format!("/// Help.\n #[setting({both})] common: Common"));
            assert!(error.is_some_and(|error| error.contains("takes no other attributes")), "{both}");
        }
    }
    let apart = error("#[setting(flatten)] #[setting(label = \"x\")] common: Common");
    assert!(apart.is_some_and(|error| error.contains("takes no other attributes")));
}
