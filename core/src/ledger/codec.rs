//! Rows to values and back, each row checked against its checksum.

use rusqlite::Row;

use super::{Digest, Entry, Intent, IntentId, IntentState, Scope, Standing};
use crate::{Fingerprint, JobId, Key, Reason};

/// Bytes of a key, fingerprint or digest.
const WIDTH: usize = 16;

/// Why a row could not be read or written.
pub(super) enum Unreadable {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// The row is not what was written.
    Damaged(&'static str),
    /// No intent of that name is on record.
    NoIntent(IntentId),
}

impl From<rusqlite::Error> for Unreadable {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sqlite(cause)
    }
}

impl From<rusqlite::types::FromSqlError> for Unreadable {
    fn from(_: rusqlite::types::FromSqlError) -> Self {
        Self::Damaged("a row does not have the form it was written in")
    }
}

/// Gathers a row's columns for its checksum: 32 bits of BLAKE3. Kept between rows to spare an allocation a row.
#[derive(Default)]
pub(super) struct Checksum(Vec<u8>);

impl Checksum {
    fn of(&mut self, numbers: &[i64], texts: &[&[u8]]) -> i64 {
        self.0.clear();
        for number in numbers {
            self.0.extend_from_slice(&number.to_le_bytes());
        }
        for text in texts {
            self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.0.extend_from_slice(text);
        }
        let [a, b, c, d, ..] = *blake3::hash(&self.0).as_bytes();
        i64::from(u32::from_le_bytes([a, b, c, d]))
    }

    /// Of a row of `contact`: its key, fingerprint, reason and the value held. What is null is empty; no generation is 0,
    /// which no row has as its id.
    pub(super) fn contact(&mut self, scope: i64, generation: i64, texts: [&[u8]; 4]) -> i64 {
        self.of(&[scope, generation], &texts)
    }

    /// Of a row of `late`.
    pub(super) fn late(&mut self, scope: i64, key: &[u8], fp: &[u8], intent: i64) -> i64 {
        self.of(&[scope, intent], &[key, fp])
    }

    /// Of a row of `absent`.
    pub(super) fn absent(&mut self, scope: i64, key: &[u8]) -> i64 {
        self.of(&[scope, 1], &[key])
    }

    /// Of a row of `email`.
    pub(super) fn email(&mut self, scope: i64, key: &[u8], email: &str) -> i64 {
        self.of(&[scope], &[key, email.as_bytes()])
    }

    /// Of a row of `suppressed`.
    pub(super) fn suppressed(&mut self, key: &[u8], since: i64) -> i64 {
        self.of(&[since], &[key])
    }

    /// Of a row of `generation`.
    pub(super) fn generation(&mut self, id: i64, digest: &[u8]) -> i64 {
        self.of(&[id], &[digest])
    }

    /// Of a row of `scope`.
    pub(super) fn scope(&mut self, id: i64, scope: &Scope, generation: Option<i64>) -> i64 {
        let numbers = [id, scope.list.cast_signed(), generation.unwrap_or(0)];
        self.of(&numbers, &[scope.export.as_bytes(), scope.account.as_bytes()])
    }

    /// Of a row of `intent`; its id is SQLite's to pick.
    pub(super) fn intent(
        &mut self,
        scope: i64,
        since: i64,
        state: &IntentState,
        in_doubt: bool,
        keys: &[u8],
        fps: &[u8],
    ) -> i64 {
        let (accepted, job) = match state {
            IntentState::Open => (0, ""),
            IntentState::Accepted(JobId(job)) => (1, job.as_str()),
        };
        self.of(&[scope, since, accepted, i64::from(in_doubt)], &[job.as_bytes(), keys, fps])
    }
}

/// `key, generation, fp, reason, held, sum` of a contact, as seen from the generation with id `present`. What other
/// tables say of the contact is left out.
pub(super) fn contact(row: &Row, scope: i64, present: Option<i64>, sum: &mut Checksum) -> Result<Entry, Unreadable> {
    let key = row.get_ref(0)?.as_blob()?;
    let generation = row.get_ref(1)?.as_i64_or_null()?;
    let fp = row.get_ref(2)?.as_blob_or_null()?;
    let reason = row.get_ref(3)?.as_bytes_or_null()?;
    let held = row.get_ref(4)?.as_blob_or_null()?;
    let texts = [key, fp.unwrap_or_default(), reason.unwrap_or_default(), held.unwrap_or_default()];
    if sum.contact(scope, generation.unwrap_or(0), texts) != row.get_ref(5)?.as_i64()? {
        return Err(Unreadable::Damaged("a contact does not match its checksum"));
    }
    let standing = match (fp, reason) {
        (None, _) => Standing::Dirty,
        (Some(fp), None) => Standing::Confirmed(Fingerprint(wide(fp)?)),
        (Some(fp), Some(code)) => {
            let reason = std::str::from_utf8(code).ok().and_then(Reason::from_code);
            let reason = reason.ok_or(Unreadable::Damaged("a reason is not known"))?;
            Standing::Rejected(Fingerprint(wide(fp)?), reason)
        }
    };
    let held = held.map(|held| wide(held).map(Fingerprint)).transpose()?;
    let entry = Entry { held, ..Entry::of(Key(wide(key)?), standing) };
    if generation.is_some() && generation == present {
        return Ok(entry);
    }
    let earlier = Some(standing).filter(|standing| *standing != Standing::Dirty);
    Ok(Entry { standing: Standing::Dirty, earlier, ..entry })
}

