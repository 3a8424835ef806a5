//! The file of a case: sections below lines that begin with `== `.
//!
//! Never reads what a section says: that is for `given`, `http` and `expected`.

use crate::body::{Coding, MARK};

/// What a section is about, in the order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the action is told.
    Incident,
    /// The settings of the source or the action.
    Settings,
    /// The settings of the action's connection.
    Connection,
    /// What the source receives.
    Request,
    /// What the peer answers to the request before it.
    Answer,
    /// What the action wants sent.
    ExpectedRequest,
    /// What the plugin makes of it in the end.
    ExpectedOutcome,
}

/// Which of a plugin's two jobs a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Decodes requests.
    Source,
    /// Encodes incidents.
    Action,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Incident,
        Self::Settings,
        Self::Connection,
        Self::Request,
        Self::Answer,
        Self::ExpectedRequest,
        Self::ExpectedOutcome,
    ];

    /// As it stands in a file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Settings => "settings",
            Self::Connection => "connection",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::ExpectedRequest => "expected request",
            Self::ExpectedOutcome => "expected outcome",
        }
    }

    /// Whether the runner writes it.
    pub const fn is_expected(self) -> bool {
        matches!(self, Self::ExpectedRequest | Self::ExpectedOutcome)
    }

    const fn is_of(self, job: Job) -> bool {
        match self {
            Self::Settings | Self::ExpectedOutcome => true,
            Self::Request => matches!(job, Job::Source),
            Self::Incident | Self::Connection | Self::Answer | Self::ExpectedRequest => {
                matches!(job, Job::Action)
            }
        }
    }

    const fn is_once(self) -> bool {
        matches!(self, Self::Incident | Self::Settings | Self::Connection)
    }
}

/// One section of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub kind: Kind,
    /// How its body is written.
    pub coding: Coding,
    /// Without the line breaks at its end.
    pub text: String,
}

impl Section {
    /// What a plugin makes of a case in the end.
    pub fn outcome(outcome: &serde_json::Value) -> Self {
        Self { kind: Kind::ExpectedOutcome, coding: Coding::Plain, text: format!("{outcome:#}") }
    }

    /// What is wrong with this section, in words.
    pub fn wrong(&self, why: &str) -> String {
        format!("`{MARK}{}`: {why}", self.title())
    }

    /// Its kind and the coding of its body, as they stand in the file.
    pub fn title(&self) -> String {
        match self.coding.name() {
            "" => self.kind.name().to_owned(),
            coding => format!("{} ({coding})", self.kind.name()),
        }
    }
}

/// A case as it is in its file.
#[derive(Clone, Debug)]
pub struct Case {
    /// The lines before the first section, each of which begins with `#`.
    note: String,
    /// Which of the plugin's jobs it is about.
    pub job: Job,
    /// In the order of the file.
    pub sections: Vec<Section>,
}

impl Case {
    /// Reads a file.
    ///
    /// # Errors
    /// The section that is unknown, there twice or missing, and which ones there are.
    pub fn parse(file: &str) -> Result<Self, String> {
        let mut note = String::new();
        let mut sections: Vec<Section> = Vec::new();
        for (line, number) in file.lines().zip(1..) {
            if let Some(title) = line.strip_prefix(MARK) {
                let (kind, coding) = parse_title(title).map_err(|why| format!("line {number}: {why}"))?;
                sections.push(Section { kind, coding, text: String::new() });
            } else if let Some(section) = sections.last_mut() {
                section.text.push_str(line);
                section.text.push('\n');
            } else if line.is_empty() || line.starts_with('#') {
                note.push_str(line);
                note.push('\n');
            } else {
                return Err(format!(
                    "line {number}: `{line}` is before the first section; begin it with `#`"
                ));
            }
        }
        for section in &mut sections {
            section.text.truncate(section.text.trim_end_matches('\n').len());
        }
        let job = job(&sections)?;
        Ok(Self { note: note.trim_end().to_owned(), job, sections })
    }

