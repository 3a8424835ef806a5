//! The plugin API's types, generated from `wit/`, and the way between them and the core's.
//!
//! Two versions are spoken. [`v0_2`] is the present one, and what the rest of the sandbox knows; [`v0_1`] puts the older
//! one into its terms. Never decides anything: a conversion keeps what it is given. What is too much is refused in
//! [`crate::verdict`].

mod exports;
mod from_guest;
mod to_guest;
mod v0_1;
mod v0_2;

pub(crate) use exports::{ActionChecker, Decoder, Describer, Encoder, Prober, SourceChecker};
pub(crate) use to_guest::settings;
pub(crate) use v0_2::{action_encoder, description, link, source_decoder, types};

/// The package that every plugin is built for.
pub(crate) const PACKAGE: &str = "tocsin:plugin";
/// The versions of `tocsin:plugin` that this host speaks, the present one first.
pub const API_VERSIONS: [&str; 2] = [Version::V0_2.as_str(), Version::V0_1.as_str()];

/// A version that this host speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    V0_1,
    #[default]
    V0_2,
}

impl Version {
    /// All of them, the present one first.
    pub(crate) const ALL: [Self; 2] = [Self::V0_2, Self::V0_1];

    /// As in a component's names.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }
}

/// The versions for a sentence: `0.2.0 and 0.1.0`.
pub(crate) fn versions() -> String {
    API_VERSIONS.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_those_of_the_interface_files() {
        let texts =
            [include_str!("../../../wit/types.wit"), include_str!("../../../wit/frozen/0.1.0/types.wit")];
        for (version, text) in API_VERSIONS.iter().zip(texts) {
            let package = format!("package {PACKAGE}@{version};");
            assert!(text.contains(&package), "{package}");
        }
    }
}
