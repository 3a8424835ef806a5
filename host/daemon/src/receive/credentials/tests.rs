//! What proves a sender, and what does not.

use super::*;
use crate::config::FieldToken;

fn request(body: &str) -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        received_at: Timestamp::from_micros(1_614_265_330_000_000),
    }
}

fn prove_body(
    wanted: &Authentication,
    signatures: &[Signature],
    request: &mut SourceRequest,
) -> Result<(), Unproven> {
    prove_signature(wanted, signatures, request, &Clock::default())?;
    prove_field(wanted, request)
}

fn token(text: &str) -> Authentication {
    Authentication { tokens: vec![(0, Token::Plain(Secret::new(text)))], ..Authentication::default() }
}

fn header(name: &str, value: &str) -> Vec<Pair> {
    vec![Pair::new(name, value)]
}

#[test]
fn a_token_is_found_in_the_query_in_either_header_and_in_the_path() {
    let wanted = token("0123456789abcdef");
    let mut path = String::new();
    let query = [Pair::new("token", "0123456789abcdef")];
    assert!(prove_head(&wanted, &mut path, &query, &[]).is_ok());
    for (name, value) in
        [("authorization", "bearer 0123456789abcdef"), ("x-tocsin-token", "0123456789abcdef")]
    {
        assert!(prove_head(&wanted, &mut path, &[], &header(name, value)).is_ok(), "{name}");
    }
    let mut path = "/0123456789abcdef/more".to_owned();
    assert!(prove_head(&wanted, &mut path, &[], &[]).is_ok());
    assert_eq!(path, "/more", "the plugin does not see it");
}

#[test]
fn a_wrong_or_missing_token_proves_nothing() {
    let wanted = token("0123456789abcdef");
    let mut path = "/0123456789abcde".to_owned();
    assert_eq!(prove_head(&wanted, &mut path, &[], &[]), Err(Unproven::Token));
    assert_eq!(path, "/0123456789abcde");
    let query = [Pair::new("token", "0123456789ABCDEF")];
    assert_eq!(prove_head(&wanted, &mut String::new(), &query, &[]), Err(Unproven::Token));
    assert_eq!(
        prove_head(&wanted, &mut String::new(), &[], &header("authorization", "Bearer")),
        Err(Unproven::Token)
    );
}

#[test]
fn all_that_is_asked_for_has_to_be_proven() {
    let basic = Basic { user: "jira".to_owned(), password: Secret::new("pa:ss") };
    let wanted = Authentication { basic: Some(basic), ..token("0123456789abcdef") };
    let query = [Pair::new("token", "0123456789abcdef")];
    let right = header("authorization", &format!("Basic {}", BASE64.encode("jira:pa:ss")));
    let wrong = header("authorization", &format!("Basic {}", BASE64.encode("jira:pa")));
    assert!(prove_head(&wanted, &mut String::new(), &query, &right).is_ok());
    assert_eq!(prove_head(&wanted, &mut String::new(), &query, &wrong), Err(Unproven::Basic));
    assert_eq!(prove_head(&wanted, &mut String::new(), &[], &right), Err(Unproven::Token));
}

fn jira() -> Signature {
    Signature::BodyHmac {
        header: "x-hub-signature".to_owned(),
        prefix: "sha256=".to_owned(),
        digest: tocsin_core::plugin::Digest::Sha256,
        encoding: tocsin_core::plugin::Encoding::Hex,
    }
}

fn signed_by(key: &str) -> Authentication {
    Authentication { signing_key: Some(Secret::new(key)), ..Authentication::default() }
}

#[test]
fn a_signature_over_the_raw_body_is_checked_as_the_published_vector_says() {
    let wanted = signed_by("It's a Secret to Everybody");
    let mut request = request("Hello World!");
    let right = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    request.headers = header("x-hub-signature", right);
    assert_eq!(prove_body(&wanted, &[jira()], &mut request), Ok(()));
    request.headers = header("x-hub-signature", &format!("sha256=00, {right}"));
    assert_eq!(prove_body(&wanted, &[jira()], &mut request), Ok(()), "one of several fits");
    request.body.push(b' ');
    assert_eq!(prove_body(&wanted, &[jira()], &mut request), Err(Unproven::Signature));
    request.headers.clear();
    assert_eq!(prove_body(&wanted, &[jira()], &mut request), Err(Unproven::Signature));
}

