//! Consent: no person's data goes to a host before somebody has agreed to it, on record.

mod record;

use std::path::Path;

use enlist_core::{Error, ErrorKind, StateFolder};

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
        Ok(match consents.pop() {
            None => Self::Missing,
            Some(last) if last.revoked_at.is_some() => Self::Revoked(last),
            Some(last) if last.text != fingerprint(host) => Self::OtherText(last),
            Some(last) => Self::InForce(last),
        })
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
/// trusted or read, [`ErrorKind::Config`] for a host that cannot be right.
pub fn require(connection: &Connection, state: &Path) -> Result<Option<Consent>, Error> {
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
    let typed = connection.name == connection.host;
    let account = if typed { format!("--host {}", host.name()) } else { connection.name.clone() };
    Err(Error::new(ErrorKind::Access, "access::consent", format!("no consent recorded for {}{why}", host.name()))
        .help(format!("run: enlist connect {account}")))
}

/// Puts on record that `by` agreed to the text for `host` now.
///
/// # Errors
/// [`ErrorKind::State`] when it cannot be written.
pub fn agree(host: &str, by: String, state: &Path) -> Result<(), Error> {
    record::change(state, |consents| {
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
    fn the_text_names_the_host_and_everything_that_leaves() {
        for word in [HOST, "email addresses", "first name", "last name", "phone", "custom fields", "tags", "list"] {
            assert!(text(HOST).contains(word), "{word}");
        }
        assert_ne!(fingerprint(HOST), fingerprint("other.api-us1.com"));
    }
}
