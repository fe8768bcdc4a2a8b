//! The one bridge from async code to threads that compute.

use crate::{Error, ErrorKind};

/// Runs `work` on a thread that may block. Under tokio's paused clock, virtual time stands still meanwhile.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| {
        Error::new(
            ErrorKind::Bug,
            "bug::worker",
            if e.is_panic() { "a worker panicked" } else { "a worker was cancelled" },
        )
    })
}
