//! Files and folders are the user's alone, and are what they seem to be.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::process::Ended;
use super::verdict::{ends, nothing_was_sent};
use super::world::{World, people};

/// Checks modes of everything below `path`, itself included; how many there are.
fn private(path: &Path) -> usize {
    let found = fs::symlink_metadata(path).unwrap();
    let (mode, expected) = (found.permissions().mode() & 0o7777, if found.is_dir() { 0o700 } else { 0o600 });
    assert_eq!(mode, expected, "{} has mode {mode:04o}", path.display());
    if !found.is_dir() {
        return 1;
    }
    1 + fs::read_dir(path).unwrap().map(|entry| private(&entry.unwrap().path())).sum::<usize>()
}

#[test]
fn everything_written_is_private_under_any_umask() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person") + "nobody,No At\n");
    let open = |arguments: &[&str]| {
        let by = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
        Ended::of(world.wrapped(&by, arguments).output().unwrap())
    };
    // The world's simulator has used the home before.
    let state = world.folder().join("home/state");
    let _ = fs::remove_dir_all(&state);
    let arguments = world.to_list_7("run", "people.csv", &["--allow", "max_rejects", "--state", "deep/state"]);
    let run = open(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(open(&["init", "fresh", "--demo"]).code, 0);
    assert!(private(&world.folder().join("deep")) >= 5, "state folder, key, ledger, lock");
    assert_eq!(private(&world.folder().join("rejects")), 2);
    assert_eq!(private(&world.folder().join("fresh")), 4, "configuration, folder of data, people");
    assert!(private(&state) >= 4, "the pace of the account");
}

#[test]
fn a_link_in_place_of_a_state_file_is_refused_and_not_followed() {
    let mut world = World::prompt();
    world.write("people.csv", people(3, "person"));
    world.write("empty.csv", "email\n");
    ends(&world.run("empty.csv", &[]), 8, "guard::min_rows", &[]);
    let folder = world.folder().to_owned();
    fs::write(folder.join("victim"), "mine").unwrap();
    for name in ["key", "ledger.db", "ledger.db-wal", "people.lock"] {
        let path = folder.join(".enlist").join(name);
        let _ = fs::rename(&path, folder.join("aside"));
        symlink(folder.join("victim"), &path).unwrap();
        let ended = world.run("people.csv", &[]);
        assert_eq!(ended.code, 12, "{name}: {ended:?}");
        assert!(ended.stderr.contains(name), "{name}: {}", ended.stderr);
        fs::remove_file(&path).unwrap();
        let _ = fs::rename(folder.join("aside"), &path);
        assert_eq!(fs::read_to_string(folder.join("victim")).unwrap(), "mine", "{name}");
    }
    let pace = folder.join("home/state/enlist/pace");
    let file = fs::read_dir(&pace).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&file).unwrap();
    symlink(folder.join("victim"), &file).unwrap();
    ends(&world.run("people.csv", &[]), 12, "state::unwritable", &["pace file"]);
    assert_eq!(fs::read_to_string(folder.join("victim")).unwrap(), "mine");
    fs::remove_file(&file).unwrap();
    nothing_was_sent(&mut world);
    world.run_json("people.csv", &[], 0);
}
