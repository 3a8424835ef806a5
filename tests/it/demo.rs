//! `tocsin demo`: the first thing that a newcomer runs.

use crate::harness::Site;

#[test]
fn the_demonstration_shows_every_step_for_every_bundled_source() {
    let site = Site::new("");
    let said = site.run(&["demo", "--once"]).expect(0).stdout;
    let parts: Vec<&str> = said.split("\n── ").skip(1).collect();
    let sources: Vec<&str> = parts.iter().map(|part| part.split(' ').next().unwrap_or_default()).collect();
    for source in ["alertmanager", "grafana", "jira", "statuscake", "webhook", "zapier"] {
        assert!(sources.contains(&source), "{sources:?}");
    }
    for part in parts {
        for step in [
            "curl -X POST 'http://127.0.0.1:",
            "  received ",
            "  decoded ",
            " µs",
            "  committed ",
            " opened",
            "  encoded ",
            "  sent ",
            "  receiver   as Slack got",
            "  receiver   got this JSON",
            "tell-slack",
            "tell-webhook",
            "  settled ",
            "delivered",
            "  answered   200 OK",
        ] {
            assert!(part.contains(step), "{step:?} is not in {part}");
        }
        let position = |step: &str| part.find(step).unwrap_or(usize::MAX);
        let order = ["  received ", "  decoded ", "  committed ", "  encoded ", "  sent "].map(position);
        assert!(order.is_sorted(), "{order:?} in {part}");
    }
    assert!(!site.path("state").exists(), "its folder is its own, and removed");
}
