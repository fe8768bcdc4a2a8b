//! What happens in one simulated history, drawn from a seed before anything runs, so that parts can be left out.

use std::time::Duration;

use enlist_simulator::Settings;
use fastrand::Rng;

use crate::farewell::Policy;
use crate::process::{Blow, Strike};
use crate::segment::Edit;
use crate::weather;

/// Most steps of a run that a blow is aimed at; a run of eight requests takes about sixty.
const STEPS: f64 = 150.0;

/// Sets what is drawn for leavers apart from everything else.
const LEAVING: u64 = 0x1eaf;

/// How a run ends, if not by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Whole,
    /// Something strikes at a step.
    Blow(Blow),
    /// The process is killed after this time.
    Kill(Duration),
    /// The run is told to stop after this time.
    Stop(Duration),
    /// The run's deadline.
    Deadline(Duration),
}

/// One run and what precedes it.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    /// Time since the run before.
    pub(crate) pause: Duration,
    /// Seconds by which the wall clock is wrong.
    pub(crate) wall: i64,
    /// What happens to the source meanwhile.
    pub(crate) edits: Vec<Edit>,
    /// Persons who leave the list by themselves.
    pub(crate) unsubscribe: Vec<u16>,
    pub(crate) end: End,
    /// Whether another exporter works on the account at the same time.
    pub(crate) neighbour: bool,
    /// Whether the importer is busy with another exporter's contacts for an hour.
    pub(crate) busy: bool,
    /// Whether the mapping leaves the custom field out, which makes another generation (R10).
    pub(crate) narrow: bool,
}

/// A whole history.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) people: u16,
    /// Contacts of a request.
    pub(crate) request: usize,
    /// The account and its faults.
    pub(crate) settings: Settings,
    /// The longest time a call is on its way.
    pub(crate) way: Duration,
    /// Runs, with the parts that were left out.
    pub(crate) legs: Vec<Option<Leg>>,
    /// Whether the neighbour shares our pace, as on one machine.
    pub(crate) shares_pace: bool,
    /// What people are told who leave the segment.
    pub(crate) policy: Policy,
}

impl Scenario {
    /// The history of `seed`.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed);
        let people = chance.u16(8..=48);
        let mut legs: Vec<_> = (0..chance.usize(3..=6)).map(|n| Some(leg(&mut chance, people, n))).collect();
        let mut leaving = Rng::with_seed(seed ^ LEAVING);
        let policy = [Policy::Keep, Policy::Mark, Policy::Unsubscribe][leaving.usize(..3)];
        if policy != Policy::Keep {
            legs.iter_mut().skip(1).flatten().for_each(|leg| leg.edits.extend(leavers(&mut leaving, people)));
        }
        Self {
            seed,
            people,
            request: chance.usize(2..=8),
            settings: weather::settings(&mut chance, seed),
            way: Duration::from_millis(if chance.u8(..4) == 0 { chance.u64(..20_000) } else { chance.u64(..300) }),
            legs,
            shares_pace: chance.bool(),
            policy,
        }
    }

    /// Names of the parts that can be left out, coarse ones first.
    pub(crate) fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for (n, leg) in self.legs.iter().enumerate().filter_map(|(n, leg)| Some((n, leg.as_ref()?))) {
            parts.push(format!("run{n}"));
            parts.extend((leg.end != End::Whole).then(|| format!("end{n}")));
            parts.extend(leg.neighbour.then(|| format!("neighbour{n}")));
            parts.extend(leg.busy.then(|| format!("busy{n}")));
            parts.extend(leg.narrow.then(|| format!("narrow{n}")));
            parts.extend((leg.wall != 0).then(|| format!("wall{n}")));
            parts.extend((!leg.pause.is_zero()).then(|| format!("pause{n}")));
            parts.extend((!leg.unsubscribe.is_empty()).then(|| format!("unsubscribe{n}")));
            parts.extend((0..leg.edits.len()).map(|edit| format!("edit{n}.{edit}")));
        }
        parts.extend((!self.way.is_zero()).then(|| "way".to_owned()));
        parts.extend((self.policy != Policy::Keep).then(|| "policy".to_owned()));
        parts.extend(weather::parts(&self.settings).map(str::to_owned));
        parts
    }

    /// Leaves a part out. Unknown names change nothing.
    pub(crate) fn leave_out(&mut self, part: &str) {
        let digits = part.find(|letter: char| letter.is_ascii_digit());
        let Some((kind, number)) = digits.map(|at| part.split_at(at)) else {
            match part {
                "way" => self.way = Duration::ZERO,
                "policy" => self.policy = Policy::Keep,
                _ => weather::leave_out(&mut self.settings, part),
            }
            return;
        };
        let (number, edit) = number.split_once('.').unwrap_or((number, ""));
        let Some(slot) = number.parse().ok().and_then(|n: usize| self.legs.get_mut(n)) else { return };
        let Some(leg) = slot else { return };
        match kind {
            "run" => *slot = None,
            "end" => leg.end = End::Whole,
            "neighbour" => leg.neighbour = false,
            "busy" => leg.busy = false,
            "narrow" => leg.narrow = false,
            "wall" => leg.wall = 0,
            "pause" => leg.pause = Duration::ZERO,
            "unsubscribe" => leg.unsubscribe.clear(),
            "edit" => {
                // Others keep their numbers: a person nobody has is left alone.
                if let Some(edit) = edit.parse().ok().and_then(|n: usize| leg.edits.get_mut(n)) {
                    *edit = Edit::Remove(u16::MAX);
                }
            }
            _ => {}
        }
    }
}

