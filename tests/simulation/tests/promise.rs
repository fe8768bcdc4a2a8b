//! The delivery promise, tried: many histories, every step of one export, and each rule broken on purpose.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use enlist_core::{Clock, Error, Ledger, Scope, SqliteLedger};
use enlist_simulation::{Many, Mode, Open, Rule, Steps, in_memory, replay, shrink};
use tempfile::TempDir;

fn threads() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Tries the first `count` seeds; a wrong one fails with the command that shows it.
fn keep_the_promise(count: u64, open: &Open) {
    let clock = Clock::start();
    let many = Many { seeds: 0..count, threads: threads(), broken: None, open, enough: &|_| true };
    let found = many.run(&|_| {}).unwrap();
    let seconds = clock.elapsed().as_secs_f64();
    println!("{count} seeds, {} runs, {} imports, {:.0} seeds/s", found.runs, found.imports, count as f64 / seconds);
    if let Some((seed, wrong)) = found.wrong.first() {
        let only = shrink(*seed, None, open).unwrap().join(",");
        panic!("{wrong}\nshow it: cargo run -p enlist-simulation -- seed {seed} --only {only}");
    }
    assert_eq!(found.seeds, count);
    assert!(found.quarantined > count / 200, "{} histories waited in vain for the importer", found.quarantined);
}

#[test]
fn five_thousand_histories_end_as_the_source_says() {
    keep_the_promise(5_000, &in_memory);
}

#[test]
fn histories_on_the_ledger_on_disk_end_as_the_source_says() {
    // In memory where there is such a folder: what a disk does is tested elsewhere.
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { TempDir::new_in(shared) } else { TempDir::new() }.unwrap();
    let (path, files) = (folder.path().to_owned(), AtomicU64::new(0));
    // Both exporters of a history, which runs on one thread, share a file as exports of one folder do.
    thread_local!(static FILE: Cell<u64> = const { Cell::new(u64::MAX) });
    let open = move |scope: &Scope| -> Result<Box<dyn Ledger>, Error> {
        if scope.export == "people" {
            let done = FILE.replace(files.fetch_add(1, Ordering::Relaxed));
            // The history before it is over, if there was one. A small folder has no room for all of them.
            let _ = fs::remove_file(path.join(format!("{done}.db")));
        }
        Ok(Box::new(SqliteLedger::open(&path.join(format!("{}.db", FILE.get())), scope)?))
    };
    keep_the_promise(100, &open);
}

#[test]
fn a_hundred_histories_repeat_byte_for_byte() {
    for seed in 0..100 {
        let [once, twice] = [(); 2].map(|()| replay(seed, None, None, &in_memory).unwrap());
        assert!(once.trace.len() > 1_000, "seed {seed} tells what happened");
        assert!(once.trace == twice.trace, "seed {seed} went another way the second time");
    }
}

#[test]
fn each_broken_rule_is_noticed_and_told_small() {
    for rule in Rule::ALL {
        // A record that is missing shows at once; every other rule has to show in what the account holds.
        let shows = move |wrong: &str| wrong.starts_with(if rule == Rule::R1 { "R1" } else { "person" });
        let many = Many { seeds: 0..2_000, threads: threads(), broken: Some(rule), open: &in_memory, enough: &shows };
        let found = many.run(&|_| {}).unwrap();
        let shown = found.wrong.iter().find(|(_, wrong)| shows(wrong));
        let Some((seed, wrong)) = shown else { panic!("{rule} broken goes unnoticed") };
        let only = shrink(*seed, Some(rule), &in_memory).unwrap();
        println!("{rule} broken: seed {seed}, {wrong}; enough for it: {}", only.join(","));
        assert!(!replay(*seed, Some(&only), Some(rule), &in_memory).unwrap().wrongs.is_empty());
        assert!(replay(*seed, Some(&only), None, &in_memory).unwrap().wrongs.is_empty(), "{rule} alone is to blame");
    }
}

#[test]
fn a_blow_at_every_step_and_again_in_the_recovery_ends_as_the_source_says() {
    for mode in Mode::ALL {
        let found = Steps { mode, threads: threads(), skip: 5, broken: None }.run().unwrap();
        println!("{mode:?}: {} steps, {} histories", found.steps, found.histories);
        assert!(found.steps > 80, "{} steps are no export of twenty requests", found.steps);
        assert_eq!(found.wrong, [], "{mode:?}");
    }
}
