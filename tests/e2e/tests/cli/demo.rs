//! The first five minutes.

use std::env;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::process::Ended;
use super::world::World;

/// A network of its own: the demo's port is fixed, and somebody's simulator may be there. Nothing where the system
/// does not allow it.
fn alone() -> Vec<&'static str> {
    let alone = ["unshare", "-rn", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
    let works = Command::new(alone[0]).args(&alone[1..]).arg("true").output();
    if works.is_ok_and(|ended| ended.status.success()) { alone.to_vec() } else { Vec::new() }
}

/// Where tests cannot have a network each, they have the one there is in turn.
fn turn() -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    alone().is_empty().then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs `enlist` with `arguments` while `server`, a line of the shell that ends with `> up` and knows the binary as
/// `$0`, serves something at the demo's port.
fn beside(world: &World, server: &str, arguments: &[&str]) -> Ended {
    let script = format!(
        "{{ {server}; }} & server=$!; until [ -s up ]; do kill -0 $server || exit 99; sleep 0.05; done; \
         \"$0\" \"$@\"; code=$?; kill $server; wait $server; exit $code"
    );
    let by = [alone(), vec!["sh", "-c", &script]].concat();
    Ended::of(world.wrapped(&by, arguments).output().unwrap())
}

/// A simulator whose account is empty: it does not even have the list of the demo.
const EMPTY: &str = "echo '{\"account\":\"empty\"}' > empty.json; exec \"$0\" sim --settings empty.json > up";

#[test]
fn the_demo_runs_and_has_nothing_to_do_the_second_time() {
    let _turn = turn();
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

#[test]
fn the_demo_leaves_a_simulator_that_somebody_serves_alone() {
    let _turn = turn();
    let world = World::prompt();
    let ended = beside(&world, EMPTY, &["demo"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.lines().any(|line| line.starts_with("Done in ")), "{}", ended.stdout);
    assert!(ended.stderr.contains("127.0.0.1:8025 is taken"), "{}", ended.stderr);
}

#[test]
fn a_run_says_that_it_uses_the_simulator_that_somebody_serves() {
    let _turn = turn();
    let world = World::prompt();
    assert_eq!(world.enlist(&["init", "--demo"]).code, 0);
    let ended = beside(&world, EMPTY, &["run", "demo"]);
    assert_eq!(ended.code, 6, "its account is used: {ended:?}");
    let told: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("127.0.0.1:8025 already")).collect();
    assert!(told.len() == 1 && told[0].contains("faults"), "{}", ended.stderr);
}

#[test]
fn what_is_no_simulator_is_an_error_that_says_what_to_do() {
    let _turn = turn();
    let world = World::prompt();
    assert_eq!(world.enlist(&["init", "--demo"]).code, 0);
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let server = format!(
        "exec {python} -c 'import http.server as h; s = h.HTTPServer((\"127.0.0.1\", 8025), h.BaseHTTPRequestHandler); \
         print(\"up\", flush=True); s.serve_forever()' > up 2> /dev/null"
    );
    let ended = beside(&world, &server, &["run", "demo"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("error[sim::port]") && ended.stderr.contains("help: "), "{}", ended.stderr);
}

#[test]
fn a_simulator_that_could_not_be_meant_is_not_served() {
    let _turn = turn();
    let world = World::prompt();
    for arguments in [
        &["--fault", "throttle=2"][..],
        &["--fault", "html=-1"],
        &["--speed", "0"],
        &["--speed", "nan"],
        &["--data", "nowhere/at/all/account.json"],
    ] {
        let ended = world.enlist(&[&["sim", "--port", "0"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(!ended.stderr.contains(".tmp"), "{ended:?}");
    }
}
