//! What the process needs before any command: private files, nothing of it in dumps, a TLS provider, threads.

use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, OnceLock};

use enlist_core::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;

/// Bounds of the number of runtime threads: delivery is paced by the network, not by cores.
const THREADS: std::ops::RangeInclusive<usize> = 2..=4;

/// Makes new files private to the user, keeps keys and people out of dumps and panics, and chooses ring for TLS.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit, umask};
        umask(rustix::fs::Mode::from_raw_mode(0o077));
        // Lowering a limit of one's own is always allowed.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        // The limit does not hold where cores are piped to a program, and other processes of the user could read the
        // memory and the environment: this closes both ways. Only a kernel without the call refuses it.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
    std::panic::set_hook(Box::new(|panic| {
        // Nobody may be listening; the panic goes on.
        let _ = writeln!(std::io::stderr(), "{}", told(panic));
    }));
    // Fails only when a provider is already installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What is said of a panic: where it happened. Its message may quote a cell or a key.
fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
    format!("panicked{}", place.unwrap_or_default())
}

/// Does `work`; a panic in it is a defect like any other.
///
/// # Errors
/// Those of `work`, and `bug::panic`.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let defect = Error::new(ErrorKind::Bug, "bug::panic", "a defect of enlist ended the command");
        Err(defect
            .help("report it with the line above; what was confirmed stays confirmed, and a run continues")
            .into())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_not_what_it_was_about() {
        let heard = Arc::new(OnceLock::new());
        let hearing = Arc::clone(&heard);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = hearing.set(told(panic));
        }));
        let failure = guarded::<()>(|| panic!("canary.person@example.com")).unwrap_err();
        std::panic::set_hook(before);
        let heard = heard.get().unwrap();
        assert!(heard.starts_with("panicked at ") && heard.contains("process.rs:"), "{heard}");
        assert!(!heard.contains("canary"), "{heard}");
        assert_eq!((failure.exit(), failure.error.code()), (Exit::Bug, "bug::panic"));
        assert!(!failure.error.to_string().contains("canary"), "{}", failure.error);
    }
}
