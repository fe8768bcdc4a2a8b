//! Staging: contacts leave the source's order and are spooled by key, so that memory stays flat and no database
//! cursor stays open while requests are paced.

mod roll;

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt32Array,
};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type, UInt64Type};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use super::spool::{Block, Spool};
use super::{Fingerprint, Hasher, Key};
use crate::{
    ContactBatch, Encode, Error, ErrorKind, Limits, Mapped, Place, Reason, Reject, Rejects, Stage as At, Suppression,
};

/// Partitions of the key space, by first byte. With 256, a hundred million contacts need some 100 MB at a time in
/// the merge, and a million 1 MB.
pub(crate) const PARTITIONS: usize = 256;

/// Rows gathered before they are sorted and written: large enough that a partition's slice is worth a block.
const RUN_ROWS: usize = 32_768;

/// Bytes gathered before they are sorted and written, whatever the number of rows.
const RUN_BYTES: usize = 8 << 20;

const KEY: usize = 0;
const FINGERPRINT: usize = 1;
const ORIGIN: usize = 2;
const ROW: usize = 3;
const RANK: usize = 4;
const PAYLOAD: usize = 5;
const EMAIL: usize = 6;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::FixedSizeBinary(16), false),
        Field::new("fingerprint", DataType::FixedSizeBinary(16), false),
        Field::new("origin", DataType::UInt32, false),
        Field::new("row", DataType::UInt64, false),
        Field::new("rank", DataType::Binary, true),
        Field::new("payload", DataType::Binary, false),
        Field::new("email", DataType::Utf8, true),
    ]))
});

/// What a partition without contacts reads as; most partitions of a small segment have none.
static NOBODY: LazyLock<RecordBatch> = LazyLock::new(|| RecordBatch::new_empty(Arc::clone(&SCHEMA)));

/// How mapped contacts become staged ones.
#[derive(Clone)]
pub(crate) struct Staging {
    pub(crate) encoder: Arc<dyn Encode>,
    pub(crate) limits: Limits,
    pub(crate) hasher: Hasher,
    /// People who are not sent.
    pub(crate) suppression: Arc<Suppression>,
    /// Whether emails are carried along, because contacts may have to be told that they left.
    pub(crate) emails: bool,
}

/// Contacts as they are staged: identity, place and payload. A batch in no particular order.
pub(crate) struct Staged(RecordBatch);

impl Staged {
    /// Encodes and hashes mapped contacts. Rejects get their keys where they have one; somebody who is suppressed, and
    /// a contact that alone exceeds a request, become rejects too.
    pub(crate) fn encode(mapped: Mapped, staging: &Staging) -> Result<(Self, Rejects), Error> {
        let Mapped { contacts, mut rejects, reject_emails } = mapped;
        let Staging { encoder, limits, hasher, suppression, .. } = staging;
        for (reject, email) in rejects.iter_mut().zip(reject_emails) {
            reject.key = email.map(|email| hasher.key(&email));
        }
        let payloads = encoder.encode(&contacts)?;
        let room = limits.bytes.saturating_sub(encoder.envelope().size(1, 0));
        let keys: Vec<Key> = contacts.email.iter().flatten().map(|email| hasher.key(email)).collect();
        let mut kept = Vec::with_capacity(contacts.len());
        for (row, key) in keys.iter().enumerate() {
            if !suppression.is_empty() && suppression.covers(contacts.email.value(row), *key) {
                rejects.push(suppressed(&contacts, row, *key));
            } else if payloads.value(row).len() <= room {
                kept.push(u32::try_from(row).map_err(|_| bug("a batch has more than 2^32 rows"))?);
            } else {
                rejects.push(too_large(&contacts, row, *key, limits.bytes));
            }
        }
        let all = staged_columns(&contacts, payloads, &keys, staging)?;
        let staged = if kept.len() == all.num_rows() {
            all
        } else {
            take_record_batch(&all, &UInt32Array::from(kept)).map_err(broken)?
        };
        Ok((Self(staged), rejects))
    }

    /// Number of contacts.
    pub(crate) fn len(&self) -> usize {
        self.0.num_rows()
    }

    pub(crate) fn key(&self, row: usize) -> Key {
        Key(fixed(self.0.column(KEY), row))
    }

    pub(crate) fn fingerprint(&self, row: usize) -> Fingerprint {
        Fingerprint(fixed(self.0.column(FINGERPRINT), row))
    }

    pub(crate) fn place(&self, row: usize) -> Place {
        Place {
            origin: self.0.column(ORIGIN).as_primitive::<UInt32Type>().value(row),
            row: self.0.column(ROW).as_primitive::<UInt64Type>().value(row),
        }
    }

    /// The rank that orders duplicates, or nothing when the first one wins.
    pub(crate) fn rank(&self, row: usize) -> Option<&[u8]> {
        let ranks = self.0.column(RANK).as_binary::<i32>();
        ranks.is_valid(row).then(|| ranks.value(row))
    }

    pub(crate) fn payload(&self, row: usize) -> &[u8] {
        self.0.column(PAYLOAD).as_binary::<i32>().value(row)
    }

    /// The email, where emails are carried along.
    pub(crate) fn email(&self, row: usize) -> Option<&str> {
        let emails = self.0.column(EMAIL).as_string::<i32>();
        emails.is_valid(row).then(|| emails.value(row))
    }
}

fn fixed(column: &ArrayRef, row: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(column.as_fixed_size_binary().value(row));
    bytes
}