/// `key, fp, intent, sum` of a late value.
pub(super) fn late(row: &Row, scope: i64, sum: &mut Checksum) -> Result<(Key, Fingerprint), Unreadable> {
    let (key, fp) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
    if sum.late(scope, key, fp, row.get(2)?) != row.get::<_, i64>(3)? {
        return Err(Unreadable::Damaged("a late value does not match its checksum"));
    }
    Ok((Key(wide(key)?), Fingerprint(wide(fp)?)))
}

/// `key, sum` of somebody who left.
pub(super) fn absent(row: &Row, scope: i64, sum: &mut Checksum) -> Result<Key, Unreadable> {
    let key = row.get_ref(0)?.as_blob()?;
    if sum.absent(scope, key) != row.get::<_, i64>(1)? {
        return Err(Unreadable::Damaged("somebody who left does not match the checksum"));
    }
    Ok(Key(wide(key)?))
}

/// `key, email, sum` of an email that is kept.
pub(super) fn email(row: &Row, scope: i64, sum: &mut Checksum) -> Result<(Key, String), Unreadable> {
    let (key, email) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_str()?);
    if sum.email(scope, key, email) != row.get::<_, i64>(2)? {
        return Err(Unreadable::Damaged("an email does not match its checksum"));
    }
    Ok((Key(wide(key)?), email.to_owned()))
}

/// `key, since, sum` of somebody who was erased.
pub(super) fn suppressed(row: &Row, sum: &mut Checksum) -> Result<Key, Unreadable> {
    let key = row.get_ref(0)?.as_blob()?;
    if sum.suppressed(key, row.get(1)?) != row.get::<_, i64>(2)? {
        return Err(Unreadable::Damaged("a suppressed contact does not match its checksum"));
    }
    Ok(Key(wide(key)?))
}

/// `id, digest, sum` of a generation.
pub(super) fn generation(row: &Row) -> Result<(i64, Digest), Unreadable> {
    let (id, digest) = (row.get(0)?, row.get_ref(1)?.as_blob()?);
    if Checksum::default().generation(id, digest) != row.get::<_, i64>(2)? {
        return Err(Unreadable::Damaged("a generation does not match its checksum"));
    }
    Ok((id, wide(digest)?))
}

/// `id, export, account, list, generation, sum` of a scope.
pub(super) fn scope(row: &Row) -> Result<(i64, Scope, Option<i64>), Unreadable> {
    let (id, generation) = (row.get(0)?, row.get(4)?);
    let scope = Scope { export: row.get(1)?, account: row.get(2)?, list: row.get::<_, i64>(3)?.cast_unsigned() };
    if Checksum::default().scope(id, &scope, generation) != row.get::<_, i64>(5)? {
        return Err(Unreadable::Damaged("a scope does not match its checksum"));
    }
    Ok((id, scope, generation))
}

/// `id, since, job, in_doubt, keys, fps, sum` of an intent.
pub(super) fn intent(row: &Row, scope: i64) -> Result<Intent, Unreadable> {
    let (keys, fps) = (row.get_ref(4)?.as_blob()?, row.get_ref(5)?.as_blob()?);
    let job: Option<String> = row.get(2)?;
    let mut intent = Intent {
        id: IntentId(row.get(0)?),
        since: row.get(1)?,
        state: job.map_or(IntentState::Open, |job| IntentState::Accepted(JobId(job))),
        in_doubt: row.get::<_, i64>(3)? != 0,
        contacts: Vec::new(),
    };
    if Checksum::default().intent(scope, intent.since, &intent.state, intent.in_doubt, keys, fps)
        != row.get::<_, i64>(6)?
    {
        return Err(Unreadable::Damaged("an intent does not match its checksum"));
    }
    let (keys, fps) = (keys.chunks(WIDTH), fps.chunks(WIDTH));
    intent.contacts = keys
        .zip(fps)
        .map(|(key, fp)| Ok((Key(wide(key)?), Fingerprint(wide(fp)?))))
        .collect::<Result<_, Unreadable>>()?;
    Ok(intent)
}

/// The keys and the fingerprints of an intent, each as one run of bytes.
pub(super) fn columns(contacts: &[(Key, Fingerprint)]) -> (Vec<u8>, Vec<u8>) {
    let keys = contacts.iter().flat_map(|(key, _)| key.0).collect();
    let fps = contacts.iter().flat_map(|(_, fp)| fp.0).collect();
    (keys, fps)
}

fn wide(bytes: &[u8]) -> Result<[u8; WIDTH], Unreadable> {
    bytes.try_into().map_err(|_| Unreadable::Damaged("a key or fingerprint has the wrong length"))
}
