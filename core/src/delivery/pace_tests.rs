//! Quotas hold in every window, whatever is asked for and whenever.

mod several;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::limit::PaceState;
use super::pacer::{FilePaceStore, MemoryPaceStore, Pacer};
use crate::{Clock, Lane, Quota};

const SECOND: u64 = 1_000_000_000;

fn quota(lane: Lane, count: u32, seconds: u64) -> Quota {
    let window = Duration::from_secs(seconds);
    Quota { lane, count, window }
}

fn quotas() -> Vec<Quota> {
    vec![quota(Lane::Bulk, 100, 60), quota(Lane::Single, 20, 60), quota(Lane::General, 5, 1)]
}

/// The most of `times` in any window, both ends included.
fn fullest(times: &[u64], window: u64) -> usize {
    let mut times = times.to_vec();
    times.sort_unstable();
    let within = |at: usize| times[at..].partition_point(|time| *time <= times[at] + window);
    (0..times.len()).map(within).max().unwrap_or(0)
}

fn assert_within_quotas(calls: &[(Lane, u64)]) {
    let of = |wanted: &[Lane]| -> Vec<u64> {
        let wanted = calls.iter().filter(|(lane, _)| wanted.contains(lane));
        wanted.map(|(_, at)| *at).collect()
    };
    assert!(fullest(&of(&[Lane::Bulk, Lane::Single]), 60 * SECOND) <= 100);
    assert!(fullest(&of(&[Lane::Single]), 60 * SECOND) <= 20);
    assert!(fullest(&of(&[Lane::General]), SECOND) <= 5);
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(Lane, usize),
    Idle(u64),
    Hold(Lane, Option<u64>),
    Success(Lane),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = || prop_oneof![3 => Just(Lane::Bulk), 1 => Just(Lane::Single), 1 => Just(Lane::General)];
    let step = prop_oneof![
        8 => (lane(), 1..60usize).prop_map(|(lane, times)| Step::Reserve(lane, times)),
        3 => (0..120 * SECOND).prop_map(Step::Idle),
        2 => (0..SECOND).prop_map(Step::Idle),
        1 => (lane(), prop::option::of(0..400u64)).prop_map(|(lane, asked)| Step::Hold(lane, asked)),
        1 => lane().prop_map(Step::Success),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #[test]
    fn no_window_exceeds_its_quota(steps in steps(), known in any::<bool>()) {
        let quotas = quotas();
        let mut state = if known { PaceState::idle() } else { PaceState::unknown() };
        let (mut now, mut calls) = (SECOND, Vec::new());
        for step in steps {
            match step {
                Step::Reserve(lane, times) => for _ in 0..times {
                    let slot = state.reserve(&quotas, lane, now);
                    prop_assert!(slot >= now);
                    prop_assert!(state.held_until(lane, now).is_none_or(|until| slot >= until));
                    calls.push((lane, slot));
                },
                Step::Idle(time) => now += time,
                Step::Hold(lane, asked) => state.hold(lane, now, asked.map(Duration::from_secs)),
                Step::Success(lane) => state.success(lane, now),
            }
        }
        assert_within_quotas(&calls);
    }
}

/// Calls of `lane` within `time` when each is asked for as soon as the one before has left.
fn demand(state: &mut PaceState, lanes: &[Lane], time: u64) -> Vec<(Lane, u64)> {
    let mut next: Vec<(Lane, u64)> = lanes.iter().map(|lane| (*lane, 0)).collect();
    let mut calls = Vec::new();
    loop {
        next.sort_by_key(|(_, at)| *at);
        let (lane, now) = next[0];
        if now >= time {
            return calls;
        }
        next[0].1 = state.reserve(&quotas(), lane, now);
        if now > 0 {
            calls.push((lane, now));
        }
    }
}

#[test]
fn steady_demand_uses_nearly_all_of_a_quota() {
    let minutes = 30;
    let count = |lanes: &[Lane]| demand(&mut PaceState::idle(), lanes, minutes * 60 * SECOND).len() as f64;
    let per_minute = count(&[Lane::Bulk]) / minutes as f64;
    assert!((98.4..=99.1).contains(&per_minute), "{per_minute} bulk calls a minute");
    let per_second = count(&[Lane::General]) / (minutes * 60) as f64;
    assert!((4.4..=4.6).contains(&per_second), "{per_second} general calls a second");
}

#[test]
fn singles_take_bulk_slots_and_leave_the_others_to_bulk() {
    let calls = demand(&mut PaceState::idle(), &[Lane::Bulk, Lane::Single], 30 * 60 * SECOND);
    assert_within_quotas(&calls);
    let per_minute = |lane| calls.iter().filter(|call| call.0 == lane).count() / 30;
    assert_eq!((per_minute(Lane::Single), per_minute(Lane::Bulk)), (19, 79));
}

#[test]
fn nothing_is_saved_up_while_idle() {
    let mut state = PaceState::idle();
    state.reserve(&quotas(), Lane::Bulk, 0);
    let late = 3_600 * SECOND;
    let slots: Vec<_> = (0..3).map(|_| state.reserve(&quotas(), Lane::Bulk, late)).collect();
    assert_eq!(slots[0], late);
    assert!(slots[1] - slots[0] > 606_000_000 && slots[2] - slots[1] > 606_000_000);
}

#[test]
fn waits_double_until_a_call_succeeds() {
    let (mut state, mut now, mut waits) = (PaceState::idle(), 0, Vec::new());
    let throttle = |state: &mut PaceState, now: &mut u64| {
        state.hold(Lane::Single, *now, None);
        // The answers of calls that left together change nothing.
        state.hold(Lane::Bulk, *now, None);
        let until = state.held_until(Lane::Bulk, *now).unwrap();
        let wait = (until - *now) / SECOND;
        *now = until;
        wait
    };
    for _ in 0..6 {
        waits.push(throttle(&mut state, &mut now));
    }
    assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
    assert_eq!(state.held_until(Lane::General, 0), None);
    state.success(Lane::Bulk, now);
    assert_eq!(throttle(&mut state, &mut now), 5);
}

#[test]
fn what_the_destination_asks_for_is_honoured_up_to_five_minutes() {
    for (asked, waited) in [(0, None), (30, Some(30)), (300, Some(300)), (1_000_000_000, Some(300))] {
        let mut state = PaceState::idle();
        state.hold(Lane::General, 7, Some(Duration::from_secs(asked)));
        let held = state.held_until(Lane::General, 7).map(|until| (until - 7) / SECOND);
        assert_eq!(held, waited);
    }
}

#[test]
fn a_throttle_slows_down_for_a_minute() {
    let quotas = quotas();
    let gap = |state: &PaceState, at: u64| {
        let mut state = state.clone();
        let first = state.reserve(&quotas, Lane::Bulk, at);
        (state.reserve(&quotas, Lane::Bulk, at) - first) / 1_000_000
    };
    let mut state = PaceState::idle();
    state.hold(Lane::Bulk, 0, Some(Duration::ZERO));
    assert_eq!(gap(&state, 0), 865, "606 ms at 0.7 of the rate");
    assert_eq!(gap(&state, 30 * SECOND), 629, "1 - 0.3 / 8 of the rate");
    assert_eq!(gap(&state, 60 * SECOND), 606);
    for _ in 0..10 {
        state.hold(Lane::Bulk, 0, Some(Duration::ZERO));
    }
    assert_eq!(gap(&state, 0), 2_424, "never below a quarter");
}

fn pacer_in_memory() -> Arc<Pacer> {
    Arc::new(Pacer::new(Box::new(MemoryPaceStore::new()), quotas()))
}

/// `boot` is the one clock of all who share the file, away from zero as after a start.
fn pacer_on_file(path: &Path, boot: (&str, Clock)) -> Arc<Pacer> {
    let (id, clock) = boot;
    let now = move || SECOND + clock.elapsed().as_nanos() as u64;
    let store = FilePaceStore::with_clock(path, id, Box::new(now)).unwrap();
    Arc::new(Pacer::new(Box::new(store), quotas()))
}

/// Lets `count` tasks take turns at once and returns when each left, since the start.
async fn turns(pacers: &[Arc<Pacer>], lane: Lane, count: usize) -> Vec<(Lane, u64)> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for at in 0..count {
        let pacer = Arc::clone(&pacers[at % pacers.len()]);
        tasks.spawn(async move {
            pacer.turn(lane).await.unwrap();
            (lane, start.elapsed().as_nanos() as u64)
        });
    }
    let mut calls = tasks.join_all().await;
    calls.sort_by_key(|call| call.1);
    calls
}

