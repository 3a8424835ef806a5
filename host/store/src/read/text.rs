//! Words that an incident is looked for by. Knows nothing of where incidents come from.

use tocsin_core::incident::Incident;

/// Words in lower case.
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of `text`, with spaces between them.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether each of them is somewhere in the title, the key or a label, written `name=value`.
    pub(crate) fn are_in(&self, incident: &Incident) -> bool {
        let title = incident.title.to_lowercase();
        // The rest is only made comparable when a word is not in the title.
        let mut rest = None;
        self.0.iter().all(|word| {
            title.contains(word) || rest.get_or_insert_with(|| comparable(incident)).contains(word)
        })
    }
}

/// The key and the labels, a line each, in lower case.
fn comparable(incident: &Incident) -> String {
    let mut text = incident.key.clone();
    for (name, value) in &incident.labels {
        text.push('\n');
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text.to_lowercase()
}
