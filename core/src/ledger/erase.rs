//! Erasing: one person from everything, or everything of one export.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::codec::{Checksum, Unreadable};
use super::rows::scopes;
use super::schema;
use super::sqlite::write;
use crate::{Error, Key};

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// People who were on record in any export.
    pub known: u64,
    /// People who were erased before.
    pub before: u64,
}

/// Erases people from every export of the ledger at `path` and suppresses them: no later run sends them, and what a
/// request under way still brings of them is not written down. `now` in milliseconds since the Unix epoch.
///
/// # Errors
/// As [`SqliteLedger::open`](super::SqliteLedger::open).
pub fn forget(path: &Path, people: &[Key], now: i64) -> Result<Forgotten, Error> {
    let mut conn = schema::open(path)?;
    let forgotten = write(&mut conn, path, "erasing people", |tx| {
        let mut forgotten = Forgotten::default();
        for key in people {
            let known = erase(tx, key)?;
            forgotten.known += u64::from(known);
            let sum = Checksum::default().suppressed(&key.0, now);
            let fresh = tx
                .prepare_cached("INSERT INTO suppressed (key, since, sum) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?
                .execute(params![key.0, now, sum])?;
            forgotten.before += u64::from(fresh == 0);
        }
        Ok(forgotten)
    })?;
    compact(&conn, path)?;
    Ok(forgotten)
}

/// Leaves no copy of what was deleted in the free space of the file or in its log: a keyed hash is personal data for
/// whoever has the key file, and an email is for everybody.
fn compact(conn: &rusqlite::Connection, path: &Path) -> Result<(), Error> {
    let done = conn.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
    done.map_err(|e| super::fault::fault(path, "removing what was erased", &e))
}

fn erase(tx: &Transaction<'_>, key: &Key) -> Result<bool, Unreadable> {
    let mut rows = 0;
    for (scope, ..) in scopes(tx)? {
        for table in ["late", "email", "absent", "contact"] {
            let delete = format!("DELETE FROM {table} WHERE scope = ? AND key = ?");
            rows += tx.prepare_cached(&delete)?.execute(params![scope, key.0])?;
        }
    }
    Ok(rows > 0)
}

/// Forgets everything about `export` in the ledger at `path`, whatever its account and list; returns how many contacts
/// that were. People who were erased stay suppressed.
///
/// # Errors
/// As [`SqliteLedger::open`](super::SqliteLedger::open).
pub fn reset(path: &Path, export: &str) -> Result<u64, Error> {
    let mut conn = schema::open(path)?;
    let contacts = write(&mut conn, path, "resetting an export", |tx| {
        let mut contacts = 0;
        let own: Vec<i64> =
            scopes(tx)?.into_iter().filter(|(_, it, _)| it.export == export).map(|(id, ..)| id).collect();
        for scope in own {
            for table in ["late", "email", "absent", "intent"] {
                tx.execute(&format!("DELETE FROM {table} WHERE scope = ?"), [scope])?;
            }
            contacts += tx.execute("DELETE FROM contact WHERE scope = ?", [scope])? as u64;
            tx.execute("DELETE FROM scope WHERE id = ?", [scope])?;
        }
        Ok(contacts)
    })?;
    compact(&conn, path)?;
    Ok(contacts)
}
