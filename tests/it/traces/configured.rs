//! `[traces]` in the configuration: mistakes are named with their fix, and nothing of it is shown that is a secret.

use crate::harness::Site;

/// What `check` says of these lines of `[traces]`, which have a mistake.
fn said(lines: &str) -> String {
    Site::new(&format!("[traces]\n{lines}\n")).run(&["check"]).expect(1).all()
}

#[test]
fn a_mistake_is_told_with_its_field_its_value_and_the_fix() {
    for (lines, words) in [
        ("", "traces.otlp: is missing: the address of the collector, such as `http://127.0.0.1:4318`"),
        (
            "otlp = \"127.0.0.1:4318\"",
            "traces.otlp: `127.0.0.1:4318` has no scheme: write `http://` or `https://`",
        ),
        (
            "otlp = \"grpc://otel:4317\"",
            "traces.otlp: `grpc://otel:4317` is not an address of http or https, such as",
        ),
        (
            "otlp = \"http://169.254.169.254\"",
            "traces.otlp: `http://169.254.169.254` is a link-local address",
        ),
        ("otlp = 4318", "traces.otlp: `4318` is not a text"),
        ("sample = 1.5", "traces.sample: `1.5` is not a number from 0 to 1: write 1 for all, or such as 0.1"),
        ("sample = -1", "traces.sample: `-1` is not a number from 0 to 1"),
        ("sample = nan", "traces.sample: `nan` is not a number from 0 to 1"),
        ("sample = \"all\"", "traces.sample: `\"all\"` is not a number from 0 to 1"),
        ("headers = { \"a b\" = \"x\" }", "traces.headers.a b: is no name of a header: write one such as"),
        ("headers = { Host = \"x\" }", "traces.headers.Host: is a header that Tocsin sets itself: remove it"),
        ("headers = { X-Key = \"a\\nb\" }", "traces.headers.X-Key: cannot be the value of a header"),
        ("headers = { X-Key = { file = \"/nowhere\" } }", "traces.headers.X-Key: /nowhere: "),
        ("ca = \"/nowhere\"", "traces.ca: /nowhere: "),
        ("endpoint = \"x\"", "traces.endpoint: is unknown: there is otlp, headers, "),
    ] {
        let said = said(lines);
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn an_address_or_header_that_may_be_a_secret_is_not_shown() {
    for lines in [
        "otlp = \"https://jane:hunter2@otel.example.org\"",
        "otlp = \"https://otel.example.org/?key=hunter2\"",
        "otlp = \"https://otel.example.org\"\nheaders = { Authorization = \"hunter2\\u0007\" }",
    ] {
        let said = said(lines);
        assert!(said.contains("traces.") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_secret_of_a_header_may_be_anywhere_and_stays_a_reference_in_an_export() {
    let site = Site::new(
        "[traces]\notlp = \"https://otel.example.org\"\n[traces.headers]\nX-Key = { file = \"key\" }\nX-Of = \"relay\"\n",
    );
    std::fs::write(site.path("key"), "hunter2\n").expect("the folder can be written");
    site.run(&["check"]).expect(0);
    let exported = site.run(&["config", "export"]).expect(0).stdout;
    let key = std::fs::canonicalize(site.path("key")).expect("it is there");
    let line = format!("X-Key = {{ file = \"{}\" }}", key.display());
    assert!(exported.contains(&line) && !exported.contains("hunter2"), "{line}: {exported}");
    std::fs::write(site.path("exported.toml"), &exported).expect("the folder can be written");
    site.run(&["check", "--config", "exported.toml"]).expect(0);
}
