//! A key and people that must not be found where they do not belong.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::Ended;
use super::world::{KEY, World};

/// What must not be found, in lower case: the key, and parts of addresses, names and phone numbers.
const CANARIES: [&str; 6] = [KEY, "canary.person", "canary..person", "kanarienvogel", "35840987", "canary.refused"];

/// Files of a world that hold them by intention: what the test wrote, and the simulated account.
const KNOWN: [&str; 6] = ["people.csv", "key", "settings.json", "account.json", "enlist.yaml", ".env"];

/// 200 people, three of them with an address that no account takes, and one twice.
pub fn people() -> String {
    let row = |n: usize| format!("canary.person{n}@example.com,Kanarienvogel {n},Kanarienvogel,+35840987{n:04}\n");
    let rows: String = (0..200).map(row).collect();
    let broken = "canary..person@example.com,Kanarienvogel,,\nKanarienvogel,canary.person,,\ncanary.person@,,,\n";
    format!("email,first_name,last_name,phone\n{rows}{broken}CANARY.person1@example.com,Kanarienvogel,,\n")
}

/// Checks that no canary is in `content`.
pub fn is_clean(what: &str, content: &[u8]) {
    let text = String::from_utf8_lossy(content).to_lowercase();
    for canary in CANARIES {
        let found = text.lines().find(|line| line.contains(canary));
        assert!(found.is_none(), "{what} holds {canary}: {}", found.unwrap_or_default());
    }
}

/// Looks through both streams of a command and through every file there is afterwards.
pub fn all_is_clean(world: &World, what: &str, ended: &Ended) {
    is_clean(&format!("standard output of {what}"), ended.stdout.as_bytes());
    is_clean(&format!("standard error of {what}"), ended.stderr.as_bytes());
    files_are_clean(world);
}

/// Looks through every file of the world but those of the test; how many there were.
pub fn files_are_clean(world: &World) -> usize {
    let files = files(world.folder());
    let ours: Vec<&PathBuf> = files.iter().filter(|path| !KNOWN.iter().any(|known| path.ends_with(known))).collect();
    for path in &ours {
        is_clean(&path.display().to_string(), &fs::read(path).unwrap());
        is_clean("a file's name", path.file_name().unwrap().as_encoded_bytes());
    }
    ours.len()
}

/// All files below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
