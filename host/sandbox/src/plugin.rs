//! A plugin that was loaded, and what it can be asked.
//!
//! Never keeps anything between two calls.

use std::sync::Arc;

use tocsin_core::id::ReceiptId;
use tocsin_core::plugin::{
    Context, Decoded, Failure, Pair, PluginInfo, Refusal, Response, Setting, SourceRequest, Step,
};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::answer;
use crate::call::{Call, Ended, Work};
use crate::error::{CallError, CallErrorKind, Phase};
use crate::guest::Guest;
use crate::limits::{HEAD_BYTES_IN_MAX, Limits, REASON_CHARS_MAX};
use crate::log_rate::LogRate;
use crate::measures::{Calls, Measures};
use crate::meter::Share;
use crate::sandbox::Inner;
use crate::text;
use crate::told::Told;
use crate::turns::Turn;
use crate::wasi::Origin;
use crate::wit::{
    ActionChecker, Decoder, Encoder, Prober, SourceChecker, action_encoder, settings as to_guest,
    source_decoder, types,
};

/// What a plugin answered, and how long that took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What.
    pub value: T,
    /// Microseconds from the fresh instance to the answer, without waiting for a slot.
    pub took_us: u64,
}

/// A plugin. Cheap to clone; a clone goes on working when another version takes its place.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) limits: Limits,
    pub(crate) share: Arc<Share>,
    pub(crate) measures: Arc<Measures>,
}

/// A place for one call, with the memory that the call may use, until it is dropped.
pub struct Place(Turn);

/// What is known of a plugin once it is loaded.
pub(crate) struct Compiled {
    pub(crate) sandbox: Arc<Inner>,
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) exports: Called,
    pub(crate) info: PluginInfo,
    pub(crate) digest: String,
    pub(crate) imports: Vec<String>,
    pub(crate) log_rate: LogRate,
}

