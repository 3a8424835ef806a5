//! Guests in the interpreter: they answer as they do as machine code, and meet the same limits.

use tocsin_sandbox::{CallErrorKind, Execution};

use super::*;

static INTERPRETED: LazyLock<Sandbox> = LazyLock::new(|| {
    let config = SandboxConfig { execution: Execution::Interpreted, pool_size: 8, ..usual() };
    Sandbox::new(config).expect("this machine runs components")
});

async fn interpreted(guest: &str) -> Plugin {
    INTERPRETED.load_with("guest", bytes(guest), roomy()).await.expect("it is a plugin")
}

#[tokio::test]
async fn a_guest_that_misbehaves_in_the_interpreter_is_stopped_and_the_next_call_is_not_disturbed() {
    let polite = interpreted(guests::POLITE).await;
    for (guest, kind) in [
        (guests::ENDLESS_LOOP, CallErrorKind::Time),
        (guests::SLEEP, CallErrorKind::Time),
        (guests::MEMORY_GROWTH, CallErrorKind::Memory),
        (guests::HUGE_RESULT, CallErrorKind::Memory),
        (guests::DEEP_RECURSION, CallErrorKind::Stack),
        (guests::PANIC, CallErrorKind::Trap),
        (guests::EXIT, CallErrorKind::Trap),
    ] {
        let plugin = interpreted(guest).await.with_limits(tight());
        let error = decode(&plugin, "body").await.expect_err("it is stopped");
        assert_eq!(error.kind, kind, "{error}");
        let after = decode(&polite, "after").await.expect("the next call is not disturbed");
        assert_eq!(after.events[0].key, "after");
    }
}

#[tokio::test]
async fn a_loop_in_the_interpreter_does_not_keep_other_tasks_of_its_thread_waiting() {
    // On a runtime of one thread, the second call runs while the first one spins.
    let looping = interpreted(guests::ENDLESS_LOOP).await.with_limits(tight());
    let polite = interpreted(guests::POLITE).await;
    let spinning = tokio::spawn(async move { decode(&looping, "body").await });
    tokio::task::yield_now().await;
    decode(&polite, "beside").await.expect("it has its turn");
    assert!(!spinning.is_finished(), "the loop was still running");
    assert_eq!(spinning.await.expect("no panic").expect_err("stopped").kind, CallErrorKind::Time);
}

#[tokio::test]
async fn code_for_the_processor_and_for_the_interpreter_never_mixes_in_one_cache() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache_dir = Some(directory.path().join("cache"));
    let compiled = SandboxConfig { cache_dir, pool_size: 1, ..usual() };
    let interpreted = SandboxConfig { execution: Execution::Interpreted, ..compiled.clone() };
    for (config, expected) in [
        (&compiled, (false, true)),
        (&interpreted, (false, true)),
        (&compiled, (true, false)),
        (&interpreted, (true, false)),
    ] {
        let sandbox = Sandbox::new(config.clone()).expect("a sandbox");
        let plugin = sandbox.load("polite", bytes(guests::POLITE)).await.expect("a plugin");
        let gauges = sandbox.gauges();
        assert_eq!((gauges.cache_hits > 0, gauges.cache_misses > 0), expected, "{:?}", config.execution);
        decode(&plugin, "cached").await.expect("it runs");
    }
}
