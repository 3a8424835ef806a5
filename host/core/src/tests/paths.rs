//! A plugin adds a path and a query to a connection's URL, and cannot leave it.

use proptest::prelude::*;
use url::Url;

use crate::egress::{Denied, join};
use crate::path::{PathFault, check, check_encoded};
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
        let denied = join(&base(), path, &[]).expect_err(path);
        assert!(
            matches!(&denied, Denied::Path(shown) | Denied::Misleading { path: shown, .. } if shown == path),
            "{path:?}: {denied}"
        );
    }
}

/// A peer that decodes slashes before it looks for dots once saw these as a way up.
#[test]
fn a_path_that_leaves_the_base_once_its_slashes_are_decoded_is_denied() {
    for path in
        ["/..%2f..%2fadmin", "/x%2F..%2F..%2Fadmin", "/%2e%2e%2fadmin", "/x%5c..%5C..%5cadmin", "/x%2f."]
    {
        let denied = join(&base(), path, &[]).expect_err(path);
        assert!(
            matches!(&denied, Denied::Path(shown) | Denied::Misleading { path: shown, .. } if shown == path),
            "{path:?}: {denied}"
        );
    }
}

/// Tomcat cuts a segment at `;` before it looks for dots, and what stands in front of it does not; a proxy may decode
/// a path and hand it on to a server that decodes it again.
#[test]
fn a_path_that_leads_elsewhere_at_the_most_willing_server_is_denied() {
    use PathFault::{Climbs, HiddenSlash, Parameter};
    for (path, fault) in [
        ("/..;/manager", Climbs),
        ("/..;x=1/manager", Climbs),
        ("/x/..%3b/y", Climbs),
        ("/%2e%2e;/x", Climbs),
        ("/.;/x", Climbs),
        ("/%252e%252e/x", Climbs),
        ("/%252E%252e%252fadmin", Climbs),
        ("/%25252e%25252e/x", Climbs),
        ("/%2525252525252e./x", Climbs),
        ("/%%32e%%32e/x", Climbs),
        ("/%2%65%2%65/x", Climbs),
        ("/%u002e/..%09/x", Climbs),
        ("/..%00/x", Climbs),
        ("/..%20/x", Climbs),
        ("/%c0%ae%c0%ae/x", Climbs),
        ("/..%c0%afadmin", Climbs),
        ("/．．/x", Climbs),
        ("/..／admin", Climbs),
        ("/a%252fb", HiddenSlash),
        ("/a%255cb", HiddenSlash),
        ("/a%25252Fb", HiddenSlash),
        ("/a%%32fb", HiddenSlash),
        ("/a;b", Parameter),
        ("/a%3Bb", Parameter),
        ("/a%253bb", Parameter),
        ("/jsessionid；x", Parameter),
    ] {
        let expected = Denied::Misleading { path: path.to_owned(), fault };
        assert_eq!(join(&base(), path, &[]), Err(expected), "{path}");
    }
    for path in
        ["/a%2Fb", "/100%25", "/100%2525", "/a..b", "/.. .", "/...", "/a%20.b", "/%zz", "/%2", "/a%25zz"]
    {
        assert!(join(&base(), path, &[]).is_ok(), "{path}");
    }
}

#[test]
fn an_operators_own_semicolon_stays_where_values_are_encoded() {
    assert_eq!(check_encoded("/a;v=1/x"), Ok(()));
    assert_eq!(check_encoded("/a;v=1/x%3By"), Err(PathFault::Parameter));
    assert_eq!(check_encoded("/a;v=1/..;/x"), Err(PathFault::Climbs));
    assert_eq!(check("/a;v=1/x"), Err(PathFault::Parameter));
}

/// Decoded once for each level, this path would take 5 × 10¹¹ steps: the test would not end.
#[test]
fn a_path_is_decoded_in_one_step_for_each_byte() {
    let deep = format!("/x%{}2e%{}2e/", "25".repeat(500_000), "25".repeat(500_000));
    assert_eq!(check(&deep), Ok(()), "x.. is a name");
    assert_eq!(check(&deep.replace('x', "")), Err(PathFault::Climbs));
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

/// A value as the templates encode it, and again: what a plugin that encodes once more would send.
fn encoded(value: &str, times: usize) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    (0..times).fold(value.to_owned(), |text, _| text.bytes().map(escape).collect())
}

proptest! {
    /// However often a peer decodes: no value climbs, and none makes a segment but by one encoded slash.
    #[test]
    fn no_value_chooses_a_segment_however_often_it_is_decoded(
        value in "[/.;%2eEfF5\\\\a ]{0,10}|\\PC{0,8}",
        times in 1..4_usize,
    ) {
        let path = format!("/tickets/{}/notes", encoded(&value, times));
        let Ok(url) = join(&base(), &path, &[]) else { return Ok(()) };
        let mut seen = url.path().to_owned();
        for round in 0..6 {
            let names: Vec<&str> = seen.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or("")).collect();
            prop_assert!(!names.iter().any(|name| matches!(name.trim(), "." | "..")), "{value:?}: {seen}");
            if round == 0 {
                prop_assert_eq!(names.len(), 6, "{:?}: {}", value, seen);
            }
            prop_assert!(!seen.contains(';'), "{value:?}: {seen}");
            seen = percent_decoded(&seen);
        }
    }

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

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits: String = ahead.by_ref().take(2).map(char::from).collect();
        match u8::from_str_radix(&digits, 16) {
            Ok(value) if byte == b'%' && digits.len() == 2 && !digits.starts_with('+') => {
                out.push(value);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
