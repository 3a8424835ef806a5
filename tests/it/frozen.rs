//! The plugin API's frozen versions: their text never changes, the present text is compatible with each frozen text of
//! its own version (none yet: 0.2.0 is not frozen), and a plugin that was built against one continues to run.
//!
//! `wit/README.md` has the rules and says how a version is frozen.

mod compare;
mod runs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use compare::{Api, breaks, line};
use sha2::{Digest, Sha256};

/// Every frozen version, with the digest of its text. A frozen text never changes, so neither does a line here.
const FROZEN: [(&str, &str); 1] =
    [("0.1.0", "5b65eb8b7bc369a56c62de282d9c551392e8190b42f2a0c8c1af28b546bf490e")];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn frozen(version: &str) -> PathBuf {
    wit().join("frozen").join(version)
}

/// The interface files right below a folder, by name.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "wit"));
    let text = |path: PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("it is text"))
    };
    files.map(text).collect()
}

/// The digest of names and texts, in order.
fn digest(texts: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in texts {
        hash.update(format!("{name} {}\n{text}", text.len()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_frozen_text_never_changes() {
    let folders = fs::read_dir(wit().join("frozen")).expect("a folder").flatten();
    let mut found: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    assert_eq!(
        found,
        FROZEN.map(|(version, _)| version),
        "every frozen version is listed, and there is no other"
    );
    for (version, expected) in FROZEN {
        assert_eq!(
            digest(&texts(&frozen(version))),
            expected,
            "wit/frozen/{version} has changed: take the change back, and make it in wit/ if the rules allow it"
        );
    }
}

#[test]
fn the_present_text_is_compatible_with_every_frozen_one_of_its_version() {
    let present = Api::parse(&texts(&wit()));
    for (version, _) in FROZEN {
        let old = Api::parse(&texts(&frozen(version)));
        assert_eq!(old.version, version, "the text in wit/frozen/{version} is of another version");
        // The host supports an older version from its frozen text.
        if line(&old.version) != line(&present.version) {
            assert!(
                tocsin_sandbox::API_VERSIONS.iter().any(|spoken| line(spoken) == line(version)),
                "the host no longer supports {version}"
            );
            continue;
        }
        let found = breaks(&old, &present);
        assert!(
            found.is_empty(),
            "plugins built for {version} would stop working:\n{}\nwit/README.md says what may be added",
            found.join("\n")
        );
    }
}

/// One change of the text, and the words that report it; none where the rules allow it.
struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static [&'static str],
}

const EDITS: [Edit; 19] = [
    Edit { file: "types.wit", from: "/// How bad it is, worst first.", to: "/// Worst first.", found: &[] },
    Edit {
        file: "types.wit",
        from: "interface types {",
        to: "interface types {\n  record more { a: string }",
        found: &[],
    },
    Edit {
        file: "types.wit",
        from: "interface types {",
        to: "interface log { write: func(line: string); }\ninterface types {",
        found: &[],
    },
    Edit {
        file: "worlds.wit",
        from: "world action {",
        to: "world other { export description; }\nworld action {",
        found: &[],
    },
    Edit {
        file: "worlds.wit",
        from: "world action {",
        to: "interface log { write: func(line: string); }\nworld action {\n  import log;",
        found: &[],
    },
    Edit {
        file: "worlds.wit",
        from: "world action {",
        to: "interface log { write: func(line: string); }\nworld action {\n  export log;",
        found: &[
            "the world `action` exports action-encoder, description, log",
            "action-encoder, description`",
        ],
    },
    Edit {
        file: "types.wit",
        from: "record link { title: string, url: string }",
        to: "record link { title: string, url: string, rel: string }",
        found: &[
            "types.link is `record { title: string, url: string, rel: string }`",
            "was `record { title: string, url: string }`",
        ],
    },
    Edit {
        file: "types.wit",
        from: "record link { title: string, url: string }",
        to: "record link { url: string, title: string }",
        found: &["types.link is"],
    },
    Edit {
        file: "types.wit",
        from: "enum severity { critical, high, medium, low, info }",
        to: "enum severity { critical, high, medium, low, info, debug }",
        found: &["types.severity is `enum { critical, high, medium, low, info, debug }`"],
    },
    Edit {
        file: "types.wit",
        from: "rejected(string)",
        to: "rejected",
        found: &["types.failure is `variant {"],
    },
    Edit {
        file: "types.wit",
        from: "type timestamp = s64;",
        to: "type timestamp = u64;",
        found: &["types.timestamp is `u64`"],
    },
    Edit {
        file: "types.wit",
        from: "after-ms: option<u64>",
        to: "after-ms: option<u32>",
        found: &["types.later is"],
    },
    Edit {
        file: "description.wit",
        from: "  describe: func() -> plugin-info;",
        to: "",
        found: &["the function description.describe is gone"],
    },
    Edit {
        file: "description.wit",
        from: "  describe: func() -> plugin-info;",
        to: "  describe: func(language: string) -> plugin-info;",
        found: &["description.describe is `func(language: string) -> description.plugin-info`"],
    },
    Edit {
        file: "description.wit",
        from: "  describe: func() -> plugin-info;",
        to: "  describe: func() -> plugin-info;\n  icon: func() -> string;",
        found: &["the function description.icon is new", "plugins export this interface"],
    },
    Edit {
        file: "prober.wit",
        from: "  /// What the answer means",
        to: "  cancel: func();\n  /// What the answer means",
        found: &["the function connection-prober.cancel is new"],
    },
    Edit {
        file: "prober.wit",
        from: "interface connection-prober {",
        to: "interface prober {",
        found: &["the interface connection-prober is gone"],
    },
    Edit {
        file: "worlds.wit",
        from: "world integration {",
        to: "world both {",
        found: &["the world `integration` is gone"],
    },
    Edit {
        file: "types.wit",
        from: "record signing {",
        to: "record signing-key {",
        found: &["the type types.signing is gone"],
    },
];

#[test]
fn every_change_that_would_stop_an_older_plugin_is_found_and_what_the_rules_allow_is_not() {
    let texts = texts(&frozen("0.1.0"));
    let old = Api::parse(&texts);
    assert!(breaks(&old, &old).is_empty());
    for Edit { file, from, to, found } in EDITS {
        let mut changed = texts.clone();
        let text = changed.get_mut(file).expect("a file");
        assert!(text.contains(from), "{from} in {file}");
        *text = text.replacen(from, to, 1);
        if from.ends_with("signing {") {
            *text = text.replace("list<signing>", "list<signing-key>");
        }
        let words = breaks(&old, &Api::parse(&changed)).join("\n");
        assert_eq!(words.is_empty(), found.is_empty(), "{to}: {words}");
        for part in found {
            assert!(words.contains(part), "{part} in {words}");
        }
    }
}

#[test]
fn another_version_is_compatible_as_semver_has_it() {
    let texts = texts(&frozen("0.1.0"));
    let old = Api::parse(&texts);
    for (version, is_compatible) in [("0.1.7", true), ("0.2.0", false), ("1.0.0", false)] {
        let other =
            texts.iter().map(|(name, text)| (name.clone(), text.replace("@0.1.0", &format!("@{version}"))));
        let found = breaks(&old, &Api::parse(&other.collect()));
        assert_eq!(found.is_empty(), is_compatible, "{version}: {found:?}");
    }
}
