//! Looking at a ledger without running anything: what it holds, what it says of one person, whether it is sound.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::codec::{self, Checksum, Unreadable};
use super::rows::{collect, scopes};
use super::sqlite::explain;
use super::{Entry, Scope, Standing, absence, schema};
use crate::{Error, Key};

const FIRST: Key = Key([0; 16]);
const LAST: Key = Key([0xff; 16]);

/// One moment of a ledger file, all scopes of it, for reading.
pub struct LedgerFile {
    conn: Connection,
    path: PathBuf,
}

impl fmt::Debug for LedgerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerFile({})", self.path.display())
    }
}

/// What a ledger holds of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Whose.
    pub scope: Scope,
    /// Contacts whose last word is a confirmation.
    pub confirmed: u64,
    /// Contacts whose last word is a refusal.
    pub rejected: u64,
    /// Contacts that have to be sent again.
    pub dirty: u64,
    /// How many of all these are not in the segment any more.
    pub left: u64,
    /// Values that may still land, other than those that were confirmed.
    pub late: u64,
    /// Requests whose end is not known.
    pub open: u64,
    /// Emails that are kept, because the export tells contacts that they left.
    pub emails: u64,
}

/// What a ledger says of one contact of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Of which export, account and list.
    pub scope: Scope,
    /// What is on record; none when only a request under way holds the contact.
    pub record: Option<Record>,
    /// Requests without an end that hold the contact.
    pub open: u64,
    /// Values of the contact that may still land, other than the one on record.
    pub late: u64,
}

/// A contact as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who.
    pub key: Key,
    /// What the last word on it is. A value of an earlier mapping reads as [`Standing::Dirty`].
    pub standing: Standing,
    /// The run that wrote it and when that began, in milliseconds since the Unix epoch.
    pub run: Option<(String, i64)>,
    /// Whether it is not in the segment any more.
    pub left: bool,
    /// Whether its email is kept.
    pub email: bool,
}

