//! The OpenAPI description: it is what the code says, and a page shows it.

use serde_json::Value;

use super::{Request, relay};
use crate::harness::Site;

/// The description in the repository, so that a change of the API shows in a review.
const WRITTEN: &str = include_str!("../../../host/daemon/openapi.json");

#[test]
fn the_description_in_the_repository_is_that_of_the_binary() {
    let printed = Site::new("").json(&["openapi"]);
    let written: Value = serde_json::from_str(WRITTEN).expect("JSON");
    assert!(printed == written, "write it anew: tocsin openapi > host/daemon/openapi.json");
}

#[test]
fn anybody_may_read_the_description_and_its_page_loads_nothing() {
    let relay = relay();
    let described = relay.send(&Request::new("GET", "/api/v1/openapi.json")).expect(200).json();
    assert_eq!(described["openapi"], "3.1.0");
    assert_eq!(described["paths"]["/incidents"]["get"]["security"][0]["token"][0], "source");
    let page = relay.send(&Request::new("GET", "/api/v1/")).expect(200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(page.body.contains("listIncidents") && page.body.contains("#schema-WholeIncident"));
    for loaded in ["<script", "src=", "<link", "@import", "url("] {
        assert!(!page.body.contains(loaded), "{loaded}");
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let described = Site::new("").run(&["openapi"]).expect(0).stdout;
    let document: Value = serde_json::from_str(&described).expect("JSON");
    let prefix = "\"#/components/schemas/";
    let names: Vec<&str> = described
        .split(prefix)
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() > 100, "{}", names.len());
    for name in names {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn every_operation_names_its_scope_its_answers_and_its_refusals() {
    let described = Site::new("").json(&["openapi"]);
    let mut operations = 0;
    for (path, item) in described["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            operations += 1;
            let name = format!("{method} {path}");
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{name}");
            let scope = operation["security"][0]["token"][0].as_str().unwrap_or_default();
            assert!(["source", "viewer", "operator", "admin"].contains(&scope), "{name}");
            for status in ["401", "403", "429", "500", "503"] {
                assert!(operation["responses"][status].is_object(), "{name} {status}");
            }
        }
    }
    assert!(operations >= 40, "{operations}");
}
