//! `enlist-simulation`: seeds, one seed in full, every step of an export, or a broken rule.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Args, Parser, Subcommand};
use enlist_core::{Clock, Error};
use enlist_simulation::{Many, Mode, Rule, Steps, in_memory, replay, shrink};

/// Carries out simulated histories of exports and judges them.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Many seeds; exit code 1 if one is wrong.
    Seeds {
        /// How many.
        #[arg(default_value_t = 5_000)]
        count: u64,
        /// The first one.
        #[arg(long, default_value_t = 0)]
        from: u64,
        #[command(flatten)]
        how: How,
        /// Stop at the first wrong one.
        #[arg(long)]
        first: bool,
    },
    /// One seed, with everything that happened.
    Seed {
        /// Which one.
        seed: u64,
        /// The parts of it that happen, as a wrong seed names them, or `none`; all if absent.
        #[arg(long, value_delimiter = ',')]
        only: Option<Vec<String>>,
        /// Break this rule on purpose: r1 to r6, or told.
        #[arg(long)]
        broken: Option<Rule>,
    },
    /// A crash and a failure at every step of an export of twenty requests, and again in the recovery.
    Steps {
        #[command(flatten)]
        how: How,
    },
}

#[derive(Args)]
struct How {
    /// Threads; as many as there are processors if absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Break this rule on purpose: r1 to r6, or told.
    #[arg(long)]
    broken: Option<Rule>,
}

impl How {
    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

fn main() -> ExitCode {
    match carry_out(Cli::parse().what) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(what: What) -> Result<bool, Error> {
    match what {
        What::Seeds { count, from, how, first } => seeds(count, from, &how, first),
        What::Seed { seed, only, broken } => {
            let verdict = replay(seed, only.as_deref(), broken, &in_memory)?;
            print!("{}", verdict.trace);
            verdict.wrongs.iter().for_each(|wrong| println!("wrong: {wrong}"));
            Ok(verdict.wrongs.is_empty())
        }
        What::Steps { how } => every_step(&how),
    }
}

fn seeds(count: u64, from: u64, how: &How, first: bool) -> Result<bool, Error> {
    let (clock, done) = (Clock::start(), AtomicU64::new(0));
    let progress = |_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(10_000) {
            eprintln!("{done} of {count} seeds");
        }
    };
    let (threads, broken) = (how.threads(), how.broken);
    let found =
        Many { seeds: from..from + count, threads, broken, open: &in_memory, enough: &|_| first }.run(&progress)?;
    for (seed, wrong) in found.wrong.iter().take(10) {
        println!("seed {seed} is wrong: {wrong}");
    }
    if let Some((seed, _)) = found.wrong.first() {
        let only = shrink(*seed, broken, &in_memory)?;
        println!("replay the smallest part of it: {}", command(*seed, &only, broken));
    }
    let seconds = clock.elapsed().as_secs_f64();
    println!(
        "{} seeds, {} runs, {} imports, {} wrong; {:.0} seeds/s ({seconds:.1} s, {threads} threads)",
        found.seeds,
        found.runs,
        found.imports,
        found.wrong.len(),
        found.seeds as f64 / seconds
    );
    Ok(found.wrong.is_empty())
}

/// The command that shows a seed again.
fn command(seed: u64, only: &[String], broken: Option<Rule>) -> String {
    let broken = broken.map(|rule| format!(" --broken {rule}")).unwrap_or_default();
    let only = if only.is_empty() { "none".to_owned() } else { only.join(",") };
    format!("cargo run -p enlist-simulation -- seed {seed} --only {only}{broken}")
}

fn every_step(how: &How) -> Result<bool, Error> {
    let mut sound = true;
    for mode in Mode::ALL {
        let clock = Clock::start();
        let found = Steps { mode, threads: how.threads(), skip: 0, broken: how.broken }.run()?;
        for (what, wrong) in found.wrong.iter().take(10) {
            println!("{mode:?}, {what}: {wrong}");
        }
        sound &= found.wrong.is_empty();
        let seconds = clock.elapsed().as_secs_f64();
        println!(
            "{mode:?}: {} steps, {} histories, {} wrong ({seconds:.1} s)",
            found.steps,
            found.histories,
            found.wrong.len()
        );
    }
    Ok(sound)
}
