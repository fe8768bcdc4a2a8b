//! Replays a committed corpus, and what differs from it in a few bytes, without libFuzzer.

use std::fs;
use std::path::Path;

/// Bytes that mean something to one parser or another.
const TELLING: [&[u8]; 20] = [
    b"\"",
    b"'",
    b"\r\n",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"@",
    b"..",
    b"{",
    b"}",
    b"[",
    b": ",
    b",",
    b"${",
    b"-1",
    b"99999999999999999999",
    b"|",
    "ß".as_bytes(),
];

/// Calls `body` with each file of the folder `corpus` and with `variants` mutations of each, or as many as the
/// variable `ENLIST_FUZZ` says. The mutations are always the same. Returns the number of calls.
///
/// An input that fails is printed in front of the failure; it belongs into the corpus.
pub(crate) fn replay(corpus: &Path, variants: u64, body: impl Fn(&[u8])) -> u64 {
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(seeds.len() >= 30, "{} has {} files", corpus.display(), seeds.len());
    let variants = std::env::var("ENLIST_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(variants);
    let mut calls = 0;
    let mut call = |data: &[u8]| {
        let shown = Shown(data);
        body(data);
        std::mem::forget(shown);
        calls += 1;
    };
    for (number, seed) in seeds.iter().enumerate() {
        call(seed);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1));
        for _ in 0..variants {
            let mut data = seed.clone();
            for _ in 0..=dice.below(3) {
                mutate(&mut data, &seeds, &mut dice);
            }
            call(&data);
        }
    }
    calls
}

/// Prints an input unless it is forgotten.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        eprintln!("input: b\"{}\"", self.0.escape_ascii());
    }
}

fn mutate(data: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let (from, to) = (dice.below(data.len() + 1), dice.below(data.len() + 1));
    let (from, to) = (from.min(to), from.max(to));
    match dice.below(7) {
        0 => drop(data.drain(from..to)),
        1 => data.truncate(from),
        2 => data.extend_from_within(from..to),
        3 => insert(data, from, TELLING[dice.below(TELLING.len())]),
        4 => {
            let other = &seeds[dice.below(seeds.len())];
            let start = dice.below(other.len() + 1);
            insert(data, from, &other[start..(start + dice.below(24)).min(other.len())]);
        }
        5 if from < data.len() => data[from] ^= 1 << dice.below(8),
        _ if from < data.len() => data[from] = dice.below(256) as u8,
        _ => {}
    }
}

fn insert(data: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    data.splice(at..at, bytes.iter().copied());
}

/// Marsaglia's xorshift with 64 bits.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}
