//! From a file's bytes to a plugin: what it is, compiling, linking, and one instance that is thrown away.
//!
//! Never on the request path: compiling takes seconds. Never accepts what it has not seen run: a changed
//! record passes linking and is only found when an instance is looked at.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tocsin_core::plugin::PluginInfo;
use tocsin_core::time::Timestamp;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre};

use crate::call::Call;
use crate::compiler::Bytes;
use crate::describe;
use crate::error::{CallError, CallErrorKind, LoadError, LoadProblem, Phase};
use crate::guest::Guest;
use crate::inspect::{self, Surface};
use crate::limits::{DESCRIBE_WALL, DESCRIPTION_BYTES_MAX, Limits, REASON_CHARS_MAX};
use crate::log_rate::LogRate;
use crate::meter::Share;
use crate::plugin::{Called, Compiled, Plugin};
use crate::rehearse;
use crate::sandbox::Sandbox;
use crate::text;
use crate::wasi::Origin;
use crate::wit::{ActionChecker, Decoder, Describer, Encoder, Prober, SourceChecker, Version, description};

/// Exports by position; those that the component does not have are left out.
#[derive(Clone)]
struct Exports {
    describer: Describer,
    called: Called,
}

/// A plugin's file and how it is spoken of.
struct File<'a> {
    name: &'a str,
    digest: &'a str,
}

/// What is in the cache for a file.
enum Found {
    Component(Component),
    /// And what the engine says, which cannot compile.
    Nothing(wasmtime::Error),
}

impl Sandbox {
    /// Loads a plugin with the sandbox's own limits. `name` is what the file is called in messages.
    ///
    /// Compiling a component that is not in the cache takes from 0.3 s (Rust) to 7 s (JavaScript, Python) of
    /// one processor, in a process of its own; one is compiled at a time: of those that wait, the smallest, or every
    /// second time the one that has waited for longest, if that is a minute. Dropping the future ends that process.
    ///
    /// # Errors
    /// Why the file is no plugin that this host can run.
    pub async fn load(
        &self,
        name: &str,
        bytes: impl Into<Cow<'static, [u8]>> + Send,
    ) -> Result<Plugin, LoadError> {
        self.load_with(name, bytes, self.inner.limits.clone()).await
    }

    /// Loads a plugin with limits of its own; otherwise as [`Sandbox::load`].
    ///
    /// # Errors
    /// As [`Sandbox::load`].
    pub async fn load_with(
        &self,
        name: &str,
        bytes: impl Into<Cow<'static, [u8]>> + Send,
        limits: Limits,
    ) -> Result<Plugin, LoadError> {
        let limits = limits.within(self.inner.memory_bytes_ceiling);
        self.check(name, bytes.into(), limits)
            .await
            .map_err(|problem| LoadError { name: name.to_owned(), problem })
    }

    async fn check(
        &self,
        name: &str,
        bytes: Cow<'static, [u8]>,
        limits: Limits,
    ) -> Result<Plugin, LoadProblem> {
        inspect::kind(&bytes)?;
        let bytes = Arc::new(bytes);
        let component = self.compiled(&bytes).await?;
        let digest = inspect::digest(&bytes);
        drop(bytes);
        let engine = &self.inner.engine;
        let surface = inspect::surface(engine, &component)?;
        let pre = self.inner.linker.instantiate_pre(&component).map_err(shape(surface.version))?;
        let exports = exports(&pre, &surface).map_err(shape(surface.version))?;
        let file = File { name, digest: &digest };
        let info = self.describe(&file, surface.version, (&pre, &exports), &limits).await?;
        let problems = describe::problems(&info, &surface);
        if !problems.is_empty() {
            return Err(LoadProblem::Description(problems));
        }
        let sandbox = Arc::clone(&self.inner);
        let imports = surface.imports;
        let log_rate = LogRate::new();
        let compiled = Compiled { sandbox, pre, exports: exports.called, info, digest, imports, log_rate };
        let share = Share::new(&compiled.info.id);
        let plugin = Plugin { compiled: Arc::new(compiled), limits, share, measures: Arc::default() };
        rehearse::example(&plugin).await?;
        rehearse::incident(&plugin).await?;
        // Trying the plugin is not counted as the relay's work.
        Ok(Plugin { measures: Arc::default(), ..plugin })
    }

    /// The component, out of the cache or compiled.
    async fn compiled(&self, bytes: &Bytes) -> Result<Component, LoadProblem> {
        if let Found::Component(component) = self.find(bytes).await? {
            self.inner.found.fetch_add(1, Ordering::Relaxed);
            return Ok(component);
        }
        self.inner.compiling.run(bytes).await?;
        self.inner.compiled.fetch_add(1, Ordering::Relaxed);
        match self.find(bytes).await? {
            Found::Component(component) => Ok(component),
            Found::Nothing(error) => Err(LoadProblem::Host(format!(
                "the compiled code cannot be kept in the cache directory (cache_dir): is there room on its disk, and \
                 may it be written? ({error:#})"
            ))),
        }
    }

