//! The ledger on disk: one SQLite file for all scopes.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::codec::{self, Checksum, Unreadable};
use super::fault::{damaged, fault};
use super::rows::{
    Contacts, ONE, collect, end_intent, expire_late, generations, insert_intents, insert_late, open_intent, present,
    scopes,
};
use super::{
    Digest, Entry, Intent, IntentId, IntentState, Ledger, NewIntent, Scope, Settlement, Standing, absence, schema,
};
use crate::{Error, ErrorKind, JobId, Key};

/// The ledger of one scope in a SQLite file that all scopes share.
///
/// Write-ahead log with `synchronous = FULL`: what a method wrote survives kill -9 and power loss once it returned.
/// Several processes may have the file open, one of them writing at a time.
pub struct SqliteLedger {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) scope: i64,
    /// The run that what is written belongs to.
    run: Option<i64>,
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteLedger({})", self.path.display())
    }
}

impl SqliteLedger {
    /// Opens the ledger at `path` for `scope`; creates the file (mode 0600) and the scope when they do not exist.
    ///
    /// # Errors
    /// [`ErrorKind::State`]: `state::damaged` when the file cannot be trusted, `state::newer_format` when a later
    /// version wrote it, `state::unwritable` when the disk or its permissions stand in the way, `state::busy` when
    /// another process keeps it locked.
    pub fn open(path: &Path, scope: &Scope) -> Result<Self, Error> {
        let mut conn = schema::open(path)?;
        let id = write(&mut conn, path, "registering the export", |tx| {
            let scopes = scopes(tx)?;
            if let Some((id, ..)) = scopes.iter().find(|(_, known, _)| known == scope) {
                return Ok(*id);
            }
            let id = 1 + scopes.iter().map(|(id, ..)| *id).max().unwrap_or(0);
            tx.execute(
                "INSERT INTO scope (id, export, account, list, generation, sum) VALUES (?, ?, ?, ?, NULL, ?)",
                params![
                    id,
                    scope.export,
                    scope.account,
                    scope.list.cast_signed(),
                    Checksum::default().scope(id, scope, None)
                ],
            )?;
            Ok(id)
        })?;
        Ok(Self { conn, path: path.to_owned(), scope: id, run: None })
    }

    /// Opens what the ledger at `path` says of `scope` at this moment, for reading; later writes of others are not
    /// seen. `None` when the file or the scope does not exist; nothing is created.
    ///
    /// # Errors
    /// As [`open`](Self::open). Writing methods of the result fail with `state::unwritable`.
    pub fn open_read_only(path: &Path, scope: &Scope) -> Result<Option<Self>, Error> {
        let Some(conn) = schema::open_snapshot(path)? else {
            return Ok(None);
        };
        let known = scopes(&conn).map_err(|cause| explain(path, "reading it", cause))?;
        let known = known.into_iter().find(|(_, known, _)| known == scope);
        Ok(known.map(|(scope, ..)| Self { conn, path: path.to_owned(), scope, run: None }))
    }

    /// Names the run that everything written from here on belongs to, `started` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// As the writing methods of [`Ledger`].
    pub fn begin(&mut self, name: &str, started: i64) -> Result<(), Error> {
        let run = self.write("beginning a run", |tx, _| {
            tx.execute("INSERT INTO run (name, started) VALUES (?, ?)", params![name, started])?;
            Ok(tx.last_insert_rowid())
        })?;
        self.run = Some(run);
        Ok(())
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Unreadable>) -> Result<T, Error> {
        work(&self.conn).map_err(|cause| explain(&self.path, "reading it", cause))
    }

    pub(super) fn write<T>(
        &mut self,
        doing: &str,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, Unreadable>,
    ) -> Result<T, Error> {
        let scope = self.scope;
        write(&mut self.conn, &self.path, doing, |tx| work(tx, scope))
    }
}

