//! `tocsin plugin try` and `tocsin plugin render`: one request, one incident, without a relay.

use std::fs;

use serde_json::{Value, json};

use super::bundled;
use crate::harness::Site;

fn write(site: &Site, name: &str, text: &str) {
    fs::write(site.path(name), text).expect("the folder can be written");
}

#[test]
fn a_body_is_decoded_with_the_settings_of_a_file() {
    let site = Site::new("");
    let (file, _) = bundled(&site, "webhook");
    write(
        &site,
        "pump.json",
        &json!({"id": 3, "alarm": "Pump 3 stands", "message": "pressure 0"}).to_string(),
    );
    write(&site, "settings.toml", "title_field = \"alarm\"\n");
    let arguments = ["plugin", "try", &file, "--file", "pump.json", "--settings", "settings.toml"];
    let said = site.run(&arguments).expect(0).stdout;
    for words in ["trigger `3`", "Pump 3 stands", "pressure 0", "Nothing was kept."] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(site.json(&arguments)["events"][0]["title"], "Pump 3 stands");
    write(&site, "settings.toml", "titel_field = \"alarm\"\n");
    let said = site.run(&arguments).expect(1).stderr;
    assert!(said.contains("settings.toml: titel_field: is not a setting of this plugin"), "{said}");
    let (file, _) = bundled(&site, "pagerduty");
    let said = site.run(&["plugin", "try", &file, "--file", "pump.json"]).expect(1).stderr;
    assert!(said.contains("takes no requests in; `tocsin plugin render`"), "{said}");
}

#[test]
fn a_request_is_rendered_with_secrets_by_name_and_goes_on_after_an_answer() {
    let site = Site::new("");
    let (file, _) = bundled(&site, "pagerduty");
    write(&site, "incident.toml", "title = \"Pump 3 stands\"\nlabels = { site = \"north\" }\n");
    let queued = r#"202 {"status":"success","message":"Event processed","dedup_key":"k"}"#;
    let arguments = ["plugin", "render", &file, "--incident", "incident.toml", "--answer", queued];
    let said = site.run(&arguments).expect(0).stdout;
    for words in [
        "== expected request\nPOST /v2/enqueue",
        "Pump 3 stands",
        "\"routing_key\": \"{{secret:routing_key:json}}\"",
        "== answer\n202\n",
        "== expected outcome",
        "Event processed",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let rendered = site.json(&arguments);
    assert_eq!(rendered["exchanges"].as_array().map(Vec::len), Some(1));
    assert_eq!(rendered["outcome"]["delivered"]["certainty"], "accepted", "{rendered}");
    let usual = site.json(&["plugin", "render", &file]);
    assert_eq!(usual["exchanges"][0]["answer"]["status"], 200);
    assert!(usual["exchanges"][0]["request"].to_string().contains("Disk full on db-1"), "{usual}");
    let refused: Value = site.json(&["plugin", "render", &file, "--answer", "400 no"]);
    assert!(refused["outcome"]["rejected"].is_string(), "{refused}");
    for (more, words) in [
        (&["--answer", "OK"][..], "`OK` is no answer; expected a status and a body"),
        (&["--answer", "202", "--answer", "204"], "the last 1 of the answers"),
        (&["--incident", "nowhere.toml"], "reading nowhere.toml"),
    ] {
        let ran = site.run(&[&["plugin", "render", &file], more].concat()).expect(1);
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
}
