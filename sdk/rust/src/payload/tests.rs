//! Bodies as senders send them.

use super::*;
use crate::Header;

fn request(content_type: &str, body: &str) -> Request {
    let headers = vec![Header { name: "content-type".to_owned(), value: content_type.to_owned() }];
    Request { headers, body: body.as_bytes().to_vec(), ..Request::post_json("") }
}

#[test]
fn json_is_recognised_by_type_and_by_its_first_character() {
    for content_type in [
        "application/json",
        "application/vnd.x+json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "nonsense",
        "application/json;",
    ] {
        let payload = request(content_type, "\n {\"a\": 1}").payload().unwrap();
        assert_eq!(payload, Payload::Json(serde_json::json!({"a": 1})), "{content_type}");
    }
}

#[test]
fn a_form_is_decoded_with_plus_signs_and_utf8() {
    let payload =
        request("application/x-www-form-urlencoded; charset=UTF-8", "a=1+2%2B3&N=Z%C3%BCrich&bad=%FF")
            .payload()
            .unwrap();
    let object = payload.into_object().unwrap();
    assert_eq!(object["a"], "1 2+3");
    assert_eq!(object["N"], "Zürich");
}

#[test]
fn a_form_that_is_not_utf8_is_windows_1252_in_names_and_values() {
    let body = "Name=M%FCnchen+Shop&Stra%DFe=%80&UTF=%C3%BC&&=x&y";
    let object = request("application/x-www-form-urlencoded; charset=ISO-8859-1", body)
        .payload()
        .unwrap()
        .into_object()
        .unwrap();
    assert_eq!(object["Name"], "München Shop");
    assert_eq!(object["Straße"], "€");
    assert_eq!(object["UTF"], "ü");
    assert_eq!(object["y"], "");
    let raw =
        Request { body: b"Name=M\xfcnchen".to_vec(), ..request("application/x-www-form-urlencoded", "") };
    assert_eq!(raw.payload().unwrap().into_object().unwrap()["Name"], "München");
}

#[test]
fn a_form_of_one_field_that_holds_a_document_is_that_document() {
    let document = serde_json::json!({"a": [1]});
    for body in
        ["payload=%7B%22a%22%3A%5B1%5D%7D", "data=%7B%22a%22%3A+%5B1%5D%7D", "%7B%22a%22%3A%5B1%5D%7D"]
    {
        let request = request("application/x-www-form-urlencoded", body);
        assert_eq!(request.payload(), Ok(Payload::Json(document.clone())), "{body}");
        assert_eq!(request.json(), Ok(document.clone()), "{body}");
    }
    for body in ["a=%7B%7D&b=1", "a=1", "a=%7Bx"] {
        let payload = request("application/x-www-form-urlencoded", body).payload();
        assert!(matches!(payload, Ok(Payload::Form(_))), "{body}: {payload:?}");
    }
}

fn multipart(body: &str) -> Result<Payload, Refusal> {
    request("multipart/form-data; boundary=\"x y\"", &body.replace('\n', "\r\n")).payload()
}

#[test]
fn a_multipart_form_is_a_form() {
    let body = "preamble\n--x y\nContent-Disposition: form-data; name=\"a;\\\"b\"\n\n one\n\ntwo --x y\n--x y\n\
                content-type: text/plain\ncontent-disposition: form-data; name=c\n\n\n--x y\n\
                Content-Disposition: form-data; name=\"f\"; filename=\"x.png\"\n\nPNG\n--x y--\nepilogue";
    let fields =
        vec![("a;\"b".to_owned(), " one\r\n\r\ntwo --x y".to_owned()), ("c".to_owned(), String::new())];
    assert_eq!(multipart(body), Ok(Payload::Form(fields)));
    let without_boundary =
        request("multipart/form-data", "--q\nContent-Disposition: form-data; name=a\n\n1\n--q--\n");
    assert_eq!(without_boundary.payload(), Ok(Payload::Form(vec![("a".to_owned(), "1".to_owned())])));
}

#[test]
fn a_multipart_form_of_one_document_is_that_document() {
    for head in ["name=\"data\"", "name=\"f\"; filename=\"alert.json\""] {
        let body = format!("--x y\nContent-Disposition: form-data; {head}\n\n{{\"a\": 1}}\n--x y--\n");
        assert_eq!(multipart(&body), Ok(Payload::Json(serde_json::json!({"a": 1}))), "{head}");
    }
}

#[test]
fn a_multipart_body_without_a_field_is_refused() {
    let file = "--x y\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\n\nPNG\n--x y--\n";
    assert!(matches!(multipart(file), Err(Refusal::Unsupported(why)) if why.contains("files are not read")));
    for broken in ["hello", "--x y", "--x y--", "--x y\n--x y--", "--x y\nno end of headers"] {
        assert!(
            matches!(multipart(broken), Err(Refusal::Malformed(_))),
            "{broken:?}: {:?}",
            multipart(broken)
        );
    }
    assert_eq!(multipart(""), Ok(Payload::Empty));
    assert!(matches!(request("multipart/form-data", "hello").payload(), Err(Refusal::Malformed(_))));
}

#[test]
fn json_in_utf16_is_read() {
    let body = "\u{feff}{\"a\": \"ü\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let request = Request { body, ..request("text/plain", "") };
    assert_eq!(request.payload(), Ok(Payload::Json(serde_json::json!({"a": "ü"}))));
}

#[test]
fn xml_is_unsupported_and_an_empty_body_is_empty() {
    assert!(matches!(request("text/xml", "<a/>").payload(), Err(Refusal::Unsupported(_))));
    assert!(matches!(request("", "<a/>").payload(), Err(Refusal::Unsupported(_))));
    assert!(matches!(request("text/plain", "hello").payload(), Err(Refusal::Unsupported(_))));
    assert_eq!(request("application/json", " \n").payload(), Ok(Payload::Empty));
}