impl Ledger for SqliteLedger {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        self.read(|conn| {
            let Some(present) = present(conn, self.scope)? else {
                return Ok(None);
            };
            let known = generations(conn)?.into_iter().find(|(id, _)| *id == present);
            let (_, digest) = known.ok_or(Unreadable::Damaged("a generation is missing"))?;
            Ok(Some(digest))
        })
    }

    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        self.write("declaring a generation", |tx, scope| {
            let mut sum = Checksum::default();
            let known = generations(tx)?;
            let found = known.iter().find(|(_, digest)| *digest == generation);
            let id = if let Some((id, _)) = found {
                *id
            } else {
                let id = 1 + known.iter().map(|(id, _)| *id).max().unwrap_or(0);
                tx.execute(
                    "INSERT INTO generation (id, digest, sum) VALUES (?, ?, ?)",
                    params![id, generation, sum.generation(id, &generation)],
                )?;
                id
            };
            let own = scopes(tx)?.into_iter().find(|(id, ..)| *id == scope);
            let (_, name, _) = own.ok_or(Unreadable::Damaged("the export's scope is missing"))?;
            tx.execute(
                "UPDATE scope SET generation = ?, sum = ? WHERE id = ?",
                params![id, sum.scope(scope, &name, Some(id)), scope],
            )?;
            Ok(())
        })
    }

    fn len(&self) -> Result<u64, Error> {
        self.read(|conn| {
            let count = "SELECT count(*) FROM contact WHERE scope = ?";
            let count: i64 = conn.prepare_cached(count)?.query_row([self.scope], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        self.read(|conn| {
            let mut sum = Checksum::default();
            let present = generations(conn)?.into_iter().find(|(_, digest)| digest == generation);
            let present = present.map(|(id, _)| id);
            let contacts = "SELECT key, generation, fp, reason, held, sum FROM contact
                 WHERE scope = ? AND key BETWEEN ? AND ? ORDER BY key";
            let mut entries = collect(conn, contacts, params![self.scope, from.0, to.0], |row| {
                codec::contact(row, self.scope, present, &mut sum)
            })?;
            for key in absence::absent(conn, self.scope, from, to)? {
                if let Ok(at) = entries.binary_search_by_key(&key, |entry| entry.key) {
                    entries[at].left = true;
                }
            }
            let late = "SELECT key, fp, intent, sum FROM late
                 WHERE scope = ? AND key BETWEEN ? AND ? ORDER BY key, fp";
            let late =
                collect(conn, late, params![self.scope, from.0, to.0], |row| codec::late(row, self.scope, &mut sum))?;
            for (key, fp) in late {
                let at = entries.binary_search_by_key(&key, |entry| entry.key);
                let at = at.map_err(|_| Unreadable::Damaged("a late value has no contact"))?;
                entries[at].late.push(fp);
            }
            for (key, email) in absence::emails(conn, self.scope, from, to)? {
                // One without an entry is of a contact whose first import has not ended.
                if let Ok(at) = entries.binary_search_by_key(&key, |entry| entry.key) {
                    entries[at].email = Some(email);
                }
            }
            Ok(entries)
        })
    }

    fn intents(&self) -> Result<Vec<Intent>, Error> {
        self.read(|conn| {
            let all = "SELECT id, since, job, in_doubt, keys, fps, sum FROM intent WHERE scope = ? ORDER BY id";
            collect(conn, all, [self.scope], |row| codec::intent(row, self.scope))
        })
    }

    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        self.write("recording intents", |tx, scope| insert_intents(tx, scope, intents, now))
    }

    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        self.write("recording an acceptance", |tx, scope| {
            let mut intent = open_intent(tx, scope, intent)?;
            intent.state = IntentState::Accepted(job.clone());
            intent.in_doubt |= in_doubt;
            let (keys, fps) = codec::columns(&intent.contacts);
            let sum = Checksum::default().intent(scope, intent.since, &intent.state, intent.in_doubt, &keys, &fps);
            tx.prepare_cached("UPDATE intent SET job = ?, in_doubt = ?, sum = ? WHERE id = ?")?.execute(params![
                job.0,
                intent.in_doubt,
                sum,
                intent.id.0
            ])?;
            Ok(())
        })
    }

    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error> {
        let run = self.run;
        self.write("settling an intent", |tx, scope| {
            let intent = end_intent(tx, scope, intent)?;
            let mut contacts = Contacts::prepare(tx, scope, run)?;
            for (key, standing) in settlement.standings(&intent) {
                contacts.put(&key, standing)?;
            }
            if settlement.in_doubt || intent.in_doubt {
                insert_late(tx, scope, &intent.contacts, intent.id)?;
            }
            Ok(())
        })
    }

    fn last_intent(&self) -> Result<IntentId, Error> {
        self.read(|conn| {
            // SQLite keeps the last id of a table whose rows are gone, but nothing checks it: what is there outweighs it.
            let last = "SELECT coalesce(max(id), 0) FROM (SELECT seq AS id FROM sqlite_sequence WHERE name = 'intent'
                 UNION ALL SELECT id FROM intent UNION ALL SELECT intent FROM late)";
            Ok(IntentId(conn.prepare_cached(last)?.query_row([], |row| row.get(0))?))
        })
    }

    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error> {
        let run = self.run;
        self.write("forgetting late values", |tx, scope| {
            // What decides is read first: a damaged row must not vanish unseen (R7).
            let mut sum = Checksum::default();
            let going = "SELECT key, fp, intent, sum FROM late WHERE scope = ? AND intent <= ?";
            let going = collect(tx, going, [scope, through.0], |row| codec::late(row, scope, &mut sum))?;
            for (key, _) in &going {
                collect(tx, ONE, params![scope, key.0], |row| codec::contact(row, scope, None, &mut sum))?;
            }
            let other = "SELECT DISTINCT key FROM late JOIN contact USING (scope, key)
                 WHERE scope = ? AND late.intent <= ? AND contact.fp IS NOT late.fp";
            let other = collect(tx, other, [scope, through.0], |row| Ok(Key(row.get(0)?)))?;
            let mut contacts = Contacts::prepare(tx, scope, run)?;
            other.iter().try_for_each(|key| contacts.put(key, Standing::Dirty))?;
            let cleared = tx.execute("DELETE FROM late WHERE scope = ? AND intent <= ?", [scope, through.0])?;
            Ok(cleared as u64)
        })
    }

    fn expire_late(&mut self, through: IntentId) -> Result<(), Error> {
        self.write("marking late values as expired", |tx, scope| expire_late(tx, scope, through))
    }

    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error> {
        self.write("noting who left", |tx, scope| absence::note(tx, scope, left, back))
    }

    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        self.write("keeping emails", |tx, scope| absence::keep(tx, scope, emails))
    }

    fn clear_emails(&mut self) -> Result<u64, Error> {
        let delete = "DELETE FROM email WHERE scope = ?";
        let gone = self.write("forgetting emails", |tx, scope| Ok(tx.execute(delete, [scope])? as u64))?;
        if gone > 0 {
            // The log keeps what was written to it until it is folded in.
            let folded = self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
            folded.map_err(|e| fault(&self.path, "forgetting emails", &e))?;
        }
        Ok(gone)
    }

    fn suppressed(&self) -> Result<Vec<Key>, Error> {
        self.read(absence::suppressed)
    }
}

/// One transaction that takes its turn among writers before it reads; rolled back when `work` fails.
pub(super) fn write<T>(
    conn: &mut Connection,
    path: &Path,
    doing: &str,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Unreadable>,
) -> Result<T, Error> {
    if !conn.is_autocommit() {
        let message = format!("the ledger {} was opened for reading ({doing})", path.display());
        return Err(Error::new(ErrorKind::State, "state::unwritable", message));
    }
    let attempt = || {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    };
    attempt().map_err(|cause| explain(path, doing, cause))
}

pub(super) fn explain(path: &Path, doing: &str, cause: Unreadable) -> Error {
    match cause {
        Unreadable::Sqlite(cause) => fault(path, doing, &cause),
        Unreadable::Damaged(what) => damaged(path, what),
        Unreadable::NoIntent(id) => id.not_open(),
    }
}
