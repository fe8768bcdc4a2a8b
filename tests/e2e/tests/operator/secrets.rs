//! The key, addresses and values stay where they belong, whatever is asked of enlist and however it ends.

use std::thread;

use serde_json::json;

use super::canaries::{all_is_clean, files_are_clean, is_clean, people};
use super::process::{Ended, piped};
use super::world::{KEY, World};

/// The configuration of these tests; `KEY` stands for how the key is written.
const CONFIG: &str = "\
version: 1
connections: { a: { host: \"HOST\", api_key: \"${CANARY_KEY}\" } }
exports:
  x:
    list: 7
    source: people.csv
    phone_region: FI
    map: { email: email, first_name: first_name, last_name: last_name, phone: phone }
";

/// A world with people, a configuration, and the key in `.env`.
fn world(settings: serde_json::Value) -> World {
    let world = World::with(settings);
    world.write("people.csv", people());
    world.write(".env", format!("CANARY_KEY={KEY}\n"));
    world.write("enlist.yaml", CONFIG.replace("HOST", &world.host()));
    world
}

/// A command that logs whatever can be logged, in every library.
fn told(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(arguments);
    command.env("RUST_LOG", "trace");
    let ended = Ended::of(piped(command).output().unwrap());
    all_is_clean(world, &arguments.join(" "), &ended);
    ended
}

/// Arguments of a command and the exit code they lead to.
type Case = (&'static [&'static str], i32);

/// Gives the commands of each row a world of its own, with these settings, side by side.
fn all_told<const N: usize>(settings: &serde_json::Value, rows: [&[Case]; N]) {
    let told = |row: &[Case]| {
        let world = world(settings.clone());
        for (arguments, code) in row {
            let ended = told(&world, arguments);
            assert_eq!(ended.code, *code, "{arguments:?}: {ended:?}");
            let quiet = arguments[0] == "init" || *code == 2;
            assert!(quiet || ended.stderr.len() > 1_000, "nothing is logged: {ended:?}");
        }
        files_are_clean(&world)
    };
    let files = thread::scope(|scope| {
        let threads = rows.map(|row| scope.spawn(move || told(row)));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(files[0] >= 5, "state, rejects and pace are {} files", files[0]);
}

#[test]
fn neither_key_nor_person_is_in_what_any_command_writes() {
    let runs: &[Case] = &[
        (&["run"], 8),
        (&["run", "-vv", "--progress-every", "1s", "--allow", "max_rejects"], 3),
        (&["run", "-vv", "--log-format", "json", "--json", "--full", "--progress", "bar", "--allow", "max_rejects"], 3),
    ];
    let others: &[Case] = &[
        (&["plan", "--json", "-vv"], 0),
        (&["doctor", "--json"], 0),
        (&["init", "elsewhere", "--from", "people.csv"], 0),
        (&["init"], 2),
    ];
    all_told(&json!({ "fail_async": 0.1 }), [runs, others]);
}

#[test]
fn neither_key_nor_person_is_in_an_error() {
    let account: &[Case] = &[
        // The first check names contacts by their address.
        (&["run", "x", "--json", "--allow", "max_rejects"], 3),
        (&["run", "x", "--list", "99"], 6),
        (&["run", "x", "--field", "Nowhere=phone"], 6),
        (&["run", "x", "--host", "127.0.0.1:1", "--key-file", "key"], 5),
    ];
    let source: &[Case] = &[
        (&["run", "x", "--map", "email=mail"], 7),
        (&["run", "x", "--json", "--sql", "select cast(cast(first_name as int) as text) as email from people"], 7),
        (&["run", "x", "--sql", "select email, to_date(last_name) as first_name from people"], 7),
        (&["run", "x", "--sql", "insert into people values (1)"], 2),
        (&["run", "x", "--allow", "max_reject"], 2),
        (&["run", "x", "--api-key=canary-key-7f3a91"], 2),
        (&["run", "--key", "canary-key-7f3a91", "x"], 2),
        (&["run", "x", "--host", "h.example.com", "--key-file", "canary-key-7f3a91"], 2),
    ];
    all_told(&json!({ "fail_accept": 1.0 }), [account, source]);
}

#[test]
fn nobody_is_quoted_from_a_damaged_file() {
    let world = world(json!({}));
    world.write("people.csv", people().replace("canary.person7@example.com,", "\"canary.person7@example.com,"));
    assert_eq!(told(&world, &["run"]).code, 7, "a quote that is never closed");
    world.write("people.csv", people().replace("Kanarienvogel 9,", ""));
    assert_eq!(told(&world, &["run"]).code, 7, "a short row");
}

#[test]
fn a_key_that_is_refused_is_not_shown() {
    let world = world(json!({ "token": "another" }));
    let ended = told(&world, &["run", "-vv"]);
    assert_eq!(ended.code, 4, "{ended:?}");
}

#[test]
fn a_key_written_into_the_configuration_is_not_shown_with_a_mistake_beside_it() {
    let world = World::prompt();
    let connections = [
        "{ a: { host: h, api_key: KEY, oops: 1 } }",
        "{ a: { host: h, apikey: KEY } }",
        "{ a: { token: KEY, host: h, oops: 1 } }",
        "{ a: { host: h, api_key: KEY ] }",
        "{ a: { host: h, token: KEY ] }",
        "{ a: { host: h, api_key: [KEY] } }",
        "{ a: KEY }",
        "KEY",
        "[KEY]",
        "\n  a:\n    host: h\n    key: KEY\n",
        "\n  a:\n    host: h\n    \"api-key\": 'KEY'\n",
        "\n  a:\n    host: h\n    api_key:\n      - KEY\n",
        "\n  a:\n    host: h\n    api_key:\n      secret: KEY\n",
        "\n  a:\n    host: h\n    api_key: \"KEY\n",
        "\n  a:\n    host: h\n    api_key: KEY: x\n",
        "\n  a:\n    host: h\n   KEY\n",
        "\n  a:\n    host: h\n    api_key: KEY\n    api_key: KEY\n",
        "\n  - KEY\n",
        "\n  a:\n    host: h\n    api_key: ${KEY\n",
        "\n  a:\n    host: h\n    api_key: ${KEY}\n",
        "\n  a:\n    host: h\n    api_key: &k KEY\n    display_name: [*k]\n",
    ];
    for written in connections {
        world
            .write("enlist.yaml", format!("version: 1\nconnections: {}\nexports: {{}}\n", written.replace("KEY", KEY)));
        for more in [&["plan"][..], &["doctor", "--json", "-vv"]] {
            let ended = world.enlist(more);
            assert_eq!(ended.code, 2, "{written}: {ended:?}");
            all_is_clean(&world, written, &ended);
        }
    }
}

#[test]
fn the_simulator_does_not_tell_of_keys_and_people_either() {
    let world = world(json!({}));
    let mut simulator = world.command(&["sim", "--port", "0", "--settings", "settings.json", "-vv"]);
    simulator.env("RUST_LOG", "trace");
    let mut simulator = piped(simulator).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(simulator.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let host = line.split_whitespace().find_map(|word| word.strip_prefix("http://")).unwrap().to_owned();
    let run = world.enlist(&["run", "--host", &host, "--key-file", "key", "--allow", "max_rejects"]);
    assert_eq!(run.code, 3, "{run:?}");
    super::process::signal(&simulator, "INT");
    let said = simulator.wait_with_output().unwrap();
    is_clean("standard error of sim", &said.stderr);
}
