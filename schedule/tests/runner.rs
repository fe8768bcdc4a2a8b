//! What is started when, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use enlist_schedule::{Entry, Event, Options, Start, Timetable, run_all};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Every test begins here on the wall.
const BEGIN: &str = "2026-05-01T00:30:00Z";

type Ran = (String, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>);

/// A scheduler in its own world: the wall follows tokio's clock, plus what a test sets it by.
struct World {
    begin: Instant,
    skew: AtomicI64,
    /// Name, due time, start and end of each run that ended.
    runs: Mutex<Vec<Ran>>,
    events: Mutex<Vec<Event>>,
    length: Mutex<BTreeMap<String, u64>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Of 1 May 2026.
fn clock(text: &str) -> DateTime<Utc> {
    at(&format!("2026-05-01T{text}Z"))
}

fn entry(name: &str, cron: &str) -> Entry {
    let timetable = Timetable::parse(cron, None).unwrap();
    Entry { name: name.to_owned(), timetable, last: None, jitter: Duration::ZERO, catch_up: true }
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            begin: Instant::now(),
            skew: AtomicI64::new(0),
            runs: Mutex::default(),
            events: Mutex::default(),
            length: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.begin.elapsed()).unwrap();
        at(BEGIN) + elapsed + TimeDelta::seconds(self.skew.load(SeqCst))
    }

    /// Sets the clock on the wall by so many seconds.
    fn set(&self, seconds: i64) {
        self.skew.fetch_add(seconds, SeqCst);
    }

    /// Runs of `name` last so many seconds, unless they are told to stop.
    fn lasts(&self, name: &str, seconds: u64) {
        self.length.lock().unwrap().insert(name.to_owned(), seconds);
    }

    fn start(self: &Arc<Self>, entries: Vec<Entry>, options: Options) -> (watch::Sender<bool>, JoinHandle<()>) {
        let (stop, stopped) = watch::channel(false);
        let (wall, runner, listener) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let run = move |start: Start| Arc::clone(&runner).run(start);
        let tell = move |event| listener.events.lock().unwrap().push(event);
        (stop, tokio::spawn(run_all(entries, options, stopped, move || wall.now(), run, tell)))
    }

    async fn run(self: Arc<Self>, mut start: Start) {
        let (from, name, due) = (self.now(), start.name.clone(), start.due);
        let seconds = *self.length.lock().unwrap().get(&name).unwrap_or(&1);
        self.most_at_once.fetch_max(self.at_once.fetch_add(1, SeqCst) + 1, SeqCst);
        let told = tokio::time::timeout(Duration::from_secs(seconds), async move {
            start.stop.wait_for(|stop| *stop).await.is_ok()
        });
        if told.await == Ok(true) {
            // What is under way needs two seconds to come to an end.
            sleep(Duration::from_secs(2)).await;
        }
        self.at_once.fetch_sub(1, SeqCst);
        self.runs.lock().unwrap().push((name, due, from, self.now()));
    }

    fn starts(&self) -> Vec<DateTime<Utc>> {
        self.runs.lock().unwrap().iter().map(|(_, _, from, _)| *from).collect()
    }

    fn dues(&self) -> Vec<DateTime<Utc>> {
        self.runs.lock().unwrap().iter().map(|(_, due, _, _)| *due).collect()
    }

    fn told(&self, event: &Event) -> bool {
        self.events.lock().unwrap().contains(event)
    }
}

fn missed(due: &str) -> Event {
    Event::Missed { name: "vip".to_owned(), due: clock(due) }
}

fn skipped(due: &str) -> Event {
    Event::Skipped { name: "vip".to_owned(), due: clock(due) }
}