fn leg(chance: &mut Rng, people: u16, n: usize) -> Leg {
    let edits = if n == 0 { Vec::new() } else { edits(chance, people) };
    let pause = match chance.u8(..4) {
        0 => Duration::ZERO,
        1 => Duration::from_secs(chance.u64(..60)),
        2 => Duration::from_secs(chance.u64(..3_600)),
        _ => Duration::from_secs(chance.u64(..100_000)),
    };
    let wall = if chance.u8(..4) == 0 { chance.i64(-100_000..100_000) } else { 0 };
    let leaving = if chance.u8(..5) == 0 { 1 } else { 0 };
    Leg {
        pause,
        wall,
        edits,
        unsubscribe: (0..leaving).map(|_| chance.u16(..people)).collect(),
        end: end(chance),
        neighbour: chance.u8(..8) == 0,
        busy: chance.u8(..12) == 0,
        narrow: chance.u8(..8) == 0,
    }
}

/// Values come from a handful, so that they often return to what they were.
fn edits(chance: &mut Rng, people: u16) -> Vec<Edit> {
    let mut edits = Vec::new();
    for person in 0..people + 4 {
        if chance.u8(..4) == 0 {
            edits.push(match chance.u8(..12) {
                0 => Edit::Remove(person),
                1 => Edit::Repeat(person, chance.u8(..3)),
                2 => Edit::Spoil(person),
                _ => Edit::Set(person, chance.u8(..3)),
            });
        }
    }
    edits
}

/// People who leave besides; some of them come back by later edits.
fn leavers(chance: &mut Rng, people: u16) -> Vec<Edit> {
    (0..people).filter(|_| chance.u8(..8) == 0).map(Edit::Remove).collect()
}

fn end(chance: &mut Rng) -> End {
    let time = |chance: &mut Rng| Duration::from_secs_f64(log_uniform(chance, 0.2, 3_000.0));
    match chance.u8(..10) {
        0..=3 => {
            let strike = match chance.u8(..6) {
                0 | 1 => Strike::DieBefore,
                2 | 3 => Strike::DieAfter,
                4 => Strike::FailBefore,
                _ => Strike::FailAfter,
            };
            let at = log_uniform(chance, 1.0, STEPS) as u64;
            End::Blow(Blow { at, strike, from_there_on: chance.u8(..4) == 0 })
        }
        4 | 5 => End::Kill(time(chance)),
        6 => End::Stop(time(chance)),
        7 => End::Deadline(time(chance)),
        _ => End::Whole,
    }
}

fn log_uniform(chance: &mut Rng, from: f64, to: f64) -> f64 {
    (from.ln() + (to / from).ln() * chance.f64()).exp()
}
