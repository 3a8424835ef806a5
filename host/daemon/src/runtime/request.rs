//! The request that is being answered, for whoever writes about it: its id is in the answer, in error documents and in
//! lines of the log.

use std::future::Future;

use tocsin_core::trace::Origin;
use tokio::task_local;

task_local! {
    static ANSWERED: Answered;
}

/// A request over the network.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// What it is called.
    pub origin: Origin,
    /// The id of the sender's own step of the trace, if it gave one. Nothing keeps it.
    pub parent: Option<u64>,
}

/// Answers a request: meanwhile, [`current`] is `request`.
pub async fn within<T>(request: Answered, answer: impl Future<Output = T>) -> T {
    ANSWERED.scope(request, answer).await
}

/// The request that this task answers; none for a request over the control socket.
pub fn current() -> Option<Answered> {
    ANSWERED.try_with(|request| *request).ok()
}

/// What the request that this task answers is called.
pub fn answered() -> Option<Origin> {
    current().map(|request| request.origin)
}
