//! Turns under the quotas of one account, shared by all who send to it from this machine.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::limit::{self, PaceState};
use crate::clock::boot_nanos;
use crate::{Clock, Error, ErrorKind, Lane, Quota, Turn};

/// Longest stored state that is read; a state takes some hundred bytes.
const LONGEST_STATE: u64 = 65_536;

/// Keeps one account's [`PaceState`].
pub trait PaceStore: Send {
    /// Hands the present (in nanoseconds of the store's clock) and the state to `work`, and keeps what it leaves.
    /// Nobody else sees the state meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when the state cannot be read or kept.
    fn with(&mut self, work: &mut dyn FnMut(u64, &mut PaceState)) -> Result<(), Error>;
}

/// A state of this process alone, on tokio's clock, paused or not.
#[derive(Debug)]
pub struct MemoryPaceStore {
    clock: Clock,
    state: PaceState,
}

impl MemoryPaceStore {
    /// A state without calls in the past.
    pub fn new() -> Self {
        Self { clock: Clock::start(), state: PaceState::idle() }
    }
}

impl Default for MemoryPaceStore {
    fn default() -> Self {
        Self::new()
    }
}

impl PaceStore for MemoryPaceStore {
    fn with(&mut self, work: &mut dyn FnMut(u64, &mut PaceState)) -> Result<(), Error> {
        work(limit::nanos(self.clock.elapsed()), &mut self.state);
        Ok(())
    }
}

/// A state in a file that all processes of one user on one machine share, on the clock that runs since boot and
/// through suspension.
///
/// A file of another boot, or one that cannot be understood, counts as a past that nobody knows: the first call waits
/// for one interval of its lane. There is nothing to repair and nothing to keep across boots.
pub struct FilePaceStore {
    file: File,
    path: PathBuf,
    boot: String,
    now: Box<dyn FnMut() -> u64 + Send>,
}

impl fmt::Debug for FilePaceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilePaceStore({})", self.path.display())
    }
}

#[derive(Deserialize)]
struct Stored {
    boot: String,
    state: PaceState,
}

#[derive(Serialize)]
struct ToStore<'a> {
    boot: &'a str,
    state: &'a PaceState,
}

impl FilePaceStore {
    /// The state of `account` at its usual place, `$XDG_STATE_HOME/enlist/pace` or `~/.local/state/enlist/pace`.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when neither place is known, or as [`open`](Self::open).
    pub fn for_account(account: &str) -> Result<Self, Error> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let home = home.ok_or_else(|| {
            Error::new(ErrorKind::State, "state::no_home", "there is no place for the state that exports share")
                .help("set HOME or XDG_STATE_HOME to an absolute path")
        })?;
        let name = blake3::hash(account.to_ascii_lowercase().as_bytes()).to_hex();
        Self::open(&home.join("enlist/pace").join(&name[..32]))
    }

    /// The state in the file at `path`; creates it (mode 0600) and its folder (mode 0700) when they do not exist.
    ///
    /// # Errors
    /// [`ErrorKind::State`] with `state::unwritable`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // Without a boot id, a restart is noticed only by what it does to the clock; the quota of one window is at stake.
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self::with_clock(path, boot.trim(), Box::new(boot_nanos))
    }

    /// [`open`](Self::open) with a boot id and a clock (nanoseconds, never going back within a boot) of the caller's.
    pub(super) fn with_clock(path: &Path, boot: &str, now: Box<dyn FnMut() -> u64 + Send>) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|e| unwritable(path, &e))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        Ok(Self {
            file: options.open(path).map_err(|e| unwritable(path, &e))?,
            path: path.to_owned(),
            boot: boot.to_owned(),
            now,
        })
    }

    fn load(&mut self) -> io::Result<PaceState> {
        let mut text = Vec::new();
        self.file.rewind()?;
        (&self.file).take(LONGEST_STATE).read_to_end(&mut text)?;
        if text.is_empty() {
            return Ok(PaceState::idle());
        }
        let stored = serde_json::from_slice::<Stored>(&text).ok();
        let now = (self.now)();
        let stored = stored.filter(|stored| stored.boot == self.boot && stored.state.is_usable(now));
        Ok(stored.map_or_else(PaceState::unknown, |stored| stored.state))
    }

    /// Overwrites in place: a crash in between leaves an unknown past, never a wrong one.
    fn save(&mut self, state: &PaceState) -> io::Result<()> {
        let boot = &self.boot;
        let text = serde_json::to_vec(&ToStore { boot, state })?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)
    }

    fn change(&mut self, work: &mut dyn FnMut(u64, &mut PaceState)) -> io::Result<()> {
        let mut state = self.load()?;
        let before = state.clone();
        work((self.now)(), &mut state);
        if state == before { Ok(()) } else { self.save(&state) }
    }
}

