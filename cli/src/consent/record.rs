//! `consents.json` in the state folder: who agreed when to what, and who took it back.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use enlist_core::{Error, ErrorKind, StateFolder};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

/// The file.
const NAME: &str = "consents.json";

/// Held while the file is replaced, so that of two who agree at once neither is forgotten. No export has this name.
const LOCK: &str = ".consents.lock";

/// What the file says it is.
const SCHEMA: &str = "enlist.consents/1";

/// Room for thousands of consents. A larger file counts as damaged.
const MAX_BYTES: usize = 1 << 20;

/// What consents may take of it, so that there is always room for revoking them.
const MAX_BYTES_AGREED: usize = MAX_BYTES / 2;

/// Permission bits of people other than the owner.
const OTHERS: u32 = 0o077;

/// One consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Where data goes.
    pub host: String,
    /// Who agreed.
    pub by: String,
    /// When, in UTC as RFC 3339 writes it.
    pub at: String,
    /// Stands for the text that was agreed to.
    pub text: String,
    /// When it was revoked, if it was.
    pub revoked_at: Option<String>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    schema: String,
    consents: Vec<Consent>,
}

/// The time, as it is put on record.
pub fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// All consents in the order they were given; none where there is no file.
///
/// # Errors
/// [`ErrorKind::State`]: `state::consents` for a file that is not what [`change`] writes, `state::permissions` when
/// others may have written it, `state::unwritable` when it cannot be read.
pub fn read(state: &Path) -> Result<Vec<Consent>, Error> {
    let path = state.join(NAME);
    let fail = |e: io::Error| unusable(&path, "read", &e);
    let mut options = OpenOptions::new();
    let file = match options.read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(fail(e)),
    };
    let found = file.metadata().map_err(fail)?;
    own(&path, found.uid())?;
    if found.mode() & OTHERS != 0 {
        let why = format!("the record {} is open to other users (mode {:04o})", path.display(), found.mode() & 0o7777);
        let help = format!("chmod 600 {}, after a look at what it says", path.display());
        return Err(Error::new(ErrorKind::State, "state::permissions", why).help(help));
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(fail)?;
    let record: Option<Record> = serde_json::from_slice(&text).ok();
    match record.filter(|record| text.len() <= MAX_BYTES && record.is_sound()) {
        Some(record) => Ok(record.consents),
        None => Err(damaged(&path)),
    }
}

/// Whether the record belongs to who runs this.
fn own(path: &Path, owner: u32) -> Result<(), Error> {
    let user = rustix::process::geteuid().as_raw();
    if owner == user {
        return Ok(());
    }
    let why = format!("the record {} belongs to user {owner}, and this is user {user}", path.display());
    Err(Error::new(ErrorKind::State, "state::permissions", why)
        .help("run as its owner; or, after a look at what it says, have it given to this user: chown"))
}

/// Changes the record; a crash leaves the former one or this one. Where nothing changes, nothing is written.
///
/// # Errors
/// Those of [`read`], and [`ErrorKind::State`] with `state::unwritable`, also when it would become too large to be read.
pub fn change(state: &Path, change: impl FnOnce(&mut Vec<Consent>)) -> Result<(), Error> {
    StateFolder::open(state)?;
    let path = state.join(NAME);
    let fail = |e: io::Error| unusable(&path, "write", &e);
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let lock = options.open(state.join(LOCK)).map_err(fail)?;
    lock.lock().map_err(fail)?;
    let mut record = Record { schema: SCHEMA.to_owned(), consents: read(state)? };
    let before = record.consents.clone();
    change(&mut record.consents);
    if record.consents == before {
        return Ok(());
    }
    let mut text = serde_json::to_vec_pretty(&record).map_err(|e| fail(e.into()))?;
    text.push(b'\n');
    let room = if record.consents.len() > before.len() { MAX_BYTES_AGREED } else { MAX_BYTES };
    if text.len() > room {
        return Err(full(&path));
    }
    let mut file = tempfile::Builder::new().prefix(".consents-").tempfile_in(state).map_err(fail)?;
    file.write_all(&text).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(&path).map_err(|e| fail(e.error))?;
    File::open(state).and_then(|folder| folder.sync_all()).map_err(fail)
}

impl Record {
    fn is_sound(&self) -> bool {
        self.schema == SCHEMA && self.consents.iter().all(Consent::is_sound)
    }
}

impl Consent {
    fn is_sound(&self) -> bool {
        let is_time = |text: &String| DateTime::parse_from_rfc3339(text).is_ok();
        let hash = self.text.strip_prefix("b3:").unwrap_or_default();
        !self.host.is_empty()
            && !self.by.is_empty()
            && is_time(&self.at)
            && hash.len() == 64
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && self.revoked_at.iter().all(is_time)
            && self.revoked_at.is_some() == self.revoked_by.is_some()
    }
}

