//! What other processes, cores and panics show of a run.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use serde_json::json;

use super::canaries::{files, files_are_clean, is_clean, people};
use super::process::{Ended, piped, signal, wait_for};
use super::world::{KEY, World};

/// A user without privileges: root may look at everything.
const NOBODY: u32 = 61_234;

/// How to become that user; nothing where the tests do not run as root.
fn unprivileged() -> Vec<&'static str> {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root { vec!["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"] } else { Vec::new() }
}

/// A world whose folder belongs to the unprivileged user.
fn world() -> World {
    let world = World::with(json!({ "latency": { "fixed": 0.3 }, "bulk_latency": { "fixed": 8.0 } }));
    world.write("people.csv", people());
    if !unprivileged().is_empty() {
        let folder = world.folder();
        chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        for path in files(folder) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    world
}

/// The environment of a process as another process of the same user reads it.
fn environment(process: u32) -> Option<Vec<u8>> {
    let words = [&unprivileged()[..], &["cat"]].concat();
    let read = Command::new(words[0]).args(&words[1..]).arg(format!("/proc/{process}/environ")).output().unwrap();
    read.status.success().then_some(read.stdout)
}

#[test]
fn a_running_enlist_shows_others_neither_its_environment_nor_its_memory() {
    let world = world();
    let host = world.host();
    let arguments = ["run", "people.csv", "--list", "7", "--host", &host, "--allow", "max_rejects", "-vv"];
    let mut run = piped(world.wrapped(&unprivileged(), &arguments));
    let mut run = run.env("ACTIVECAMPAIGN_API_KEY", KEY).spawn().unwrap();
    wait_for(&mut run, "path=\"/users/me\"");
    // A process that hides nothing shows that the question can be answered.
    let words = [&unprivileged()[..], &["sleep", "60"]].concat();
    let mut open = Command::new(words[0]).args(&words[1..]).env("ACTIVECAMPAIGN_API_KEY", KEY).spawn().unwrap();
    while environment(open.id()).is_none_or(|read| !String::from_utf8_lossy(&read).contains(KEY)) {}
    assert_eq!(environment(run.id()), None, "the environment can be read");
    let own = |process: u32| fs::metadata(format!("/proc/{process}/mem")).unwrap().uid();
    assert_ne!(own(run.id()), own(open.id()), "the memory belongs to the user, not to the system");
    let limits = fs::read_to_string(format!("/proc/{}/limits", run.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    is_clean("the command line", &fs::read(format!("/proc/{}/cmdline", run.id())).unwrap());
    open.kill().unwrap();
    open.wait().unwrap();
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "hidden from itself: {ended:?}");
}

#[test]
fn a_run_that_crashes_leaves_no_core_and_no_person() {
    let world = World::with(json!({ "bulk_latency": { "fixed": 30.0 } }));
    world.write("people.csv", people());
    for name in ["ABRT", "SEGV"] {
        let arguments = world.to_list_7("run", "people.csv", &["-vv", "--allow", "max_rejects"]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let by = ["sh", "-c", "ulimit -S -c $(ulimit -H -c); exec \"$@\"", "sh"];
        let mut run = piped(world.wrapped(&by, &arguments)).spawn().unwrap();
        wait_for(&mut run, "path=\"/settings/account\"");
        // The first SEGV from outside is taken for a stack overflow that it is not, and let pass.
        while run.try_wait().unwrap().is_none() {
            signal(&run, name);
        }
        let ended = run.wait_with_output().unwrap();
        assert!(ended.status.signal().is_some() && !ended.status.core_dumped(), "{name}: {:?}", ended.status);
        is_clean("standard error", &ended.stderr);
        assert!(files_are_clean(&world) > 2);
        let core = files(world.folder())
            .into_iter()
            .find(|path| path.ends_with("core") || path.to_string_lossy().contains("core."));
        assert_eq!(core, None, "{name} left a core");
    }
}

#[test]
fn a_panic_is_a_defect_with_a_place_and_the_exit_code_of_one() {
    let world = world();
    // A user who may not have another thread: the runtime gives up in the only way it knows.
    let by = [&unprivileged()[..], &["prlimit", "--nproc=1"]].concat();
    let arguments = world.to_list_7("run", "people.csv", &["--json"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = Ended::of(world.wrapped(&by, &arguments).output().unwrap());
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.starts_with("panicked at "), "{}", ended.stderr);
    assert!(ended.stderr.contains("error[bug::panic]"), "{}", ended.stderr);
    assert_eq!(ended.document()["error"]["code"], "bug::panic");
    is_clean("standard error", ended.stderr.as_bytes());
}

#[test]
fn enlist_starts_no_other_program() {
    // So there is no child that could inherit a key, but for the runs of a schedule, which are this program.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let product = ["core/src", "sources", "sinks", "cli/src"].map(|part| files(&root.join(part))).concat();
    let product: Vec<_> =
        product.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect();
    assert!(product.len() > 100, "{} files", product.len());
    for path in product.iter().filter(|path| !path.to_string_lossy().contains("/tests")) {
        let text = fs::read_to_string(path).unwrap();
        if path.ends_with("cli/src/commands/schedule.rs") || path.to_string_lossy().contains("/commands/schedule/") {
            assert!(!text.contains("Command::new(\""), "{} starts a program by its name", path.display());
            continue;
        }
        for start in ["process::Command", "Command::new(", "CommandExt", "posix_spawn", "fork("] {
            assert!(!text.contains(start), "{} starts a program: {start}", path.display());
        }
    }
}