    /// The only section of this kind.
    pub fn one(&self, kind: Kind) -> Option<&Section> {
        self.all(kind).next()
    }

    /// The sections of this kind, in order.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.kind == kind)
    }

    /// Whether it says what it expects.
    pub fn expects(&self) -> bool {
        self.sections.iter().any(|section| section.kind.is_expected())
    }

    /// The file with these sections in place of its own.
    pub fn with(&self, sections: &[Section]) -> String {
        let note = (!self.note.is_empty()).then(|| format!("{}\n", self.note));
        let sections = sections.iter().map(|section| {
            let text = if section.text.is_empty() { String::new() } else { format!("{}\n", section.text) };
            format!("{MARK}{}\n{text}", section.title())
        });
        note.into_iter().chain(sections).collect::<Vec<_>>().join("\n")
    }
}

fn parse_title(title: &str) -> Result<(Kind, Coding), String> {
    let (name, coding) = match title.strip_suffix(')').and_then(|title| title.split_once(" (")) {
        Some((name, coding)) => (name, Coding::parse(coding)?),
        None => (title, Coding::Plain),
    };
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind =
        kind.ok_or_else(|| format!("`{MARK}{name}` is no section of a case; there are {}", names(|_| true)))?;
    Ok((kind, coding))
}

fn job(sections: &[Section]) -> Result<Job, String> {
    let has = |kind| sections.iter().any(|section| section.kind == kind);
    let job = match (has(Kind::Incident), has(Kind::Request)) {
        (true, _) => Job::Action,
        (false, true) => Job::Source,
        (false, false) => {
            return Err("a case of a source has `== request`, one of an action `== incident`".to_owned());
        }
    };
    for (index, section) in sections.iter().enumerate() {
        let name = section.kind.name();
        if !section.kind.is_of(job) {
            let known = names(|kind| kind.is_of(job));
            return Err(format!("`{MARK}{name}` does not belong here; this case may have {known}"));
        }
        let is_again = sections[..index].iter().any(|other| other.kind == section.kind);
        if section.kind.is_once() && is_again {
            return Err(format!("`{MARK}{name}` is there twice"));
        }
    }
    Ok(job)
}

fn names(of: impl Fn(Kind) -> bool) -> String {
    let names = Kind::ALL.into_iter().filter(|kind| of(*kind)).map(|kind| format!("`{}`", kind.name()));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# A form.\n\n== settings\na = 1\n\n== request (form)\nPOST /\n\na=b\n\n== expected outcome\n{}\n";

    #[test]
    fn a_file_is_written_as_it_was_read() {
        let case = Case::parse(FILE).expect("a case");
        assert_eq!((case.job, case.with(&case.sections).as_str()), (Job::Source, FILE));
        let request = case.one(Kind::Request).expect("a request");
        assert_eq!((request.coding, request.text.as_str()), (Coding::Form, "POST /\n\na=b"));
    }

    #[test]
    fn a_mistyped_file_says_what_is_wrong_and_what_there_is() {
        for (file, parts) in [
            ("== requests\nPOST /\n", &["line 1", "`== requests`", "`request`, `answer`"][..]),
            ("== request (json)\nPOST /\n", &["`json`", "`form`, `base64`"]),
            ("== incident\n\n== request\nPOST /\n", &["`== request` does not belong", "`answer`"]),
            ("== request\nPOST /\n\n== answer\n200\n", &["`== answer` does not belong", "`settings`"]),
            ("== incident\n\n== incident\n", &["`== incident` is there twice"]),
            ("== settings\n", &["`== request`", "`== incident`"]),
            ("= request\n", &["line 1", "begin it with `#`"]),
        ] {
            let error = Case::parse(file).expect_err(file);
            assert!(parts.iter().all(|part| error.contains(part)), "{file}: {error}");
        }
    }
}
