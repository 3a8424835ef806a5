//! What a plugin exports, of whichever version, and how it is called.
//!
//! Gives and takes the present version's types: a plugin of the older one costs the conversion.

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use super::v0_2::types::{Failure, Problem, Response, Setting};
use super::v0_2::{action_encoder, connection_prober, description, source_decoder};
use super::{Version, v0_1, v0_2};
use crate::guest::Guest;

/// An exported interface by its position in the component, in the version that the component speaks.
macro_rules! export {
    ($(#[$doc:meta])* $name:ident, $old:path, $new:path) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) enum $name {
            V0_1($old),
            V0_2($new),
        }

        impl $name {
            /// Finds it.
            ///
            /// # Errors
            /// The component lacks it, or one of its functions.
            pub(crate) fn new(version: Version, pre: &InstancePre<Guest>) -> wasmtime::Result<Self> {
                Ok(match version {
                    Version::V0_1 => Self::V0_1(<$old>::new(pre)?),
                    Version::V0_2 => Self::V0_2(<$new>::new(pre)?),
                })
            }

            /// Looks at its types in an instance.
            ///
            /// # Errors
            /// One of them has another shape.
            pub(crate) fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()> {
                match self {
                    Self::V0_1(export) => export.load(store, instance).map(|_| ()),
                    Self::V0_2(export) => export.load(store, instance).map(|_| ()),
                }
            }
        }
    };
}

export!(
    /// `description`
    Describer,
    v0_1::description::GuestIndices,
    description::GuestIndices
);
export!(
    /// `source-decoder`
    Decoder,
    v0_1::source_decoder::GuestIndices,
    source_decoder::GuestIndices
);
export!(
    /// `action-encoder`
    Encoder,
    v0_1::action_encoder::GuestIndices,
    action_encoder::GuestIndices
);
export!(
    /// `source-checker`, before 0.2 `settings-checker`
    SourceChecker,
    v0_1::settings_checker::GuestIndices,
    v0_2::source_checker::GuestIndices
);
export!(
    /// `action-checker`
    ActionChecker,
    v0_1::action_checker::GuestIndices,
    v0_2::action_checker::GuestIndices
);
export!(
    /// `connection-prober`
    Prober,
    v0_1::connection_prober::GuestIndices,
    connection_prober::GuestIndices
);

impl Describer {
    /// What the plugin says about itself.
    pub(crate) async fn describe(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<description::PluginInfo> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(guest.call_describe(store).await?.into())
            }
            Self::V0_2(export) => export.load(&mut *store, instance)?.call_describe(store).await,
        }
    }
}

impl Decoder {
    /// The events of a request.
    pub(crate) async fn decode(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        request: source_decoder::Request,
        settings: &[Setting],
    ) -> wasmtime::Result<Result<source_decoder::Decoded, source_decoder::Refusal>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                let decoded = guest.call_decode(store, &request.into(), settings).await?;
                Ok(decoded.map(Into::into).map_err(Into::into))
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_decode(store, &request, settings).await
            }
        }
    }
}

impl Encoder {
    /// The first step of telling a change.
    pub(crate) async fn encode(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        context: action_encoder::Context,
    ) -> wasmtime::Result<Result<action_encoder::Step, Failure>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(guest.call_encode(store, &context.into()).await?.map(Into::into))
            }
            Self::V0_2(export) => export.load(&mut *store, instance)?.call_encode(store, &context).await,
        }
    }

    /// The step after an answer.
    pub(crate) async fn resume(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        context: action_encoder::Context,
        state: &[u8],
        response: Response,
    ) -> wasmtime::Result<Result<action_encoder::Step, Failure>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                let step = guest.call_resume(store, &context.into(), state, &response.into()).await?;
                Ok(step.map(Into::into))
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_resume(store, &context, state, &response).await
            }
        }
    }
}

/// Mistakes in the present version's type.
fn problems<P: Into<Problem>>(found: Vec<P>) -> Vec<Problem> {
    found.into_iter().map(Into::into).collect()
}

impl SourceChecker {
    /// The mistakes in a source's settings.
    pub(crate) async fn check_source(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        settings: &[Setting],
    ) -> wasmtime::Result<Vec<Problem>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(problems(guest.call_check_source(store, settings).await?))
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_check_source(store, settings).await
            }
        }
    }
}

impl ActionChecker {
    /// The mistakes in a connection's settings.
    pub(crate) async fn check_connection(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        host: &str,
        connection: &[Setting],
    ) -> wasmtime::Result<Vec<Problem>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(problems(guest.call_check_connection(store, host, connection).await?))
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_check_connection(store, host, connection).await
            }
        }
    }

    /// The mistakes in an action's settings.
    pub(crate) async fn check_action(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        host: &str,
        connection: &[Setting],
        settings: &[Setting],
    ) -> wasmtime::Result<Vec<Problem>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(problems(guest.call_check_action(store, host, connection, settings).await?))
            }
            Self::V0_2(export) => {
                let guest = export.load(&mut *store, instance)?;
                guest.call_check_action(store, host, connection, settings).await
            }
        }
    }
}

impl Prober {
    /// The request that tries a connection.
    pub(crate) async fn prepare(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        host: &str,
        connection: &[Setting],
    ) -> wasmtime::Result<Option<connection_prober::Probe>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                Ok(guest.call_prepare(store, host, connection).await?.map(Into::into))
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_prepare(store, host, connection).await
            }
        }
    }

    /// What the answer means.
    pub(crate) async fn judge(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        host: &str,
        connection: &[Setting],
        response: Response,
    ) -> wasmtime::Result<Result<String, Failure>> {
        match self {
            Self::V0_1(export) => {
                let guest = export.load(&mut *store, instance)?;
                guest.call_judge(store, host, connection, &response.into()).await
            }
            Self::V0_2(export) => {
                export.load(&mut *store, instance)?.call_judge(store, host, connection, &response).await
            }
        }
    }
}