async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_runs_at_each_of_its_times() {
    let world = World::new();
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    pass(3 * HOUR).await;
    assert_eq!(world.starts(), [clock("01:00:00"), clock("02:00:00"), clock("03:00:00")]);
    assert_eq!(world.dues(), world.starts());
    let name = || "vip".to_owned();
    let expected = [
        Event::Waiting { name: name(), until: clock("01:00:00") },
        Event::Started { name: name(), due: clock("01:00:00") },
        Event::Ended { name: name() },
        Event::Waiting { name: name(), until: clock("02:00:00") },
    ];
    assert_eq!(world.events.lock().unwrap()[..4], expected);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_outlasts_its_time_is_followed_by_one_run_however_many_times_passed() {
    let world = World::new();
    world.lasts("vip", 25 * MINUTE);
    let (stop, task) = world.start(vec![entry("vip", "*/10 * * * *")], Options::default());
    pass(61 * MINUTE).await;
    stop.send(true).unwrap();
    task.await.unwrap();
    assert_eq!(world.starts(), [clock("00:40:00"), clock("01:05:00"), clock("01:30:00")]);
    assert_eq!(world.dues(), [clock("00:40:00"), clock("01:00:00"), clock("01:30:00")]);
    assert!(world.told(&missed("01:00:00")) && world.told(&skipped("00:50:00")));
    assert_eq!(world.most_at_once.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn without_catching_up_a_time_that_passes_during_a_run_is_left_out() {
    let world = World::new();
    world.lasts("vip", 25 * MINUTE);
    let vip = Entry { catch_up: false, ..entry("vip", "*/10 * * * *") };
    let (_stop, _task) = world.start(vec![vip], Options::default());
    pass(70 * MINUTE).await;
    assert_eq!(world.starts(), [clock("00:40:00"), clock("01:10:00")]);
    assert!(world.told(&skipped("01:00:00")));
}

#[tokio::test(start_paused = true)]
async fn different_entries_run_side_by_side_up_to_the_limit() {
    let world = World::new();
    let names = ["a", "b", "c", "d"];
    names.iter().for_each(|name| world.lasts(name, 20 * MINUTE));
    let entries = names.iter().map(|name| entry(name, "0 1 * * *")).collect();
    let (_stop, _task) = world.start(entries, Options::default());
    pass(2 * HOUR).await;
    assert_eq!(world.most_at_once.load(SeqCst), 2);
    let early = clock("01:00:00");
    let late = clock("01:20:00");
    assert_eq!(world.starts(), [early, early, late, late]);
}

#[tokio::test(start_paused = true)]
async fn jitter_puts_off_by_less_than_itself_and_than_half_the_way_to_the_next_time() {
    let world = World::new();
    let short = Entry { jitter: Duration::from_secs(120), ..entry("short", "0 * * * *") };
    let long = Entry { jitter: Duration::from_secs(24 * HOUR), ..entry("long", "0 * * * *") };
    let (_stop, _task) = world.start(vec![short, long], Options { seed: Some(7), ..Options::default() });
    pass(200 * HOUR).await;
    let runs = world.runs.lock().unwrap();
    let delays = |wanted: &str| -> Vec<i64> {
        runs.iter().filter(|run| run.0 == wanted).map(|run| (run.2 - run.1).num_seconds()).collect()
    };
    for (name, most) in [("short", 120), ("long", 1_800)] {
        let delays = delays(name);
        assert!(delays.len() >= 199, "every hour has its run: {}", delays.len());
        assert!(delays.iter().all(|delay| (0..=most).contains(delay)), "{name}: {delays:?}");
        // Uniform: of 199 numbers at least a sixth is in each third.
        for third in 0..3 {
            let within = delays.iter().filter(|delay| **delay * 3 / (most + 1) == third).count();
            assert!(within > 33, "{name}: {within} in third {third}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_put_off_equally() {
    let mut starts = Vec::new();
    for seed in [3, 3, 4] {
        let world = World::new();
        let vip = Entry { jitter: Duration::from_secs(600), ..entry("vip", "0 * * * *") };
        let (_stop, task) = world.start(vec![vip], Options { seed: Some(seed), ..Options::default() });
        pass(5 * HOUR).await;
        task.abort();
        starts.push(world.starts());
    }
    assert_eq!(starts[0], starts[1]);
    assert_ne!(starts[0], starts[2]);
}

#[tokio::test(start_paused = true)]
async fn a_time_missed_before_the_start_is_made_up_for_by_one_run_at_once() {
    let world = World::new();
    let vip = Entry { last: Some(at("2026-04-28T00:00:00Z")), ..entry("vip", "0 0 * * *") };
    let (_stop, _task) = world.start(vec![vip], Options::default());
    pass(HOUR).await;
    assert_eq!((world.starts(), world.dues()), (vec![at(BEGIN)], vec![clock("00:00:00")]));
    assert!(world.told(&missed("00:00:00")));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_up_for_without_catching_up_or_without_a_last_run_or_when_nothing_was_missed() {
    let world = World::new();
    let last = Some(at("2026-04-28T00:00:00Z"));
    let entries = vec![
        Entry { last, catch_up: false, ..entry("off", "0 0 * * *") },
        entry("unknown", "0 0 * * *"),
        Entry { last: Some(clock("00:00:00")), ..entry("fresh", "0 0 * * *") },
    ];
    let (_stop, _task) = world.start(entries, Options::default());
    pass(20 * HOUR).await;
    assert!(world.starts().is_empty(), "{:?}", world.runs.lock().unwrap());
    pass(4 * HOUR).await;
    assert_eq!(world.starts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn stop_starts_nothing_more_and_waits_for_what_is_under_way() {
    let world = World::new();
    ["a", "b", "c"].iter().for_each(|name| world.lasts(name, HOUR));
    let entries = ["a", "b", "c"].iter().map(|name| entry(name, "0 1 * * *")).collect();
    let (stop, task) = world.start(entries, Options::default());
    pass(40 * MINUTE).await;
    stop.send(true).unwrap();
    task.await.unwrap();
    // Two were under way and took two seconds to end; the third was in the queue.
    let runs = world.runs.lock().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.3 == clock("01:10:02")), "{runs:?}");
    assert_eq!(world.now(), clock("01:10:02"));
}

#[tokio::test(start_paused = true)]
async fn stop_ends_a_wait_at_once_and_a_vanished_sender_does_not() {
    let world = World::new();
    let (stop, task) = world.start(vec![entry("vip", "@yearly")], Options::default());
    pass(MINUTE).await;
    stop.send(true).unwrap();
    task.await.unwrap();
    assert_eq!(world.now(), clock("00:31:00"));
    let (stop, task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    drop(stop);
    pass(HOUR).await;
    assert!(!task.is_finished());
    assert_eq!(world.starts(), [clock("01:00:00")]);
}

#[tokio::test(start_paused = true)]
async fn after_a_jump_forward_what_was_due_meanwhile_runs_once() {
    let world = World::new();
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    pass(10).await;
    // The machine sleeps from 0:30:10 to 4:30:10.
    world.set(4 * 3_600);
    pass(HOUR).await;
    assert_eq!(world.dues(), [clock("04:00:00"), clock("05:00:00")]);
    assert!(world.starts()[0] <= clock("04:30:40"), "within a slice: {:?}", world.starts());
    assert!(world.told(&missed("04:00:00")) && world.told(&skipped("01:00:00")));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_through_a_time_does_not_make_up_for_it_without_catching_up() {
    let world = World::new();
    let vip = Entry { catch_up: false, ..entry("vip", "0 * * * *") };
    let (_stop, _task) = world.start(vec![vip], Options::default());
    pass(10).await;
    world.set(4 * 3_600);
    pass(HOUR).await;
    assert_eq!(world.dues(), [clock("05:00:00")]);
    assert!(world.told(&skipped("04:00:00")));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let world = World::new();
    let (_stop, _task) = world.start(vec![entry("vip", "*/10 * * * *")], Options::default());
    pass(2 * HOUR + 5 * MINUTE).await;
    assert_eq!(world.dues().last(), Some(&clock("02:30:00")));
    // From 2:35 back to 0:35: by the clock that is right, nothing is due before 0:40, and it is due then.
    world.set(-2 * 3_600);
    let before = world.dues().len();
    pass(HOUR).await;
    let dues = world.dues().split_off(before);
    assert_eq!(dues.first(), Some(&clock("00:40:00")));
    assert_eq!(dues.len(), 6, "one each ten minutes, as before: {dues:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_during_a_run_holds_nothing_up() {
    let world = World::new();
    world.lasts("vip", 5 * MINUTE);
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    pass(31 * MINUTE).await;
    // The run of 1:00 is under way.
    world.set(-23 * 3_600);
    pass(70 * MINUTE).await;
    assert_eq!(world.dues(), [clock("01:00:00"), at("2026-04-30T03:00:00Z")]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_adjusted_by_seconds_runs_no_time_twice() {
    let world = World::new();
    let (_stop, _task) = world.start(vec![entry("vip", "* * * * *")], Options::default());
    pass(10 * MINUTE + 10).await;
    for _ in 0..5 {
        world.set(-20);
        pass(MINUTE).await;
    }
    let dues = world.dues();
    assert!(dues.windows(2).all(|pair| pair[0] < pair[1]), "{dues:?}");
    assert!(dues.len() >= 13, "{dues:?}");
}

#[tokio::test(start_paused = true)]
async fn after_sleep_a_clock_that_is_set_back_is_noticed_all_the_same() {
    let world = World::new();
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    pass(10).await;
    world.set(8 * 3_600);
    pass(MINUTE).await;
    world.set(-5 * 3_600);
    pass(HOUR).await;
    assert_eq!(world.dues(), [clock("08:00:00"), clock("04:00:00")]);
}

#[tokio::test(start_paused = true)]
async fn a_scheduler_started_again_after_the_clock_was_set_back_waits_for_the_next_time_on_it() {
    let world = World::new();
    let back = Entry { last: Some(clock("05:00:05")), ..entry("back", "0 * * * *") };
    let adjusted = Entry { last: Some(clock("00:31:00")), ..entry("adjusted", "* * * * *") };
    let (_stop, _task) = world.start(vec![back, adjusted], Options::default());
    pass(130).await;
    assert_eq!(world.dues(), [clock("00:32:00")], "what ran at 0:31 is not run again");
    pass(HOUR).await;
    assert!(world.runs.lock().unwrap().iter().any(|run| run.0 == "back" && run.1 == clock("01:00:00")));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_years_ahead_does_not_silence_the_schedule_when_it_is_put_right() {
    let world = World::new();
    world.set(20 * 365 * 86_400);
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    pass(MINUTE).await;
    world.set(-20 * 365 * 86_400);
    pass(HOUR).await;
    assert_eq!(world.dues(), [clock("01:00:00")]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "a run broke")]
async fn a_run_that_panics_is_not_hidden() {
    let (_stop, stopped) = watch::channel(false);
    let begin = Instant::now();
    let now = move || at(BEGIN) + TimeDelta::from_std(begin.elapsed()).unwrap();
    let run = |_: Start| async { panic!("a run broke") };
    run_all(vec![entry("vip", "0 * * * *")], Options::default(), stopped, now, run, |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_a_little_during_a_run_loses_no_time_that_passed_meanwhile() {
    let world = World::new();
    world.lasts("vip", 130 * MINUTE);
    let (_stop, _task) = world.start(vec![entry("vip", "0 * * * *")], Options::default());
    // The run of 1:00 goes on until 3:10; 2:00 and 3:00 pass.
    pass(100 * MINUTE).await;
    world.set(-2 * i64::try_from(MINUTE).unwrap());
    pass(195 * MINUTE).await;
    assert_eq!(world.dues(), [clock("01:00:00"), clock("03:00:00")], "both are dealt with by one run");
    assert!(world.told(&skipped("02:00:00")));
}