/// The exports that are called, by position; those that the component does not have are left out.
#[derive(Clone)]
pub(crate) struct Called {
    pub(crate) source: Option<Decoder>,
    pub(crate) action: Option<Encoder>,
    pub(crate) checker: Option<SourceChecker>,
    pub(crate) action_checker: Option<ActionChecker>,
    pub(crate) prober: Option<Prober>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.info().id)
            .field("version", &self.info().version)
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl Plugin {
    /// What it says about itself.
    pub fn info(&self) -> &PluginInfo {
        &self.compiled.info
    }

    /// SHA-256 of its file, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.compiled.digest
    }

    /// The interfaces that it imports, with versions. None of them leads out of the sandbox; a short list is
    /// a quick start.
    pub fn imports(&self) -> &[String] {
        &self.compiled.imports
    }

    /// What each call may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The calls of the plugin since it was loaded, with any limits and share.
    pub fn calls(&self) -> Calls {
        self.measures.read()
    }

    /// The same plugin with other limits, without compiling it again.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        let limits = limits.within(self.compiled.sandbox.memory_bytes_ceiling);
        Self { limits, ..self.clone() }
    }

    /// The same plugin, whose calls share places with those of `key` and not with the other calls of the plugin.
    #[must_use]
    pub fn shared_as(&self, key: &str) -> Self {
        Self { share: Share::new(key), ..self.clone() }
    }

    /// Waits for a place for one call. Who has much to copy for a call waits first, so that copies do not pile up.
    pub async fn place(&self) -> Place {
        Place(self.compiled.sandbox.turns.take(&self.share.key, self.limits.memory_bytes).await)
    }

    /// Decodes a request that came in. `seed` is the receipt's id: the plugin's random numbers follow from
    /// it, its clock shows `request.received_at`.
    ///
    /// # Errors
    /// The plugin gave no answer, or one beyond its limits; the inner error is its answer to the sender. The
    /// events are not yet within the core's bounds.
    pub async fn decode(
        &self,
        request: SourceRequest,
        settings: &[Setting],
        seed: ReceiptId,
    ) -> Result<Answer<Result<Decoded, Refusal>>, CallError> {
        self.decode_in(self.place().await, request, settings, seed).await
    }

    /// As [`Plugin::decode`], in a place of this plugin that was waited for.
    ///
    /// # Errors
    /// As [`Plugin::decode`].
    pub async fn decode_in(
        &self,
        place: Place,
        request: SourceRequest,
        settings: &[Setting],
        seed: ReceiptId,
    ) -> Result<Answer<Result<Decoded, Refusal>>, CallError> {
        let phase = Phase::Decode;
        let compiled = Arc::clone(&self.compiled);
        let Some(source) = compiled.exports.source.clone() else {
            return Err(self.not_called(
                phase,
                CallErrorKind::Absent,
                "it does not take requests in.".into(),
            ));
        };
        let texts = request.method.len() + request.path.len();
        self.accepts(phase, request.body.len(), texts + bytes(&request.query) + bytes(&request.headers))?;
        let origin = Origin::new(request.received_at, &seed.to_bytes());
        let request = source_decoder::Request::from(request);
        let settings = to_guest(settings);
        let answer_bytes = self.limits.decoded_bytes;
        let call = Call::with(place.0, &compiled.sandbox, &self.share, &self.limits, origin, answer_bytes);
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { source.decode(store, &instance, request, &settings).await })
            })
            .await;
        self.settle(phase, ended, |answer| match answer {
            Ok(decoded) => answer::decoded(decoded.into(), &self.limits).map(Ok),
            Err(refusal) => Ok(Err(answer::refusal(refusal.into()))),
        })
    }

    /// Encodes a change into a first step. The plugin's clock shows `context.now`, its random numbers follow
    /// from `context.delivery_id`: they are the same at every attempt.
    ///
    /// # Errors
    /// The plugin gave no answer, or one beyond its limits; the inner error is its verdict on the delivery.
    pub async fn encode(&self, context: Context) -> Result<Answer<Result<Step, Failure>>, CallError> {
        self.encode_told(Told::from(context)).await
    }

    /// As [`Plugin::encode`], of an incident whose times are as a case gives them.
    ///
    /// # Errors
    /// As [`Plugin::encode`].
    pub async fn encode_told(&self, told: Told) -> Result<Answer<Result<Step, Failure>>, CallError> {
        let phase = Phase::Encode;
        let action = self.action(phase)?;
        let origin = told.origin();
        let context = action_encoder::Context::from(told);
        let call = self.begin(origin, self.limits.step_bytes()).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { action.encode(store, &instance, context).await })
            })
            .await;
        self.settle(phase, ended, |answer| self.step(answer))
    }

    /// Reads a peer's answer to a request of this plugin's; `state` is what came with that request.
    ///
    /// # Errors
    /// As [`Plugin::encode`].
    pub async fn resume(
        &self,
        context: Context,
        state: &[u8],
        response: Response,
    ) -> Result<Answer<Result<Step, Failure>>, CallError> {
        self.resume_told(Told::from(context), state, response).await
    }

    /// As [`Plugin::resume`], of an incident whose times are as a case gives them.
    ///
    /// # Errors
    /// As [`Plugin::encode`].
    pub async fn resume_told(
        &self,
        told: Told,
        state: &[u8],
        response: Response,
    ) -> Result<Answer<Result<Step, Failure>>, CallError> {
        let phase = Phase::Resume;
        let action = self.action(phase)?;
        self.accepts(phase, response.body.len(), bytes(&response.headers))?;
        let origin = told.origin();
        let context = action_encoder::Context::from(told);
        let response = types::Response::from(response);
        let state = state.to_vec();
        let call = self.begin(origin, self.limits.step_bytes()).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { action.resume(store, &instance, context, &state, response).await })
            })
            .await;
        self.settle(phase, ended, |answer| self.step(answer))
    }

    /// Makes an instance in the store of `call` and does `work` with it.
    pub(crate) async fn on_instance<T: Send + 'static>(
        &self,
        call: Call,
        work: impl for<'s> FnOnce(&'s mut Store<Guest>, Instance) -> Work<'s, T> + Send + 'static,
    ) -> Ended<T> {
        let compiled = Arc::clone(&self.compiled);
        call.run(|store| {
            Box::pin(async move {
                let instance = compiled.pre.instantiate_async(&mut *store).await?;
                work(store, instance).await
            })
        })
        .await
    }

    /// Waits for a place and prepares a call.
    pub(crate) async fn begin(&self, origin: Origin, answer_bytes: usize) -> Call {
        Call::begin(&self.compiled.sandbox, &self.share, &self.limits, origin, answer_bytes).await
    }

    fn action(&self, phase: Phase) -> Result<Encoder, CallError> {
        self.compiled.exports.action.clone().ok_or_else(|| {
            self.not_called(phase, CallErrorKind::Absent, "it does not send requests out.".into())
        })
    }

    fn step(
        &self,
        answer: Result<action_encoder::Step, types::Failure>,
    ) -> Result<Result<Step, Failure>, answer::TooMuch> {
        match answer {
            Ok(step) => answer::step(step.into(), &self.limits).map(Ok),
            Err(failure) => Ok(Err(answer::failure(failure.into()))),
        }
    }

    /// Whether a call may be given this much.
    pub(crate) fn accepts(&self, phase: Phase, body: usize, texts: usize) -> Result<(), CallError> {
        let limits = [("body", body, self.limits.request_bytes), ("head", texts, HEAD_BYTES_IN_MAX)];
        for (what, found, limit) in limits {
            if found > limit {
                let detail = format!(
                    "the {what} has {found} bytes, the limit is {limit}. Raise it where requests are that \
                     large, and the plugin's memory with it."
                );
                return Err(self.not_called(phase, CallErrorKind::Input, detail));
            }
        }
        Ok(())
    }

    fn not_called(&self, phase: Phase, kind: CallErrorKind, detail: String) -> CallError {
        self.error(phase, kind, detail, 0)
    }

    /// The error of a call that gave no answer, which it counts.
    fn error(&self, phase: Phase, kind: CallErrorKind, detail: String, took_us: u64) -> CallError {
        self.measures.failed(kind);
        CallError {
            plugin: self.info().id.clone(),
            version: self.info().version.clone(),
            digest: self.digest().to_owned(),
            phase,
            kind,
            detail: text::line(&detail, REASON_CHARS_MAX),
            took_us,
        }
    }

    /// Ends a call: counts it, logs what was printed, and converts its answer into the core's types.
    pub(crate) fn settle<T, U>(
        &self,
        phase: Phase,
        ended: Ended<T>,
        convert: impl FnOnce(T) -> Result<U, answer::TooMuch>,
    ) -> Result<Answer<U>, CallError> {
        let took_us = ended.took_us;
        self.measures.called(phase, took_us);
        let (answer, log) = ended.judged();
        log.write(&self.info().id, &self.info().version, phase, &self.compiled.log_rate);
        let value =
            answer.and_then(|answer| convert(answer).map_err(|detail| (CallErrorKind::Output, detail)));
        value
            .map(|value| Answer { value, took_us })
            .map_err(|(kind, detail)| self.error(phase, kind, detail, took_us))
    }
}

pub(crate) fn bytes(pairs: &[Pair]) -> usize {
    pairs.iter().map(|pair| pair.name.len() + pair.value.len()).sum()
}
