//! The request that is being answered, for whoever writes about it: its id is in the answer, in error documents and in
//! lines of the log.

use std::future::Future;

use tocsin_core::trace::Origin;
use tokio::task_local;

task_local! {
    static ANSWERED: Origin;
}

/// Answers a request: meanwhile, [`answered`] is `origin`.
pub async fn within<T>(origin: Origin, answer: impl Future<Output = T>) -> T {
    ANSWERED.scope(origin, answer).await
}

/// The request that this task answers; none for a request over the control socket.
pub fn answered() -> Option<Origin> {
    ANSWERED.try_with(|origin| *origin).ok()
}
