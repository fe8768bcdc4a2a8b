//! The configuration file: as written, with variables filled in, and checked.
//!
//! Reading goes in three steps: YAML to [`written`] (shape and keys), every scalar expanded ([`reader`]), then typed
//! and cross-checked ([`check`]). Each step points at the line it objects to.

mod account;
mod check;
#[cfg(test)]
mod corpus;
mod document;
mod endpoint;
mod environment;
mod export;
mod extends;
mod interpolate;
mod masked;
mod model;
mod params;
mod reader;
pub mod scalar;
mod schema;
mod shape;
pub mod source;
mod sources;
mod target;
mod told;
mod written;
#[cfg(test)]
mod written_out;

use std::path::{Path, PathBuf};

pub use account::account;
pub use check::{STATE, is_name};
use document::Document;
pub use endpoint::Endpoint;
pub use environment::Environment;
pub use model::{Connection, Export, Guards, Notify, RejectFiles, Schedule, Spec};
use reader::{Reader, Secrets};
pub use schema::schema;
pub use source::SourceSpec;
pub use target::{KEY_VARIABLE, chosen, key_of_environment, key_of_file, select, source_named, source_to_look_at};

use crate::failure::Failure;

/// The configuration that is found without being named.
pub const DEFAULT_FILE: &str = "enlist.yaml";

/// Reads the configuration: `named`, or `enlist.yaml` here when there is one.
///
/// # Errors
/// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) when the named file is missing, or the file is not a sound
/// configuration.
pub fn load(named: Option<&Path>) -> Result<Option<Spec>, Failure> {
    load_with(named, Secrets::Read)
}

/// The same for a command that calls nobody: neither key nor `notify` is looked up, and there is none in what is read.
///
/// # Errors
/// As [`load`], but for those of a key and of `notify`.
pub fn load_without_secrets(named: Option<&Path>) -> Result<Option<Spec>, Failure> {
    load_with(named, Secrets::Leave)
}

fn load_with(named: Option<&Path>, secrets: Secrets) -> Result<Option<Spec>, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok(None),
    };
    let document = Document::read(&path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let environment = Environment::of_process(&folder)?;
    read(&document, &environment, secrets).map(Some)
}

/// What the text of a configuration in `folder` means, without its secrets; none where it is not sound.
pub fn meaning(text: &str, folder: &Path) -> Option<Spec> {
    let document = Document { name: DEFAULT_FILE.to_owned(), text: text.to_owned(), owner: None };
    read(&document, &Environment::of_process(folder).ok()?, Secrets::Leave).ok()
}

/// Reads the configuration, which has to be there.
///
/// # Errors
/// As [`load`], and when there is none.
pub fn require(named: Option<&Path>) -> Result<Spec, Failure> {
    load(named)?.ok_or_else(|| {
        Failure::config("config::missing", format!("no {DEFAULT_FILE} here"))
            .help("enlist init writes one; -c FILE names another; or give a file and --list, --host, --key-file")
    })
}

fn read(document: &Document, environment: &Environment, secrets: Secrets) -> Result<Spec, Failure> {
    check::check(&Reader { document, environment, secrets }, document.parse()?)
}

/// Reads the text of a configuration with these variables.
#[cfg(test)]
pub fn read_text(text: &str, variables: &[(&str, &str)]) -> Result<Spec, Failure> {
    let document = Document { name: DEFAULT_FILE.to_owned(), text: text.to_owned(), owner: None };
    read(&document, &Environment::new(variables.iter().copied(), Path::new("")), Secrets::Read)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub mod whole;
