//! A card of the operator's own.

use tocsin_plugin::Document;

use super::*;

fn own(text: &str, fixed: &[&str]) -> Fields {
    let fixed = fixed.iter().map(|at| (*at).to_owned()).collect();
    Fields { card: Some(Document { text: text.to_owned(), fixed }), ..fields() }
}

#[test]
fn a_card_of_the_operators_own_is_sent_and_an_alert_makes_no_markup_in_it() {
    let card = r#"{"header": {"title": "<b>x</b>"}, "sections": [{"widgets": [
        {"textParagraph": {"text": "<b>mine</b>"}},
        {"decoratedText": {"topLabel": "<i>theirs</i>", "text": "<a href=\"https://evil.example\">theirs</a>"}},
        {"buttonList": {"buttons": [{"text": "a & b", "onClick": {"openLink": {"url": "https://a.example/?x=1&y=2"}}}]}}
    ]}]}"#;
    let given = own(card, &["/sections/0/widgets/0/textParagraph/text"]);
    let sent = body(&example_context(), &given);
    let card = &sent["cardsV2"][0]["card"];
    assert_eq!(sent["cardsV2"][0]["cardId"], "own-1");
    let widgets = &card["sections"][0]["widgets"];
    assert_eq!(widgets[0]["textParagraph"]["text"], "<b>mine</b>");
    assert_eq!(widgets[1]["decoratedText"]["topLabel"], "&lt;i&gt;theirs&lt;/i&gt;");
    let text = widgets[1]["decoratedText"]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("&lt;a href=") && !text.contains("<a"), "{text}");
    // These are not read as HTML.
    let button = &widgets[2]["buttonList"]["buttons"][0];
    assert_eq!((&button["text"], &card["header"]["title"]), (&"a & b".into(), &"<b>x</b>".into()));
    assert_eq!(button["onClick"]["openLink"]["url"], "https://a.example/?x=1&y=2");
    assert!(sent["fallbackText"].as_str().is_some_and(|text| text.contains("Disk full on db-1")), "{sent}");
    assert_eq!(sent.get("text"), None);
    let tried = body(&Context { test: true, ..example_context() }, &given);
    assert_eq!(tried["text"], "TEST");
}

#[test]
fn a_card_may_be_a_list_an_entry_or_a_whole_message() {
    for (given, ids) in [
        (
            r#"[{"header": {"title": "a"}}, {"cardId": "mine", "card": {"sections": []}}]"#,
            &["own-1", "mine"][..],
        ),
        (r#"{"cardsV2": [{"cardId": "c", "card": {"header": {}}}], "text": "left out"}"#, &["c"]),
    ] {
        let sent = body(&example_context(), &own(given, &[]));
        let cards = sent["cardsV2"].as_array().expect("cards");
        assert_eq!(cards.iter().filter_map(|card| card["cardId"].as_str()).collect::<Vec<_>>(), ids);
        assert_eq!(sent.get("text"), None);
    }
}

#[test]
fn a_card_that_is_none_is_found_when_the_configuration_is_read() {
    let long = format!(r#"{{"sections": [{{"header": "{}"}}]}}"#, "x".repeat(30_000));
    for (card, words) in [
        ("{", "is not JSON"),
        ("[]", "0 cards"),
        (r#"{"title": "x"}"#, "is no card"),
        (r#"[{"card": {}}]"#, "is no card"),
        (long.as_str(), "bytes"),
    ] {
        let problems = given::check(&own(card, &[])).expect_err(card);
        assert!(problems[0].field == "card" && problems[0].problem.contains(words), "{problems:?}");
        assert!(matches!(
            GoogleChat::encode(&example_context(), &(), &own(card, &[])),
            Err(Failure::Rejected(_))
        ));
    }
    let text = Fields { format: Format::Text, ..own(r#"{"sections": []}"#, &[]) };
    let problems = given::check(&text).expect_err("no card in a text");
    assert!(problems[0].problem.contains("format"), "{problems:?}");
}
