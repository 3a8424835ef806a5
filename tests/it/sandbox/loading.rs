//! What is no plugin is told so, before it runs on any request.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tocsin_sandbox::{CallErrorKind, Compiler, EngineError, LoadProblem};

use super::*;

async fn refused(guest: &str) -> LoadError {
    load(guest).await.expect_err("it is no plugin for this host")
}

async fn problem(bytes: &'static [u8]) -> LoadProblem {
    SANDBOX.load("dropped.wasm", bytes).await.expect_err("it is no plugin").problem
}

#[tokio::test]
async fn a_plugin_for_another_version_is_told_both_versions() {
    let error = refused(guests::OTHER_VERSION).await;
    assert_eq!(error.problem, LoadProblem::Version { built_for: "0.9.0".to_owned() });
    let expected = "`guest_other_version.wasm` cannot be loaded: it is built for tocsin:plugin@0.9.0, this host \
                    speaks 0.2.0 and 0.1.0; rebuild it with the SDK of this version";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_changed_record_is_found_although_its_version_is_right() {
    let error = refused(guests::CHANGED_RECORD).await;
    assert!(matches!(error.problem, LoadProblem::Shape { version: "0.1.0", .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("not those of tocsin:plugin@0.1.0"), "{text}");
    assert!(text.contains("expected record of"), "{text}");
}

#[tokio::test]
async fn a_plugin_may_import_the_log_of_the_plugin_api() {
    let plugin = loaded(guests::SPOKEN).await;
    assert!(
        plugin.imports().iter().any(|import| import == "tocsin:plugin/log@0.2.0"),
        "{:?}",
        plugin.imports()
    );
}

#[tokio::test]
async fn a_component_for_something_else_is_told_what_it_exports() {
    let error = refused(guests::NOT_A_PLUGIN).await;
    let expected = "it is a component, but not a plugin: it exports `bakery:oven/bread@2.1.0`";
    assert_eq!(error.problem.to_string(), expected);
}

#[tokio::test]
async fn a_core_module_is_told_what_to_build_for() {
    let error = refused(guests::CORE_MODULE).await;
    assert_eq!(error.problem, LoadProblem::CoreModule);
    assert!(error.to_string().contains("build it for the target wasm32-wasip2"), "{error}");
}

#[tokio::test]
async fn an_import_that_no_plugin_is_given_is_named() {
    let error = refused(guests::WANTS_SERVICE).await;
    assert_eq!(error.problem, LoadProblem::Imports(vec!["foo:bar/baz@1.0.0".to_owned()]));
    assert!(
        error.to_string().contains("it imports `foo:bar/baz@1.0.0`, which no plugin is given"),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_description_is_told_everything_that_is_wrong_at_once() {
    let error = refused(guests::BAD_DESCRIPTION).await;
    let LoadProblem::Description(problems) = &error.problem else { panic!("{error:?}") };
    let expected = [
        "the id `Bad Id` is not 1 to 64 lower-case letters, digits and `-`",
        "it has no name",
        "the version `` is not like 1.2.3",
        "it describes an action but does not export action-encoder",
        "the source field `same` has the default `many`, which must be a whole number",
        "the source field `same` is there twice",
        "the source field `same` has the default `perhaps`, which must be true or false",
        "the source field `Upper` is not lower-case letters, digits and `_`",
        "the source field `Upper` has the default `b`, which must be one of its choices",
        "the source names no HTTP method",
        "the signature's header `X-Signature` is not lower-case",
        "the rate allows nothing: requests and per-ms must be at least 1",
        "the host `https://example.com` is no host name",
    ];
    assert_eq!(problems, &expected);
}

#[tokio::test]
async fn a_description_that_could_be_taken_for_anothers_words_is_refused_in_one_line() {
    let error = refused(guests::FORGED_DESCRIPTION).await;
    let LoadProblem::Description(problems) = &error.problem else { panic!("{error:?}") };
    for start in [
        "the id `xxxx",
        "the version `1.0.0\\u{1b}[2J` is not like 1.2.3",
        "the name `fine\\n2026-01-01T00:00:00Z  INFO plugin in force\\r\\nTimeline",
        "the summary `fine\\n",
        "the documentation `fine\\n",
        "the method `fine\\n",
        "the method `zzzz",
        "the confirm-host `fine\\n",
        "the label of the source field `fine\\n",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(start)), "{start} in {problems:#?}");
    }
    let said = error.to_string();
    assert!(said.chars().count() < 3000 && !said.contains(char::is_control), "{said}");
}

#[tokio::test]
async fn what_is_not_webassembly_is_told_what_it_is() {
    assert_eq!(problem(b"").await, LoadProblem::Empty);
    assert_eq!(problem(b"(component)").await, LoadProblem::Text);
    assert_eq!(problem(b"\x7fELF\x02\x01\x01\0 machine code").await, LoadProblem::Precompiled);
    assert_eq!(problem(b"PK\x03\x04").await, LoadProblem::NotWasm("`PK\\x03\\x04`".to_owned()));
}

#[tokio::test]
async fn a_file_that_was_not_written_completely_is_refused_wherever_it_ends() {
    let whole = bytes(guests::POLITE);
    for end in [4, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let error = SANDBOX.load("half.wasm", whole[..end].to_vec()).await.expect_err("it is not whole");
        let refused = matches!(error.problem, LoadProblem::Invalid(_) | LoadProblem::NotAPlugin(_));
        assert!(refused, "{end} bytes: {error}");
    }
}

#[tokio::test]
async fn a_plugin_that_needs_more_memory_than_allowed_is_not_loaded() {
    let limits = Limits { memory_bytes: 64 << 10, ..Limits::default() };
    let error = SANDBOX.load_with("large", bytes(guests::POLITE), limits).await.expect_err("too little");
    let LoadProblem::Call(call) = &error.problem else { panic!("{error:?}") };
    assert_eq!(call.kind, CallErrorKind::Memory);
    assert!(error.to_string().contains("MiB of memory"), "{error}");
}

#[tokio::test]
async fn a_plugin_says_what_it_is_and_what_it_imports() {
    let plugin = loaded(guests::POLITE).await;
    assert_eq!(plugin.info().id, "polite");
    assert_eq!(plugin.info().version, "1.0.0");
    assert!(plugin.info().source.is_some() && plugin.info().action.is_some());
    assert_eq!(plugin.digest().len(), 64);
    assert!(!plugin.imports().is_empty());
    assert!(plugin.imports().iter().all(|import| import.starts_with("wasi:")), "{:?}", plugin.imports());
    assert!(!plugin.imports().iter().any(|import| import.contains("sockets") || import.contains("http")));
}

#[tokio::test]
async fn a_component_that_was_compiled_once_is_loaded_from_the_cache() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache_dir = Some(directory.path().join("cache"));
    let config = SandboxConfig { cache_dir, pool_size: 1, ..usual() };
    let first = Sandbox::new(config.clone()).expect("a sandbox");
    first.load("polite", bytes(guests::POLITE)).await.expect("a plugin");
    assert_eq!((first.gauges().cache_hits, first.gauges().cache_misses > 0), (0, true));
    drop(first);
    let second = Sandbox::new(config).expect("a sandbox");
    let plugin = second.load("polite", bytes(guests::POLITE)).await.expect("a plugin");
    assert_eq!((second.gauges().cache_hits > 0, second.gauges().cache_misses), (true, 0));
    decode(&plugin, "cached").await.expect("it runs");
}

#[tokio::test]
async fn what_is_in_the_cache_is_loaded_without_a_compiler_and_nothing_else_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache_dir = Some(directory.path().join("cache"));
    let with = SandboxConfig { cache_dir, pool_size: 1, ..usual() };
    let first = Sandbox::new(with.clone()).expect("a sandbox");
    first.load("polite", bytes(guests::POLITE)).await.expect("a plugin");
    let nothing = Compiler { program: "/nowhere/tocsin".into(), args: Vec::new() };
    let without = Sandbox::new(SandboxConfig { compiler: nothing, ..with }).expect("a sandbox");
    without.load("polite", bytes(guests::POLITE)).await.expect("it is in the cache");
    let error = without.load("panic", bytes(guests::PANIC)).await.expect_err("it is not in the cache");
    let LoadProblem::Host(words) = &error.problem else { panic!("{error:?}") };
    assert!(words.starts_with("the compiler /nowhere/tocsin cannot be started: "), "{words}");
}

#[tokio::test]
async fn a_compiler_that_crashes_is_a_sentence_about_the_file() {
    for (script, words) in [
        ("kill -SEGV $$", "the compiler's stack was exhausted"),
        ("kill -KILL $$", "the compiler was killed"),
        ("kill -XCPU $$", "compiling it took more than 15 s of processor time"),
        (
            "echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$",
            "compiling it took more than 1024 MiB",
        ),
        ("printf 'one\\ntwo\\033[2J' >&2; exit 101", "the compiler crashed on it (exit status: 101): one"),
    ] {
        let compiler = Compiler { program: "/bin/sh".into(), args: vec!["-c".into(), script.into()] };
        let sandbox = Sandbox::new(SandboxConfig { compiler, pool_size: 1, ..usual() }).expect("a sandbox");
        let error = sandbox.load("crash", bytes(guests::POLITE)).await.expect_err("it is not compiled");
        let LoadProblem::Compile(said) = &error.problem else { panic!("{script}: {error:?}") };
        assert!(said.contains(words) && !said.contains(['\n', '\u{1b}']), "{script}: {said}");
    }
}

#[tokio::test]
async fn a_cache_that_others_can_write_to_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("ours");
    let cache_dir = Some(directory.path().to_owned());
    let error = Sandbox::new(SandboxConfig { cache_dir, ..usual() }).expect_err("unsafe");
    assert!(matches!(error, EngineError::Cache(_)), "{error:?}");
    assert!(error.to_string().contains("whoever can write to it can run code as this user"), "{error}");
}

