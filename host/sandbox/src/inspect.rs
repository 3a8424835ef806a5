//! What a file is, before anything of it runs: its kind by its first bytes, and a component's names.
//!
//! Never instantiates anything. Names are compared before linking, so that a plugin for another version of
//! the API is told so instead of which function it lacks.

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::error::LoadProblem;
use crate::limits::COMPONENT_BYTES_MAX;
use crate::text;
use crate::wasi;
use crate::wit::{PACKAGE, Version};

/// The interface of the plugin API that a plugin may import, since version 0.2.
const LOG: &str = "tocsin:plugin/log";
/// What every WebAssembly file begins with.
const MAGIC: &[u8] = b"\0asm";
/// The layer field of a component's header; a core module has 0 there.
const COMPONENT_LAYER: [u8; 2] = [1, 0];
/// Bytes of the header.
const HEADER: usize = 8;
/// Names that are listed in a message.
const NAMES_SHOWN: usize = 8;

/// SHA-256, in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the file may be a component.
///
/// # Errors
/// What it is instead.
pub(crate) fn kind(bytes: &[u8]) -> Result<(), LoadProblem> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(LoadProblem::TooLarge(bytes.len()));
    }
    if bytes.is_empty() {
        return Err(LoadProblem::Empty);
    }
    if Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
        return Err(LoadProblem::Precompiled);
    }
    if bytes.starts_with(MAGIC) {
        return match bytes.get(6..HEADER) {
            Some(layer) if layer == COMPONENT_LAYER => Ok(()),
            Some(_) => Err(LoadProblem::CoreModule),
            None => Err(LoadProblem::Invalid("the file ends within its header".to_owned())),
        };
    }
    let text = bytes.trim_ascii_start();
    if text.starts_with(b"(module") || text.starts_with(b"(component") || text.starts_with(b";;") {
        return Err(LoadProblem::Text);
    }
    Err(LoadProblem::NotWasm(format!("`{}`", bytes[..bytes.len().min(HEADER)].escape_ascii())))
}

/// What a component exports and imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surface {
    /// Interfaces with something in them that runs, with versions.
    pub(crate) imports: Vec<String>,
    pub(crate) version: Version,
    pub(crate) decodes: bool,
    pub(crate) encodes: bool,
    pub(crate) checks: bool,
    pub(crate) checks_actions: bool,
    pub(crate) probes: bool,
}

/// What `component` exports and imports.
///
/// # Errors
/// It is no plugin, is built for another version, or imports what nobody is given.
pub(crate) fn surface(engine: &Engine, component: &Component) -> Result<Surface, LoadProblem> {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    let imports: Vec<(&str, bool)> =
        ty.imports(engine).map(|(name, item)| (name, types_only(engine, &item.ty))).collect();
    let version = common_version(exports.iter().copied().chain(imports.iter().map(|(name, _)| *name)))?;
    let has = |interface: &str| exports.iter().any(|name| interface_of(name) == interface);
    let surface = Surface {
        imports: imports.iter().filter(|(_, types)| !types).map(|(name, _)| (*name).to_owned()).collect(),
        version,
        decodes: has("tocsin:plugin/source-decoder"),
        encodes: has("tocsin:plugin/action-encoder"),
        checks: has("tocsin:plugin/source-checker") || has("tocsin:plugin/settings-checker"),
        checks_actions: has("tocsin:plugin/action-checker"),
        probes: has("tocsin:plugin/connection-prober"),
    };
    if !has("tocsin:plugin/description") {
        return Err(LoadProblem::NotAPlugin(format!("it exports {}", named(&exports))));
    }
    if !surface.decodes && !surface.encodes {
        let problem = "it describes itself, but exports neither source-decoder nor action-encoder";
        return Err(LoadProblem::NotAPlugin(problem.to_owned()));
    }
    let unknown: Vec<String> = surface.imports.iter().filter(|name| !given(name)).cloned().collect();
    if unknown.is_empty() { Ok(surface) } else { Err(LoadProblem::Imports(unknown)) }
}

/// The version of the plugin API that all these names have; the present one if none is of the plugin API.
///
/// # Errors
/// One of them has a version that the host does not speak, or two have different versions.
fn common_version<'a>(names: impl Iterator<Item = &'a str>) -> Result<Version, LoadProblem> {
    let mut version = None;
    for name in names.filter_map(|name| version_of(name, PACKAGE)) {
        match (spoken(name), version) {
            (None, _) => {
                let built_for = if name.is_empty() { "(no version)".to_owned() } else { name.to_owned() };
                return Err(LoadProblem::Version { built_for });
            }
            (found, None) => version = found,
            (Some(found), Some(first)) if found != first => {
                let built_for = format!("{} and {}", first.as_str(), found.as_str());
                return Err(LoadProblem::Version { built_for });
            }
            _ => {}
        }
    }
    Ok(version.unwrap_or_default())
}