fn staged_columns(
    contacts: &ContactBatch,
    payloads: BinaryArray,
    keys: &[Key],
    staging: &Staging,
) -> Result<RecordBatch, Error> {
    let print = |payload| staging.hasher.fingerprint(payload).0;
    let prints: Vec<[u8; 16]> = payloads.iter().flatten().map(print).collect();
    let email: ArrayRef = match staging.emails {
        true => Arc::new(contacts.email.clone()),
        false => Arc::new(StringArray::new_null(contacts.len())),
    };
    let width = |values: &mut dyn Iterator<Item = [u8; 16]>| {
        // An empty iterator carries no width, hence the explicit empty array.
        let bytes: Vec<u8> = values.flatten().collect();
        FixedSizeBinaryArray::try_new(16, bytes.into(), None)
    };
    let rank: ArrayRef = match &contacts.rank {
        Some(rank) => Arc::new(rank.clone()),
        None => Arc::new(BinaryArray::new_null(contacts.len())),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(width(&mut keys.iter().map(|key| key.0)).map_err(broken)?),
        Arc::new(width(&mut prints.into_iter()).map_err(broken)?),
        Arc::new(UInt32Array::from(vec![contacts.origin; contacts.len()])),
        Arc::new(contacts.rows.clone()),
        rank,
        Arc::new(payloads),
        email,
    ];
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map_err(broken)
}

fn suppressed(contacts: &ContactBatch, row: usize, key: Key) -> Reject {
    Reject {
        place: Place { origin: contacts.origin, row: contacts.rows.value(row) },
        stage: At::Local,
        field: Some("email".to_owned()),
        reason: Reason::Suppressed,
        message: "on a suppression list, or erased".to_owned(),
        key: Some(key),
    }
}

fn too_large(contacts: &ContactBatch, row: usize, key: Key, limit: usize) -> Reject {
    Reject {
        place: Place { origin: contacts.origin, row: contacts.rows.value(row) },
        stage: At::Local,
        field: None,
        reason: Reason::TooLarge,
        message: format!("the contact alone is larger than a request may be ({limit} bytes)"),
        key: Some(key),
    }
}

/// All contacts of a segment, spooled in partitions by key.
pub(crate) struct Stage {
    spool: Spool,
    gathered: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    partitions: Vec<Vec<Block>>,
}

impl Stage {
    /// An empty stage whose spool lies in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            spool: Spool::create(folder)?,
            gathered: Vec::new(),
            rows: 0,
            bytes: 0,
            partitions: vec![Vec::new(); PARTITIONS],
        })
    }

    /// Adds contacts.
    pub(crate) fn push(&mut self, staged: Staged) -> Result<(), Error> {
        self.rows += staged.len();
        self.bytes += staged.0.column(PAYLOAD).as_binary::<i32>().values().len();
        self.gathered.push(staged.0);
        if self.rows >= RUN_ROWS || self.bytes >= RUN_BYTES { self.spill() } else { Ok(()) }
    }

    /// Ends staging; the partitions can be read from here on.
    pub(crate) fn finish(mut self) -> Result<Partitions, Error> {
        self.spill()?;
        Ok(Partitions { spool: self.spool, partitions: self.partitions })
    }

    /// Sorts what was gathered by key and appends each partition's share to the spool.
    fn spill(&mut self) -> Result<(), Error> {
        if self.rows == 0 {
            return Ok(());
        }
        let run = concat_batches(&SCHEMA, &self.gathered).map_err(broken)?;
        self.gathered.clear();
        (self.rows, self.bytes) = (0, 0);
        let sorted = sort_by_key(&run)?;
        drop(run);
        let keys = sorted.column(KEY).as_fixed_size_binary();
        let mut start = 0;
        while start < sorted.num_rows() {
            let partition = keys.value(start)[0];
            let mut end = start + 1;
            while end < sorted.num_rows() && keys.value(end)[0] == partition {
                end += 1;
            }
            let block = self.spool.append(&to_ipc(&sorted.slice(start, end - start))?)?;
            self.partitions[usize::from(partition)].push(block);
            start = end;
        }
        Ok(())
    }
}

/// A finished stage.
pub(crate) struct Partitions {
    spool: Spool,
    partitions: Vec<Vec<Block>>,
}

impl Partitions {
    /// The contacts of one partition, by key; equal keys in no particular order.
    pub(crate) fn read(&self, partition: usize) -> Result<Staged, Error> {
        let mut batches = Vec::new();
        for block in &self.partitions[partition] {
            let bytes = self.spool.read(*block)?;
            for batch in StreamReader::try_new(Cursor::new(bytes), None).map_err(broken)? {
                batches.push(batch.map_err(broken)?);
            }
        }
        // One block is sorted already.
        if batches.len() < 2 {
            return Ok(Staged(batches.pop().unwrap_or_else(|| NOBODY.clone())));
        }
        let all = concat_batches(&SCHEMA, &batches).map_err(broken)?;
        drop(batches);
        Ok(Staged(sort_by_key(&all)?))
    }
}

fn sort_by_key(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let keys = batch.column(KEY).as_fixed_size_binary();
    let rows = u32::try_from(batch.num_rows()).map_err(|_| bug("a run has more than 2^32 rows"))?;
    let mut order: Vec<u32> = (0..rows).collect();
    order.sort_unstable_by_key(|&row| keys.value(row as usize));
    take_record_batch(batch, &UInt32Array::from(order)).map_err(broken)
}

fn to_ipc(batch: &RecordBatch) -> Result<Vec<u8>, Error> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).map_err(broken)?;
    writer.write(batch).map_err(broken)?;
    writer.into_inner().map_err(broken)
}

fn broken(cause: ArrowError) -> Error {
    Error::new(ErrorKind::Bug, "bug::stage", format!("staging failed: {cause}"))
}

fn bug(message: &str) -> Error {
    Error::new(ErrorKind::Bug, "bug::stage", message)
}
