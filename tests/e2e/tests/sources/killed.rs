//! A database that dies in the middle of a read: nothing is planned and nothing is sent.

use std::process::Child;

use enlist_kit::servers::{MariaDb, Postgres};

use crate::configure;
use crate::process::{Ended, wait_for};
use crate::world::World;

/// Starts `enlist run` of an export whose rows come slowly after the first ten thousands, and waits until it reads.
fn reading(world: &World, url: &str, password: &str, sql: &str) -> Child {
    world.write("password", password);
    let source = format!("db: {{ url: \"{url}\", password: \"${{file:password}}\" }}");
    configure(world, &[&source], &[&format!("slow: {{ list: 7, source: db, sql: \"{sql}\" }}")]);
    let mut run = world.background(&["run", "--progress", "log", "--progress-every", "1s"]);
    // Rows have arrived: the number read is no longer 0.
    wait_for(&mut run, "read=1");
    run
}

fn assert_nothing_came_of_it(world: &mut World, run: Child) {
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 7, "{ended:?}");
    assert!(ended.stderr.contains("::lost]"), "{}", ended.stderr);
    assert_eq!(world.contacts().len(), 0, "rows of a broken read were sent");
}

#[test]
fn fault_81_killing_postgres_in_mid_scan_ends_with_7_and_sends_nothing() {
    let server = Postgres::start();
    let mut world = World::prompt();
    let sql = "select 'p' || i || '@example.com' as email from generate_series(1, 1000000) i \
               where i < 20000 or pg_sleep(0.001) is not null";
    let run = reading(&world, server.url(), server.password(), sql);
    server.kill();
    assert_nothing_came_of_it(&mut world, run);
}

#[test]
fn fault_81_killing_mariadb_in_mid_scan_ends_with_7_and_sends_nothing() {
    let server = MariaDb::start();
    let mut world = World::prompt();
    let sql = "select concat('p', seq, '@example.com') as email from seq_1_to_1000000 \
               where seq < 20000 or sleep(0.001) = 0";
    let run = reading(&world, server.url(), server.password(), sql);
    server.kill();
    assert_nothing_came_of_it(&mut world, run);
}
