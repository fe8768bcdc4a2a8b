//! The record of consents, written as a test needs it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use serde_json::{Value, json};

use super::process::{Ended, command, piped};

/// What stands for the text that is agreed to for `host`, asked of the binary.
pub fn text(host: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["connect", "--check", "--json", "--host", host, "--allow-host"];
    let ended = Ended::of(piped(command(folder.path(), &[], &arguments)).output().unwrap());
    ended.document()["text"].clone()
}

/// A consent for `host` that is in force.
pub fn consent(host: &str) -> Value {
    json!({
        "host": host, "by": "Ada Example", "at": "2026-11-22T10:00:00Z", "text": text(host),
        "revoked_at": null, "revoked_by": null,
    })
}

/// Writes a record of these consents into the state folder of a project.
pub fn write(folder: &Path, consents: &[Value]) {
    let state = folder.join(".enlist");
    DirBuilder::new().recursive(true).mode(0o700).create(&state).unwrap();
    let file = state.join("consents.json");
    fs::write(&file, json!({ "schema": "enlist.consents/1", "consents": consents }).to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}
