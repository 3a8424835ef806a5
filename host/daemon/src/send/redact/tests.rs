//! What is taken out of answers, what stays, and how long it takes.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tocsin_core::plugin::Pair;

use super::*;

/// Has all that an encoding changes.
const SECRET: &str = r#"Zq7/+k\"x&9<Lm'%41 üé→R="#;

fn scrubbed(secrets: &Secrets, body: &str) -> String {
    let headers = vec![Pair::new("location", body)];
    let mut response = Response { status: 404, headers, body: body.as_bytes().to_vec() };
    secrets.scrub(&mut response);
    assert_eq!(response.headers[0].value.as_bytes(), response.body);
    String::from_utf8(response.body).unwrap()
}

#[test]
fn what_was_put_in_comes_back_as_a_placeholder() {
    let mut secrets = Secrets::default();
    secrets.put_in(b"correct horse");
    secrets.put_in(b"short");
    secrets.put_in(b"abc");
    assert_eq!(
        scrubbed(&secrets, "no: correct horse, correct horse! shorter? short: abc"),
        "no: {{secret}}, {{secret}}! shorter? {{secret}}: abc"
    );
}

#[test]
fn tokens_in_an_address_are_hidden_and_words_of_its_path_are_not() {
    let mut secrets = Secrets::default();
    let address =
        "https://hooks.example/services/api/v2/B0123/0123456789abcdefgh?key=short&sig=a%2Bb-0123456789abc";
    let address = Url::parse(address).unwrap();
    secrets.in_address(&address, &address);
    assert_eq!(
        scrubbed(&secrets, "The path /services/api/v2/B0123/0123456789abcdefgh was not found"),
        "The path /services/api/v2/B0123/{{secret}} was not found"
    );
    assert_eq!(
        scrubbed(&secrets, "sig=a%2Bb-0123456789abc or a+b-0123456789abc"),
        "sig={{secret}} or {{secret}}"
    );
    assert_eq!(scrubbed(&secrets, "key=short"), "key=short");
}

/// A peer's own addresses and an incident's own names were once taken out of answers, and what was kept of
/// them led nowhere.
#[test]
fn words_of_an_address_and_what_an_incident_fills_in_come_back_whole() {
    let mut secrets = Secrets::default();
    let address = |host: &str| {
        let path = "api/incident-management/CreateIncidentFromMonitoring/v2-connect-oauth2-proxy";
        Url::parse(&format!("https://desk.example/{path}/{host}?sp=%2Ftriggers%2Fmanual%2Frun")).unwrap()
    };
    secrets.in_address(&address("db-primary-0001.example.org"), &address("sample"));
    let said = "/api/incident-management/CreateIncidentFromMonitoring/v2-connect-oauth2-proxy \
                db-primary-0001.example.org /triggers/manual/run";
    assert_eq!(scrubbed(&secrets, said), said);
    // What only people read loses the words as well: they may be somebody's secret.
    secrets.in_whole_address(&address("db-primary-0001.example.org"), &address("sample"));
    let mut text = "incident-management of db-primary-0001.example.org".to_owned();
    secrets.scrub_text(&mut text);
    assert_eq!(text, "{{secret}} of db-primary-0001.example.org");
}

#[test]
fn what_is_drawn_by_chance_is_a_token() {
    for token in [
        "XXyyZZabCDefGHijKLmnOPqr",
        "9f86d081884c7d659a2feaa0c55ad015",
        "0191e0c4-7d2c-7cc1-9f3a-3d2f0a4b5c6d",
        "AIzaSyD3xQ9mPLEk3y7Fh2aBspZcEw0vT1uRnXo",
        "xoxb-1234567890-abcdefghij",
    ] {
        assert!(is_token(token), "{token}");
    }
    for word in ["incident-management", "applications/json", "202601010000000001", "IncomingWebhookTrigger"] {
        assert!(!is_token(word), "{word}");
    }
}

fn of(secret: &str) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.put_in(secret.as_bytes());
    secrets
}

/// `secret` with every mark that HTML has a name for under that name.
fn named(secret: &str) -> String {
    let names = [
        ('&', "AMP"),
        ('<', "LT"),
        ('>', "GT"),
        ('"', "QUOT"),
        ('\'', "apos"),
        ('/', "sol"),
        ('=', "equals"),
        ('+', "plus"),
        ('.', "period"),
        (',', "comma"),
        (':', "colon"),
        ('!', "excl"),
        ('$', "dollar"),
        ('%', "percnt"),
        ('?', "quest"),
        ('@', "commat"),
        ('_', "lowbar"),
        ('#', "num"),
        ('*', "ast"),
        ('^', "Hat"),
        ('`', "DiacriticalGrave"),
        ('(', "lpar"),
        (')', "rpar"),
        ('{', "lcub"),
        ('}', "rcub"),
        ('[', "lsqb"),
        (']', "rsqb"),
        ('|', "vert"),
        ('\\', "bsol"),
    ];
    let name = |c: char| names.iter().find(|(known, _)| *known == c).map(|(_, name)| format!("&{name};"));
    secret.chars().map(|c| name(c).unwrap_or_else(|| c.to_string())).collect()
}

