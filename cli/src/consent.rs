//! Consent: no person's data goes to a host before somebody has agreed to it, on record.

mod record;

use std::path::Path;

use enlist_core::{Error, ErrorKind, StateFolder};

use crate::args::{ExportArgs, Global};
use crate::connectors;
use crate::spec::Connection;
pub use record::Consent;

/// What one agrees to. A consent to another text, or for another host, is none.
pub fn text(host: &str) -> String {
    format!(
        "\
Data privacy

With each run, enlist sends data of the people of your segments from this machine
to ActiveCampaign, to the account at {host}:

  - their email addresses
  - first name, last name and phone number, where they are mapped
  - the values of mapped custom fields, and tags
  - that they belong to the list of the export

ActiveCampaign keeps and uses this data under your contract with it. enlist sends it
at your instruction, and to nobody else. You can revoke at any time: later runs are
then refused; what was sent stays with ActiveCampaign.

You confirm that you may pass this data on, and that these people may be contacted.
"
    )
}

/// Stands for the text that is agreed to for `host`.
pub fn fingerprint(host: &str) -> String {
    format!("b3:{}", blake3::hash(text(host).as_bytes()).to_hex())
}

/// How things stand for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has agreed.
    Missing,
    /// Somebody agreed, to another text.
    OtherText(Consent),
    /// Somebody agreed, and somebody revoked it.
    Revoked(Consent),
    /// Somebody agreed to what holds.
    InForce(Consent),
}

impl Standing {
    /// What is on record for `host` in the state folder: the last consent counts.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when the folder or the record cannot be trusted or read.
    pub fn of(host: &str, state: &Path) -> Result<Self, Error> {
        // What lies in a folder of somebody else is not believed.
        StateFolder::open_existing_read_only(state)?;
        let mut consents = record::read(state)?;
        consents.retain(|consent| consent.host == host);
        Ok(consents.pop().map_or(Self::Missing, Self::with))
    }

    /// With the last consent for a host.
    fn with(last: Consent) -> Self {
        if last.revoked_at.is_some() {
            Self::Revoked(last)
        } else if last.text != fingerprint(&last.host) {
            Self::OtherText(last)
        } else {
            Self::InForce(last)
        }
    }

    /// The record, whether or not it is in force.
    pub fn consent(&self) -> Option<&Consent> {
        match self {
            Self::Missing => None,
            Self::OtherText(consent) | Self::Revoked(consent) | Self::InForce(consent) => Some(consent),
        }
    }
}

/// The consent that lets people's data go over `connection`; none where it does not leave this machine.
///
/// # Errors
/// [`ErrorKind::Access`] with `access::consent` when none is in force, [`ErrorKind::State`] when the record cannot be
/// trusted or read, [`ErrorKind::Config`] for a host that cannot be right. The help has the command that asks for one,
/// with the flags that the run has.
pub fn require(connection: &Connection, state: &Path, flags: &Flags<'_>) -> Result<Option<Consent>, Error> {
    let host = connectors::host(connection)?;
    if host.is_loopback() {
        return Ok(None);
    }
    let why = match Standing::of(host.name(), state)? {
        Standing::InForce(consent) => return Ok(Some(consent)),
        Standing::Missing => String::new(),
        Standing::OtherText(last) => format!(": the text has changed since the consent of {}", last.at),
        Standing::Revoked(last) => format!(": it was revoked on {}", last.revoked_at.unwrap_or_default()),
    };
    Err(Error::new(ErrorKind::Access, "access::consent", format!("no consent recorded for {}{why}", host.name()))
        .help(format!("run: {}", flags.command(connection, host.name()))))
}

/// Flags of a run that decide where its consent is looked for, and what `connect` needs to find the same place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags<'a> {
    /// `-c`.
    pub config: Option<&'a Path>,
    /// `--state`.
    pub state: Option<&'a Path>,
    /// `--key-file`.
    pub key_file: Option<&'a Path>,
    /// `--allow-host`.
    pub allow_host: bool,
}

impl<'a> Flags<'a> {
    /// Those of a command that carries an export.
    pub fn of(export: &'a ExportArgs, global: &'a Global) -> Self {
        Self {
            config: global.config.as_deref(),
            state: export.state.as_deref(),
            key_file: export.key_file.as_deref(),
            allow_host: export.allow_host,
        }
    }

