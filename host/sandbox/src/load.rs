//! From a file's bytes to a plugin: what it is, compiling, linking, and one instance that is thrown away.
//!
//! Never on the request path: compiling takes seconds. Never accepts what it has not seen run: a changed
//! record passes linking and is only found when an instance is looked at.

use std::borrow::Cow;
use std::sync::Arc;

use tocsin_core::plugin::PluginInfo;
use tocsin_core::time::Timestamp;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Engine, Store};

use crate::call::{Call, Guest};
use crate::describe;
use crate::error::{CallError, CallErrorKind, LoadError, LoadProblem, Phase};
use crate::inspect::{self, Surface};
use crate::limits::{COMPILE_WALL, DESCRIBE_WALL, DESCRIPTION_BYTES_MAX, Limits};
use crate::meter::Share;
use crate::plugin::{Called, Compiled, Plugin};
use crate::sandbox::Sandbox;
use crate::wasi::Origin;
use crate::wit::{
    action_checker, action_encoder, connection_prober, description, settings_checker, source_decoder,
};

/// Exports by position; those that the component does not have are left out.
#[derive(Clone)]
struct Exports {
    description: description::GuestIndices,
    called: Called,
}

/// A plugin's file and how it is spoken of.
struct File<'a> {
    name: &'a str,
    digest: &'a str,
}

impl Sandbox {
    /// Loads a plugin with the sandbox's own limits. `name` is what the file is called in messages.
    ///
    /// Compiling a component that is not in the cache takes from 0.3 s (Rust) to 7 s (JavaScript, Python) of
    /// one processor; one is compiled at a time. Neither dropping the future nor giving up after two minutes
    /// stops the compiler.
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
        let (component, digest) = self.compile(bytes).await?;
        let engine = &self.inner.engine;
        let surface = inspect::surface(engine, &component)?;
        let pre = self.inner.linker.instantiate_pre(&component).map_err(shape)?;
        let exports = exports(&pre, &surface).map_err(shape)?;
        let file = File { name, digest: &digest };
        let info = self.describe(&file, &pre, &exports, &limits).await?;
        let problems = describe::problems(&info, &surface);
        if !problems.is_empty() {
            return Err(LoadProblem::Description(problems));
        }
        let sandbox = Arc::clone(&self.inner);
        let imports = surface.imports;
        let compiled = Compiled { sandbox, pre, exports: exports.called, info, digest, imports };
        let share = Share::new(&compiled.info.id);
        Ok(Plugin { compiled: Arc::new(compiled), limits, share })
    }

    /// Compiles on a thread for blocking work. The permit goes there as well: a compilation whose caller went
    /// away still takes its processor.
    async fn compile(&self, bytes: Cow<'static, [u8]>) -> Result<(Component, String), LoadProblem> {
        let permit = Arc::clone(&self.inner.compiling)
            .acquire_owned()
            .await
            .expect("the sandbox never closes its semaphore");
        let engine = self.inner.engine.clone();
        let compiling = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            compile(&engine, &bytes).map(|component| (component, inspect::digest(&bytes)))
        });
        match tokio::time::timeout(COMPILE_WALL, compiling).await {
            Ok(compiled) => compiled.map_err(|error| LoadProblem::Host(error.to_string()))?,
            Err(_elapsed) => Err(LoadProblem::Host(format!("it was not done after {COMPILE_WALL:?}"))),
        }
    }

    /// Makes one instance, looks at all its exports and asks it what it is.
    async fn describe(
        &self,
        file: &File<'_>,
        pre: &InstancePre<Guest>,
        exports: &Exports,
        limits: &Limits,
    ) -> Result<PluginInfo, LoadProblem> {
        let origin = Origin::new(Timestamp::default(), file.digest.as_bytes());
        let limits = Limits { wall: DESCRIBE_WALL, ..limits.clone() };
        let share = Share::new(file.name);
        let call = Call::begin(&self.inner, &share, &limits, origin, DESCRIPTION_BYTES_MAX).await;
        let (pre, exports) = (pre.clone(), exports.clone());
        let ended = call.run(|store| Box::pin(async move { described(store, &pre, &exports).await })).await;
        let took_us = ended.took_us;
        let (answer, log) = ended.judged();
        log.write(file.name, "", Phase::Describe);
        match answer {
            Ok(info) => info.map(PluginInfo::from).map_err(shape),
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
    let guest = match loaded(store, &instance, exports) {
        Ok(guest) => guest,
        Err(error) => return Ok(Err(error)),
    };
    guest.call_describe(store).await.map(Ok)
}

/// Looks at every export. Passing is what tells a record of another shape.
fn loaded(
    store: &mut Store<Guest>,
    instance: &Instance,
    exports: &Exports,
) -> wasmtime::Result<description::Guest> {
    let guest = exports.description.load(&mut *store, instance)?;
    let Called { source, action, checker, action_checker, prober } = &exports.called;
    if let Some(source) = source {
        source.load(&mut *store, instance)?;
    }
    if let Some(action) = action {
        action.load(&mut *store, instance)?;
    }
    if let Some(checker) = checker {
        checker.load(&mut *store, instance)?;
    }
    if let Some(checker) = action_checker {
        checker.load(&mut *store, instance)?;
    }
    if let Some(prober) = prober {
        prober.load(&mut *store, instance)?;
    }
    Ok(guest)
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, LoadProblem> {
    Component::from_binary(engine, bytes).map_err(|error| LoadProblem::Invalid(format!("{error:#}")))
}

fn exports(pre: &InstancePre<Guest>, surface: &Surface) -> wasmtime::Result<Exports> {
    let action_checker = || action_checker::GuestIndices::new(pre);
    let called = Called {
        source: surface.decodes.then(|| source_decoder::GuestIndices::new(pre)).transpose()?,
        action: surface.encodes.then(|| action_encoder::GuestIndices::new(pre)).transpose()?,
        checker: surface.checks.then(|| settings_checker::GuestIndices::new(pre)).transpose()?,
        action_checker: surface.checks_actions.then(action_checker).transpose()?,
        prober: surface.probes.then(|| connection_prober::GuestIndices::new(pre)).transpose()?,
    };
    Ok(Exports { description: description::GuestIndices::new(pre)?, called })
}

#[expect(clippy::needless_pass_by_value, reason = "the argument of map_err")]
fn shape(error: wasmtime::Error) -> LoadProblem {
    LoadProblem::Shape(format!("{error:#}"))
}

fn failed(file: &File<'_>, kind: CallErrorKind, detail: String, took_us: u64) -> LoadProblem {
    LoadProblem::Call(Box::new(CallError {
        plugin: file.name.to_owned(),
        version: String::new(),
        digest: file.digest.to_owned(),
        phase: Phase::Describe,
        kind,
        detail,
        took_us,
    }))
}
