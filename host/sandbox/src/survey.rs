//! What a file would cost to compile and what it needs to run, read off it before it is compiled.
//!
//! Runs in the process that compiles, never in the relay: the parser recurses into types as deep as a file nests
//! them.

mod core;
mod features;
mod graph;
mod limits;
mod toolchain;

use wasmparser::{Encoding, Parser, Payload};

use self::core::Module;
use self::graph::{Graph, own};
use self::limits::{CUSTOM_BYTES_MAX, NAMES_BYTES_MAX, within};
use self::toolchain::Toolchain;
use crate::error::LoadProblem;

/// A file that is not compiled, with a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It does not hold together.
    Invalid(String),
    /// There is more in it, or it expands to more, than in any plugin.
    TooMuch(String),
    /// It needs what plugins are not given.
    Unsupported(String),
}

impl Refused {
    /// The exit code by which the process that compiles reports this.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Invalid(_) => 10,
            Self::TooMuch(_) => 11,
            Self::Unsupported(_) => 12,
        }
    }

    /// The sentence.
    pub(crate) fn sentence(&self) -> &str {
        let (Self::Invalid(words) | Self::TooMuch(words) | Self::Unsupported(words)) = self;
        words
    }

    /// What an exit code reports, with these words.
    pub(crate) fn from_code(code: i32, words: String) -> Option<Self> {
        match code {
            10 => Some(Self::Invalid(words)),
            11 => Some(Self::TooMuch(words)),
            12 => Some(Self::Unsupported(words)),
            _ => None,
        }
    }
}

impl From<Refused> for LoadProblem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(words) => Self::Invalid(words),
            Refused::TooMuch(words) => Self::TooMuch(words),
            Refused::Unsupported(words) => Self::Unsupported(words),
        }
    }
}

impl From<wasmparser::BinaryReaderError> for Refused {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Whether a component may be compiled.
///
/// # Errors
/// The first limit that it meets, else what it needs and is not given, else the first place where it is not valid.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Refused> {
    let mut file = File::default();
    for payload in Parser::new(0).parse_all(bytes) {
        file.take(payload?)?;
    }
    file.graph.finish()?;
    features::check(bytes, &file.toolchain, &file.graph.imports)
}

/// What was counted of a file.
#[derive(Default)]
struct File {
    graph: Graph,
    modules: core::Totals,
    /// The module that is being read; modules do not nest.
    module: Option<Module>,
    toolchain: Toolchain,
    custom_bytes: usize,
    names_bytes: usize,
}

impl File {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => self.graph.enter()?,
            Payload::Version { encoding: Encoding::Module, .. } => self.module = Some(Module::default()),
            Payload::End(_) => match self.module.take() {
                Some(_) => self.graph.module(),
                None => self.graph.leave(),
            },
            Payload::CustomSection(section) => {
                self.custom_bytes += section.data().len();
                within(self.custom_bytes, CUSTOM_BYTES_MAX, own("bytes of custom sections", "strip them"))?;
                match section.name() {
                    "name" => {
                        self.names_bytes += section.data().len();
                        let limit = own("bytes of names of functions", "strip them");
                        within(self.names_bytes, NAMES_BYTES_MAX, limit)?;
                    }
                    "producers" => self.toolchain.read(&section),
                    _ => {}
                }
            }
            payload => match &mut self.module {
                Some(module) => module.take(payload, &mut self.modules)?,
                None => self.graph.take(payload)?,
            },
        }
        Ok(())
    }
}
