//! The simulator that comes with the tool: made from arguments, prepared for the demo, kept in a file.

mod attendance;

use std::fs;
use std::io;
use std::path::Path;

use enlist_core::{Error, ErrorKind};
use enlist_simulator::{Exclusion, Match, Settings, Simulator, Snapshot};
use serde_json::{Map, Value};

pub use attendance::{Attendance, address, keep_apart};

use crate::args::SimArgs;
use crate::demo_data::{BOUNCED, EXCLUDED, UNSUBSCRIBED};
use crate::failure::{Failure, cause};

/// The file in the state folder that keeps the simulated account.
const DATA: &str = "simulator.json";

/// The list of the demo in the account that is there without any set-up.
const DEMO_LIST: u32 = 1;

/// The settings of a file, if one is named, with those of the command line on top.
///
/// # Errors
/// [`ErrorKind::Config`] for a file that cannot be read, and for settings that are not known or cannot be meant.
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
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        let value = number.map_or_else(|| Value::from(value.as_str()), Value::from);
        if let Value::Object(faults) = faults {
            faults.insert(name.clone(), value);
        }
    }
    let settings: Settings = serde_json::from_value(Value::Object(settings))
        .map_err(|e| Failure::config("sim::settings", format!("the simulator has no such setting: {e}")))?;
    settings.check().map_err(|cause| Failure::config("sim::settings", cause))?;
    Ok(settings)
}

/// Makes sure that the account can be kept in `data` later on.
///
/// # Errors
/// `sim::folder` when its folder is not there or cannot be written to.
pub fn can_be_kept(data: &Path) -> Result<(), Failure> {
    let folder = folder_of(data);
    tempfile::NamedTempFile::new_in(folder).map(drop).map_err(|e| {
        // The error itself names a file that nobody asked for.
        Failure::config("sim::folder", format!("--data {}: {}", data.display(), cause(&e)))
            .help("name a file in a folder that is there and yours")
    })
}

fn folder_of(data: &Path) -> &Path {
    data.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

/// Writes the account to `data`, as a whole or not at all.
///
/// # Errors
/// [`ErrorKind::State`] when it cannot be written.
pub fn keep(simulator: &Simulator, data: &Path) -> Result<(), Failure> {
    let folder = folder_of(data);
    let write = || {
        fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(io::BufWriter::new(&file), &simulator.snapshot())?;
        file.persist(data).map_err(|e| e.error)
    };
    write().map(drop).map_err(|e| kept(Some(data), &e))
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
    fn what_cannot_be_meant_is_refused_before_anything_is_served() {
        for (name, value, words) in [
            ("throttle", "2", "faults.throttle is 2"),
            ("html", "-0.5", "faults.html is -0.5"),
            ("html", "nan", "\"nan\""),
        ] {
            let refused = super::settings(&args(&[(name, value)])).unwrap_err();
            assert_eq!(refused.error.code(), "sim::settings");
            assert!(refused.error.to_string().contains(words), "{}", refused.error);
        }
        let both = super::settings(&args(&[("html", "0.8"), ("forbidden", "0.8")])).unwrap_err();
        assert!(both.error.to_string().contains("add up"), "{}", both.error);
        let folder = tempfile::tempdir().unwrap();
        assert!(can_be_kept(&folder.path().join("account.json")).is_ok());
        let refused = can_be_kept(&folder.path().join("nowhere/account.json")).unwrap_err();
        let message = refused.error.to_string();
        assert!(message.ends_with("nowhere/account.json: No such file or directory (os error 2)"), "{message}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
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
