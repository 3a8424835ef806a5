//! Files that mean harm to whatever reads or compiles them, given to `tocsin plugins check` and dropped into the
//! directory of a running relay: each is refused with a sentence, in bounded time, and the relay's memory stays
//! what it was.

use std::fs;
use std::time::{Duration, Instant};

use super::forge::{
    Forged, GROW, LOOP, TRAP, component, custom, heavy, importing, nest, nested_types, number, of_module,
    section,
};
use super::{bundled, large_file, refusal};
use crate::harness::{Relay, Site, source};

/// How long a file may take until it is refused, on a machine that tests keep busy.
const BOUND: Duration = Duration::from_secs(120);
/// How much the relay's peak may grow by a file, in KiB: the file itself, and what is read of it.
const PEAK_KIB: u64 = 256 * 1024;

/// A plugin that works, taken apart. It takes requests in and gives an example.
fn plugin() -> Forged {
    Forged::new(&bundled("statuscake", b'1'))
}

/// One that sends requests out.
fn action() -> Forged {
    Forged::new(&bundled("googlechat", b'1'))
}

/// A file, with words of the sentence about it.
type Bomb = (&'static str, Vec<u8>, &'static str);

/// What the compiler is never given: it expands, or is more than any plugin has.
fn too_much() -> Vec<Bomb> {
    let deep = [[0x02, 0x40].repeat(40_000), vec![0x0b; 40_001]].concat();
    let many_locals = [vec![1], number(50_000), vec![0x7e, 0x0b]].concat();
    vec![
        ("nest-8x10", nest(10, 8), "instances of modules, the limit is 96"),
        ("nest-2x15", nest(2, 15), "instances of modules, the limit is 96"),
        ("types-100", nested_types(100), "types inside each other, the limit is 32"),
        ("types-1m", nested_types(1_000_000), "the compiler's stack was exhausted"),
        (
            "functions-900k",
            plugin().with_functions(&[0, 0x0b], 900_000).file(),
            "functions, the limit is 200000",
        ),
        ("one-body", plugin().with_functions(&heavy(50_000), 1).file(), "one of its functions has"),
        (
            "deep-blocks",
            plugin().with_functions(&[vec![0], deep].concat(), 1).file(),
            "blocks inside each other",
        ),
        (
            "locals",
            plugin().with_functions(&many_locals, 1).file(),
            "50000 local variables, the limit is 10000",
        ),
        ("globals", plugin().globals(500_000).file(), "global variables, the limit is 50000"),
        ("table-1m", plugin().table(1_000_000).file(), "one of its tables has 1000000 elements"),
        ("long-name", plugin().export(&"n".repeat(50_000)).file(), "has 50000 bytes, the limit is 8192"),
        (
            "custom-40mb",
            [bundled("statuscake", b'1'), custom("junk", &vec![b'x'; 40_000_000])].concat(),
            "bytes of custom sections",
        ),
        ("components-inside", inside(40), "components inside each other, the limit is 16"),
    ]
}

/// A component inside a component, `deep` times.
fn inside(deep: usize) -> Vec<u8> {
    (0..deep).fold(component(&[]), |inner, _| component(&[section(4, &inner)]))
}

/// What is compiled and stopped at its first call.
fn sins() -> Vec<Bomb> {
    let describe = "cabi_post_tocsin:plugin/description@0.2.0#describe";
    let decode = "tocsin:plugin/source-decoder@0.2.0#decode";
    let encode = "tocsin:plugin/action-encoder@0.2.0#encode";
    vec![
        ("start-loops", plugin().start(LOOP).file(), "could not describe: it was stopped after 5s"),
        ("start-traps", plugin().start(TRAP).file(), "could not describe: it gave up"),
        ("start-grows", plugin().start(GROW).file(), "could not describe: it wanted"),
        ("memory-1gib", plugin().memory(16_384).file(), "it does not fit into the sandbox: "),
        (
            "post-loops",
            plugin().replace(describe, LOOP).file(),
            "could not describe: it was stopped after 5s",
        ),
        ("realloc-loops", plugin().replace("cabi_realloc", LOOP).file(), "it was stopped after 5s"),
        (
            "example-traps",
            plugin().replace(decode, TRAP).file(),
            "it fails when it is tried on its own example",
        ),
        (
            "example-loops",
            plugin().replace(decode, LOOP).file(),
            "it fails when it is tried on its own example",
        ),
        (
            "sample-traps",
            action().replace(encode, TRAP).file(),
            "it fails when it is tried on a sample incident",
        ),
    ]
}

fn check(bombs: Vec<Bomb>) {
    let site = Site::new("");
    for (name, bytes, words) in bombs {
        let file = format!("{name}.wasm");
        fs::write(site.path(&file), &bytes).expect("written");
        let began = Instant::now();
        let said = site.run(&["plugins", "check", &file]).expect(1).stdout;
        let took = began.elapsed();
        eprintln!("{name}: {} bytes, refused by check after {took:.1?}", bytes.len());
        let refused = format!("`{file}` cannot be loaded: ");
        assert!(said.starts_with(&refused) && said.contains(words), "{name}: {said}");
        assert_eq!(said.lines().count(), 1, "{name}: {said}");
        assert!(said.len() < 2_000, "{name}: {said}");
        assert!(took < BOUND, "{name}: {took:?}");
    }
}

