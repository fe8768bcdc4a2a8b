//! Where segments live, with the real binary: databases, object stores, formats, standard input; and what a source that
//! fails in the middle does to a run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]

#[path = "../cli/process.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod process;
#[path = "../cli/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod world;

mod databases;
mod formats;
mod input;
mod killed;
mod looks;
mod stores;

use world::World;

/// A configuration that sends `exports` from `sources` to the simulator; both are YAML of one line each.
fn configure(world: &World, sources: &[&str], exports: &[&str]) {
    let lines = |lines: &[&str]| lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{}\", api_key: \"${{file:key}}\" }} }}\nsources:\n{}exports:\n{}",
            world.host(),
            lines(sources),
            lines(exports)
        ),
    );
}

/// The addresses on list 7.
fn emails(world: &mut World) -> Vec<String> {
    world.contacts().into_keys().collect()
}

/// The statements that make a table of three people, in SQL that every database reads.
const PEOPLE: &str =
    "create table people (id int primary key, email varchar(200), first_name varchar(100), tier varchar(20));
insert into people values (1, 'ada@example.com', 'Ada', 'gold'), (2, 'bo@example.com', 'Bo ''the'' \"Bear\"', 'silver'),
(3, 'cy@example.com', null, 'gold');";
