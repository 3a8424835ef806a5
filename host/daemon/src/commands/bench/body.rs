//! What the requests of a measurement carry: generated issues, or a file with its ids changed.
//!
//! A body depends on the request's number alone, so a measurement can be repeated. No two bodies are the same, and
//! each is about an incident of its own: a body that repeats itself would vanish in any compression.

use std::path::Path;

use anyhow::Context;

mod fields;
mod issue;
mod tokens;

use fields::Shape;
use tokens::Pieces;

/// Where the bodies come from.
pub(super) enum Bodies {
    /// Made up, like the issues that Jira sends.
    Generated,
    /// A file, with its ids changed.
    Sample { pieces: Pieces, content_type: &'static str },
}

impl Bodies {
    /// Bodies made from this file, or generated ones.
    ///
    /// # Errors
    /// When the file cannot be read, is not text, or has nothing that could be changed.
    pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else { return Ok(Self::Generated) };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading {}, which has to be text in UTF-8", file.display()))?;
        Self::sample(&text).with_context(|| format!("{} cannot be varied", file.display()))
    }

    fn sample(text: &str) -> anyhow::Result<Self> {
        let shape = Shape::of(text);
        let content_type = shape.content_type();
        let pieces = shape.pieces().context(
            "it has no id and no title: give it a field `id` or `title`, so that each request is about another incident",
        )?;
        Ok(Self::Sample { pieces, content_type })
    }

    /// The media type of every body.
    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Generated => "application/json",
            Self::Sample { content_type, .. } => content_type,
        }
    }

    /// The plugin that reads them when no other is named.
    pub(super) fn plugin(&self) -> &'static str {
        match self {
            Self::Generated => "jira",
            Self::Sample { .. } => "webhook",
        }
    }

    /// The body of this request.
    pub(super) fn of(&self, number: u64) -> String {
        match self {
            Self::Generated => issue::generate(number),
            Self::Sample { pieces, .. } => pieces.render(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use serde_json::{Value, json};

    use super::*;

    fn deflated(text: &str) -> usize {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory").len()
    }

    fn rendered(sample: &Value, number: u64) -> Value {
        let bodies = Bodies::sample(&sample.to_string()).expect("it has ids");
        serde_json::from_str(&bodies.of(number)).expect("JSON stays JSON")
    }

    #[test]
    fn generated_bodies_are_as_large_as_real_ones_and_do_not_vanish_when_they_are_compressed() {
        let bodies: Vec<String> = (0..200).map(|number| Bodies::Generated.of(number)).collect();
        let all = bodies.concat();
        let usual = all.len() / bodies.len();
        assert!((3300..3700).contains(&usual), "{usual}");
        assert!(
            deflated(&all) / bodies.len() > 600,
            "{} bytes are left of each",
            deflated(&all) / bodies.len()
        );
        let keys: BTreeSet<String> = bodies
            .iter()
            .map(|body| serde_json::from_str::<Value>(body).expect("JSON")["issue"]["key"].to_string())
            .collect();
        assert_eq!(keys.len(), bodies.len());
        assert_ne!(bodies[0], bodies[1]);
    }

    #[test]
    fn ids_of_a_sample_change_together_and_all_else_stays() {
        let sample = json!({
            "issue": { "id": "10040", "key": "TES-41", "self": "https://example.com/issue/10040?x=1", "avatarId": 10315 },
            "uuid": "3F2504E0-4f89-11d3-9a0c-0305e82c3301",
            "account": "5c5f880629be9642ba529340",
            "host": "db-17.example.com",
            "at": "2026-11-20T16:50:00.250Z", "timestamp": 1_795_193_400_250_i64, "seconds": 1_795_193_400,
            "severity": "P1", "level": 3, "share": 97.5, "is": true, "none": null, "encoding": "utf-8",
            "title": "Disk \"full\" on db-17\n\u{1}1234567 \u{e9}", "list": ["INC0012345", "v2"],
        });
        let first = rendered(&sample, 0);
        let seventh = rendered(&sample, 7);
        assert_eq!(first["issue"]["key"], "TES-41");
        assert_eq!(
            seventh["issue"],
            json!({ "id": "10047", "key": "TES-48", "self": "https://example.com/issue/10047?x=1", "avatarId": 10322 })
        );
        assert_eq!(seventh["host"], "db-24.example.com");
        assert_eq!(seventh["title"], "Disk \"full\" on db-24\n\u{1}1234574 \u{e9}");
        assert_eq!(seventh["list"], json!(["INC0012352", "v2"]));
        for kept in ["at", "timestamp", "seconds", "severity", "level", "share", "is", "none", "encoding"] {
            assert_eq!(seventh[kept], sample[kept], "{kept}");
        }
        for changed in ["uuid", "account"] {
            let (before, after) =
                (first[changed].as_str().expect("text"), seventh[changed].as_str().expect("text"));
            assert_eq!(before.len(), after.len());
            assert_ne!(before, after);
        }
        let accounts: BTreeSet<String> =
            (0..1000).map(|number| rendered(&sample, number)["account"].to_string()).collect();
        assert_eq!(accounts.len(), 1000);
    }

    #[test]
    fn a_sample_without_ids_is_varied_by_its_id_field_or_else_by_its_title() {
        assert_eq!(
            rendered(&json!({ "id": "backup", "title": "Backup" }), 7),
            json!({ "id": "backup-7", "title": "Backup" })
        );
        assert_eq!(
            rendered(&json!([{ "title": "Backup", "host": "a" }]), 7),
            json!([{ "title": "Backup 7", "host": "a" }])
        );
        let none = Bodies::sample(r#"{"up": true}"#).err().expect("nothing can be changed");
        assert!(none.to_string().contains("give it a field `id` or `title`"), "{none}");
        assert!(Bodies::sample("").is_err());
    }

    #[test]
    fn forms_stay_forms_and_other_text_gets_a_line_of_its_own() {
        let form = Bodies::sample("title=Disk+full%20%26&id=INC-42").expect("it has an id");
        assert_eq!(
            (form.content_type(), form.of(7).as_str()),
            ("application/x-www-form-urlencoded", "title=Disk+full+%26&id=INC-49")
        );
        let text = Bodies::sample("Disk full on db-17\n").expect("text");
        assert_eq!(
            (text.content_type(), text.of(7).as_str()),
            ("text/plain", "Disk full on db-24\nrequest 7\n")
        );
    }
}