fn damaged(path: &Path) -> Error {
    Error::new(ErrorKind::State, "state::consents", format!("the record of consents {} is damaged", path.display()))
        .help(
            "restore it from a backup; or move it away and agree again: \
               enlist connect, with the -c and --state of the run",
        )
}

fn full(path: &Path) -> Error {
    let what = format!("cannot write {}: it would be larger than a record may be", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what)
        .help("move it to where records are kept, and agree again to what is still to hold: enlist connect")
}

fn unusable(path: &Path, doing: &str, cause: &io::Error) -> Error {
    Error::new(ErrorKind::State, "state::unwritable", format!("cannot {doing} {}: {cause}", path.display()))
        .help("check owner, permissions and free space")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    fn consent() -> Consent {
        Consent {
            host: "acme.api-us1.com".to_owned(),
            by: "Ada".to_owned(),
            at: "2026-11-22T10:00:00Z".to_owned(),
            text: format!("b3:{}", "0".repeat(64)),
            revoked_at: None,
            revoked_by: None,
        }
    }

    #[test]
    fn the_record_is_private_whole_and_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        change(&state, |consents| consents.push(consent())).unwrap();
        assert_eq!(read(&state).unwrap(), [consent()]);
        let mode = fs::metadata(state.join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let left = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(left.into_iter().all(|name| !name.starts_with(".consents-")), "a temporary file stayed");
    }

    #[test]
    fn of_many_who_agree_at_once_none_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        StateFolder::open(&state).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| change(&state, |consents| consents.push(consent())).unwrap());
            }
        });
        assert_eq!(read(&state).unwrap().len(), 8);
    }

    #[test]
    fn a_record_is_never_written_larger_than_it_may_be_read_and_a_full_one_can_still_be_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let room = MAX_BYTES_AGREED / serde_json::to_vec_pretty(&consent()).unwrap().len();
        change(&state, |consents| consents.extend(vec![consent(); room / 2])).unwrap();
        let error = change(&state, |consents| consents.extend(vec![consent(); room])).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::State, "state::unwritable"));
        assert_eq!(read(&state).unwrap().len(), room / 2, "the former record stays");
        // As many more as there is room for.
        for step in (0..16).map(|halvings| room >> halvings).filter(|step| *step > 0) {
            let _ = change(&state, |consents| consents.extend(vec![consent(); step]));
        }
        assert!(change(&state, |consents| consents.push(consent())).is_err(), "there is room for one more");
        let revoke = |consent: &mut Consent| {
            (consent.revoked_at, consent.revoked_by) = (Some(now()), Some("Ben Example".to_owned()));
        };
        change(&state, |consents| consents.iter_mut().for_each(revoke)).unwrap();
        assert!(read(&state).unwrap().iter().all(|consent| consent.revoked_at.is_some()));
    }

    #[test]
    fn a_record_of_another_owner_is_refused_in_words_of_its_own() {
        let user = rustix::process::geteuid().as_raw();
        assert!(own(Path::new("consents.json"), user).is_ok());
        let error = own(Path::new("consents.json"), user + 1).unwrap_err();
        assert_eq!(error.code(), "state::permissions");
        assert!(error.to_string().contains(&format!("belongs to user {}", user + 1)), "{error}");
        assert!(!error.help_text().unwrap().contains("chmod"), "{error:?}");
    }

    #[test]
    fn a_record_that_is_not_exactly_one_is_damaged_and_never_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        change(&state, |consents| consents.push(consent())).unwrap();
        let path = state.join(NAME);
        let sound: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let with = |pointer: &str, value: serde_json::Value| {
            let mut changed = sound.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            changed.to_string()
        };
        let text = sound.to_string();
        for damage in [
            String::new(),
            text[..text.len() - 1].to_owned(),
            format!("{text}{text}"),
            "[]".to_owned(),
            with("/schema", json!("enlist.consents/2")),
            with("/consents/0/at", json!("yesterday")),
            with("/consents/0/host", json!("")),
            with("/consents/0/by", json!("")),
            with("/consents/0/text", json!("b3:00")),
            with("/consents/0/revoked_at", json!("2026-11-22T10:00:00Z")),
            with("/consents/0/revoked_by", json!("Ben")),
            text.replacen("\"by\"", "\"more\":1,\"by\"", 1),
            format!("{text}{}", " ".repeat(1 << 20)),
        ] {
            fs::write(&path, &damage).unwrap();
            let error = read(&state).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::State, "state::consents"), "{damage:.200}");
            assert!(change(&state, |_| {}).is_err(), "a damaged record is not written over");
        }
        fs::write(&path, &text).unwrap();
        assert_eq!(read(&state).unwrap().len(), 1);
    }

    #[test]
    fn a_record_that_others_may_write_or_that_is_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        change(&state, |consents| consents.push(consent())).unwrap();
        let path = state.join(NAME);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(read(&state).unwrap_err().code(), "state::permissions");
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert_eq!(read(&state).unwrap_err().code(), "state::unwritable");
    }
}