impl LedgerFile {
    /// Opens the ledger at `path` as it is at this moment; `None` when there is none. Nothing is created or changed.
    ///
    /// # Errors
    /// As [`SqliteLedger::open_read_only`](super::SqliteLedger::open_read_only).
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        Ok(schema::open_snapshot(path)?.map(|conn| Self { conn, path: path.to_owned() }))
    }

    /// What is held, scope by scope, in the order in which they came.
    ///
    /// # Errors
    /// [`ErrorKind::State`](crate::ErrorKind::State) with `state::damaged`.
    pub fn holdings(&self) -> Result<Vec<Holding>, Error> {
        self.read(|conn| {
            let mut holdings = Vec::new();
            for (id, scope, generation) in scopes(conn)? {
                let count = |sql: &str| -> Result<u64, Unreadable> {
                    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get::<_, i64>(0))?.cast_unsigned())
                };
                let valid = "SELECT count(*) FROM contact WHERE scope = ?1 AND fp IS NOT NULL
                    AND generation IS (SELECT generation FROM scope WHERE id = ?1) AND generation IS NOT NULL";
                let confirmed = count(&format!("{valid} AND reason IS NULL"))?;
                let rejected = count(&format!("{valid} AND reason IS NOT NULL"))?;
                let all = count("SELECT count(*) FROM contact WHERE scope = ?")?;
                debug_assert!(generation.is_some() || confirmed + rejected == 0);
                holdings.push(Holding {
                    scope,
                    confirmed,
                    rejected,
                    dirty: all.saturating_sub(confirmed + rejected),
                    left: count("SELECT count(*) FROM absent WHERE scope = ?")?,
                    late: count(
                        "SELECT count(*) FROM late WHERE scope = ? AND fp IS NOT
                         (SELECT fp FROM contact WHERE contact.scope = late.scope AND contact.key = late.key)",
                    )?,
                    open: count("SELECT count(*) FROM intent WHERE scope = ?")?,
                    emails: count("SELECT count(*) FROM email WHERE scope = ?")?,
                });
            }
            Ok(holdings)
        })
    }

    /// What every scope says of one contact; scopes that never sent it are left out.
    ///
    /// # Errors
    /// As [`holdings`](Self::holdings).
    pub fn find(&self, key: Key) -> Result<Vec<Trace>, Error> {
        self.read(|conn| {
            let mut traces = Vec::new();
            for (id, scope, generation) in scopes(conn)? {
                let record = records(conn, id, generation, key, key)?.pop();
                let late = "SELECT count(*) FROM late WHERE scope = ?1 AND key = ?2
                    AND fp IS NOT (SELECT fp FROM contact WHERE scope = ?1 AND key = ?2)";
                let late: i64 = conn.prepare_cached(late)?.query_row(params![id, key.0], |row| row.get(0))?;
                let intents = "SELECT id, since, job, in_doubt, keys, fps, sum FROM intent WHERE scope = ?";
                let intents = collect(conn, intents, [id], |row| codec::intent(row, id))?;
                let holds = |intent: &&super::Intent| intent.contacts.iter().any(|(held, _)| *held == key);
                let open = intents.iter().filter(holds).count() as u64;
                if record.is_some() || open > 0 {
                    traces.push(Trace { scope, record, open, late: late.cast_unsigned() });
                }
            }
            Ok(traces)
        })
    }

    /// Hands every contact of every scope to `take`, in key order within a scope.
    ///
    /// # Errors
    /// As [`holdings`](Self::holdings), and those of `take`.
    pub fn each(&self, mut take: impl FnMut(&Scope, Record) -> Result<(), Error>) -> Result<(), Error> {
        let scopes = self.read(scopes)?;
        for (id, scope, generation) in scopes {
            // A partition at a time, so that memory stays flat.
            for first in 0..=u8::MAX {
                let (mut from, mut to) = (FIRST, LAST);
                (from.0[0], to.0[0]) = (first, first);
                for record in self.read(|conn| records(conn, id, generation, from, to))? {
                    take(&scope, record)?;
                }
            }
        }
        Ok(())
    }

    /// Reads every row and compares it with its checksum; returns how many there are. The structure of the file was
    /// checked when it was opened.
    ///
    /// # Errors
    /// As [`holdings`](Self::holdings).
    pub fn verify(&self) -> Result<u64, Error> {
        let mut rows = 0;
        self.each(|_, _| {
            rows += 1;
            Ok(())
        })?;
        self.read(|conn| {
            rows += super::rows::generations(conn)?.len() as u64;
            rows += absence::suppressed(conn)?.len() as u64;
            for (id, ..) in scopes(conn)? {
                let mut sum = Checksum::default();
                let late = "SELECT key, fp, intent, sum FROM late WHERE scope = ?";
                rows += 1 + collect(conn, late, [id], |row| codec::late(row, id, &mut sum))?.len() as u64;
                let intents = "SELECT id, since, job, in_doubt, keys, fps, sum FROM intent WHERE scope = ?";
                rows += collect(conn, intents, [id], |row| codec::intent(row, id).map(drop))?.len() as u64;
                rows += absence::emails(conn, id, FIRST, LAST)?.len() as u64;
                rows += absence::absent(conn, id, FIRST, LAST)?.len() as u64;
            }
            Ok(rows)
        })
    }

    /// How many people were erased and are never sent again.
    ///
    /// # Errors
    /// As [`holdings`](Self::holdings).
    pub fn suppressed(&self) -> Result<Vec<Key>, Error> {
        self.read(absence::suppressed)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Unreadable>) -> Result<T, Error> {
        work(&self.conn).map_err(|cause| explain(&self.path, "reading it", cause))
    }
}

/// Contacts with `from <= key <= to`, in key order, each with what is known of its last run.
fn records(
    conn: &Connection,
    scope: i64,
    generation: Option<i64>,
    from: Key,
    to: Key,
) -> Result<Vec<Record>, Unreadable> {
    let contacts = "SELECT key, generation, fp, reason, held, sum, run,
         EXISTS (SELECT 1 FROM absent WHERE absent.scope = contact.scope AND absent.key = contact.key),
         EXISTS (SELECT 1 FROM email WHERE email.scope = contact.scope AND email.key = contact.key)
         FROM contact WHERE scope = ? AND key BETWEEN ? AND ? ORDER BY key";
    let mut sum = Checksum::default();
    collect(conn, contacts, params![scope, from.0, to.0], |row| {
        let Entry { key, standing, .. } = codec::contact(row, scope, generation, &mut sum)?;
        let run = row.get::<_, Option<i64>>(6)?.map(|run| name_of(conn, run)).transpose()?.flatten();
        Ok(Record { key, standing, run, left: row.get(7)?, email: row.get(8)? })
    })
}

fn name_of(conn: &Connection, run: i64) -> Result<Option<(String, i64)>, Unreadable> {
    let mut one = conn.prepare_cached("SELECT name, started FROM run WHERE id = ?")?;
    Ok(one.query_row([run], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
