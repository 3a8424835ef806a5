//! The plugins that come with the relay, in the real sandbox.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_core::id::Id;
use tocsin_core::plugin::{Pair, Setting, SourceRequest};
use tocsin_core::settings::{Field, Given, Settings};
use tocsin_core::time::Timestamp;
use tocsin_sandbox::{Execution, Limits, Plugin, Sandbox, SandboxConfig};

use crate::harness::sandbox_config;

/// Bytes of a body that a source takes unless it is told otherwise.
const BODY_BYTES: usize = 1024 * 1024;
const NOW: Timestamp = Timestamp::from_micros(1_795_193_400_250_000);

async fn bundled(sandbox: &Sandbox) -> Vec<Plugin> {
    let mut plugins = Vec::new();
    for bundled in tocsin_bundled::plugins() {
        plugins.push(sandbox.load(bundled.id, bundled.component).await.expect("it loads"));
    }
    plugins
}

#[tokio::test]
async fn every_bundled_plugin_loads_and_imports_nothing() {
    let sandbox = Sandbox::new(sandbox_config()).expect("this machine runs components");
    for plugin in bundled(&sandbox).await {
        assert_eq!(plugin.imports(), [] as [String; 0], "{} asks for something", plugin.info().id);
    }
}

/// The settings of an operator who gives none.
fn defaults(fields: &[Field]) -> Vec<Setting> {
    Settings::check(fields, &BTreeMap::<String, Given>::new()).expect("defaults fit").plain()
}

/// Loading decodes the plugin's own example and encodes a sample incident; either would fail here.
#[tokio::test]
async fn every_bundled_plugin_works_in_the_interpreter_and_answers_as_machine_code_does() {
    let config = SandboxConfig { execution: Execution::Interpreted, ..sandbox_config() };
    let interpreted = bundled(&Sandbox::new(config).expect("this machine runs components")).await;
    let compiled = bundled(&Sandbox::new(sandbox_config()).expect("this machine runs components")).await;
    assert_eq!(interpreted.len(), compiled.len());
    let mut decoded = 0;
    for (interpreted, compiled) in interpreted.iter().zip(&compiled) {
        assert_eq!(interpreted.info(), compiled.info());
        let Some(source) = &compiled.info().source else { continue };
        let Some(example) = &source.example else { continue };
        let request = request(&example.content_type, example.body.as_bytes());
        let settings = defaults(&source.fields);
        let answer = async |plugin: &Plugin| {
            let answer = plugin.decode(request.clone(), &settings, Id::new(NOW, 1)).await;
            format!("{:?}", answer.expect("it answers").value)
        };
        assert_eq!(answer(interpreted).await, answer(compiled).await, "{}", compiled.info().id);
        decoded += 1;
    }
    assert!(decoded > 0, "no plugin has an example");
}

/// `piece` as often as fits between `before` and `after`.
fn filled(before: &str, piece: &str, after: &str) -> Vec<u8> {
    let room = BODY_BYTES - before.len() - after.len();
    format!("{before}{}{after}", piece.repeat(room / piece.len())).into_bytes()
}

/// Bodies of the full size that are as much work as their bytes can be.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let noise = (0..BODY_BYTES).scan(1u32, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes().first().copied()
    });
    vec![
        ("depth", filled("", "[", "")),
        ("objects in objects", filled("", "{\"a\":", "")),
        ("numbers", filled("[0", ",0", "]")),
        ("empty objects", filled("[{}", ",{}", "]")),
        ("one long text", filled("{\"title\":\"", "ä", "\",\"status\":\"trigger\"}")),
        ("escapes", filled("{\"title\":\"", "\\u0000", "\",\"status\":\"trigger\"}")),
        ("alerts", filled("{\"version\":\"4\",\"alerts\":[{}", ",{}", "]}")),
        ("pairs", filled("", "a=b&", "")),
        ("percent signs", filled("a=", "%41", "")),
        ("noise", noise.collect()),
    ]
}

fn request(media_type: &str, body: &[u8]) -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: vec![Pair::new("content-type", media_type)],
        body: body.to_vec(),
        received_at: NOW,
    }
}

/// A sender's nonsense is answered, as a refusal or as an event: it never costs a trap or a limit.
#[tokio::test]
async fn no_body_of_a_mebibyte_makes_a_bundled_source_trap_or_meet_a_limit() {
    // Time is the machine's as well: how much of it a call takes is for the benchmark to say.
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let sandbox = Sandbox::new(SandboxConfig { limits, ..sandbox_config() });
    let sandbox = sandbox.expect("this machine runs components");
    let mut failed = Vec::new();
    for plugin in bundled(&sandbox).await {
        let Some(source) = plugin.info().source.clone() else { continue };
        let settings = defaults(&source.fields);
        for (name, body) in hostile() {
            for media_type in ["application/json", "application/x-www-form-urlencoded"] {
                let answer = plugin.decode(request(media_type, &body), &settings, Id::new(NOW, 1)).await;
                if let Err(error) = answer {
                    failed.push(format!("{name} as {media_type}: {error}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
