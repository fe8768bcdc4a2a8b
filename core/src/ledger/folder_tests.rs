//! The state folder is private, its key is never replaced, and one run at a time holds an export.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

use super::folder::StateFolder;
use crate::{Clock, ErrorKind};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn place() -> (TempDir, std::path::PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("deep/state");
    (outer, path)
}

fn refused(path: &Path, code: &str) -> String {
    let errors = [StateFolder::open(path).unwrap_err(), StateFolder::open_existing_read_only(path).unwrap_err()];
    for error in &errors {
        assert_eq!((error.kind(), error.code()), (ErrorKind::State, code), "{error}");
    }
    errors[0].help_text().unwrap().to_owned()
}

#[test]
fn a_fresh_folder_is_private_and_keeps_its_key() {
    let (_outer, path) = place();
    let first = StateFolder::open(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&path.join("key"))), (0o700, 0o700, 0o600));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "nothing but the key");
    let again = StateFolder::open(&path).unwrap();
    let reading = StateFolder::open_existing_read_only(&path).unwrap().unwrap();
    let email = "ada@example.com";
    assert_eq!(first.hasher().key(email), again.hasher().key(email));
    assert_eq!(first.hasher().key(email), reading.hasher().key(email));
    let (_outer, other) = place();
    assert_ne!(first.hasher().key(email), StateFolder::open(&other).unwrap().hasher().key(email));
}

#[test]
fn reading_creates_nothing() {
    let (outer, path) = place();
    assert!(StateFolder::open_existing_read_only(&path).unwrap().is_none());
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0);
    fs::create_dir_all(&path).unwrap();
    chmod(&path, 0o700);
    assert!(StateFolder::open_existing_read_only(&path).unwrap().is_none());
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn a_folder_or_key_open_to_others_is_refused() {
    let (_outer, path) = place();
    StateFolder::open(&path).unwrap();
    for open in [0o750, 0o705, 0o710] {
        chmod(&path, open);
        assert_eq!(refused(&path, "state::permissions"), format!("chmod 700 {}", path.display()));
    }
    chmod(&path, 0o700);
    let key = path.join("key");
    chmod(&key, 0o640);
    assert_eq!(refused(&path, "state::permissions"), format!("chmod 600 {}", key.display()));
}

#[test]
fn links_and_files_are_not_taken_for_the_folder_or_the_key() {
    let (outer, path) = place();
    StateFolder::open(&path).unwrap();
    let link = outer.path().join("link");
    symlink(&path, &link).unwrap();
    refused(&link, "state::permissions");
    let file = outer.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file, "state::permissions");
    let elsewhere = outer.path().join("elsewhere");
    fs::rename(path.join("key"), &elsewhere).unwrap();
    symlink(&elsewhere, path.join("key")).unwrap();
    refused(&path, "state::unwritable");
}

#[test]
fn a_ledger_that_is_a_link_or_open_to_others_is_refused() {
    let (outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let file = path.join(name);
        fs::write(&file, "").unwrap();
        chmod(&file, 0o604);
        assert_eq!(refused(&path, "state::permissions"), format!("chmod 600 {}", file.display()));
        chmod(&file, 0o600);
        StateFolder::open(&path).unwrap();
        let elsewhere = outer.path().join(name);
        fs::rename(&file, &elsewhere).unwrap();
        symlink(&elsewhere, &file).unwrap();
        refused(&path, "state::permissions");
        fs::remove_file(&file).unwrap();
    }
    assert_eq!(state.ledger_path(), path.join("ledger.db"));
}

#[test]
fn a_key_of_the_wrong_length_is_refused() {
    let (_outer, path) = place();
    StateFolder::open(&path).unwrap();
    for length in [0, 31, 33] {
        fs::write(path.join("key"), vec![7; length]).unwrap();
        refused(&path, "state::key_damaged");
    }
}

#[test]
fn a_ledger_without_its_key_is_refused_and_no_key_made() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    fs::write(state.ledger_path(), "").unwrap();
    fs::remove_file(path.join("key")).unwrap();
    refused(&path, "state::key_missing");
    assert!(!path.join("key").exists());
}

#[test]
fn one_run_holds_an_export_until_it_ends() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    let held = state.lock_export("vip", "r_1").unwrap();
    let error = StateFolder::open(&path).unwrap().lock_export("vip", "r_2").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Locked, "state::locked"));
    let said = error.to_string();
    let holder = format!("export \"vip\" is being run by pid {} on ", std::process::id());
    assert!(said.starts_with(&holder) && said.contains(" since 2") && said.ends_with("(run r_1)"), "{said}");
    let _other = state.lock_export("news", "r_3").unwrap();
    drop(held);
    let _again = state.lock_export("vip", "r_4").unwrap();
    assert_eq!(mode(&path.join("vip.lock")), 0o600);
}

#[test]
fn a_look_at_the_holder_does_not_keep_a_run_from_starting() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    drop(state.lock_export("vip", "r_1").unwrap());
    let looking = fs::File::open(path.join("vip.lock")).unwrap();
    looking.lock_shared().unwrap();
    let (begins, begun) = std::sync::mpsc::channel();
    let starting = std::thread::spawn(move || {
        begins.send(()).unwrap();
        state.lock_export("vip", "r_2").map(drop)
    });
    begun.recv().unwrap();
    drop(looking);
    starting.join().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_may_wait_for_the_one_that_holds_its_export() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    let held = state.lock_export("vip", "r_1").unwrap();
    let (tell, stop) = watch::channel(false);
    let (minute, clock) = (Duration::from_secs(60), Clock::start());
    let waits = state.wait_for_export("vip", "r_2", minute, stop.clone());
    let ends = async {
        clock.sleep(Duration::from_secs(20)).await;
        drop(held);
    };
    let (lock, ()) = tokio::join!(waits, ends);
    assert!(clock.elapsed() < Duration::from_secs(21), "it looks a few times a second");

    let late = state.wait_for_export("vip", "r_3", minute, stop.clone()).await.unwrap_err();
    assert_eq!((late.kind(), late.code()), (ErrorKind::Locked, "state::locked"));
    assert!((minute..minute * 2).contains(&(clock.elapsed() - Duration::from_secs(20))), "{:?}", clock.elapsed());
    assert!(late.to_string().contains("(run r_2)"), "{late}");

    tell.send(true).unwrap();
    let stopped = state.wait_for_export("vip", "r_4", minute, stop.clone()).await.unwrap_err();
    assert_eq!((stopped.kind(), stopped.code()), (ErrorKind::Interrupted, "run::stopped"));
    drop(lock);
    state.wait_for_export("vip", "r_5", Duration::ZERO, stop).await.unwrap();
}

#[test]
fn a_lock_of_a_dead_process_is_taken_over() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    let text = "pid 1 on elsewhere since 2020-01-01T00:00:00Z (run r_0), with a longer name than the next one has\n";
    fs::write(path.join("vip.lock"), text).unwrap();
    let _held = state.lock_export("vip", "r_1").unwrap();
    let text = fs::read_to_string(path.join("vip.lock")).unwrap();
    assert!(text.ends_with("(run r_1)\n"), "{text}");
}

#[test]
fn export_names_stay_inside_the_folder() {
    let (_outer, path) = place();
    let state = StateFolder::open(&path).unwrap();
    let long = "x".repeat(65);
    for name in ["", "..", "../x", "a/b", "VIP", "a b", "a.b", "ü", long.as_str()] {
        let error = state.lock_export(name, "r_1").unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "config::export_name"), "{name}");
    }
    state.lock_export(&"x".repeat(64), "r_1").unwrap();
}
