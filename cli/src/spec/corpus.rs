//! The corpus of the fuzz target, and what differs from it a little.

use std::path::Path;

#[path = "../../../fuzz/bodies/config.rs"]
mod config;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod replay;

#[test]
fn the_corpus_and_its_neighbours_are_understood_or_answered_in_clean_words() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/config");
    replay::replay(&corpus, 20, config::body);
}