    /// Looks for the compiled component in the cache: the engine has no compiler, so that it finds it or fails.
    async fn find(&self, bytes: &Bytes) -> Result<Found, LoadProblem> {
        let (sandbox, bytes) = (Arc::clone(&self.inner), Arc::clone(bytes));
        let finding = tokio::task::spawn_blocking(move || {
            let cache = &sandbox.compiling.kept.cache;
            let before = cache.cache_hits();
            match Component::from_binary(&sandbox.engine, &bytes) {
                Ok(component) => Ok(Found::Component(component)),
                // The code is there, and a slot of the sandbox is too small for it.
                Err(error) if cache.cache_hits() > before => {
                    let words = format!("it does not fit into the sandbox: {}", error.root_cause());
                    Err(LoadProblem::TooMuch(words))
                }
                Err(error) => Ok(Found::Nothing(error)),
            }
        });
        finding.await.map_err(|error| LoadProblem::Host(error.to_string()))?
    }

    /// Makes one instance, looks at all its exports and asks it what it is.
    async fn describe(
        &self,
        file: &File<'_>,
        version: Version,
        (pre, exports): (&InstancePre<Guest>, &Exports),
        limits: &Limits,
    ) -> Result<PluginInfo, LoadProblem> {
        let origin = Origin::new(Timestamp::default(), file.digest.as_bytes());
        let wall = DESCRIBE_WALL * self.inner.compiling.job.layout.execution.time_factor();
        let limits = Limits { wall, ..limits.clone() };
        let share = Share::new(file.name);
        let call = Call::begin(&self.inner, &share, &limits, origin, DESCRIPTION_BYTES_MAX).await;
        let (pre, exports) = (pre.clone(), exports.clone());
        let ended = call.run(|store| Box::pin(async move { described(store, &pre, &exports).await })).await;
        let took_us = ended.took_us;
        let (answer, log) = ended.judged();
        log.write(file.name, "", Phase::Describe, &LogRate::new());
        match answer {
            Ok(info) => info.map(PluginInfo::from).map_err(shape(version)),
            Err((kind, detail)) => Err(failed(file, kind, detail, took_us)),
        }
    }
}

/// What the plugin says about itself; the inner error is a shape that is not an export's.
async fn described(
    store: &mut Store<Guest>,
    pre: &InstancePre<Guest>,
    exports: &Exports,
) -> wasmtime::Result<wasmtime::Result<description::PluginInfo>> {
    let instance = pre.instantiate_async(&mut *store).await?;
    if let Err(error) = check(store, &instance, exports) {
        return Ok(Err(error));
    }
    exports.describer.describe(store, &instance).await.map(Ok)
}

/// Looks at every export. Passing is what tells a record of another shape.
fn check(store: &mut Store<Guest>, instance: &Instance, exports: &Exports) -> wasmtime::Result<()> {
    let Exports { describer, called: Called { source, action, checker, action_checker, prober } } = exports;
    describer.check(store, instance)?;
    source.as_ref().map(|source| source.check(store, instance)).transpose()?;
    action.as_ref().map(|action| action.check(store, instance)).transpose()?;
    checker.as_ref().map(|checker| checker.check(store, instance)).transpose()?;
    action_checker.as_ref().map(|checker| checker.check(store, instance)).transpose()?;
    prober.as_ref().map(|prober| prober.check(store, instance)).transpose()?;
    Ok(())
}

fn exports(pre: &InstancePre<Guest>, surface: &Surface) -> wasmtime::Result<Exports> {
    let version = surface.version;
    let called = Called {
        source: surface.decodes.then(|| Decoder::new(version, pre)).transpose()?,
        action: surface.encodes.then(|| Encoder::new(version, pre)).transpose()?,
        checker: surface.checks.then(|| SourceChecker::new(version, pre)).transpose()?,
        action_checker: surface.checks_actions.then(|| ActionChecker::new(version, pre)).transpose()?,
        prober: surface.probes.then(|| Prober::new(version, pre)).transpose()?,
    };
    Ok(Exports { describer: Describer::new(version, pre)?, called })
}

/// What a component is whose names fit and whose types do not.
fn shape(version: Version) -> impl Fn(wasmtime::Error) -> LoadProblem {
    move |error| LoadProblem::Shape { version: version.as_str(), reason: format!("{error:#}") }
}

fn failed(file: &File<'_>, kind: CallErrorKind, detail: String, took_us: u64) -> LoadProblem {
    LoadProblem::Call(Box::new(CallError {
        plugin: file.name.to_owned(),
        version: String::new(),
        digest: file.digest.to_owned(),
        phase: Phase::Describe,
        kind,
        detail: text::line(&detail, REASON_CHARS_MAX),
        took_us,
    }))
}
