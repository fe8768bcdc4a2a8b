//! kill -9 at random moments, while the source goes from one edition to the other and back.
//!
//! `ENLIST_KILL_SEED=N` replays one series. The moments are the same then; what the machine does in them is not.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::process::{Ended, signal};
use super::proxy::{BACKLOG, Call, IMPORT, OUTCOME};
use super::site::{People, Site};

/// Series, each an account of its own; they run side by side, since a run mostly waits.
const SERIES: u64 = 20;

/// Kills of a series.
const KILLS: usize = 5;

/// Kills of a series between two edits of the source.
const KILLS_OF_EDITION: usize = 2;

/// First and last moment of a kill, in seconds: before anything happened, and the length of a run.
const FIRST: f64 = 0.005;
const LAST: f64 = 9.0;

/// Most imports that wait for an answer at the same time (`IN_FLIGHT` of the delivery).
const IN_FLIGHT: usize = 32;

/// Answers that may have been heard and not yet recorded when the process dies.
const UNRECORDED: usize = 2;

#[test]
fn after_a_hundred_kills_at_random_moments_the_account_equals_the_source() {
    let seeds = match env::var("ENLIST_KILL_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=SERIES).collect(),
    };
    let series: Vec<Series> = thread::scope(|scope| {
        let started: Vec<_> = seeds.iter().map(|&seed| (seed, scope.spawn(move || Series::play(seed)))).collect();
        let ended = started.into_iter().map(|(seed, series)| {
            series.join().unwrap_or_else(|_| panic!("replay this series with ENLIST_KILL_SEED={seed}"))
        });
        ended.collect()
    });
    let phases: Vec<Phase> = series.iter().flat_map(|series| &series.kills).copied().collect();
    for phase in Phase::ALL {
        let hit = phases.iter().filter(|hit| **hit == phase).count();
        println!("{hit:3} kills {phase}");
        assert!(hit > 0 || seeds.len() == 1 || phase == Phase::Recover, "no kill {phase}");
    }
    let worst = series.iter().map(|series| series.worst_repeat).max().unwrap();
    println!("{worst} requests at most were sent again after a kill");
    assert!(seeds.len() == 1 || phases.len() == 100, "{} kills", phases.len());
    assert!(series.iter().any(|series| series.worst_repeat > 0), "no kill met a request under way");
}

/// What a run was doing when it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Check,
    Recover,
    Request,
    Between,
    Settle,
}

impl Phase {
    const ALL: [Self; 6] = [Self::Start, Self::Check, Self::Recover, Self::Request, Self::Between, Self::Settle];

    /// What the calls of a run up to its death tell.
    fn of(calls: &[&Call], killed: Instant) -> Self {
        let asks = |call: &&&Call| call.is(OUTCOME) || call.is(BACKLOG);
        let last = calls.iter().rposition(|call| call.is(IMPORT));
        match last {
            None if calls.is_empty() => Self::Start,
            None if calls.iter().any(|call| asks(&call)) => Self::Recover,
            None => Self::Check,
            Some(_) if calls.iter().any(|call| call.is(IMPORT) && call.is_open(killed)) => Self::Request,
            Some(last) if calls[last..].iter().any(|call| call.is(OUTCOME)) => Self::Settle,
            Some(_) => Self::Between,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "before the first call: configuration, state folder, source",
            Self::Check => "in the preflight, reading and planning",
            Self::Recover => "while it asked what became of earlier imports",
            Self::Request => "with an import under way",
            Self::Between => "between imports",
            Self::Settle => "while it asked about its own imports",
        })
    }
}

/// A run of a series.
struct Run {
    started: Instant,
    /// Absent for one that came to its end.
    killed: Option<Instant>,
}

struct Series {
    kills: Vec<Phase>,
    worst_repeat: usize,
}

