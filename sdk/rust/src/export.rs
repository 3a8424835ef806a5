//! The one macro that turns an implementation into a component's exports.
//!
//! Never expands to anything in a native build: the export names hold `:` and `#`, which a native linker's
//! version script cannot (rust-lang/rust#141310), and a native plugin is only there to be unit-tested.

/// Exports a plugin: `export!(Mine: source)`, `export!(Mine: action)` or `export!(Mine: source + action)`.
///
/// Once in a crate whose `crate-type` is `["cdylib", "rlib"]`. The type implements [`crate::Plugin`], and
/// [`crate::Source`], [`crate::Action`] or both.
#[macro_export]
macro_rules! export {
    ($plugin:ty : source) => {
        $crate::export!(@ $plugin, SourceOnly, source export_source, checker export_checker);
    };
    ($plugin:ty : action) => {
        $crate::export!(
            @ $plugin, ActionOnly,
            action export_action,
            action_checker export_action_checker,
            prober export_prober
        );
    };
    ($plugin:ty : source + action) => {
        $crate::export!(
            @ $plugin, Both,
            source export_source,
            checker export_checker,
            action export_action,
            action_checker export_action_checker,
            prober export_prober
        );
    };
    (@ $plugin:ty, $kind:ident, $($module:ident $export:ident),+) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::guest::Exported<$plugin, $crate::guest::$kind>;
            $crate::guest::description::bindings::export_description!(
                Exported with_types_in $crate::guest::description::bindings
            );
            $($crate::guest::$module::bindings::$export!(
                Exported with_types_in $crate::guest::$module::bindings
            );)+
        };
    };
}
