//! The tables, written once a run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

static TABLES: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    python(&[include_str!("../tables.py"), folder.path().to_str().unwrap()]);
    folder
});

/// Runs a script with its arguments.
pub(crate) fn python(arguments: &[&str]) {
    let needed = "this test needs Python with pyarrow and deltalake: run tests/run, or pip install both and set ENLIST_TEST_PYTHON";
    let python = std::env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| panic!("{needed}"));
    let ended =
        Command::new(&python).arg("-c").args(arguments).output().unwrap_or_else(|e| panic!("{python}: {e}; {needed}"));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!said.contains("ModuleNotFoundError"), "{said}{needed}");
    assert!(ended.status.success(), "{said}");
}

/// The path of a table.
pub(crate) fn table(name: &str) -> String {
    TABLES.path().join(name).display().to_string()
}

/// A copy of a table, to be damaged.
pub(crate) fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_below(Path::new(&table(name)), folder.path());
    folder
}

fn copy_below(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_below(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
