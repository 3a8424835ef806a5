//! What a file needs that plugins are not given, by the name that its author knows, with what to do about it.
//!
//! Never guesses from a message of the parser: a feature is needed when the file is valid with it and not without.

use wasmparser::{Validator, WasmFeatures as Features};

use super::Refused;
use super::toolchain::{Known, Toolchain};

/// What the engine runs: the third version of the WebAssembly standard but for what this host leaves out, and
/// components. A test compiles a file for each.
const GIVEN: Features = Features::WASM3
    .difference(Features::GC_TYPES)
    .difference(Features::EXCEPTIONS)
    .difference(Features::THREADS)
    .difference(Features::MEMORY64)
    .union(Features::COMPONENT_MODEL);

/// A feature that is not given.
struct Feature {
    flags: Features,
    name: &'static str,
    fix: &'static str,
}

const ASYNC: Features = Features::CM_ASYNC
    .union(Features::CM_ASYNC_STACKFUL)
    .union(Features::CM_MORE_ASYNC_BUILTINS)
    .union(Features::CM_THREADING)
    .union(Features::CM_ERROR_CONTEXT);

const NOT_GIVEN: [Feature; 9] = [
    Feature {
        flags: Features::THREADS.union(Features::SHARED_EVERYTHING_THREADS),
        name: "threads (shared memory, atomic instructions)",
        fix: "build it without them: for wasm32-wasip2 and not for wasm32-wasip1-threads, C without `-pthread`",
    },
    Feature {
        flags: Features::MEMORY64.union(Features::CM64),
        name: "64-bit memory (memory64)",
        fix: "build it for wasm32 instead of wasm64",
    },
    Feature {
        flags: Features::EXCEPTIONS.union(Features::LEGACY_EXCEPTIONS),
        name: "exceptions",
        fix: "build it without them: C++ with `-fno-exceptions`, Rust with `panic = \"abort\"`",
    },
    Feature {
        flags: Features::GC.union(Features::CM_GC),
        name: "garbage collection by the host (GC)",
        fix: "use a toolchain that brings its own, as TinyGo, componentize-js and componentize-py do",
    },
    Feature {
        flags: Features::STACK_SWITCHING,
        name: "stack switching",
        fix: "build it without coroutines on stacks of their own",
    },
    Feature {
        flags: ASYNC,
        name: "asynchronous functions of the component model (WASI 0.3)",
        fix: "export plain functions as `tocsin:plugin` has them, and build it for WASI 0.2",
    },
    Feature {
        flags: Features::CUSTOM_PAGE_SIZES.union(Features::MEMORY_CONTROL),
        name: "memory pages of another size",
        fix: "build it with pages of 64 KiB",
    },
    Feature {
        flags: Features::WIDE_ARITHMETIC.union(Features::CUSTOM_DESCRIPTORS).union(Features::COMPACT_IMPORTS),
        name: "instructions that are only proposed",
        fix: "build it for the standard: Rust and C without further `target-feature`s",
    },
    Feature {
        flags: Features::CM_VALUES
            .union(Features::CM_NESTED_NAMES)
            .union(Features::CM_FIXED_LENGTH_LISTS)
            .union(Features::CM_MAP)
            .union(Features::CM_IMPLEMENTS)
            .union(Features::CM_CANON_NAMES),
        name: "types of the component model that are only proposed",
        fix: "use those of `tocsin:plugin`",
    },
];

