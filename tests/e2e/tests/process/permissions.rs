//! A state folder that is open to others, belongs to somebody else, or cannot be written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use super::process::{Ended, piped};
use super::site::{People, Site};

const PEOPLE: People = People::first(20);

/// Somebody without any rights.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn settled() -> Site {
    let site = Site::prompt();
    site.has(PEOPLE);
    site.converge(&[]);
    site
}

#[track_caller]
fn assert_refused(site: &Site, ended: &Ended, code: &str, help: &str) {
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.stderr.contains(&format!("error[{code}]")), "{}", ended.stderr);
    assert!(ended.stderr.contains(help), "{}", ended.stderr);
    assert_eq!(site.proxy.imports().len(), 1, "something was sent");
}

#[test]
fn fault_49_a_state_folder_or_a_file_of_it_that_others_may_read_is_refused_with_the_command_that_closes_it() {
    let mut site = settled();
    for (name, open) in [("", 0o755), ("", 0o750), ("key", 0o644), ("key", 0o640), ("ledger.db", 0o644)] {
        let path = site.state().join(name);
        let right = if name.is_empty() { 0o700 } else { 0o600 };
        mode(&path, open);
        let ended = site.run(&[]);
        assert_refused(&site, &ended, "state::permissions", &format!("help: chmod {right:o} .enlist"));
        mode(&path, right);
    }
    assert_eq!(site.converge(&[])["outcome"]["unchanged"], PEOPLE.count);
    site.assert_landed(PEOPLE);
}

#[test]
fn fault_49_a_state_folder_of_somebody_else_is_refused() {
    let site = settled();
    // Root can give a folder away; others find one that is not theirs.
    let (state, owner) = if is_root() {
        chown(site.state(), Some(NOBODY), Some(NOBODY)).unwrap();
        (".enlist", NOBODY)
    } else {
        ("/etc", 0)
    };
    let ended = site.run(&["--state", state]);
    assert_refused(&site, &ended, "state::permissions", &format!("belongs to another user (uid {owner})"));
    assert!(ended.stderr.contains("help: run as its owner"), "{}", ended.stderr);
}

#[test]
fn fault_49_a_state_folder_that_cannot_be_written_is_refused() {
    let site = settled();
    let (folder, binary) = (site.world.folder().to_owned(), site.command(&[], "run", &[]).get_program().to_owned());
    if is_root() {
        // Permissions do not bind root: the command runs as somebody whom they bind, with a copy it may reach.
        fs::copy(binary, folder.join("enlist")).unwrap();
        mode(&folder.join("enlist"), 0o755);
        let owner = format!("{NOBODY}:{NOBODY}");
        assert!(Command::new("chown").args(["-R", &owner]).arg(&folder).status().unwrap().success());
    }
    mode(&site.state(), 0o500);
    mode(&site.state_file("ledger.db"), 0o400);
    let id = NOBODY.to_string();
    let other_user = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"];
    let mut words = site.words("run", &[]);
    let mut command = if is_root() {
        words.insert(0, folder.join("enlist").display().to_string());
        let template = site.command(&other_user[..1], "run", &[]);
        let mut command = Command::new("setpriv");
        command.args(&other_user[1..]).args(&words).current_dir(&folder).env_clear();
        command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
        piped(command)
    } else {
        site.command(&[], "run", &[])
    };
    let ended = Ended::of(command.output().unwrap());
    mode(&site.state(), 0o700);
    assert_refused(&site, &ended, "state::unwritable", "help: check ");
}
