//! A plugin adds a path and a query to a connection's URL, and cannot leave it.

use proptest::prelude::*;
use url::Url;

use crate::egress::{Denied, join};
use crate::plugin::Pair;

const BASE: &str = "https://example.org:8443/hooks/a?token=s%20x&b";

fn base() -> Url {
    Url::parse(BASE).expect("it is one")
}

fn joined(path: &str) -> String {
    join(&base(), path, &[]).unwrap_or_else(|denied| panic!("{path}: {denied}")).into()
}

#[test]
fn a_path_is_added_below_the_base_and_the_bases_query_stays() {
    for (path, expected) in [
        ("", "https://example.org:8443/hooks/a?token=s%20x&b"),
        ("/", "https://example.org:8443/hooks/a/?token=s%20x&b"),
        ("/rest/v2", "https://example.org:8443/hooks/a/rest/v2?token=s%20x&b"),
        ("/a b/ü", "https://example.org:8443/hooks/a/a%20b/%C3%BC?token=s%20x&b"),
        ("/group%2Fproject", "https://example.org:8443/hooks/a/group%2Fproject?token=s%20x&b"),
        ("/v1.2/..x/x../...", "https://example.org:8443/hooks/a/v1.2/..x/x../...?token=s%20x&b"),
        ("/@user:p", "https://example.org:8443/hooks/a/@user:p?token=s%20x&b"),
    ] {
        assert_eq!(joined(path), expected, "{path}");
    }
}

#[test]
fn a_base_with_or_without_a_slash_at_its_end_is_the_same_base() {
    for base in ["https://example.org/a", "https://example.org/a/"] {
        let url = join(&Url::parse(base).expect(base), "/b", &[]).expect("it stays below");
        assert_eq!(url.as_str(), "https://example.org/a/b");
    }
    let root = Url::parse("https://example.org").expect("it is one");
    assert_eq!(join(&root, "/b", &[]).map(String::from), Ok("https://example.org/b".to_owned()));
}

#[test]
fn a_query_is_added_to_the_bases_and_escaped() {
    let query = [Pair::new("a", "1&x=2#y"), Pair::new("ü", ""), Pair::new("token", "other")];
    let url = join(&base(), "", &query).expect("it stays");
    assert_eq!(url.query(), Some("token=s%20x&b&a=1%26x%3D2%23y&%C3%BC=&token=other"));
    assert_eq!((url.path(), url.fragment()), ("/hooks/a", None));
}

#[test]
fn a_path_that_would_leave_the_base_is_denied_by_name() {
    for path in [
        "x",
        "..",
        "../x",
        "https://evil.example/",
        ":8080/",
        "@evil.example/",
        ".evil.example",
        "/..",
        "/../x",
        "/x/../../y",
        "/x/..",
        "/.",
        "/./x",
        "/%2e%2e/x",
        "/%2E%2e",
        "/.%2e/x",
        "/%2e./x",
        "/%2e",
        "/x?y",
        "/?",
        "/x#y",
        "/#",
        "\\x",
        "/..\\x",
        "/x\\..\\..\\y",
        "\\\\evil.example/",
        "/\t../x",
        "/.\n./x",
        "/x\r\nhost: evil",
        "/\u{0}",
        "/\u{7f}",
        "\u{85}/x",
    ] {
        assert_eq!(join(&base(), path, &[]), Err(Denied::Path(path.to_owned())), "{path:?}");
    }
}

/// A peer that decodes slashes before it looks for dots once saw these as a way up.
#[test]
fn a_path_that_leaves_the_base_once_its_slashes_are_decoded_is_denied() {
    for path in
        ["/..%2f..%2fadmin", "/x%2F..%2F..%2Fadmin", "/%2e%2e%2fadmin", "/x%5c..%5C..%5cadmin", "/x%2f."]
    {
        assert_eq!(join(&base(), path, &[]), Err(Denied::Path(path.to_owned())), "{path:?}");
    }
}

#[test]
fn two_slashes_do_not_begin_another_host() {
    assert_eq!(joined("//evil.example/x"), "https://example.org:8443/hooks/a//evil.example/x?token=s%20x&b");
    let root = Url::parse("https://example.org").expect("it is one");
    let url = join(&root, "//evil.example/x", &[]).expect("it stays");
    assert_eq!((url.host_str(), url.path()), (Some("example.org"), "//evil.example/x"));
    assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(&url), "also when it is read again");
}

#[test]
fn a_denied_path_is_not_repeated_at_length() {
    let Err(Denied::Path(path)) = join(&base(), &"x".repeat(100_000), &[]) else { panic!("it has no slash") };
    assert_eq!(path.len(), 200);
}

proptest! {
    #[test]
    fn whatever_is_joined_stays_below_the_base(
        path in "[/.%2eE5cCfF\\\\?#@:a\t]{0,12}|/[/.%2efF]{0,12}|\\PC{0,20}",
        name in any::<String>(),
        value in any::<String>(),
    ) {
        if let Ok(url) = join(&base(), &path, &[Pair::new(name, value)]) {
            prop_assert_eq!(url.origin(), base().origin());
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            prop_assert!(url.path() == "/hooks/a" || url.path().starts_with("/hooks/a/"), "{url}");
            prop_assert!(url.query().is_some_and(|query| query.starts_with("token=s%20x&b&")), "{url}");
            let read_again = Url::parse(url.as_str());
            prop_assert_eq!(read_again.as_ref(), Ok(&url));
        }
    }
}
