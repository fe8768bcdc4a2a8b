//! Who left a segment, their emails where they are to be told, and who must never be sent again.

use rusqlite::{Connection, Transaction, params};

use super::codec::{self, Checksum, Unreadable};
use super::rows::collect;
use crate::Key;

/// Emails with `from <= key <= to`, in key order.
pub(super) fn emails(conn: &Connection, scope: i64, from: Key, to: Key) -> Result<Vec<(Key, String)>, Unreadable> {
    let kept = "SELECT key, email, sum FROM email WHERE scope = ? AND key BETWEEN ? AND ? ORDER BY key";
    let mut sum = Checksum::default();
    collect(conn, kept, params![scope, from.0, to.0], |row| codec::email(row, scope, &mut sum))
}

/// Keeps emails; one that is kept already stays.
pub(super) fn keep(tx: &Transaction<'_>, scope: i64, emails: &[(Key, String)]) -> Result<(), Unreadable> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO email (scope, key, email, sum)
         SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM suppressed WHERE key = ?2)
         ON CONFLICT (scope, key) DO NOTHING",
    )?;
    let mut sum = Checksum::default();
    for (key, email) in emails {
        insert.execute(params![scope, key.0, email, sum.email(scope, &key.0, email)])?;
    }
    Ok(())
}

/// Who left, with `from <= key <= to`, in key order.
pub(super) fn absent(conn: &Connection, scope: i64, from: Key, to: Key) -> Result<Vec<Key>, Unreadable> {
    let left = "SELECT key, sum FROM absent WHERE scope = ? AND key BETWEEN ? AND ? ORDER BY key";
    let mut sum = Checksum::default();
    collect(conn, left, params![scope, from.0, to.0], |row| codec::absent(row, scope, &mut sum))
}

/// Writes who left, of those who have an entry, and who is back; forgets emails of contacts that never came to be.
pub(super) fn note(tx: &Transaction<'_>, scope: i64, left: &[Key], back: &[Key]) -> Result<(), Unreadable> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO absent (scope, key, sum)
         SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM contact WHERE scope = ?1 AND key = ?2)
         ON CONFLICT (scope, key) DO NOTHING",
    )?;
    let mut sum = Checksum::default();
    for key in left {
        insert.execute(params![scope, key.0, sum.absent(scope, &key.0)])?;
    }
    // Emails of contacts that never came to anything: no entry, and no request under way that could bring one.
    let under_way: i64 = tx.query_row("SELECT count(*) FROM intent WHERE scope = ?", [scope], |row| row.get(0))?;
    if under_way == 0 {
        tx.execute(
            "DELETE FROM email WHERE scope = ?1
             AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.scope = ?1 AND contact.key = email.key)",
            [scope],
        )?;
    }
    let mut delete = tx.prepare_cached("DELETE FROM absent WHERE scope = ? AND key = ?")?;
    for key in back {
        delete.execute(params![scope, key.0])?;
    }
    Ok(())
}

/// Whoever was erased, in key order.
pub(super) fn suppressed(conn: &Connection) -> Result<Vec<Key>, Unreadable> {
    let mut sum = Checksum::default();
    let all = "SELECT key, since, sum FROM suppressed ORDER BY key";
    collect(conn, all, [], |row| codec::suppressed(row, &mut sum))
}
