//! What the embedded plugins must be; that they import nothing is shown where they are loaded.

use super::plugins;

#[test]
fn plugins_are_ordered_by_id_and_unique() {
    let ids: Vec<&str> = plugins().iter().map(|plugin| plugin.id).collect();
    for id in [
        "alertmanager",
        "googlechat",
        "grafana",
        "itop",
        "jira",
        "pagerduty",
        "rocketchat",
        "slack",
        "statuscake",
        "teams",
        "webhook",
        "zapier",
    ] {
        assert!(ids.contains(&id), "{id} is missing from {ids:?}");
    }
    assert!(ids.windows(2).all(|two| two[0] < two[1]));
}
