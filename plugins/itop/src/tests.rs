//! Behaviours beside the cases: a whole life at a peer that answers as iTop was measured to.

mod checks;
mod kept;
mod life;
mod limits;
mod lost;
mod over;
mod peer;
mod places;
mod rights;
mod said;
mod verdicts;
mod world;

use tocsin_plugin::testing;
use tocsin_plugin::{Setting, Value};

use super::*;

/// Settings from texts as a configuration has them; lists have one entry on each line.
fn settings<T: Settings>(given: &[(&str, &str)]) -> T {
    T::from_settings(&values::<T>(given)).expect("settings")
}

/// What the host would give for these.
fn values<T: Settings>(given: &[(&str, &str)]) -> Vec<Setting> {
    let fields = T::fields();
    let setting = |(key, value): &(&str, &str)| {
        let field = fields.iter().find(|field| field.key == *key).unwrap_or_else(|| panic!("no field {key}"));
        let value = match field.kind {
            tocsin_plugin::FieldKind::Duration => {
                Value::Integer(value.trim_end_matches('s').parse().expect("seconds"))
            }
            tocsin_plugin::FieldKind::Boolean => Value::Boolean(*value == "true"),
            tocsin_plugin::FieldKind::Texts => Value::Texts(value.lines().map(str::to_owned).collect()),
            _ => Value::Text((*value).to_owned()),
        };
        Setting { key: (*key).to_owned(), value }
    };
    given.iter().map(setting).collect()
}

fn connection() -> Connection {
    settings(&[("user", "tocsin"), ("web_url", "https://itop.example.com/")])
}

/// An action that follows, in the organization that the peer has.
fn following(more: &[(&str, &str)]) -> Fields {
    let mut given = vec![("organization", "Demo")];
    given.extend_from_slice(more);
    settings(&given)
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<Itop>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Connection::fields());
}
