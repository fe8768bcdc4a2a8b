//! Several processes that share an account: whatever they do, no window exceeds a quota.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::PaceStore;
use super::super::limit::PaceState;
use super::super::pacer::FilePaceStore;
use super::{SECOND, assert_within_quotas, fullest, pacer_on_file, quota};
use crate::{Clock, Lane, Quota};

const PROCESSES: usize = 3;

/// Whoever has a slot this far ahead (behind the longest hold) waits for it before asking for another, as a pacer does
/// for every slot: slots an hour ahead are taken for damage.
const QUEUE: u64 = 600 * SECOND;

#[derive(Clone, Debug)]
enum Step {
    Reserve(usize, Lane, usize),
    Hold(usize, Lane, Option<u64>),
    Success(usize, Lane),
    Idle(u64),
    /// A process ends, and another begins.
    Restart(usize),
    /// All processes end without having used the slots that lie ahead; the clock begins anew.
    Reboot,
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![3 => Just(Lane::Bulk), 2 => Just(Lane::Single), 1 => Just(Lane::General)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PROCESSES;
    let step = prop_oneof![
        12 => (who(), lane(), 1..12_usize).prop_map(|(who, lane, times)| Step::Reserve(who, lane, times)),
        3 => (0..120 * SECOND).prop_map(Step::Idle),
        3 => (0..2 * SECOND).prop_map(Step::Idle),
        2 => (who(), lane(), prop::option::of(0..400_u64)).prop_map(|(who, lane, asked)| Step::Hold(who, lane, asked)),
        1 => (who(), lane()).prop_map(|(who, lane)| Step::Success(who, lane)),
        1 => who().prop_map(Step::Restart),
        1 => Just(Step::Reboot),
    ];
    prop::collection::vec(step, 1..40)
}

/// Quotas of any size, some lanes with two, some with none.
fn any_quotas() -> impl Strategy<Value = Vec<Quota>> {
    let one = |lane| (1..150_u32, 1..120_u64).prop_map(move |(count, seconds)| quota(lane, count, seconds));
    let of = |lane| prop::collection::vec(one(lane), 0..3);
    (of(Lane::Bulk), of(Lane::Single), of(Lane::General))
        .prop_map(|(bulk, single, general)| [bulk, single, general].concat())
}

/// One machine: the time since it was bought, and when it was last started.
#[derive(Clone, Default)]
struct Machine {
    time: Arc<AtomicU64>,
    started: Arc<AtomicU64>,
}

impl Machine {
    fn now(&self) -> u64 {
        self.time.load(Ordering::Relaxed) - self.started.load(Ordering::Relaxed)
    }

    fn process(&self, path: &Path) -> FilePaceStore {
        let (machine, boot) = (self.clone(), self.started.load(Ordering::Relaxed).to_string());
        FilePaceStore::with_clock(path, &boot, Box::new(move || machine.now())).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_window_exceeds_its_quota_whoever_takes_the_slots(quotas in any_quotas(), steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme");
        let machine = Machine::default();
        machine.time.store(SECOND, Ordering::Relaxed);
        let mut processes: Vec<FilePaceStore> = (0..PROCESSES).map(|_| machine.process(&path)).collect();
        let mut calls: Vec<(Lane, u64)> = Vec::new();
        'steps: for step in steps {
            let time = machine.time.load(Ordering::Relaxed);
            match step {
                Step::Reserve(who, lane, times) => for _ in 0..times {
                    let take = |now: u64, state: &mut PaceState| {
                        let slot = state.reserve(&quotas, lane, now);
                        assert!(slot >= now && state.held_until(lane, now).is_none_or(|until| slot >= until));
                        slot - now
                    };
                    let wait = ask(&mut processes[who], take);
                    calls.push((lane, time + wait));
                    if wait > QUEUE {
                        machine.time.store(time + wait, Ordering::Relaxed);
                        continue 'steps;
                    }
                },
                Step::Hold(who, lane, asked) => {
                    ask(&mut processes[who], |now, state| state.hold(lane, now, asked.map(Duration::from_secs)));
                }
                Step::Success(who, lane) => ask(&mut processes[who], |now, state| state.success(lane, now)),
                Step::Idle(time) => drop(machine.time.fetch_add(time, Ordering::Relaxed)),
                Step::Restart(who) => processes[who] = machine.process(&path),
                Step::Reboot => {
                    calls.retain(|(_, slot)| *slot <= time);
                    machine.started.store(time, Ordering::Relaxed);
                    processes = (0..PROCESSES).map(|_| machine.process(&path)).collect();
                }
            }
        }
        for quota in &quotas {
            let counts = |lane: Lane| lane == quota.lane || (quota.lane, lane) == (Lane::Bulk, Lane::Single);
            let times: Vec<u64> = calls.iter().filter(|(lane, _)| counts(*lane)).map(|(_, slot)| *slot).collect();
            let most = fullest(&times, quota.window.as_nanos() as u64);
            prop_assert!(most <= quota.count as usize, "{most} calls in a window of {quota:?}");
        }
    }

