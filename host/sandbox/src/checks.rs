//! What a plugin can be asked before anything is sent: mistakes in settings, and how a connection is tried.
//!
//! Optional exports: a plugin that lacks one finds no mistake and tries nothing.

use tocsin_core::plugin::{Failure, Probe, Response, Setting};
use tocsin_core::settings::SettingError;
use tocsin_core::time::Timestamp;

use crate::answer;
use crate::call::Call;
use crate::error::{CallError, Phase};
use crate::limits::{DESCRIPTION_BYTES_MAX, REASON_CHARS_MAX};
use crate::plugin::{Plugin, bytes};
use crate::text;
use crate::wasi::Origin;
use crate::wit::{settings as to_guest, types};

/// Mistakes of one plugin that are named; a person reads them.
const MISTAKES_MAX: usize = 50;

/// What a plugin found, each on one line.
fn mistakes(found: Vec<types::Problem>) -> Vec<SettingError> {
    let mistake = |found: types::Problem| SettingError {
        key: text::line(&found.field, REASON_CHARS_MAX),
        problem: text::line(&found.problem, REASON_CHARS_MAX),
    };
    found.into_iter().take(MISTAKES_MAX).map(mistake).collect()
}

impl Plugin {
    /// What is wrong with a source's settings that their description cannot tell. Nothing, for a plugin that
    /// does not say.
    ///
    /// # Errors
    /// The plugin gave no answer, or one beyond its limits.
    pub async fn check_source(&self, settings: &[Setting]) -> Result<Vec<SettingError>, CallError> {
        let Some(checker) = self.compiled.exports.checker.clone() else { return Ok(Vec::new()) };
        let settings = to_guest(settings);
        let call = self.ask(DESCRIPTION_BYTES_MAX).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { checker.check_source(store, &instance, &settings).await })
            })
            .await;
        let found = self.settle(Phase::Check, ended, Ok)?.value;
        Ok(mistakes(found))
    }

    /// What is wrong with a connection's settings that their description cannot tell; `host` is the host
    /// name of its URL.
    ///
    /// # Errors
    /// As [`Plugin::check_source`].
    pub async fn check_connection(
        &self,
        host: &str,
        connection: &[Setting],
    ) -> Result<Vec<SettingError>, CallError> {
        let Some(checker) = self.compiled.exports.action_checker.clone() else { return Ok(Vec::new()) };
        let connection = to_guest(connection);
        let host = host.to_owned();
        let call = self.ask(DESCRIPTION_BYTES_MAX).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { checker.check_connection(store, &instance, &host, &connection).await })
            })
            .await;
        let found = self.settle(Phase::Check, ended, Ok)?.value;
        Ok(mistakes(found))
    }

    /// What is wrong with an action's settings, rendered for a sample, over this connection.
    ///
    /// # Errors
    /// As [`Plugin::check_source`].
    pub async fn check_action(
        &self,
        host: &str,
        connection: &[Setting],
        settings: &[Setting],
    ) -> Result<Vec<SettingError>, CallError> {
        let Some(checker) = self.compiled.exports.action_checker.clone() else { return Ok(Vec::new()) };
        let (connection, settings) = (to_guest(connection), to_guest(settings));
        let host = host.to_owned();
        let call = self.ask(DESCRIPTION_BYTES_MAX).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move {
                    checker.check_action(store, &instance, &host, &connection, &settings).await
                })
            })
            .await;
        let found = self.settle(Phase::Check, ended, Ok)?.value;
        Ok(mistakes(found))
    }

    /// A request that tries a connection without leaving a trace at the peer, if there is one.
    ///
    /// # Errors
    /// As [`Plugin::check_source`].
    pub async fn probe(&self, host: &str, connection: &[Setting]) -> Result<Option<Probe>, CallError> {
        let Some(prober) = self.compiled.exports.prober.clone() else { return Ok(None) };
        let connection = to_guest(connection);
        let host = host.to_owned();
        let call = self.ask(self.limits.step_bytes()).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { prober.prepare(store, &instance, &host, &connection).await })
            })
            .await;
        let probe = self.settle(Phase::Encode, ended, |probe| {
            let probe = probe.map(Probe::from);
            probe.map(|probe| answer::request(&probe.request, &self.limits).map(|()| probe)).transpose()
        })?;
        Ok(probe.value)
    }

    /// What the answer to a probe means, in one line.
    ///
    /// # Errors
    /// As [`Plugin::check_source`]; the inner error is what is wrong with the connection.
    pub async fn judge(
        &self,
        host: &str,
        connection: &[Setting],
        response: Response,
    ) -> Result<Result<String, Failure>, CallError> {
        let phase = Phase::Resume;
        let Some(prober) = self.compiled.exports.prober.clone() else { return Ok(Ok(String::new())) };
        self.accepts(phase, response.body.len(), bytes(&response.headers))?;
        let (connection, response) = (to_guest(connection), types::Response::from(response));
        let host = host.to_owned();
        let call = self.ask(DESCRIPTION_BYTES_MAX).await;
        let ended = self
            .on_instance(call, |store, instance| {
                Box::pin(async move { prober.judge(store, &instance, &host, &connection, response).await })
            })
            .await;
        let judged = self.settle(phase, ended, |judged| {
            Ok(match judged {
                Ok(words) => Ok(text::line(&words, REASON_CHARS_MAX)),
                Err(failure) => Err(answer::failure(failure.into())),
            })
        })?;
        Ok(judged.value)
    }

    /// A call that belongs to no receipt and no delivery: its clock stands at the beginning, its random
    /// numbers follow from the plugin's file.
    async fn ask(&self, output_bytes: usize) -> Call {
        let origin = Origin::new(Timestamp::default(), self.digest().as_bytes());
        self.begin(origin, output_bytes).await
    }
}
