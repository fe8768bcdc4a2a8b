//! The first five minutes.

use std::process::Command;

use super::process::Ended;
use super::world::World;

/// A network of its own: the demo's port is fixed, and somebody's simulator may be there. Nothing where the system
/// does not allow it.
fn alone() -> Vec<&'static str> {
    let alone = ["unshare", "-rn", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
    let works = Command::new(alone[0]).args(&alone[1..]).arg("true").output();
    if works.is_ok_and(|ended| ended.status.success()) { alone.to_vec() } else { Vec::new() }
}

#[test]
fn the_demo_runs_and_has_nothing_to_do_the_second_time() {
    let world = World::prompt();
    let demo = || Ended::of(world.wrapped(&alone(), &["demo"]).output().unwrap());
    let first = demo();
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.stdout.lines().any(|line| line.starts_with("Done in ")), "{}", first.stdout);
    let second = demo();
    assert_eq!(second.code, 0, "{second:?}");
    let idle = second.stdout.lines().find(|line| line.starts_with("No changes: 5,000 rows read"));
    assert!(idle.is_some_and(|line| line.contains("0 requests")), "{}", second.stdout);
}
