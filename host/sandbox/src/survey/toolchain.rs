//! Which toolchain made a file, so that a refusal can say what to do with that toolchain.
//!
//! Never decides anything: a file can claim what it likes.

use wasmparser::{BinaryReader, CustomSectionReader, ProducersSectionReader};

/// What a file says of its origin.
#[derive(Debug, Default)]
pub(super) struct Toolchain {
    made_by: Vec<String>,
}

/// The toolchains that there is advice for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// componentize-js, which `jco componentize` runs.
    JavaScript,
    /// componentize-py.
    Python,
    /// TinyGo or componentize-go.
    Go,
    /// rustc.
    Rust,
}

/// Tools that are kept of one file; an honest one names five.
const TOOLS_MAX: usize = 64;
/// In the names of the libraries that componentize-py links, which names itself nowhere else.
const PYTHON_MARK: &[u8] = b"componentize_py";

impl Toolchain {
    /// Reads a `producers` section. One that cannot be read says nothing.
    pub(super) fn read(&mut self, section: &CustomSectionReader<'_>) {
        let reader = BinaryReader::new(section.data(), section.data_offset());
        let Ok(fields) = ProducersSectionReader::new(reader) else { return };
        for field in fields.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                if self.made_by.len() < TOOLS_MAX {
                    self.made_by.push(value.name.to_ascii_lowercase());
                }
            }
        }
    }

    /// The toolchain, as far as the file tells it.
    pub(super) fn known(&self, bytes: &[u8]) -> Option<Known> {
        let is = |name: &str| self.made_by.iter().any(|tool| tool.contains(name));
        if is("componentizejs") || is("componentize-js") || is("jco") {
            return Some(Known::JavaScript);
        }
        if is("componentize-py") || bytes.windows(PYTHON_MARK.len()).any(|window| window == PYTHON_MARK) {
            return Some(Known::Python);
        }
        if is("tinygo") || is("componentize-go") || self.made_by.iter().any(|tool| tool == "go") {
            return Some(Known::Go);
        }
        is("rust").then_some(Known::Rust)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_known_by_what_it_writes() {
        let by =
            |tools: &[&str]| Toolchain { made_by: tools.iter().map(|tool| (*tool).to_owned()).collect() };
        assert_eq!(by(&["wit-component", "componentizejs", "rustc"]).known(b""), Some(Known::JavaScript));
        assert_eq!(by(&["clang"]).known(b"..libcomponentize_py_runtime.so.."), Some(Known::Python));
        assert_eq!(by(&["tinygo"]).known(b""), Some(Known::Go));
        assert_eq!(by(&["rust", "wit-component"]).known(b""), Some(Known::Rust));
        assert_eq!(by(&["clang"]).known(b""), None);
    }
}
