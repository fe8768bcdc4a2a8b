//! Configurations: read the same each time, objected to in clean words, and without what variables hold.

use std::fs;
use std::path::Path;

use enlist_core::ErrorKind;
use secrecy::ExposeSecret;

use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::render::{Style, error};
use crate::spec::{Environment, Export, load, select};

/// Stands in a variable and in no configuration.
const CANARY: &str = "c4nary-in-a-variable";

/// Reads a file in a folder of its own, and asks for each of its exports by name.
pub(crate) fn body(data: &[u8]) {
    if data.windows(CANARY.len()).any(|bytes| bytes == CANARY.as_bytes()) {
        return;
    }
    thread_local! {
        static FOLDER: tempfile::TempDir = folder();
    }
    FOLDER.with(|folder| {
        let file = folder.path().join("enlist.yaml");
        fs::write(&file, data).unwrap();
        let (once, twice) = (read(&file, data), read(&file, data));
        assert_eq!(once, twice, "the same file means the same");
    });
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), format!("CANARY={CANARY}\nLIST=7\n")).unwrap();
    folder
}

/// What is understood, or the screen of what is not.
fn read(file: &Path, data: &[u8]) -> Result<String, String> {
    let spec = load(Some(file)).map_err(|failure| screen(&failure))?;
    let spec = spec.unwrap();
    let environment = Environment::of_spec(Some(&spec)).map_err(|failure| screen(&failure))?;
    let flags = ExportArgs::default();
    match select(None, &flags, Some(&spec), &environment) {
        Ok(all) => assert_eq!(all.len(), spec.exports.len()),
        Err(_) => assert!(spec.exports.is_empty(), "only where there is no export"),
    }
    for export in &spec.exports {
        let named = select(Some(&export.name), &flags, Some(&spec), &environment).unwrap();
        assert_eq!(named.len(), 1, "a name stands for one export");
        assert_eq!(named[0].name, export.name);
        check(export);
    }
    let shown = format!("{spec:?}");
    let text = String::from_utf8_lossy(data);
    for key in spec.connections.iter().filter_map(|connection| connection.api_key.as_ref()) {
        let key = key.expose_secret();
        let elsewhere = text.matches(key).count() + text.matches("${").count() > 1;
        assert!(key.len() < 8 || elsewhere || !shown.contains(key), "a key shows");
    }
    Ok(shown)
}

/// What every export has, however it is written.
fn check(export: &Export) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    assert!((1..=64).contains(&export.name.len()) && export.name.chars().all(plain), "{:?}", export.name);
    assert!(export.connection.is_simulator() || export.connection.api_key.is_some(), "an account has a key");
    assert!(export.deadline.is_none_or(|deadline| !deadline.is_zero()));
    for share in [export.guards.max_change, export.guards.max_rejects].into_iter().flatten() {
        assert!((0.0..=1.0).contains(&share.fraction()), "{share:?}");
    }
}

/// The screen of an objection, which is one to the configuration and steers no terminal.
fn screen(failure: &Failure) -> String {
    let screen = error::screen(failure, &Style { color: false, unicode: true });
    assert_eq!(failure.error.kind(), ErrorKind::Config, "{screen}");
    assert!(!screen.chars().any(|c| c.is_control() && c != '\n'), "{screen:?}");
    assert!(!screen.contains(CANARY), "{screen}");
    screen
}
