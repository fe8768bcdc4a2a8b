//! Statements that read and write the tables of a [`schema`](super::schema), within the caller's transaction.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, Transaction, params};

use super::codec::{self, Checksum, Unreadable};
use super::{Digest, Entry, Intent, IntentId, IntentState, NewIntent, Scope, Standing};
use crate::{Fingerprint, Key};

/// One row of `contact`, as [`codec::contact`] reads it.
pub(super) const ONE: &str = "SELECT key, generation, fp, reason, held, sum FROM contact WHERE scope = ? AND key = ?";

/// Writes rows of `contact` under the present generation.
pub(super) struct Contacts<'tx> {
    tx: &'tx Connection,
    upsert: CachedStatement<'tx>,
    scope: i64,
    run: Option<i64>,
    generation: Option<i64>,
    sum: Checksum,
}

impl<'tx> Contacts<'tx> {
    /// Whoever was erased is not written again.
    pub(super) fn prepare(tx: &'tx Transaction<'_>, scope: i64, run: Option<i64>) -> Result<Self, Unreadable> {
        Ok(Self {
            tx,
            upsert: tx.prepare_cached(
                "INSERT INTO contact (scope, key, generation, fp, reason, held, sum, run)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM suppressed WHERE key = ?2)
                 ON CONFLICT (scope, key) DO UPDATE SET
                 generation = excluded.generation, fp = excluded.fp, reason = excluded.reason, held = excluded.held,
                 sum = excluded.sum, run = excluded.run",
            )?,
            scope,
            run,
            generation: present(tx, scope)?,
            sum: Checksum::default(),
        })
    }

    pub(super) fn put(&mut self, key: &Key, standing: Standing) -> Result<(), Unreadable> {
        let (fp, reason) = match standing {
            Standing::Confirmed(fp) => (Some(fp.0), None),
            Standing::Rejected(fp, reason) => (Some(fp.0), Some(reason.code())),
            Standing::Dirty => (None, None),
        };
        // A confirmation outdates what was confirmed before; anything else leaves it at the destination.
        let held = if matches!(standing, Standing::Confirmed(_)) { None } else { self.held(key)? };
        let texts = [&key.0, bytes(fp.as_ref()), reason.unwrap_or_default().as_bytes(), bytes(held.as_ref())];
        let sum = self.sum.contact(self.scope, self.generation.unwrap_or(0), texts);
        self.upsert.execute(params![self.scope, key.0, self.generation, fp, reason, held, sum, self.run])?;
        Ok(())
    }

    /// The value of `key` that was confirmed last, so far.
    fn held(&mut self, key: &Key) -> Result<Option<[u8; 16]>, Unreadable> {
        let (scope, sum) = (self.scope, &mut self.sum);
        let known = collect(self.tx, ONE, params![scope, key.0], |row| codec::contact(row, scope, None, sum))?.pop();
        Ok(known.as_ref().and_then(Entry::confirmed_last).map(|fp| fp.0))
    }
}

fn bytes(value: Option<&[u8; 16]>) -> &[u8] {
    value.map_or(&[], |value| value.as_slice())
}

pub(super) fn insert_intents(
    tx: &Transaction<'_>,
    scope: i64,
    intents: &[NewIntent],
    now: i64,
) -> Result<Vec<IntentId>, Unreadable> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO intent (scope, since, job, in_doubt, keys, fps, sum) VALUES (?, ?, NULL, 0, ?, ?, ?)",
    )?;
    let mut sum = Checksum::default();
    let mut ids = Vec::with_capacity(intents.len());
    for new in intents {
        let (keys, fps) = codec::columns(&new.contacts);
        let sum = sum.intent(scope, now, &IntentState::Open, false, &keys, &fps);
        ids.push(IntentId(insert.insert(params![scope, now, keys, fps, sum])?));
    }
    Ok(ids)
}

pub(super) fn insert_late(
    tx: &Transaction<'_>,
    scope: i64,
    contacts: &[(Key, Fingerprint)],
    intent: IntentId,
) -> Result<(), Unreadable> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO late (scope, key, fp, intent, sum)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM suppressed WHERE key = ?2)
         ON CONFLICT (scope, key, fp) DO UPDATE SET intent = excluded.intent, sum = excluded.sum
         WHERE excluded.intent > intent",
    )?;
    let mut sum = Checksum::default();
    for (key, fp) in contacts {
        insert.execute(params![scope, key.0, fp.0, intent.0, sum.late(scope, &key.0, &fp.0, intent.0)])?;
    }
    Ok(())
}

/// Marks late values of intents up to `through` as expired.
pub(super) fn expire_late(tx: &Transaction<'_>, scope: i64, through: IntentId) -> Result<(), Unreadable> {
    let young = "SELECT key, fp, intent, sum FROM late WHERE scope = ? AND intent BETWEEN 1 AND ?";
    let mut sum = Checksum::default();
    let young = collect(tx, young, [scope, through.0], |row| codec::late(row, scope, &mut sum))?;
    let mut expire = tx.prepare_cached("UPDATE late SET intent = ?, sum = ? WHERE scope = ? AND key = ? AND fp = ?")?;
    let none = IntentId::NONE.0;
    for (key, fp) in young {
        expire.execute(params![none, sum.late(scope, &key.0, &fp.0, none), scope, key.0, fp.0])?;
    }
    Ok(())
}

pub(super) fn open_intent(conn: &Connection, scope: i64, id: IntentId) -> Result<Intent, Unreadable> {
    let one = "SELECT id, since, job, in_doubt, keys, fps, sum FROM intent WHERE scope = ? AND id = ?";
    let mut found = collect(conn, one, [scope, id.0], |row| codec::intent(row, scope))?;
    found.pop().ok_or(Unreadable::NoIntent(id))
}

pub(super) fn end_intent(tx: &Transaction<'_>, scope: i64, id: IntentId) -> Result<Intent, Unreadable> {
    let intent = open_intent(tx, scope, id)?;
    tx.prepare_cached("DELETE FROM intent WHERE id = ?")?.execute([id.0])?;
    Ok(intent)
}

/// All scopes of the file. They are few, and a search by name would miss a damaged one.
pub(super) fn scopes(conn: &Connection) -> Result<Vec<(i64, Scope, Option<i64>)>, Unreadable> {
    let all = "SELECT id, export, account, list, generation, sum FROM scope";
    collect(conn, all, [], codec::scope)
}

pub(super) fn generations(conn: &Connection) -> Result<Vec<(i64, Digest)>, Unreadable> {
    collect(conn, "SELECT id, digest, sum FROM generation", [], codec::generation)
}

/// The id of the generation last declared for `scope`.
pub(super) fn present(conn: &Connection, scope: i64) -> Result<Option<i64>, Unreadable> {
    let mut one = conn.prepare_cached("SELECT id, export, account, list, generation, sum FROM scope WHERE id = ?")?;
    let row = one.query_row([scope], |row| Ok(codec::scope(row))).optional()?;
    let (_, _, generation) = row.ok_or(Unreadable::Damaged("the export's scope is missing"))??;
    Ok(generation)
}

pub(super) fn collect<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    mut decode: impl FnMut(&Row<'_>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Unreadable> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(decode(row)?);
    }
    Ok(all)
}
