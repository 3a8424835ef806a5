//! Bodies, forms and queries in the character sets that real senders write them in.

use tocsin_core::time::Timestamp;

use super::*;

fn request(content_type: &str, body: &[u8]) -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: vec![Pair::new("content-type", content_type)],
        body: body.to_vec(),
        received_at: Timestamp::default(),
    }
}

fn read(content_type: &str, body: &[u8]) -> String {
    String::from_utf8(readable(&request(content_type, body)).body.clone()).expect("it is UTF-8 now")
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_form_is_read_in_the_character_set_that_it_names() {
    let read_form = |charset: &str, body: &[u8]| read(&format!("{FORM}; charset={charset}"), body);
    assert_eq!(read_form("ISO-8859-1", b"Name=M%FCnchen+Shop"), "Name=M%C3%BCnchen+Shop");
    assert_eq!(read_form("\"windows-1251\"", b"n=%CF%F0%E8"), "n=%D0%9F%D1%80%D0%B8");
    assert_eq!(read_form("shift_jis", b"n=%83T%81%5B"), "n=%E3%82%B5%E3%83%BC");
    assert_eq!(read_form("iso-8859-1", b"a=1&&b&=2"), "a=1&&b&=2", "nothing to read otherwise");
}

#[test]
fn a_form_without_a_character_set_is_utf_8_where_it_can_be() {
    assert_eq!(read(FORM, b"Name=M%FCnchen&M\xfcll=%80"), "Name=M%C3%BCnchen&M%C3%BCll=%E2%82%AC");
    let utf8 = b"Name=M%C3%BCnchen&x=%e4%bd%a0";
    assert!(matches!(readable(&request(FORM, utf8)), Cow::Borrowed(_)));
    assert_eq!(read(FORM, b"a=%C3%BC&b=%FC"), "a=%C3%BC&b=%C3%BC", "each value by itself");
    assert_eq!(read(&format!("{FORM}; charset=utf-8"), b"a=%FC"), "a=%C3%BC", "the promise is broken");
    assert_eq!(read("", b"Name=M%FCnchen"), "Name=M%C3%BCnchen");
}

#[test]
fn json_is_not_taken_for_a_form_because_its_sender_calls_it_one() {
    let body = "{\"title\":\"100%FC&a=b \u{fc}\"}";
    assert_eq!(read(FORM, body.as_bytes()), body);
    assert_eq!(read(FORM, b"{\"t\":\"%FC \xfc\"}"), "{\"t\":\"%FC \u{fc}\"}");
}

#[test]
fn json_is_read_by_its_mark_by_its_character_set_or_as_windows_1252() {
    let json = "{\"M\u{fc}nchen\":\"\u{20ac}\"}";
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(json.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_eq!(read("application/json", &utf16), json);
    assert_eq!(read("application/json; charset=iso-8859-1", &utf16), json, "the mark is surer");
    let unmarked: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read("application/json", &unmarked), json, "a mark may be missing");
    assert_eq!(read("application/json", &utf16[2..]), json);
    assert_eq!(
        read("application/json; charset=ISO-8859-1", json.as_bytes()),
        json,
        "it is UTF-8 all the same"
    );
    assert_eq!(read("application/json", b"\xef\xbb\xbf{}"), "{}");
    assert_eq!(read("application/json", b"{\"M\xfcnchen\":\"\x80\"}"), json);
    assert_eq!(read("application/problem+json; charset=us-ascii", json.as_bytes()), json);
    assert_eq!(read("application/json;charset=nonsense", b"\"\xfc\""), "\"\u{fc}\"");
    assert_eq!(read("application/json; charset=ISO-8859-2", b"\"\xb3\""), "\"\u{142}\"");
}

#[test]
fn text_that_was_cut_within_a_character_stays_utf_8() {
    let cut = "{\"a\":\"\u{e4}\u{f6}\u{fc}\u{2013}".as_bytes();
    assert_eq!(read("application/json", &cut[..cut.len() - 1]), "{\"a\":\"\u{e4}\u{f6}\u{fc}\u{fffd}");
}

#[test]
fn what_is_read_otherwise_says_so_and_what_is_no_text_stays() {
    let form = request("multipart/form-data; Charset=latin1; boundary=x", b"--x\r\n\r\n\xfc\r\n--x--");
    let read = readable(&form);
    assert_eq!(read.headers[0].value, "multipart/form-data; charset=utf-8; boundary=x");
    for (content_type, body) in [
        ("application/octet-stream", &b"\xfc"[..]),
        ("image/png", b"\x89PNG"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n\xfc",
        ),
    ] {
        assert!(matches!(readable(&request(content_type, body)), Cow::Borrowed(_)), "{content_type}");
    }
}

#[test]
fn queries_and_paths_are_read_likewise() {
    let pairs = query("a=M%FCnchen&%FC=1&b=%C3%BC+x&c");
    let expected = [("a", "M\u{fc}nchen"), ("\u{fc}", "1"), ("b", "\u{fc} x"), ("c", "")];
    assert_eq!(pairs, expected.map(|(name, value)| Pair::new(name, value)));
    assert_eq!(unescaped("a%2fb+%FC"), "a/b+\u{fc}");
}
