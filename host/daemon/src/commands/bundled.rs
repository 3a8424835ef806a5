//! Loads the bundled plugins for commands that need their descriptions.

use std::collections::BTreeMap;
use std::path::Path;

use tocsin_sandbox::{LoadError, Plugin, Sandbox};

use crate::plugins::{Progress, load_bundled};

/// Loads the bundled plugins that `wanted` selects by id, and returns them by id. Calls `show` with a line for each
/// plugin that it compiles; keeps the compiled code in `cache`.
///
/// # Errors
/// A plugin does not load, because the build or the sandbox is broken.
pub(super) async fn load(
    sandbox: &Sandbox,
    cache: Option<&Path>,
    wanted: impl Fn(&str) -> bool,
    show: impl Fn(&str),
) -> Result<BTreeMap<String, Plugin>, LoadError> {
    let mut is_announced = false;
    let shown = |progress: Progress<'_>| {
        let Progress { id, number, of, took, compiled } = progress;
        if !compiled {
            return;
        }
        if !std::mem::replace(&mut is_announced, true) {
            match cache {
                Some(cache) => {
                    show(&format!(
                        "Compiling the bundled plugins, once: {} keeps the result.",
                        cache.display()
                    ));
                }
                None => show("Compiling the bundled plugins."),
            }
        }
        show(&format!("  {number:>2} of {of}  {id:<14} {:.1} s", took.as_secs_f64()));
    };
    load_bundled(sandbox, wanted, shown).await
}
