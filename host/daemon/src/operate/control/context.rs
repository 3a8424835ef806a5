//! What the handlers of the API share: the relay, its plugins, where to ask for a reload, and a way to wait for the
//! disk.
//!
//! Answers nothing itself.

use std::sync::Arc;

use crate::plugins::Shelf;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::Reloads;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) app: Arc<App>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) reloads: Reloads,
}

/// Reads the store where that may wait for the disk.
pub(super) async fn blocking<T, E>(
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, HttpProblem>
where
    T: Send + 'static,
    E: Into<HttpProblem> + Send + 'static,
{
    // The conversion of an error reports it.
    let answer = aside(read).await?.map_err(Into::into)?;
    trouble::over(trouble::NOT_READ);
    Ok(answer)
}

/// Runs `work`, which does not read the store, beside the threads that answer requests.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HttpProblem> {
    let done = trouble::watched(trouble::NOT_ANSWERED, tokio::task::spawn_blocking(work).await);
    done.map_err(|_| {
        HttpProblem::unavailable("Not answered", "The relay could not answer; the log says why.")
    })
}

#[cfg(test)]
mod tests {
    use tocsin_store::ReadError;

    use super::*;

    #[tokio::test]
    async fn a_question_that_the_store_answers_ends_the_trouble_of_one_that_it_did_not() {
        drop(blocking(|| Err::<(), _>(ReadError::Closed)).await);
        assert!(trouble::ongoing(trouble::NOT_READ).is_some());
        assert!(blocking(|| Ok::<_, ReadError>(())).await.is_ok());
        assert!(trouble::ongoing(trouble::NOT_READ).is_none());
    }
}
