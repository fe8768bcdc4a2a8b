//! The threads that talk to stores.
//!
//! Connections outlive a scan and belong to the runtime that opened them, so they have one of their own: any thread may
//! wait for it, whether it belongs to a runtime or not.

use std::future::Future;
use std::sync::{LazyLock, mpsc};

use enlist_core::{Error, ErrorKind};
use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("enlist-store")
        .enable_all()
        .build()
        .map_err(|fault| fault.to_string())
});

/// The runtime of all connections to stores.
///
/// # Errors
/// `store::failed` when the machine has no thread for it.
pub(crate) fn runtime() -> Result<&'static Handle, Error> {
    match &*RUNTIME {
        Ok(runtime) => Ok(runtime.handle()),
        Err(cause) => Err(Error::new(
            ErrorKind::Source,
            "store::failed",
            format!("no thread to read object stores with: {cause}"),
        )),
    }
}

/// Runs `work` among the connections and blocks until it is done.
///
/// # Errors
/// Those of `work`, and `bug::reader` when it panics.
pub(crate) fn wait<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        // Nobody waits for it any more: then it was not needed.
        let _ = sender.send(work.await);
    });
    receiver.recv().unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Bug, "bug::reader", "a reader of an object store panicked before it was done"))
    })
}