impl Series {
    /// Kills, edits, lets one run end, and compares account and source.
    fn play(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let (latency, delay) = ([0.05, 0.3, 1.2][chance.below(3)], [0.0, 0.5, 3.0][chance.below(3)]);
        let mut site = Site::with(json!({
            "bulk_latency": { "fixed": latency },
            "processing": { "delay": delay, "contacts_per_second": 2_000.0 },
        }));
        let mut people = People::first(250 * (3 + chance.below(4)));
        let (mut runs, mut kills) = (Vec::new(), Vec::new());
        while kills.len() < KILLS {
            site.has(people);
            let started = Instant::now();
            let mut run = site.start(&["--allow", "max_change"]);
            // Nothing waits for this moment: a kill may come at any.
            thread::sleep(chance.moment());
            if run.try_wait().unwrap().is_some() {
                let ended = Ended::of(run.wait_with_output().unwrap());
                assert_eq!(ended.code, 0, "seed {seed}: {ended:?}");
                runs.push(Run { started, killed: None });
                people = people.at(1 - people.edition);
                continue;
            }
            let killed = Instant::now();
            signal(&run, "KILL");
            run.wait().unwrap();
            runs.push(Run { started, killed: Some(killed) });
            let calls = site.proxy.calls();
            let own = calls.iter().filter(|call| call.connected > started && call.arrived < killed);
            kills.push(Phase::of(&own.collect::<Vec<_>>(), killed));
            if kills.len().is_multiple_of(KILLS_OF_EDITION) {
                people = people.at(1 - people.edition);
            }
        }
        site.has(people);
        runs.push(Run { started: Instant::now(), killed: None });
        site.converge(&["--allow", "max_change"]);
        let again = site.converge(&[]);
        assert_eq!(again["requests"]["bulk"], 0, "seed {seed}: the list does not stay as it is: {again}");
        let worst_repeat = worst_repeat(seed, &runs, &site.proxy.imports());
        site.assert_landed(people);
        Self { kills, worst_repeat }
    }
}

/// Most requests whose contacts went out with the same bytes once more in a run after a kill. Only those may that had
/// no answer on record.
fn worst_repeat(seed: u64, runs: &[Run], imports: &[Call]) -> usize {
    let mut last_sent: HashMap<String, (String, bool)> = HashMap::new();
    let mut worst = 0;
    for (at, run) in runs.iter().enumerate() {
        let until = runs.get(at + 1).map(|next| next.started);
        let of_run = |call: &&Call| run.started < call.connected && until.is_none_or(|until| call.connected < until);
        let mut sent: Vec<&Call> = imports.iter().filter(of_run).collect();
        // Last those without an answer, before them the last that were answered: what need not be on record.
        let open = |call: &Call| run.killed.is_some_and(|killed| call.is_open(killed));
        sent.sort_by_key(|call| (open(call), call.answered));
        let under_way = sent.iter().filter(|call| open(call)).count();
        assert!(under_way <= IN_FLIGHT, "seed {seed}: {under_way} requests were under way");
        let unrecorded = if run.killed.is_some() { under_way + UNRECORDED } else { 0 };
        let recorded = sent.len().saturating_sub(unrecorded);
        let mut repeated = 0;
        let mut now_sent = Vec::new();
        for (nth, call) in sent.iter().enumerate() {
            let mut of_call = false;
            for (email, payload) in call.contacts() {
                if let Some((before, on_record)) = last_sent.get(&email).filter(|(before, _)| *before == payload) {
                    assert!(!on_record, "seed {seed}: run {at} sent {before} again, which was accepted");
                    of_call = true;
                }
                now_sent.push((email, (payload, nth < recorded)));
            }
            repeated += usize::from(of_call);
        }
        last_sent.extend(now_sent);
        worst = worst.max(repeated);
    }
    worst
}

/// Randomness from a seed: splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A moment between [`FIRST`] and [`LAST`]: one time in two anywhere, so that every part of a run is met, else with
    /// each order of magnitude as likely as the others, because much happens in the first milliseconds.
    fn moment(&mut self) -> Duration {
        let (anywhere, share) = (self.below(2) == 0, self.share());
        let even = FIRST + (LAST - FIRST) * share;
        Duration::from_secs_f64(if anywhere { even } else { FIRST * (LAST / FIRST).powf(share) })
    }
}