/// Whether the file is valid and needs nothing but what is given.
///
/// # Errors
/// What it needs, or where it is not valid.
pub(super) fn check(bytes: &[u8], toolchain: &Toolchain, imports: &[String]) -> Result<(), Refused> {
    if let Some(http) = imports.iter().find(|import| import.starts_with("wasi:http/")) {
        return Err(Refused::Unsupported(http_words(http, toolchain.known(bytes))));
    }
    if let Some(newer) = imports.iter().find(|import| is_newer_wasi(import)) {
        let words = format!(
            "it imports `{newer}` of WASI 0.3, which needs asynchronous functions of the component model; build \
             it for WASI 0.2"
        );
        return Err(Refused::Unsupported(words));
    }
    let Err(error) = valid(bytes, GIVEN) else { return Ok(()) };
    let needed = needed(bytes);
    if needed.is_empty() {
        return Err(Refused::Invalid(error.to_string()));
    }
    let names: Vec<&str> = needed.iter().map(|feature| feature.name).collect();
    let fixes: Vec<&str> = needed.iter().map(|feature| feature.fix).collect();
    let words = format!("it needs {}, which no plugin is given; {}", names.join(" and "), fixes.join("; "));
    Err(Refused::Unsupported(words))
}

fn valid(bytes: &[u8], features: Features) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(features).validate_all(bytes).map(|_| ())
}

/// The features without which the file is not valid; none when all of them together do not make it so.
fn needed(bytes: &[u8]) -> Vec<&'static Feature> {
    let with = |features: Features, feature: &Feature| features.union(feature.flags);
    let mut enough = NOT_GIVEN.iter().fold(GIVEN.union(Features::GC_TYPES), with);
    if valid(bytes, enough).is_err() {
        return Vec::new();
    }
    let mut needed = Vec::new();
    for feature in &NOT_GIVEN {
        let without = enough.difference(feature.flags);
        if valid(bytes, without).is_ok() {
            enough = without;
        } else {
            needed.push(feature);
        }
    }
    if needed.is_empty() {
        // References that only a collector can follow, such as `externref`.
        needed.extend(NOT_GIVEN.iter().find(|feature| feature.flags.contains(Features::GC)));
    }
    needed
}

/// Whether an interface is of WASI 0.3 or later.
fn is_newer_wasi(import: &str) -> bool {
    let version = import.strip_prefix("wasi:").and_then(|rest| rest.split_once('@'));
    let minor = version.and_then(|(_, version)| version.strip_prefix("0.")?.split('.').next()?.parse().ok());
    minor.is_some_and(|minor: u32| minor > 2)
}

fn http_words(import: &str, by: Option<Known>) -> String {
    let fix = match by {
        Some(Known::JavaScript) => {
            "it was made by componentize-js: add `--disable http fetch-event` to `jco componentize`, or \
             `disableFeatures: ['http', 'fetch-event']` to the options of `componentize` (`--disable all` makes the \
             quickest plugin)"
        }
        Some(Known::Python) => {
            "it was made by componentize-py: leave `wasi:http` out of its WIT world and do not import \
             `componentize_py_async_support` or `poll_loop`, or add `--stub-wasi` to `componentize-py componentize`"
        }
        Some(Known::Go) => {
            "it was made by a Go toolchain: leave `wasi:http` out of the WIT world that `--wit-world` names, and \
             do not import `net/http`"
        }
        Some(Known::Rust) => {
            "it was made by Rust: leave out the crate that imports it, such as `wasi` or `waki`"
        }
        None => "build it for a world without `wasi:http`",
    };
    format!(
        "it imports `{import}`, and no plugin is given HTTP: Tocsin sends the requests that a plugin returns; {fix}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasi_0_3_is_newer_and_0_2_is_not() {
        assert!(is_newer_wasi("wasi:cli/run@0.3.0") && is_newer_wasi("wasi:io/poll@0.10.0-rc"));
        assert!(!is_newer_wasi("wasi:cli/stdout@0.2.6") && !is_newer_wasi("a:b/c@0.3.0"));
        assert!(!is_newer_wasi("wasi:cli/stdout"));
    }

    #[test]
    fn advice_is_for_the_toolchain_that_made_the_file() {
        let words = |by| http_words("wasi:http/types@0.2.0", by);
        assert!(words(Some(Known::JavaScript)).contains("`--disable http fetch-event`"));
        assert!(words(Some(Known::Python)).contains("--stub-wasi"));
        assert!(words(None).ends_with("build it for a world without `wasi:http`"));
    }
}