/// `secret` as a peer may write it, with a name for each way.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let utf16 = |text: &str| text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect::<String>();
    let html = |quote: &str, amp: &str| {
        secret
            .replace('&', amp)
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', quote)
            .replace('"', "&quot;")
    };
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        ("as it is", secret.to_owned()),
        ("in capitals", secret.to_ascii_uppercase()),
        ("in small letters", secret.to_ascii_lowercase()),
        ("backwards", secret.chars().rev().collect()),
        ("JSON", json.clone()),
        ("JSON with slashes escaped", json.replace('/', "\\/")),
        ("JSON in ASCII", utf16(secret)),
        ("HTML", html("&#39;", "&amp;")),
        ("HTML in hexadecimal", html("&#x27;", "&#x26;")),
        ("HTML by names", named(secret)),
        ("all of HTML", secret.chars().map(|c| format!("&#{};", u32::from(c))).collect()),
        ("percent", percent.clone()),
        ("percent in small letters", percent.to_lowercase()),
        ("a form", form),
        ("JSON in capitals", json.to_ascii_uppercase().replace("\\U", "\\u")),
    ];
    for before in ["", "u", "us", "user:"] {
        let text = format!("{before}{secret}:after");
        forms.push(("base 64", STANDARD.encode(&text)));
        forms.push(("base 64 for addresses", URL_SAFE_NO_PAD.encode(&text)));
        forms.push((
            "base 64 in an address",
            utf8_percent_encode(&STANDARD.encode(&text), NON_ALPHANUMERIC).to_string(),
        ));
        let lines: Vec<String> = STANDARD
            .encode(&text)
            .as_bytes()
            .chunks(7)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        forms.push(("base 64 in lines", lines.join("\r\n")));
    }
    forms
}

#[test]
fn a_secret_is_found_in_every_form() {
    for secret in ["Zq7kLm9xRt4wVb2n", SECRET, "p4ss\"word", "12345678"] {
        let secrets = of(secret);
        for (name, form) in forms(secret) {
            let said = scrubbed(&secrets, &format!("before ({form}) after"));
            assert!(said.contains(PLACE), "{secret}, {name}: {form} → {said}");
            if !name.starts_with("base 64") && secret != SECRET {
                assert_eq!(said, "before ({{secret}}) after", "{secret}, {name}: {form}");
            }
            let left: Vec<&str> = said.split(PLACE).collect();
            assert!(left.iter().all(|part| part.len() < 30), "{secret}, {name}: {form} → {said}");
        }
    }
}

#[test]
fn every_run_of_eight_bytes_is_found_and_none_of_seven() {
    let secret = "Zq7kLm9xRt4wVb2nYc";
    let secrets = of(secret);
    for from in 0..secret.len() {
        for to in from + 1..=secret.len() {
            let part = &secret[from..to];
            for (name, form) in forms(part) {
                let said = scrubbed(&secrets, &format!("<{form}>"));
                if part.len() >= 8 {
                    assert!(said.contains(PLACE), "{name}: {form}");
                } else if !name.starts_with("base 64") {
                    assert_eq!(said, format!("<{form}>"), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_short_secret_is_found_where_it_is_a_word_in_every_form() {
    let secrets = of("a&b:7");
    for (name, form) in forms("a&b:7") {
        let said = scrubbed(&secrets, &format!("x {form} y"));
        assert!(said.contains(PLACE), "{name}: {form} → {said}");
    }
    for text in ["xa&b:7", "a&b:71", "a&b:", "b:7"] {
        assert_eq!(scrubbed(&secrets, text), text);
    }
    assert_eq!(scrubbed(&secrets, "a&b:7"), PLACE);
}

#[test]
fn what_is_taken_out_leaves_whole_characters() {
    let secrets = of("ü12345678→");
    let said = scrubbed(&secrets, "ä\u{fc}12345678→ö and x12345678y");
    assert_eq!(said, "ä{{secret}}ö and x12345678y".replace("x12345678y", "x{{secret}}y"));
}

#[test]
fn a_token_leaves_what_is_kept_of_a_request_however_often_it_stands_there() {
    let token = "token-of-a-source-0123456789";
    let mut secrets = Secrets::default();
    secrets.put_in_whole(token.as_bytes());
    let escaped: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let value = format!("/in/x/{token}?a={escaped}&b={}&c={token}", STANDARD.encode(format!("u:{token}")));
    let mut request = SourceRequest {
        method: "POST".to_owned(),
        path: format!("/{token}/{token}"),
        query: vec![Pair::new("x", &value), Pair::new(token, "y")],
        headers: vec![Pair::new("referer", &value), Pair::new("user-agent", "a-source-0123456789/1.0")],
        body: Vec::new(),
        received_at: tocsin_core::time::Timestamp::from_micros(0),
    };
    secrets.scrub_head(&mut request);
    assert_eq!(request.path, "/{{secret}}/{{secret}}");
    let said = format!("{request:?}");
    assert!(!said.contains(token) && !said.contains(&escaped) && !said.contains("c291cmNl"), "{said}");
    // Words that a token shares with others stay.
    assert_eq!(request.headers[1].value, "a-source-0123456789/1.0");
}

/// Answers of 60 MiB together that are made for the slowest way through: escapes alone, nearly a secret again and again.
/// With optimisation, 60 MiB of each take one to three seconds.
#[test]
fn sixty_mebibytes_are_looked_through_in_a_bounded_time() {
    let mut secrets = of("Zq7kLm9xRt4wVb2n");
    (0..20).for_each(|number| secrets.put_in(format!("another-secret-{number}-{SECRET}").as_bytes()));
    let texts = [
        ("text", "The quick brown fox jumps over the lazy dog. "),
        ("almost the secret", "Zq7kLm9"),
        ("the secret", "Zq7kLm9xRt4wVb2n "),
        ("escapes", "%25%5c&amp;\\u0041"),
        ("broken escapes", "%&\\"),
        ("base 64", "QUFBWnE3a0xt"),
    ];
    for (name, text) in texts {
        let body = text.repeat((10 << 20) / text.len()).into_bytes();
        let mut response = Response { status: 200, headers: Vec::new(), body };
        let started = Instant::now();
        secrets.scrub(&mut response);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(120), "{name}: {took:?}");
    }
}
