//! What reading a jq program costs in each request: the `webhook` plugin's decoding of a small document without a
//! program, with a short one, and with each recipe. The fastest of many calls counts, since other programs slow the
//! others down.
//!
//! Must never reuse an instance or leave out a limit to look better.
//!
//!     cargo bench -p tocsin-sandbox --bench recipes

use std::ffi::OsString;
use std::hint::black_box;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use tocsin_core::id::Id;
use tocsin_core::plugin::{Pair, Setting, SourceRequest, Value};
use tocsin_core::settings::FieldKind;
use tocsin_core::time::Timestamp;
use tocsin_sandbox::{Compiler, Plugin, Sandbox, SandboxConfig, compile_plugin};
use tokio::runtime::{Builder, Runtime};

const NOW: Timestamp = Timestamp::from_micros(1_795_193_400_250_000);
const BODY: &str = r#"{"title":"disk","id":"disk","status":"open"}"#;
const SHORT: &str = "{title: .title, id: .id, status: .status}";
/// The argument by which this program knows that it is to compile.
const COMPILE: &str = "compile-plugin";
/// Calls of each kind.
const CALLS: u32 = 200;

fn setting(key: &str, value: &str) -> Vec<Setting> {
    vec![Setting { key: key.to_owned(), value: Value::Text(value.to_owned()) }]
}

/// The time of the fastest call. A recipe refuses the document or ignores it after it was read, which counts.
async fn fastest(plugin: &Plugin, settings: &[Setting]) -> Duration {
    let mut fastest = Duration::MAX;
    for n in 0..CALLS {
        let request = SourceRequest {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: vec![Pair::new("content-type", "application/json")],
            body: BODY.as_bytes().to_vec(),
            received_at: NOW,
        };
        let seed = Id::new(NOW, u128::from(n));
        let began = Instant::now();
        let answer = plugin.decode(request, settings, seed).await;
        let took = began.elapsed();
        drop(black_box(answer).expect("it answers"));
        fastest = fastest.min(took);
    }
    fastest
}

fn load(runtime: &Runtime) -> Plugin {
    let plugins = tocsin_bundled::plugins();
    let component = plugins.iter().find(|plugin| plugin.id == "webhook").expect("it is bundled");
    // This program is its own compiler.
    let program = std::env::current_exe().expect("a program has a path");
    let compiler = Compiler { program, args: vec![COMPILE.into()] };
    let sandbox = Sandbox::new(SandboxConfig::new(compiler)).expect("this machine runs components");
    assert!(sandbox.gauges().pooled, "without a pool the figures mean nothing");
    runtime.block_on(sandbox.load("webhook", component.component)).expect("it loads")
}

fn main() {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some((_, job)) = args.split_first().filter(|(first, _)| *first == COMPILE) {
        process::exit(i32::from(compile_plugin(job) != ExitCode::SUCCESS));
    }
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let plugin = load(&runtime);
    let source = plugin.info().source.as_ref().expect("it takes requests in");
    let choices = source.fields.iter().find(|field| field.key == "recipe").map(|field| &field.kind);
    let Some(FieldKind::Choice(recipes)) = choices else { unreachable!("the setting `recipe` is a choice") };
    let none = runtime.block_on(fastest(&plugin, &[]));
    let mut rows = vec![("a short program".to_owned(), setting("jq", SHORT))];
    rows.extend(recipes.iter().map(|recipe| (recipe.value.clone(), setting("recipe", &recipe.value))));
    println!("{:>9.1} µs  without a program", none.as_secs_f64() * 1e6);
    for (name, settings) in rows {
        let took = runtime.block_on(fastest(&plugin, &settings));
        let more = took.saturating_sub(none).as_secs_f64() * 1e6;
        println!(
            "{:>9.1} µs  {name}: {more:.1} µs more, {:.1} times",
            took.as_secs_f64() * 1e6,
            took.as_secs_f64() / none.as_secs_f64()
        );
    }
}
