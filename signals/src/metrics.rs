//! Metrics for Prometheus: its text format, and a file for the textfile collector of node_exporter.
//!
//! Totals are summed over all runs given, so that they grow with the history and `rate()` works.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use enlist_history::RunDocument;

use crate::families::{Number, families};

/// What an HTTP answer with [`text`] is called.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics of `runs` (oldest first) in Prometheus' text format, labelled by export, host and list.
pub fn text(runs: &[RunDocument]) -> String {
    let mut text = String::new();
    for family in families(runs) {
        let kind = if family.counter { "counter" } else { "gauge" };
        let name = family.name;
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        for point in family.points {
            let labels: Vec<_> =
                point.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
            let _ = match point.number {
                Number::Whole(number) => writeln!(text, "{name}{{{}}} {number}", labels.join(",")),
                Number::Real(number) => writeln!(text, "{name}{{{}}} {number}", labels.join(",")),
            };
        }
    }
    text
}

/// Puts `text` where `path` points, readable by everybody (0644). Who reads meanwhile reads the old file or the new one. A
/// link at `path` is replaced, never followed.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let (mut file, beside) = beside(path)?;
    let written = fill(&mut file, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A file of its own in the folder of `path`. node_exporter reads `*.prom` only, so it does not see it.
fn beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut attempt = 0;
    loop {
        let own = format!(".{}.{}.{attempt}.tmp", name.to_string_lossy(), std::process::id());
        let beside = path.with_file_name(own);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside) {
            // Left by a process of the same number that was killed.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            opened => return opened.map(|file| (file, beside)),
        }
    }
}

fn fill(file: &mut File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    // The mode of creation is subject to the umask of whoever started the process; the collector is another user.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.sync_all()
}

/// The value of a label between its quotes.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
