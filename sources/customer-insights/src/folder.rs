//! A folder as it was exported.

use std::path::Path;
use std::sync::Arc;

use enlist_core::{Error, ErrorKind, Source};
use enlist_source_files::{Location, advice};

use crate::entity::Entity;
use crate::matching::{SegmentOptions, plain};
use crate::model::{FILE, Model};
use crate::segment::segment;

/// What the unified profile is called.
const PROFILES: [&str; 2] = ["customer", "customerprofile"];
/// What the table of memberships is called.
const MEMBERSHIPS: [&str; 2] = ["segmentmembership", "segmentmemberships"];

/// Whether `path` is a folder of this machine that holds a `model.json`.
pub fn handles(path: &str) -> bool {
    Path::new(path).join(FILE).is_file()
}

/// How a folder is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The types of the columns.
    pub types: Types,
}

/// The types that columns get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Types {
    /// Those of `model.json`; a cell that is not of the type of its column is an error.
    #[default]
    Model,
    /// Text, exactly as the files have it.
    Text,
}

/// A folder with a `model.json`: on this machine or in an object store, where it was exported to or copied.
#[derive(Clone)]
pub struct Folder {
    /// Without a slash at its end.
    location: Location,
    options: Options,
    model: Arc<Model>,
}

impl Folder {
    /// Reads the `model.json` of the folder at `location`. Blocks meanwhile.
    ///
    /// # Errors
    /// `insights::no_model` when there is none; `insights::model`, `insights::version`, and those of the disk or store.
    pub fn open(location: impl Into<Location>, options: Options) -> Result<Self, Error> {
        let mut location = location.into();
        let named = location.pattern.trim_end_matches('/');
        let folder = named.strip_suffix(FILE).unwrap_or(named).trim_end_matches('/');
        let here = if named.starts_with('/') { "/." } else { "." };
        location.pattern = if folder.is_empty() { here } else { folder }.to_owned();
        let file = Location { pattern: format!("{}/{FILE}", location.pattern), ..location.clone() };
        let model = Model::read(&file).map_err(|error| match error.code() {
            "source::file_missing" | "source::no_files" => no_model(&location),
            _ => error,
        })?;
        Ok(Self { location, options, model: Arc::new(model) })
    }

    /// The names of the tables, in the order of `model.json`.
    pub fn entities(&self) -> impl Iterator<Item = &str> {
        self.model.entities.iter().map(|entity| entity.name.as_str())
    }

    /// The table called `name`. Blocks while its files are found.
    ///
    /// # Errors
    /// `insights::entity` when there is none, with similar names; `insights::partition` when a file is missing,
    /// `insights::columns`, `insights::type`, `insights::format`, and those of opening CSV.
    pub fn entity(&self, name: &str) -> Result<Entity, Error> {
        Entity::open(&self.location, Arc::clone(&self.model), name, self.options.types)
    }

    /// The customers of the folder's table of profiles that are members of the segment called `name`, by its table of
    /// memberships. A segment that has a table of its own exists even if nobody is a member. Blocks meanwhile.
    ///
    /// # Errors
    /// As [`entity`](Self::entity), also when there is no table of profiles or of memberships.
    pub fn segment(&self, name: &str) -> Result<Arc<dyn Source>, Error> {
        let profiles = self.entity(self.one_of(&PROFILES, "Customer")?)?;
        let memberships = self.entity(self.one_of(&MEMBERSHIPS, "SegmentMembership")?)?;
        // A segment has a table of its own; these two are none.
        let tables = [&PROFILES[..], &MEMBERSHIPS].concat();
        let segments = self.entities().filter(|entity| !tables.contains(&plain(entity).as_str()));
        let options = SegmentOptions { exist: segments.map(str::to_owned).collect(), ..SegmentOptions::default() };
        Ok(segment(Arc::new(profiles), Arc::new(memberships), options, name))
    }

    fn one_of(&self, names: &[&str], usual: &str) -> Result<&str, Error> {
        let found = self.entities().find(|entity| names.contains(&plain(entity).as_str()));
        found.ok_or_else(|| {
            let entities: Vec<&str> = self.entities().collect();
            Error::new(ErrorKind::Source, "insights::entity", format!("{} has no entity \"{usual}\"", self.model.name))
                .help(format!("add the table to the export; {}", advice(usual, &entities, "entities")))
        })
    }
}

fn no_model(location: &Location) -> Error {
    let folder = &location.pattern;
    let error = Error::new(ErrorKind::Source, "insights::no_model", format!("{folder} has no {FILE}"));
    if !location.is_url() && !Path::new(folder).is_dir() {
        return error.help("there is no such folder");
    }
    let below = (!location.is_url()).then(|| std::fs::read_dir(folder).ok()).flatten();
    let mut below: Vec<String> = below
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .filter(|path| handles(path))
        .collect();
    below.sort();
    match below.first() {
        Some(first) => error.help(format!("name the folder of one export, for example {first}")),
        None => error.help("name the folder of one export, which is the one that holds the file"),
    }
}