#[tokio::test]
async fn a_description_that_does_not_end_is_stopped() {
    let error = refused(guests::SLOW_DESCRIPTION).await;
    let LoadProblem::Call(error) = error.problem else { unreachable!("{error}") };
    assert_eq!(error.kind, CallErrorKind::Time);
}

#[tokio::test]
async fn two_versions_of_a_plugin_may_be_loaded_beside_each_other() {
    let (first, second) = (loaded(guests::POLITE).await, loaded(guests::POLITE_SUCCESSOR).await);
    assert_eq!(first.info().id, second.info().id);
    assert_ne!(first.digest(), second.digest());
}

#[tokio::test]
async fn a_plugin_that_was_built_for_a_frozen_version_is_loaded_with_every_interface() {
    let plugin = loaded(guests::FROZEN_0_1_0).await;
    let info = plugin.info();
    let source = info.source.as_ref().expect("it takes requests in");
    assert_eq!((source.fields.len(), source.signatures.len(), source.body_limit), (4, 2, Some(64 * 1024)));
    let action = info.action.as_ref().expect("it sends requests out");
    assert_eq!((action.connection.len(), action.fields.len(), action.records), (6, 6, true));
    assert!(plugin.check_source(&[]).await.expect("it has a checker").is_empty());
    assert!(plugin.probe("127.0.0.1", &[]).await.expect("it has a prober").is_some());
}
