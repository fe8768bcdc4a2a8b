//! Faults of the configuration and of the way enlist is operated.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;

use super::process::Ended;
use super::verdict::{ends, nothing_was_sent};
use super::world::{KEY, World, people};

#[test]
fn fault_74_the_deadline_stops_the_run_cleanly_and_the_next_one_ends_it() {
    let mut world = World::with(json!({ "bulk_latency": { "fixed": 0.2 } }));
    world.write("people.csv", people(700, "person"));
    let stopped = world.run("people.csv", &["--deadline", "4s", "--json"]);
    ends(&stopped, 5, "send::deadline", &["the deadline passed", "run the same command again"]);
    let stopped = stopped.document();
    assert_eq!((&stopped["status"], &stopped["retryable"]), (&json!("stopped"), &json!(true)), "{stopped}");
    let deferred = stopped["outcome"]["deferred"].as_u64().unwrap();
    assert!((1..700).contains(&deferred), "{stopped}");
    let rest = world.run_json("people.csv", &[], 0);
    assert_eq!(rest["outcome"]["deferred"], 0, "{rest}");
    let requests = [&stopped, &rest].map(|run| run["requests"]["bulk"].as_u64().unwrap());
    assert_eq!((requests.iter().sum::<u64>(), world.contacts().len()), (3, 700), "a request was repeated");
}

#[test]
fn fault_76_a_variable_that_is_not_set_ends_every_command_before_anything_else() {
    let mut world = World::prompt();
    let host = world.host();
    let config = "version: 1\nconnections:\n  a:\n    host: \"HOST\"\n    api_key: ${ENLIST_TEST_UNSET}\n\
                  exports:\n  x: { list: 7, source: nowhere.csv }\n";
    world.write("enlist.yaml", config.replace("HOST", &host));
    for verb in ["plan", "run", "doctor"] {
        let ended = world.enlist(&[verb]);
        let words = ["variable ENLIST_TEST_UNSET is not set", "enlist.yaml:5:14", "^^^^", "add it to .env"];
        ends(&ended, 2, "config::variable", &words);
    }
    assert!(!world.folder().join(".enlist").exists(), "a state was made");
    nothing_was_sent(&mut world);
}

/// A network of its own, where the simulator's fixed port is free and no host of the world can be reached. Nothing where
/// the system does not allow it.
fn alone() -> Vec<&'static str> {
    let alone = ["unshare", "-rn", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
    let works = Command::new(alone[0]).args(&alone[1..]).arg("true").output();
    if works.is_ok_and(|ended| ended.status.success()) { alone.to_vec() } else { Vec::new() }
}

#[test]
fn fault_77_a_real_key_is_not_taken_to_the_simulator_and_no_person_to_the_real_host() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    world.write(
        "enlist.yaml",
        "version: 1\nconnections:\n  real: { host: acme.api-us1.com, api_key: \"${file:key}\" }\n  \
         sandbox: { host: simulator, api_key: \"${file:key}\" }\n\
         exports:\n  to_real: { connection: real, list: 7, source: people.csv }\n  \
         to_sandbox: { connection: sandbox, list: 7, source: people.csv }\n",
    );
    // The simulator takes its own key only: with another one the run would end with 4.
    let wrapped = |arguments: &[&str]| {
        let ended = Ended::of(world.wrapped(&alone(), arguments).output().unwrap());
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        assert!(!format!("{ended:?}").contains(KEY), "{ended:?}");
        let document = ended.document();
        assert_eq!(document["destination"]["host"], "simulator", "{document}");
        document
    };
    assert_eq!(wrapped(&["plan", "to_sandbox", "--json"])["plan"]["add"], 3);
    assert_eq!(wrapped(&["run", "to_real", "--sim", "--json"])["outcome"]["confirmed"], 3);
    assert!(world.folder().join(".enlist/simulator/ledger.db").exists(), "the state of --sim lies apart");
    let real = ["run", "people.csv", "--list", "7", "--host", "http://acme.api-us1.com", "--key-file", "key"];
    ends(&world.enlist(&real), 2, "ac::host", &["must be reached over https"]);
}

#[test]
fn fault_79_streams_that_nobody_reads_change_neither_the_run_nor_its_exit_code() {
    let mut world = World::prompt();
    world.write("people.csv", people(10, "person"));
    world.write("empty.csv", "email\n");
    for (file, code) in [("people.csv", 0), ("empty.csv", 8)] {
        // Readers that went away, of the logs too.
        let mut run = world.start(file, &["-vv", "--json", "--progress-every", "1s", "--full"]);
        drop((run.stdout.take(), run.stderr.take()));
        assert_eq!(run.wait().unwrap().code(), Some(code), "{file}");
        // Streams that were never open: what is opened next must not be taken for them.
        let arguments = world.to_list_7("run", file, &["-vv", "--json"]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let closed = world.wrapped(&["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"], &arguments).status().unwrap();
        assert_eq!(closed.code(), Some(code), "{file}");
    }
    let again = world.run_json("people.csv", &[], 0);
    assert_eq!(again["outcome"]["unchanged"], 10, "the ledger suffered: {again}");
    assert_eq!(world.contacts().len(), 10);
}

#[test]
fn fault_80_links_and_names_that_lead_elsewhere_are_refused() {
    let mut world = World::prompt();
    let folder = world.folder().to_owned();
    world.write("people.csv", people(3, "person") + "nobody,No At\n");
    fs::create_dir(folder.join("elsewhere")).unwrap();
    symlink("elsewhere", folder.join("rejects")).unwrap();
    let linked = world.run("people.csv", &["--allow", "max_rejects"]);
    ends(&linked, 2, "config::rejects_folder", &["rejects is a symbolic link", "rejects.path"]);
    fs::remove_file(folder.join("rejects")).unwrap();

    symlink("elsewhere", folder.join(".enlist")).unwrap();
    ends(&world.run("people.csv", &[]), 12, "state::permissions", &[".enlist is a symbolic link"]);
    fs::remove_file(folder.join(".enlist")).unwrap();

    let host = world.host();
    let config = |name: &str| {
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  \"{name}\": {{ list: 7, source: people.csv }}\n"
        )
    };
    for name in ["../x", "a/b", "..", "A", "x.lock", "a b", ""] {
        world.write("enlist.yaml", config(name));
        ends(&world.enlist(&["run"]), 2, "config::bad_name", &["enlist.yaml:4:3"]);
    }
    assert_eq!(fs::read_dir(folder.join("elsewhere")).unwrap().count(), 0, "something was written elsewhere");
    nothing_was_sent(&mut world);
}
