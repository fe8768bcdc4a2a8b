//! What a recipe is about: an export, where its configuration lies, and when it is due.

use std::path::{Path, PathBuf, absolute};

use nix::unistd::{Uid, User};

use crate::connectors;
use crate::failure::{Failure, suggest};
use crate::spec::{DEFAULT_FILE, Export, Schedule, Spec};

/// The export of a recipe that was asked for where there is no configuration.
const PLACEHOLDER: &str = "vip_customers";

/// When a recipe runs what has no schedule: at six, every day.
const DAILY: &str = "0 6 * * *";

/// Where a configuration is expected that was not there: what it remembers lies beside it, so not in /etc.
const HOME: &str = "/var/lib/enlist";

/// Who runs enlist where the configuration does not tell.
const USER: &str = "enlist";

/// Longest name of an export.
const LONGEST_NAME: usize = 64;

/// Letters of a hash that tell apart what another system would call the same.
const HASH: usize = 6;

/// What to do about a configuration without exports.
const ADD: &str = "add one under `exports:`; enlist generate schema writes all keys there are";

/// What to run, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The export; none: every one of the configuration.
    pub export: Option<String>,
    /// Its account, where the configuration tells.
    pub connection: Option<String>,
    /// The configuration as it was named.
    pub config: PathBuf,
    /// Folder of the state, as seen from the working folder.
    pub state: PathBuf,
    /// Folder of reject files, likewise.
    pub rejects: PathBuf,
    /// When it is due.
    pub schedule: Schedule,
    /// Name of the user that runs it.
    pub user: String,
    /// What whoever reads the recipe has to know.
    pub notes: Vec<String>,
    /// What the job carries where.
    pub carried: Vec<Carried>,
    /// All exports of the configuration.
    pub names: Vec<String>,
}

/// A segment on its way into a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its export.
    pub export: String,
    /// What people call where it comes from.
    pub source: String,
    /// Host of the account.
    pub host: String,
    /// Id of the list.
    pub list: u64,
}

impl Job {
    /// The job of `export`; without one, of the only export that there is, or of all.
    ///
    /// # Errors
    /// `config::unknown_export` when the configuration does not have it, `config::no_export` when it has none,
    /// `config::bad_name` when none could.
    pub fn of(export: Option<&str>, spec: Option<&Spec>) -> Result<Self, Failure> {
        match (export, spec) {
            (name, None) => without_configuration(name.unwrap_or(PLACEHOLDER)),
            (Some(name), Some(spec)) => match spec.exports.iter().find(|export| export.name == name) {
                Some(export) => Ok(of_one(export, spec)),
                None => Err(unknown(name, spec)),
            },
            (None, Some(spec)) => match spec.exports.as_slice() {
                [] => Err(Failure::config("config::no_export", "the configuration has no exports").help(ADD)),
                [only] => Ok(of_one(only, spec)),
                several => Ok(of_all(several, spec)),
            },
        }
    }

    /// What people read.
    pub fn title(&self) -> &str {
        self.export.as_deref().unwrap_or("every export")
    }

    /// What the command is told to run.
    pub fn target(&self) -> &str {
        self.export.as_deref().unwrap_or("--all")
    }

    /// A name for what the other system makes of it, `enlist` and the export joined by `mark`.
    pub fn name(&self, mark: char) -> String {
        self.export.as_ref().map_or_else(|| "enlist".to_owned(), |export| format!("enlist{mark}{export}"))
    }

    /// What another system calls `export`, whose letters `spell` replaces by those that it takes, in at most `longest`
    /// characters. Exports that would be called the same have a part of a hash behind `mark`.
    pub fn called(&self, export: &str, mark: char, longest: usize, spell: impl Fn(&str) -> String) -> String {
        let cut = |name: &str, longest: usize| {
            name.chars().take(longest).collect::<String>().trim_end_matches(['-', '_']).to_owned()
        };
        let name = cut(&spell(export), longest);
        let same = |other: &String| other != export && cut(&spell(other), longest) == name;
        if !self.names.iter().any(same) {
            return name;
        }
        let hash = blake3::hash(export.as_bytes()).to_hex();
        format!("{}{mark}{}", cut(&name, longest - HASH - 1), &hash[..HASH])
    }

    /// Time zone of the schedule.
    pub fn time_zone(&self) -> &str {
        self.schedule.time_zone.as_deref().unwrap_or("UTC")
    }

