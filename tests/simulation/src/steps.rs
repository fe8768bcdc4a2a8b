//! Every step of one export of twenty requests: a crash and a failure at each, once and from there on, and a second
//! crash at the first steps of the recovery.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use enlist_core::Error;
use enlist_simulator::{Complaints, Latency, Processing, Settings};

use crate::farewell::Policy;
use crate::history::{carry_out, in_memory};
use crate::process::{Blow, Strike};
use crate::scenario::{End, Leg, Scenario};
use crate::segment::Edit;
use crate::{Rule, Verdict};

/// Contacts of a request.
const REQUEST: u16 = 5;

/// Requests of the export.
const REQUESTS: u16 = 20;

/// The first steps of a recovery, at which a second crash is tried: its preflight, what it takes up, what it sends first.
const RECOVERY: u64 = 28;

/// How the account behaves meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Imports are worked off in order, and all contacts are good.
    Sound,
    /// Imports overtake each other by minutes.
    Reordering,
    /// Some contacts are refused, at once or later, named one at a time and counted from 0.
    Refusing,
    /// Some imports fail, break off, or are forgotten without a word.
    Failing,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sound, Self::Reordering, Self::Refusing, Self::Failing];

    fn settings(self) -> Settings {
        let mut settings = Settings {
            bulk_latency: Latency::Fixed(0.7),
            latency: Latency::Fixed(0.1),
            processing: Processing { delay: Duration::from_secs(2), ..Processing::default() },
            ..Settings::default()
        };
        match self {
            Self::Sound => {}
            Self::Reordering => {
                settings.processing.out_of_order = 0.5;
                settings.processing.held_back = Duration::from_secs(90);
            }
            Self::Refusing => {
                (settings.fail_accept, settings.fail_async) = (0.03, 0.05);
                (settings.complaints, settings.first_index) = (Complaints::First, 0);
            }
            Self::Failing => {
                let processing = &mut settings.processing;
                (processing.failed, processing.interrupted, processing.forgotten) = (0.1, 0.1, 0.1);
            }
        }
        settings
    }
}

/// What to try.
pub struct Steps {
    /// How the account behaves.
    pub mode: Mode,
    /// Threads.
    pub threads: usize,
    /// Steps of the recovery that a second crash leaves out after each one it strikes; other first crashes leave out
    /// others, so that neighbours together miss none.
    pub skip: u64,
    /// A rule that is broken on purpose.
    pub broken: Option<Rule>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Tried {
    /// Steps of the export: ledger writes and calls.
    pub steps: u64,
    /// Histories carried out.
    pub histories: usize,
    /// Blows after which something was wrong.
    pub wrong: Vec<(String, String)>,
}

/// The export that is struck: a list with one value, of which the struck run sends another, and the last run the
/// first again, so that a value that lands late is seen.
fn scenario(mode: Mode, blows: &[Blow]) -> Scenario {
    let people = REQUESTS * REQUEST;
    let leg = |edits: Vec<Edit>, end: End| {
        Some(Leg {
            pause: Duration::ZERO,
            wall: 0,
            edits,
            unsubscribe: Vec::new(),
            end,
            neighbour: false,
            busy: false,
            narrow: false,
        })
    };
    let all = |value: u8| (0..people).map(|person| Edit::Set(person, value)).collect::<Vec<_>>();
    let mut legs = vec![leg(Vec::new(), End::Whole)];
    for (n, blow) in blows.iter().enumerate() {
        legs.push(leg(if n == 0 { all(1) } else { Vec::new() }, End::Blow(*blow)));
    }
    legs.push(leg(all(0), End::Deadline(Duration::from_secs(1))));
    Scenario {
        seed: 1,
        people,
        request: REQUEST.into(),
        settings: mode.settings(),
        way: Duration::from_millis(50),
        legs,
        shares_pace: false,
        policy: Policy::Keep,
    }
}

/// The export without a blow.
///
/// # Errors
/// When it cannot be set up.
pub fn export_of_twenty_requests(mode: Mode) -> Result<Verdict, Error> {
    let never = Blow { at: u64::MAX, strike: Strike::DieBefore, from_there_on: false };
    carry_out(&scenario(mode, &[never]), None, &in_memory)
}

impl Steps {
    /// Tries every blow.
    ///
    /// # Errors
    /// When a history cannot be set up, which is no verdict.
    pub fn run(&self) -> Result<Tried, Error> {
        let steps = export_of_twenty_requests(self.mode)?.steps;
        let blows: Vec<Vec<Blow>> = single(steps).chain(double(steps, self.skip + 1)).collect();
        let next = AtomicUsize::new(0);
        let tried = Mutex::new((Tried { steps, ..Tried::default() }, None));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while let Some(blows) = blows.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let verdict = carry_out(&scenario(self.mode, blows), self.broken, &in_memory);
                        let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
                        tried.0.histories += 1;
                        match verdict {
                            Ok(Verdict { wrongs, .. }) => {
                                let wrong = wrongs.into_iter().next().map(|wrong| (format!("{blows:?}"), wrong));
                                tried.0.wrong.extend(wrong);
                            }
                            Err(error) => tried.1 = Some(error),
                        }
                    }
                });
            }
        });
        let (tried, failure) = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(tried), Err)
    }
}

fn single(steps: u64) -> impl Iterator<Item = Vec<Blow>> {
    let strikes = [Strike::DieBefore, Strike::DieAfter, Strike::FailBefore, Strike::FailAfter];
    (1..=steps).flat_map(move |at| {
        strikes.into_iter().flat_map(move |strike| {
            let dies = matches!(strike, Strike::DieBefore | Strike::DieAfter);
            let both = if dies { &[false][..] } else { &[false, true] };
            both.iter().map(move |&from_there_on| vec![Blow { at, strike, from_there_on }])
        })
    })
}

/// Every crash, followed by one at each `stride`th step of the recovery.
fn double(steps: u64, stride: u64) -> impl Iterator<Item = Vec<Blow>> {
    let dies = |at, strike| Blow { at, strike, from_there_on: false };
    (1..=steps).flat_map(move |at| {
        (1..=RECOVERY).filter(move |again| (at + again).is_multiple_of(stride)).map(move |again| {
            // Before and after take turns, so that each meets each at neighbouring steps.
            let strikes = [Strike::DieBefore, Strike::DieAfter];
            let (first, second) = (strikes[(at % 2) as usize], strikes[((at / 2 + again) % 2) as usize]);
            vec![dies(at, first), dies(again, second)]
        })
    })
}
