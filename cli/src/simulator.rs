//! The simulator that comes with the tool: made from arguments, prepared for the demo, kept in a file.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use enlist_core::{Error, ErrorKind};
use enlist_simulator::{Exclusion, Field, FieldType, Match, Settings, Simulator, Snapshot};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::args::SimArgs;
use crate::demo_data::{BOUNCED, EXCLUDED, UNSUBSCRIBED};
use crate::failure::Failure;
use crate::spec::Export;

/// Where the simulator is found unless `sim --port` says otherwise. Fixed, because what was confirmed is on record
/// for the host.
pub const ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8025);

/// The file in the state folder that keeps the simulated account.
const DATA: &str = "simulator.json";

/// Ids of fields that are made for an export, above those of the account that is there without any set-up.
const FIRST_FIELD: u32 = 1_000;

/// The list of the demo in the account that is there without any set-up.
const DEMO_LIST: u32 = 1;

/// The settings of a file, if one is named, with those of the command line on top.
///
/// # Errors
/// [`ErrorKind::Config`] for a file that cannot be read and for settings that are not known.
pub fn settings(args: &SimArgs) -> Result<Settings, Failure> {
    let mut settings = match &args.settings {
        Some(path) => object(path)?,
        None => Map::new(),
    };
    settings.extend(args.seed.map(|seed| ("seed".to_owned(), seed.into())));
    settings.extend(args.speed.map(|speed| ("speed".to_owned(), speed.into())));
    let faults = settings.entry("faults").or_insert_with(|| Value::Object(Map::new()));
    for (name, value) in &args.fault {
        // A share, or a word such as the scope.
        let value = value.parse::<f64>().map_or_else(|_| Value::from(value.as_str()), Value::from);
        if let Value::Object(faults) = faults {
            faults.insert(name.clone(), value);
        }
    }
    serde_json::from_value(Value::Object(settings))
        .map_err(|e| Failure::config("sim::settings", format!("the simulator has no such setting: {e}")))
}

fn object(path: &Path) -> Result<Map<String, Value>, Failure> {
    let unreadable = |cause: String| Failure::config("sim::settings", format!("{}: {cause}", path.display()));
    let text = fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()))
}

/// An account: the one kept in `data`, or else one that refuses the seven people of the demo it has to.
///
/// # Errors
/// [`ErrorKind::State`] when the file is there and cannot be read.
pub fn open(settings: Settings, data: Option<&Path>) -> Result<Simulator, Failure> {
    let simulator = Simulator::new(settings);
    match data.map(fs::read_to_string) {
        Some(Ok(text)) => {
            let snapshot: Snapshot = serde_json::from_str(&text).map_err(|e| kept(data, &e.into()))?;
            simulator.restore(snapshot);
        }
        Some(Err(e)) if e.kind() != io::ErrorKind::NotFound => return Err(kept(data, &e)),
        _ => refuse_some(&simulator),
    }
    Ok(simulator)
}

/// A simulator that is there for the length of a run.
#[derive(Debug)]
pub struct Attendance {
    own: Option<(Simulator, PathBuf, JoinHandle<()>)>,
}

impl Attendance {
    /// Serves what `export` needs: its simulator if it goes to one, and nothing otherwise.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn of(export: &Export) -> Result<Self, Failure> {
        if !export.connection.is_simulator() {
            return Ok(Self { own: None });
        }
        let attendance = Self::begin(&export.state.join(DATA)).await?;
        if let Some((simulator, ..)) = &attendance.own {
            furnish(simulator, export);
        }
        Ok(attendance)
    }

    /// Serves the account kept in `data` at [`ADDRESS`], unless a simulator is served there already.
    ///
    /// # Errors
    /// As [`open`], and when the address cannot be used.
    pub async fn begin(data: &Path) -> Result<Self, Failure> {
        let listener = match TcpListener::bind(ADDRESS).await {
            Ok(listener) => listener,
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => return Ok(Self { own: None }),
            Err(e) => return Err(Failure::config("sim::port", format!("{ADDRESS}: {e}"))),
        };
        let simulator = open(Settings::default(), Some(data))?;
        let served = simulator.clone();
        let task = tokio::spawn(async move {
            if let Err(e) = served.serve(listener).await {
                tracing::error!(error = %e, "the simulator stopped");
            }
        });
        Ok(Self { own: Some((simulator, data.to_owned(), task)) })
    }

    /// Stops serving and keeps the account.
    ///
    /// # Errors
    /// As [`keep`].
    pub async fn end(self) -> Result<(), Failure> {
        let Some((simulator, data, task)) = self.own else {
            return Ok(());
        };
        task.abort();
        // Until the task is gone its port is taken, and who comes next would take it for somebody else's simulator.
        let _ = task.await;
        keep(&simulator, &data)
    }
}