impl PaceStore for FilePaceStore {
    fn with(&mut self, work: &mut dyn FnMut(u64, &mut PaceState)) -> Result<(), Error> {
        // Held for one small read and one small write.
        self.file.lock().map_err(|e| unwritable(&self.path, &e))?;
        let done = self.change(work);
        let unlocked = self.file.unlock();
        done.and(unlocked).map_err(|e| unwritable(&self.path, &e))
    }
}

fn unwritable(path: &Path, cause: &io::Error) -> Error {
    let what = format!("cannot use the pace file {}: {cause}", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what).help("check owner, permissions and free space")
}

/// Hands out turns under the quotas of one account.
pub struct Pacer {
    store: Mutex<Box<dyn PaceStore>>,
    quotas: Vec<Quota>,
    /// One waiter a lane has a slot; the others queue for it, so that a process that was stopped has no slots to
    /// burst through when it goes on.
    queues: [tokio::sync::Mutex<()>; 3],
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").field("quotas", &self.quotas).finish_non_exhaustive()
    }
}

impl Pacer {
    /// A pacer with these quotas; lanes without one are not limited.
    pub fn new(store: Box<dyn PaceStore>, quotas: Vec<Quota>) -> Self {
        let (store, queues) = (Mutex::new(store), Default::default());
        Self { store, quotas, queues }
    }

    /// Takes the next slot of `lane` and returns its time. A hold that comes later is not in it: prefer
    /// [`turn`](Self::turn).
    ///
    /// # Errors
    /// As [`PaceStore::with`].
    pub fn reserve(&self, lane: Lane) -> Result<Instant, Error> {
        self.ask(|now, state| state.reserve(&self.quotas, lane, now) - now).map(after)
    }

    /// How late a call of `lane` may leave after its slot without crowding those that follow.
    pub fn slack(&self, lane: Lane) -> Duration {
        Duration::from_nanos(limit::slack(&self.quotas, lane))
    }

    /// The end of a hold of `lane`, if it is held.
    ///
    /// # Errors
    /// As [`PaceStore::with`].
    pub fn held_until(&self, lane: Lane) -> Result<Option<Instant>, Error> {
        let held = self.ask(|now, state| state.held_until(lane, now).map(|until| until - now))?;
        Ok(held.map(after))
    }

    /// Puts off `lane` for everybody after a call of it was throttled; see [`PaceState::hold`].
    ///
    /// # Errors
    /// As [`PaceStore::with`].
    pub fn hold(&self, lane: Lane, retry_after: Option<Duration>) -> Result<(), Error> {
        self.ask(|now, state| state.hold(lane, now, retry_after))
    }

    /// Notes that a call of `lane` was not throttled.
    ///
    /// # Errors
    /// As [`PaceStore::with`].
    pub fn success(&self, lane: Lane) -> Result<(), Error> {
        self.ask(|now, state| state.success(lane, now))
    }

    /// Returns when a call of `lane` may leave: in its slot, unless a hold came in between or the slot was slept
    /// through (a suspended machine, a stopped process); then in a later one.
    ///
    /// # Errors
    /// As [`PaceStore::with`].
    pub async fn turn(&self, lane: Lane) -> Result<(), Error> {
        let _first = self.queue(lane).lock().await;
        let slack = limit::slack(&self.quotas, lane);
        let mut overslept = false;
        loop {
            let (slot, wait) = self.ask(|now, state| {
                let slot = state.reserve(&self.quotas, lane, now);
                (slot, slot - now)
            })?;
            tokio::time::sleep_until(after(wait)).await;
            let (held, late) =
                self.ask(|now, state| (state.held_until(lane, now).is_some(), now.saturating_sub(slot) > slack))?;
            if held {
                continue;
            }
            if late && overslept {
                // A machine that wakes late every time would never leave: it pays with the following slot instead.
                return self.reserve(lane).map(|_| ());
            }
            if !late {
                return Ok(());
            }
            overslept = true;
        }
    }

    fn queue(&self, lane: Lane) -> &tokio::sync::Mutex<()> {
        let [bulk, single, general] = &self.queues;
        match lane {
            Lane::Bulk => bulk,
            Lane::Single => single,
            Lane::General => general,
        }
    }

    fn ask<T>(&self, question: impl Fn(u64, &mut PaceState) -> T) -> Result<T, Error> {
        let mut answer = None;
        self.store().with(&mut |now, state| answer = Some(question(now, state)))?;
        answer.ok_or_else(|| Error::new(ErrorKind::Bug, "bug::pace_store", "a pace store did not show its state"))
    }

    fn store(&self) -> MutexGuard<'_, Box<dyn PaceStore>> {
        // Every change of the state is whole before anything can panic.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Turn for Pacer {
    async fn turn(&self, lane: Lane) -> Result<(), Error> {
        Self::turn(self, lane).await
    }
}

fn after(nanos: u64) -> Instant {
    Clock::start().now() + Duration::from_nanos(nanos)
}