#[tokio::test(start_paused = true)]
async fn turns_keep_to_the_quota() {
    let calls = turns(&[pacer_in_memory()], Lane::Bulk, 250).await;
    assert_within_quotas(&calls);
    let last = calls[249].1 / SECOND;
    assert!((150..=152).contains(&last), "249 intervals of 606 ms, not {last} s");
}

#[tokio::test(start_paused = true)]
async fn a_hold_reaches_those_who_wait_already() {
    let pacer = pacer_in_memory();
    pacer.turn(Lane::Bulk).await.unwrap();
    let start = Instant::now();
    let waiting = tokio::spawn({
        let pacer = Arc::clone(&pacer);
        async move { pacer.turn(Lane::Bulk).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    pacer.hold(Lane::Single, Some(Duration::from_secs(30))).unwrap();
    assert!(pacer.held_until(Lane::Bulk).unwrap().is_some());
    assert_eq!(pacer.held_until(Lane::General).unwrap(), None);
    waiting.await.unwrap().unwrap();
    assert!(start.elapsed() >= Duration::from_millis(30_100));
    assert_eq!(pacer.held_until(Lane::Bulk).unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_does_not_burst() {
    let pacer = pacer_in_memory();
    let calls = tokio::spawn(async move { turns(&[pacer], Lane::Bulk, 30).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    tokio::time::advance(Duration::from_secs(600)).await;
    let calls = calls.await.unwrap();
    let gaps = calls.windows(2).map(|pair| pair[1].1 - pair[0].1);
    assert!(gaps.min().unwrap() > 600_000_000, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_one_quota() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("enlist/pace/acme");
    let boot = ("boot-1", Clock::start());
    let pacers = [pacer_on_file(&path, boot), pacer_on_file(&path, boot)];
    let calls = turns(&pacers, Lane::Bulk, 240).await;
    assert_within_quotas(&calls);
    let last = calls[239].1 / SECOND;
    assert!((144..=146).contains(&last), "239 intervals of 606 ms, not {last} s");
    pacers[0].hold(Lane::Bulk, Some(Duration::from_secs(20))).unwrap();
    assert!(pacers[1].held_until(Lane::Single).unwrap().is_some());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_past_costs_one_interval() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme");
    let clock = Clock::start();
    let wait = |boot: &str| {
        let slot = pacer_on_file(&path, (boot, clock)).reserve(Lane::Bulk).unwrap();
        slot.duration_since(Instant::now()).as_millis()
    };
    assert_eq!(wait("boot-1"), 0, "without a file nothing was ever sent");
    assert!(wait("boot-1") >= 606, "the state is kept between processes");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(wait("boot-1"), 0);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(wait("boot-2") >= 606, "the machine was restarted");
    for text in ["{\"boot\":\"boot-2\",\"state\":{}}", "not json", "{"] {
        tokio::time::advance(Duration::from_secs(60)).await;
        std::fs::write(&path, text).unwrap();
        assert!(wait("boot-2") >= 606, "{text}");
    }
}

#[test]
fn the_usual_store_runs_on_the_clock_since_boot() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FilePaceStore::open(&folder.path().join("acme")).unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        super::PaceStore::with(&mut store, &mut |now, _| seen.push(now)).unwrap();
    }
    assert!(0 < seen[0] && seen[0] <= seen[1]);
}