/// Writes the account to `data`, as a whole or not at all.
///
/// # Errors
/// [`ErrorKind::State`] when it cannot be written.
pub fn keep(simulator: &Simulator, data: &Path) -> Result<(), Failure> {
    let folder = data.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(io::BufWriter::new(&file), &simulator.snapshot())?;
        file.persist(data).map_err(|e| e.error)
    };
    write().map(drop).map_err(|e| kept(Some(data), &e))
}

/// Makes the list and the fields of an export that was written for another account.
fn furnish(simulator: &Simulator, export: &Export) {
    if let Ok(list) = u32::try_from(export.list)
        && list > DEMO_LIST
    {
        simulator.add_list(list, "Simulated list");
    }
    let known = simulator.field_titles();
    for (n, (written, _)) in (FIRST_FIELD..).zip(&export.map.fields) {
        let title = written.trim_matches('%');
        if !known.iter().any(|known| known.eq_ignore_ascii_case(title)) {
            let id = title.parse().unwrap_or(n);
            simulator.add_field(Field::new(id, title, FieldType::Text, &[]));
        }
    }
}

fn refuse_some(simulator: &Simulator) {
    for email in UNSUBSCRIBED {
        simulator.unsubscribe(email, DEMO_LIST);
    }
    for email in BOUNCED {
        simulator.bounce(email);
    }
    for email in EXCLUDED {
        simulator.exclude(Exclusion { text: email.to_owned(), matching: Match::Exact, lists: Vec::new() });
    }
}

fn kept(data: Option<&Path>, cause: &io::Error) -> Failure {
    let path = data.map(|path| path.display().to_string()).unwrap_or_default();
    Error::new(ErrorKind::State, "sim::data", format!("the simulated account of {path}: {cause}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(faults: &[(&str, &str)]) -> SimArgs {
        SimArgs {
            port: 0,
            seed: Some(7),
            speed: Some(60.0),
            data: None,
            fault: faults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            settings: None,
        }
    }

    #[test]
    fn settings_come_from_the_command_line() {
        let settings = settings(&args(&[("throttle", "0.2"), ("scope", "bulk")])).unwrap();
        assert_eq!((settings.seed, settings.speed, settings.faults.throttle), (7, 60.0, 0.2));
        let unknown = super::settings(&args(&[("throtle", "0.2")])).unwrap_err();
        assert!(unknown.error.to_string().contains("throttle"), "{}", unknown.error);
    }

    #[test]
    fn settings_of_a_file_stand_unless_the_command_line_says_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::write(&file, r#"{ "seed": 3, "speed": 5, "faults": { "html": 0.1 } }"#).unwrap();
        let args = SimArgs { speed: None, settings: Some(file), ..args(&[("throttle", "0.2")]) };
        let settings = settings(&args).unwrap();
        assert_eq!((settings.seed, settings.speed), (7, 5.0));
        assert_eq!((settings.faults.html, settings.faults.throttle), (0.1, 0.2));
    }

    #[tokio::test]
    async fn an_account_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("account.json");
        let simulator = open(Settings::prompt(), Some(&data)).unwrap();
        simulator.subscribe("ada@example.com", DEMO_LIST);
        keep(&simulator, &data).unwrap();
        let again = open(Settings::prompt(), Some(&data)).unwrap();
        assert!(again.contact("ada@example.com").is_some());
        assert_eq!(again.len(), 1 + UNSUBSCRIBED.len());
        fs::write(&data, "{").unwrap();
        assert!(open(Settings::prompt(), Some(&data)).is_err());
    }
}
