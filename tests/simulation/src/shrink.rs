//! Makes a wrong history small: what can be left out while it stays wrong is left out.

use std::collections::BTreeSet;

use enlist_core::Error;

use crate::Rule;
use crate::history::{self, Open};
use crate::scenario::Scenario;

/// The parts of `seed` that are enough for it to be wrong.
///
/// # Errors
/// When a history cannot be set up.
pub fn shrink(seed: u64, broken: Option<Rule>, open: &Open) -> Result<Vec<String>, Error> {
    let mut scenario = Scenario::of(seed);
    let wrongs = history::carry_out(&scenario, broken, open)?.wrongs;
    let wrong = wrongs.first().map_or_else(Vec::new, |wrong| kind(wrong));
    let mut out = BTreeSet::new();
    loop {
        let before = left(&scenario, &out);
        for part in &before {
            let mut smaller = scenario.clone();
            smaller.leave_out(part);
            if history::carry_out(&smaller, broken, open)?.wrongs.iter().any(|other| kind(other) == wrong) {
                scenario = smaller;
                out.insert(part.clone());
            }
        }
        // What one part hid may be found in another round.
        if left(&scenario, &out) == before {
            return Ok(before);
        }
    }
}

/// What is wrong, without whom it concerns: a smaller history has to show the same.
fn kind(wrong: &str) -> Vec<&str> {
    let words = wrong.split(' ');
    words.filter(|word| !word.contains('@')).take(3).collect()
}

/// Parts that were not left out: an edit that was still has its number.
fn left(scenario: &Scenario, out: &BTreeSet<String>) -> Vec<String> {
    scenario.parts().into_iter().filter(|part| !out.contains(part)).collect()
}