    /// The configuration from anywhere.
    pub fn config_path(&self) -> PathBuf {
        whole(&self.config)
    }

    /// The folders that runs make files and folders in, from anywhere, each once.
    pub fn written(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = [&self.state, &self.rejects]
            .into_iter()
            .map(|folder| whole(folder))
            .map(|folder| folder.parent().map(Path::to_owned).unwrap_or(folder))
            .collect();
        folders.dedup();
        folders
    }
}

/// A path from anywhere. Only an empty one has none.
fn whole(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn of_one(export: &Export, spec: &Spec) -> Job {
    let mut notes = Vec::new();
    if export.schedule.is_none() {
        notes.push(format!("{} has no `schedule`: every day at six is written here.", export.name));
    }
    Job {
        export: Some(export.name.clone()),
        connection: Some(export.connection.name.clone()),
        rejects: export.rejects.folder.clone(),
        schedule: export.schedule.clone().unwrap_or_else(daily),
        carried: vec![carried(export)],
        ..of_file(spec, notes)
    }
}

fn of_all(exports: &[Export], spec: &Spec) -> Job {
    let mut schedules = exports.iter().filter(|export| export.enabled).map(|export| export.schedule.as_ref());
    let first = schedules.next().flatten();
    let same = first.is_some() && schedules.all(|schedule| schedule == first);
    let note = "The exports are not all due at the same times: every day at six is written here for all of them. \
                With a name behind it, `enlist generate` writes a recipe for one.";
    let notes = if same { Vec::new() } else { vec![note.to_owned()] };
    let rejects = exports.first().map_or_else(|| PathBuf::from("rejects"), |export| export.rejects.folder.clone());
    let schedule = first.filter(|_| same).cloned().unwrap_or_else(daily);
    let carried = exports.iter().filter(|export| export.enabled).map(carried).collect();
    Job { rejects, schedule, carried, ..of_file(spec, notes) }
}

fn carried(export: &Export) -> Carried {
    let host = connectors::host(&export.connection).map(|host| host.name().to_owned());
    Carried {
        export: export.name.clone(),
        source: export.source_name(),
        host: host.unwrap_or_else(|_| export.connection.host.clone()),
        list: export.list,
    }
}

/// What the file alone tells.
fn of_file(spec: &Spec, notes: Vec<String>) -> Job {
    let owner = spec.owner.filter(|owner| *owner != 0);
    let owner = owner.and_then(|owner| User::from_uid(Uid::from_raw(owner)).ok().flatten());
    Job {
        export: None,
        connection: None,
        config: spec.file.clone(),
        state: spec.state.clone(),
        rejects: PathBuf::new(),
        schedule: daily(),
        user: owner.map_or_else(|| USER.to_owned(), |owner| owner.name),
        notes,
        carried: Vec::new(),
        names: spec.exports.iter().map(|export| export.name.clone()).collect(),
    }
}

fn without_configuration(name: &str) -> Result<Job, Failure> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(sound) {
        let failure = Failure::config("config::bad_name", "an export cannot have this name");
        return Err(failure.help("names are lower-case letters, digits, _ and -, at most 64"));
    }
    let home = Path::new(HOME);
    let note =
        format!("There was no {DEFAULT_FILE}: export, paths and time are made up. Beside it, they are read from it.");
    Ok(Job {
        export: Some(name.to_owned()),
        connection: None,
        config: home.join(DEFAULT_FILE),
        state: home.join(".enlist"),
        rejects: home.join("rejects"),
        schedule: daily(),
        user: USER.to_owned(),
        notes: vec![note],
        carried: vec![Carried {
            export: name.to_owned(),
            source: "people".to_owned(),
            host: "example.api-us1.com".to_owned(),
            list: 7,
        }],
        names: vec![name.to_owned()],
    })
}

fn daily() -> Schedule {
    Schedule { cron: DAILY.to_owned(), time_zone: None }
}

fn unknown(name: &str, spec: &Spec) -> Failure {
    let names = || spec.exports.iter().map(|export| export.name.as_str());
    let failure = Failure::config("config::unknown_export", format!("there is no export `{name}`"));
    match suggest(name, names()) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None if spec.exports.is_empty() => failure.help(ADD),
        None => failure.help(format!("there are {}", names().collect::<Vec<_>>().join(", "))),
    }
}
