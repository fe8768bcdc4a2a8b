//! What the process needs before any command: private files, no core dumps, a TLS provider, threads.

use std::sync::{Arc, OnceLock};

use enlist_core::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;

/// Bounds of the number of runtime threads: delivery is paced by the network, not by cores.
const THREADS: std::ops::RangeInclusive<usize> = 2..=4;

/// Makes new files private to the user, keeps keys out of core dumps, and chooses ring for TLS.
pub fn harden() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, setrlimit, umask};
        umask(rustix::fs::Mode::from_raw_mode(0o077));
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(errno) = setrlimit(Resource::Core, none) {
            tracing::debug!(%errno, "core dumps stay enabled");
        }
    }
    // Fails only when a provider is already installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Most threads that may block: two that map rows, one that reads, one that sorts. Each one more keeps freed memory.
const BLOCKING: usize = 4;

/// The runtime of the whole process.
///
/// # Errors
/// When the system refuses threads.
pub fn runtime() -> Result<Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(*THREADS.start(), usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.clamp(*THREADS.start(), *THREADS.end()))
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .map_err(|e| Error::new(ErrorKind::Bug, "bug::runtime", format!("no threads for the runtime: {e}")).into())
}

/// Listens for signals during runs: the first lets a run drain, the second ends the process at once.
#[derive(Debug)]
pub struct Signals {
    stop: watch::Receiver<bool>,
    told: Arc<OnceLock<Exit>>,
}

impl Signals {
    /// Starts to listen.
    pub fn listen() -> Self {
        let (tell, stop) = watch::channel(false);
        let told = Arc::new(OnceLock::new());
        let first = Arc::clone(&told);
        tokio::spawn(async move {
            let exit = stop_asked().await;
            let _ = first.set(exit);
            tell.send_replace(true);
            let again = stop_asked().await;
            std::process::exit(i32::from(again.code()));
        });
        Self { stop, told }
    }

    /// Becomes true with the first signal.
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.clone()
    }

    /// How the first signal ends the process, if there was one.
    pub fn told(&self) -> Option<Exit> {
        self.told.get().copied()
    }
}

/// Waits until the user or the system asks the process to stop, and says how it will have ended.
pub async fn stop_asked() -> Exit {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = terminate.recv() => Exit::Terminated,
                () = interrupt() => Exit::Interrupted,
            };
        }
    }
    interrupt().await;
    Exit::Interrupted
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system ends the process itself; there is nothing to wait for.
        std::future::pending::<()>().await;
    }
}
