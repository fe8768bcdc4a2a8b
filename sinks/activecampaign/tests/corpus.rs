//! The corpus of the fuzz target for answers, and what differs from it a little.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::path::Path;

#[path = "../../../fuzz/bodies/answer.rs"]
mod answer;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod replay;

#[test]
fn the_corpus_and_its_neighbours_are_read_without_a_panic_and_without_repeating_an_email() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/answer");
    replay::replay(&corpus, 100, answer::body);
}