    #[test]
    fn no_window_exceeds_its_quota_through_holds_and_sleep(
        waiting in prop::collection::vec((0..PROCESSES, lane()), 1..150), disturbances in disturbances(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (calls, holds) = runtime.block_on(turns(waiting, disturbances));
        assert_within_quotas(&calls);
        for (held, from, until) in holds {
            let shares = |lane: Lane| (lane == Lane::General) == (held == Lane::General);
            let within = calls.iter().find(|(lane, at)| shares(*lane) && from < *at && *at < until);
            prop_assert_eq!(within, None, "{:?} is held from {} until {}", held, from, until);
        }
    }
}

fn ask<T>(store: &mut FilePaceStore, mut question: impl FnMut(u64, &mut PaceState) -> T) -> T {
    let mut answer = None;
    store.with(&mut |now, state| answer = Some(question(now, state))).unwrap();
    answer.unwrap()
}

/// What comes between: after so many milliseconds a throttle, or a sleep of the machine.
#[derive(Clone, Debug)]
enum Disturbance {
    Hold(usize, Lane, Option<u64>),
    Sleep(u64),
}

fn disturbances() -> impl Strategy<Value = Vec<(u64, Disturbance)>> {
    let hold = (0..PROCESSES, lane(), prop::option::of(0..90_u64));
    let one = prop_oneof![
        1 => hold.prop_map(|(who, lane, asked)| Disturbance::Hold(who, lane, asked)),
        1 => prop_oneof![1..3_000_u64, 1..200_000_u64].prop_map(Disturbance::Sleep),
    ];
    prop::collection::vec((0..8_000_u64, one), 0..12)
}

type Holds = Vec<(Lane, u64, u64)>;

/// Lets all who wait take turns, and notes when each left and what was held when.
async fn turns(waiting: Vec<(usize, Lane)>, disturbances: Vec<(u64, Disturbance)>) -> (Vec<(Lane, u64)>, Holds) {
    let folder = tempfile::tempdir().unwrap();
    let (boot, start) = (("boot", Clock::start()), Instant::now());
    let path = folder.path().join("acme");
    let pacers: Vec<_> = (0..PROCESSES).map(|_| pacer_on_file(&path, boot)).collect();
    let mut tasks = JoinSet::new();
    for (who, lane) in waiting {
        let pacer = Arc::clone(&pacers[who]);
        tasks.spawn(async move {
            pacer.turn(lane).await.unwrap();
            (lane, start.elapsed().as_nanos() as u64)
        });
    }
    let disturb = async {
        let mut holds = Holds::new();
        for (after, what) in disturbances {
            tokio::time::sleep(Duration::from_millis(after)).await;
            match what {
                Disturbance::Sleep(time) => tokio::time::advance(Duration::from_millis(time)).await,
                Disturbance::Hold(who, lane, asked) => {
                    pacers[who].hold(lane, asked.map(Duration::from_secs)).unwrap();
                    let until = pacers[who].held_until(lane).unwrap().map(|until| until.duration_since(start));
                    let now = start.elapsed();
                    holds.push((lane, now.as_nanos() as u64, until.unwrap_or(now).as_nanos() as u64));
                }
            }
        }
        holds
    };
    let (calls, holds) = tokio::join!(tasks.join_all(), disturb);
    (calls, holds)
}

#[test]
fn a_state_of_the_far_future_is_a_past_that_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme");
    let machine = Machine::default();
    let quotas = [quota(Lane::Bulk, 100, 60)];
    let reserve = || ask(&mut machine.process(&path), |_, state| state.reserve(&quotas, Lane::Bulk, 0));
    reserve();
    let text = std::fs::read_to_string(&path).unwrap();
    // A flipped bit in a digit, say: readable, and no state that any run can have left.
    let damaged = text.replacen("\"bulk\":", "\"bulk\":9999999999", 1);
    assert_ne!(text, damaged);
    std::fs::write(&path, damaged).unwrap();
    let slot = reserve();
    assert!(slot < 600 * SECOND, "the next call leaves in {} s", slot / SECOND);
}
