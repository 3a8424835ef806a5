//! `[routing]`: which action receives what no other action took.

use std::collections::BTreeMap;

use tocsin_core::delivery::ChangeKind;
use tocsin_core::routing::ActionStatus;

use super::Action;
use super::reader::Reader;

/// The name of the fallback, which is marked as such in `actions`.
pub(super) fn read(mut reader: Reader, actions: &mut BTreeMap<String, Action>) -> Option<String> {
    let name = reader.text("fallback");
    if let Some(name) = &name {
        match actions.get_mut(name) {
            Some(action) => check_and_mark(&reader, action),
            None => {
                let known: Vec<&str> = actions.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                reader.problem("fallback", format!("`{name}` is not among the actions: there is {known}"));
            }
        }
    }
    reader.finish();
    name
}

fn check_and_mark(reader: &Reader, action: &mut Action) {
    let rule = &mut action.rule;
    if rule.status != ActionStatus::Enabled {
        let problem = format!(
            "`{}` has `status = \"{}\"`: a fallback must be enabled, or what it should receive reaches no one",
            rule.name,
            rule.status.as_str()
        );
        reader.problem("fallback", problem);
    }
    for kind in [ChangeKind::Opened, ChangeKind::Reopened] {
        if !rule.is_triggered(None, kind) {
            let kind = kind.as_str();
            let problem =
                format!("`{}` does not run on {kind}: add \"{kind}\" to `on` in [actions.{0}]", rule.name);
            reader.problem("fallback", problem);
        }
    }
    rule.is_fallback = true;
}