/// Whether an import only gives names to types: nothing in it can be called.
fn types_only(engine: &Engine, item: &ComponentItem) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).all(|(_, item)| matches!(item.ty, ComponentItem::Type(_)))
        }
        ComponentItem::Type(_) => true,
        _ => false,
    }
}

/// `ns:package/interface` of `ns:package/interface@1.2.3`.
fn interface_of(name: &str) -> &str {
    name.split_once('@').map_or(name, |(interface, _)| interface)
}

/// The version in `name` when it is of `package`; empty when it has none.
fn version_of<'a>(name: &'a str, package: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(package)?.strip_prefix('/')?;
    Some(rest.split_once('@').map_or("", |(_, version)| version))
}

/// The version that a plugin for `version` is spoken to in.
fn spoken(version: &str) -> Option<Version> {
    Version::ALL.into_iter().find(|ours| compatible(version, ours.as_str()))
}

/// Semver as wasmtime's linker has it: the same major version, or the same minor one while major is 0.
fn compatible(theirs: &str, ours: &str) -> bool {
    let significant = |version: &str| -> Option<(u32, Option<u32>)> {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let _patch = numbers.next()?.ok()?;
        numbers.next().is_none().then_some((major, (major == 0).then_some(minor)))
    };
    significant(theirs).is_some_and(|theirs| Some(theirs) == significant(ours))
}

/// Whether the sandbox has this interface.
fn given(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    if interface == LOG {
        return spoken(version) == Some(Version::V0_2);
    }
    wasi::INTERFACES.contains(&interface) && compatible(version, wasi::VERSION)
}

fn named(names: &[&str]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown: Vec<String> =
        names.iter().take(NAMES_SHOWN).map(|name| format!("`{}`", text::quoted(name))).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_the_linker_does() {
        for (theirs, ours, expected) in [
            ("0.1.0", "0.1.0", true),
            ("0.1.7", "0.1.0", true),
            ("0.2.0", "0.1.0", false),
            ("1.0.0", "0.1.0", false),
            ("1.9.0", "1.2.0", true),
            ("0.1.0-rc.1", "0.1.0", false),
            ("", "0.1.0", false),
            ("0.1", "0.1.0", false),
        ] {
            assert_eq!(compatible(theirs, ours), expected, "{theirs} on {ours}");
        }
    }

    #[test]
    fn ordinary_interfaces_are_given_and_the_network_is_not_among_them() {
        assert!(given("wasi:cli/stdout@0.2.0") && given("wasi:io/streams@0.2.12"));
        for import in ["wasi:http/types@0.2.0", "wasi:cli/stdout@0.3.0", "wasi:cli/stdout", "foo:bar/baz"] {
            assert!(!given(import), "{import}");
        }
    }

    #[test]
    fn the_log_is_given_in_the_version_that_has_it() {
        assert!(given("tocsin:plugin/log@0.2.0") && given("tocsin:plugin/log@0.2.7"));
        for import in ["tocsin:plugin/log@0.1.0", "tocsin:plugin/log@0.3.0", "tocsin:plugin/log"] {
            assert!(!given(import), "{import}");
        }
    }

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        use LoadProblem::{CoreModule, Empty, Invalid, NotWasm, Precompiled, Text};
        assert_eq!(kind(b"\0asm\x0d\0\x01\0"), Ok(()));
        assert_eq!(kind(b"\0asm\x01\0\0\0"), Err(CoreModule));
        assert!(matches!(kind(b"\0asm"), Err(Invalid(_))));
        assert_eq!(kind(b"  (component)"), Err(Text));
        assert_eq!(kind(b"\x7fELF\x02"), Err(Precompiled));
        assert_eq!(kind(b""), Err(Empty));
        assert_eq!(kind(b"#!/bin/sh"), Err(NotWasm("`#!/bin/s`".to_owned())));
        let large = vec![0; COMPONENT_BYTES_MAX + 1];
        assert_eq!(kind(&large), Err(LoadProblem::TooLarge(COMPONENT_BYTES_MAX + 1)));
    }
}
