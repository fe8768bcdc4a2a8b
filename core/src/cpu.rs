//! The one bridge from async code to threads that compute.

use std::future::Future;

use crate::{Error, ErrorKind};

tokio::task_local! {
    static ONE_THREAD: ();
}

/// Drives `work` with all of its computing on the thread that polls it, so that the order of what happens depends on no
/// other thread: for simulations that must repeat exactly. Everything else on that thread waits meanwhile.
pub async fn on_one_thread<F: Future>(work: F) -> F::Output {
    ONE_THREAD.scope((), work).await
}

/// Runs `work` on a thread that may block, or in place under [`on_one_thread`]. Under tokio's paused clock, virtual time
/// stands still meanwhile.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if ONE_THREAD.try_with(|()| ()).is_ok() {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| {
        Error::new(
            ErrorKind::Bug,
            "bug::worker",
            if e.is_panic() { "a worker panicked" } else { "a worker was cancelled" },
        )
    })
}