fn drop_all(bombs: Vec<Bomb>) {
    let relay = Relay::start(&source("hook", "webhook"));
    let before = relay.memory("VmHWM") / 1024;
    for (name, bytes, words) in bombs {
        let file = format!("{name}.wasm");
        let began = Instant::now();
        relay.drop_plugin(&file, &bytes);
        relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
        let why = refusal(&relay, &file);
        let (took, peak) = (began.elapsed(), relay.memory("VmHWM") / 1024);
        eprintln!(
            "{name}: {} bytes, refused after {took:.1?}, the relay's peak {before} -> {peak} KiB",
            bytes.len()
        );
        assert!(why.contains(words), "{name}: {why}");
        assert!(took < BOUND, "{name}: {took:?}");
        assert!(peak < before + PEAK_KIB, "{name}: {peak} KiB, before {before} KiB");
        fs::remove_file(relay.path("state/plugins").join(&file)).expect("it is there");
    }
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
}

#[test]
fn a_file_that_expands_or_has_too_much_in_it_is_refused_before_it_is_compiled() {
    check(too_much());
}

#[test]
fn a_file_that_expands_does_not_harm_a_relay_that_it_is_dropped_into() {
    drop_all(too_much());
}

#[test]
fn a_file_that_loops_or_traps_in_its_first_calls_is_refused() {
    check(sins());
}

#[test]
fn a_file_that_loops_or_traps_in_its_first_calls_does_not_harm_a_relay() {
    drop_all(sins());
}

/// Within every limit on what is in a file, and too much for the compiler all the same.
#[test]
fn a_file_that_takes_the_compiler_too_long_or_too_much_memory_is_refused_while_others_are_served() {
    let relay = Relay::start(&source("hook", "webhook"));
    let (before, began) = (relay.memory("VmHWM") / 1024, Instant::now());
    let bytes = large_file();
    relay.drop_plugin("heavy.wasm", &bytes);
    let why = loop {
        relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
        let plugins = relay.json_of_any_code(&["plugins", "list"]);
        if let Some(refused) = plugins["refused"].as_array().and_then(|refused| refused.first()) {
            break refused["why"].as_str().expect("a sentence").to_owned();
        }
        assert!(began.elapsed() < 4 * BOUND, "it is still compiled");
        std::thread::sleep(Duration::from_millis(200));
    };
    let peak = relay.memory("VmHWM") / 1024;
    eprintln!(
        "heavy: {} bytes, refused after {:.1?}, {before} -> {peak} KiB: {why}",
        bytes.len(),
        began.elapsed()
    );
    assert!(why.starts_with("compiling it took more than "), "{why}");
    assert!(peak < before + PEAK_KIB, "{peak} KiB, before {before} KiB");
}

#[test]
fn what_a_file_needs_and_is_not_given_is_named_with_what_to_do() {
    let shared_memory = section(5, &[1, 3, 1, 1]);
    let memory64 = section(5, &[1, 4, 1]);
    let two_memories = section(5, &[2, 0, 1, 0, 1]);
    let gc = section(1, &[1, 0x5f, 0]);
    let tag = [section(1, &[1, 0x60, 0, 0]), section(13, &[1, 0, 0])];
    let asynchronous = component(&[section(7, &[1, 0x43, 0, 1, 0])]);
    let jco = importing("wasi:http/types@0.2.10", "ComponentizeJS");
    check(vec![
        ("threads", of_module(&[shared_memory]), "it needs threads (shared memory, atomic instructions)"),
        (
            "memory64",
            of_module(&[memory64]),
            "it needs 64-bit memory (memory64), which no plugin is given; build it",
        ),
        ("memories", of_module(&[two_memories]), "has 2 memories (the proposal multi-memory)"),
        ("gc", of_module(&[gc]), "it needs garbage collection by the host (GC)"),
        (
            "exceptions",
            of_module(&tag),
            "it needs exceptions, which no plugin is given; build it without them",
        ),
        ("async", asynchronous, "it needs asynchronous functions of the component model"),
        ("http-js", jco, "add `--disable http fetch-event` to `jco componentize`"),
        ("http", importing("wasi:http/outgoing-handler@0.2.0", "clang"), "no plugin is given HTTP"),
        ("wasi-0.3", importing("wasi:cli/run@0.3.0", "rust"), "of WASI 0.3"),
    ]);
}

#[test]
fn check_applies_the_limits_of_the_configuration() {
    let bytes = plugin().memory(24 * 16).file();
    let site = Site::new("");
    fs::write(site.path("large.wasm"), &bytes).expect("written");
    site.run(&["plugins", "check", "large.wasm"]).expect(0);
    let site = Site::new("[limits]\nplugin_memory = \"16MiB\"\n");
    fs::write(site.path("large.wasm"), &bytes).expect("written");
    let said = site.run(&["plugins", "check", "large.wasm"]).expect(1).stdout;
    assert!(said.contains("it wanted 24 MiB of memory, 16 MiB is its limit"), "{said}");
}

/// What the compiler is started with is in its arguments; by hand it does nothing.
#[test]
fn the_compiler_is_for_the_relays_use_alone() {
    let site = Site::new("");
    let ran = site.run(&["compile-plugin"]);
    assert!(ran.stderr.contains("it is for the relay's own use"), "{ran:?}");
    let help = site.run(&["--help"]).expect(0).stdout;
    assert!(!help.contains("compile-plugin"), "{help}");
}