fn standard(seconds: &str) -> SourceRequest {
    let mut request = request(r#"{"test": 2432232314}"#);
    request.headers = vec![
        Pair::new("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        Pair::new("webhook-timestamp", seconds),
        Pair::new("webhook-signature", "v1,b3RoZXI= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    request
}

#[test]
fn a_standard_webhook_is_checked_with_its_time() {
    let wanted = signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let schemes = [Signature::StandardWebhooks];
    assert_eq!(prove_body(&wanted, &schemes, &mut standard("1614265330")), Ok(()));
    assert_eq!(
        prove_body(&wanted, &schemes, &mut standard("1614265331")),
        Err(Unproven::Signature),
        "another time"
    );
    let mut late = standard("1614265330");
    late.received_at = late.received_at.plus_ms(301_000);
    assert_eq!(prove_body(&wanted, &schemes, &mut late), Err(Unproven::Signature), "a recording played back");
}

fn statuscake() -> Authentication {
    let token = FieldToken {
        field: "Token".to_owned(),
        md5_user: Some("SomeUser".to_owned()),
        key: Secret::new("apikey"),
    };
    Authentication { field_token: Some(token), ..Authentication::default() }
}

fn md5_of_account() -> String {
    use md5::Digest;
    signing::write(tocsin_core::plugin::Encoding::Hex, &md5::Md5::digest("someuserapikey"))
}

#[test]
fn a_fields_token_is_found_in_a_form_in_json_and_in_the_query_and_taken_out() {
    let token = md5_of_account();
    let mut form = request(&format!("Status=Down&token={}&Name=a+b", token.to_uppercase()));
    assert_eq!(prove_body(&statuscake(), &[], &mut form), Ok(()));
    assert_eq!(form.body, b"Status=Down&Name=a+b");
    let mut json = request(&format!(r#"{{"Status":"Down","Token":"{token}"}}"#));
    assert_eq!(prove_body(&statuscake(), &[], &mut json), Ok(()));
    assert_eq!(json.body, br#"{"Status":"Down"}"#);
    let mut query = request("");
    query.query = vec![Pair::new("TOKEN", token)];
    assert_eq!(prove_body(&statuscake(), &[], &mut query), Ok(()));
    assert!(query.query.is_empty());
}

#[test]
fn a_fields_token_is_found_whatever_the_character_set_and_the_rest_stays_as_it_was_sent() {
    let token = md5_of_account();
    let mut form = request("");
    form.headers = header("content-type", "application/x-www-form-urlencoded; charset=ISO-8859-1");
    form.body = [b"N%61me=M%FCnchen&", format!("Token={token}").as_bytes(), b"&x=M\xfcll"].concat();
    assert_eq!(prove_body(&statuscake(), &[], &mut form), Ok(()));
    assert_eq!(form.body, b"N%61me=M%FCnchen&x=M\xfcll");
    let mut json = request("");
    json.headers = header("content-type", "application/json; charset=ISO-8859-1");
    json.body = [b"{\"Name\":\"M\xfcnchen\",\"Token\":\"", token.as_bytes(), b"\"}"].concat();
    assert_eq!(prove_body(&statuscake(), &[], &mut json), Ok(()));
    assert_eq!(json.body, "{\"Name\":\"M\u{fc}nchen\"}".as_bytes());
    assert_eq!(json.headers, header("content-type", "application/json; charset=utf-8"));
}

#[test]
fn a_wrong_or_missing_field_token_proves_nothing() {
    let mut wrong = request("Status=Down&Token=0123");
    assert_eq!(prove_body(&statuscake(), &[], &mut wrong), Err(Unproven::FieldToken));
    assert_eq!(prove_body(&statuscake(), &[], &mut request("Status=Down")), Err(Unproven::FieldToken));
}