    /// The command that asks for a consent, for a shell.
    fn command(&self, connection: &Connection, host: &str) -> String {
        let mut words = vec!["enlist connect".to_owned()];
        let mut flag = |name: &str, path: Option<&Path>| {
            words.extend(path.map(|path| format!("{name} {}", quoted(&path.display().to_string()))));
        };
        flag("-c", self.config);
        // An account that is typed is named by its host, and its key goes with it.
        if connection.name == connection.host {
            flag("--host", Some(Path::new(host)));
            flag("--key-file", self.key_file);
        } else {
            flag("", Some(Path::new(&connection.name)));
        }
        flag("--state", self.state);
        words.extend(self.allow_host.then(|| "--allow-host".to_owned()));
        words.iter().map(|word| word.trim()).collect::<Vec<_>>().join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '+' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Puts on record that `by` agreed to the text for `host` now. A consent that is in force stays the one that counts.
///
/// # Errors
/// [`ErrorKind::State`] when it cannot be written.
pub fn agree(host: &str, by: String, state: &Path) -> Result<(), Error> {
    record::change(state, |consents| {
        let last = consents.iter().rfind(|consent| consent.host == host).cloned();
        if matches!(last.map(Standing::with), Some(Standing::InForce(_))) {
            return;
        }
        consents.push(Consent {
            host: host.to_owned(),
            by,
            at: record::now(),
            text: fingerprint(host),
            revoked_at: None,
            revoked_by: None,
        });
    })
}

/// Puts on record that `by` revoked every consent for `host` now. Who agreed, and when, stays.
///
/// # Errors
/// [`ErrorKind::State`] when it cannot be written.
pub fn revoke(host: &str, by: &str, state: &Path) -> Result<(), Error> {
    record::change(state, |consents| {
        for consent in consents.iter_mut().filter(|consent| consent.host == host && consent.revoked_at.is_none()) {
            consent.revoked_at = Some(record::now());
            consent.revoked_by = Some(by.to_owned());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "acme.api-us1.com";

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        StateFolder::open(&folder.path().join("state")).unwrap();
        folder
    }

    #[test]
    fn a_consent_holds_for_its_host_until_it_is_revoked_and_can_be_given_again() {
        let folder = folder();
        let state = folder.path().join("state");
        assert_eq!(Standing::of(HOST, &state).unwrap(), Standing::Missing);
        agree(HOST, "Ada".to_owned(), &state).unwrap();
        assert!(matches!(Standing::of(HOST, &state).unwrap(), Standing::InForce(it) if it.by == "Ada"));
        assert_eq!(Standing::of("other.api-us1.com", &state).unwrap(), Standing::Missing);
        revoke(HOST, "Ben", &state).unwrap();
        let Standing::Revoked(kept) = Standing::of(HOST, &state).unwrap() else { panic!("still in force") };
        assert_eq!((kept.by.as_str(), kept.revoked_by.as_deref()), ("Ada", Some("Ben")));
        agree(HOST, "Cleo".to_owned(), &state).unwrap();
        assert!(matches!(Standing::of(HOST, &state).unwrap(), Standing::InForce(it) if it.by == "Cleo"));
        assert_eq!(record::read(&state).unwrap().len(), 2, "what was revoked stays on record");
    }

    #[test]
    fn agreeing_to_what_is_agreed_adds_nothing_to_the_record() {
        let folder = folder();
        let state = folder.path().join("state");
        for by in ["Ada", "Ben", "Ada"] {
            agree(HOST, by.to_owned(), &state).unwrap();
        }
        assert_eq!(record::read(&state).unwrap().len(), 1);
        agree("other.api-us1.com", "Ben".to_owned(), &state).unwrap();
        assert!(matches!(Standing::of(HOST, &state).unwrap(), Standing::InForce(it) if it.by == "Ada"));
        assert_eq!(record::read(&state).unwrap().len(), 2);
    }

    #[test]
    fn the_help_of_a_missing_consent_has_the_flags_of_the_run() {
        let folder = folder();
        let state = folder.path().join("state");
        let help = |connection: &Connection, flags: Flags<'_>| {
            let error = require(connection, &state, &flags).unwrap_err();
            assert_eq!(error.code(), "access::consent");
            error.help_text().unwrap().to_owned()
        };
        let typed = Connection::typed(HOST, None);
        let named = Connection { name: "marketing".to_owned(), ..typed.clone() };
        assert_eq!(help(&named, Flags::default()), "run: enlist connect marketing");
        assert_eq!(help(&typed, Flags::default()), "run: enlist connect --host acme.api-us1.com");
        let all = Flags {
            config: Some(Path::new("conf/eu.yaml")),
            state: Some(Path::new("my state")),
            key_file: Some(Path::new("key")),
            allow_host: true,
        };
        let to = "--state 'my state' --allow-host";
        assert_eq!(help(&named, all), format!("run: enlist connect -c conf/eu.yaml marketing {to}"));
        let typed = help(&typed, all);
        assert_eq!(typed, format!("run: enlist connect -c conf/eu.yaml --host {HOST} --key-file key {to}"));
    }

    #[test]
    fn the_text_names_the_host_and_everything_that_leaves() {
        for word in [HOST, "email addresses", "first name", "last name", "phone", "custom fields", "tags", "list"] {
            assert!(text(HOST).contains(word), "{word}");
        }
        assert_ne!(fingerprint(HOST), fingerprint("other.api-us1.com"));
    }
}
