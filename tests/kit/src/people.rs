//! Invented people, made one batch at a time so that a million of them need no memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use enlist_core::Batches;
use futures::StreamExt;

/// Rows of one batch.
const BATCH: u64 = 8_192;

/// A segment of invented people. The same numbers give the same people.
#[derive(Clone, Copy, Debug)]
pub struct People {
    /// Rows.
    pub rows: u64,
    /// One row in so many has a malformed email; 0 for none.
    pub malformed_every: u64,
    /// One row in so many repeats the person before it; 0 for none.
    pub duplicate_every: u64,
    /// One row in so many has another tier than at `edition` 0.
    pub changed_every: u64,
    /// Changes the changed ones.
    pub edition: u64,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As it stands in the source, perhaps malformed.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone number.
    pub phone: String,
    /// Value of the custom field.
    pub tier: String,
}

impl People {
    /// So many people, all of them good.
    pub fn clean(rows: u64) -> Self {
        Self { rows, malformed_every: 0, duplicate_every: 0, changed_every: 0, edition: 0 }
    }

    /// So many rows with 1 % malformed emails and 2 % duplicates.
    pub fn dirty(rows: u64) -> Self {
        Self { malformed_every: 100, duplicate_every: 50, ..Self::clean(rows) }
    }

    /// Whether the email of row `n` (from 0) is malformed.
    pub fn is_malformed(&self, n: u64) -> bool {
        self.malformed_every > 0 && n % self.malformed_every == 7
    }

    /// Whether row `n` repeats the email of the row before it.
    pub fn is_duplicate(&self, n: u64) -> bool {
        self.duplicate_every > 0 && n % self.duplicate_every == 21
    }

    /// Whether row `n` changes from edition to edition.
    pub fn is_changed(&self, n: u64) -> bool {
        self.changed_every > 0 && n % self.changed_every == 3 % self.changed_every
    }

    /// Row `n`, from 0.
    pub fn person(&self, n: u64) -> Person {
        let who = if self.is_duplicate(n) { n - 1 } else { n };
        let at = if self.is_malformed(n) { " at " } else { "@" };
        let edition = if self.is_changed(n) { self.edition } else { 0 };
        Person {
            email: format!("person.{who:07}{at}example.com"),
            first_name: ["Ada", "Björn", "Chiara", "Dušan", "Eun-ji", "Fatou"][(who % 6) as usize].into(),
            last_name: format!("Sample-{}", who % 9_973),
            phone: format!("+3584{who:08}"),
            tier: ["Bronze", "Silver", "Gold"][((who + edition) % 3) as usize].into(),
        }
    }

    /// Columns `email`, `first_name`, `last_name`, `phone`, `tier`.
    pub fn schema() -> SchemaRef {
        let names = ["email", "first_name", "last_name", "phone", "tier"];
        Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()))
    }

    /// Rows `from` to `to`, as one batch.
    pub fn batch(&self, from: u64, to: u64) -> RecordBatch {
        let mut columns: [StringBuilder; 5] = std::array::from_fn(|_| StringBuilder::new());
        for n in from..to {
            let person = self.person(n);
            let values = [person.email, person.first_name, person.last_name, person.phone, person.tier];
            for (column, value) in columns.iter_mut().zip(values) {
                column.append_value(value);
            }
        }
        let columns = columns.map(|mut column| Arc::new(column.finish()) as ArrayRef).to_vec();
        // The schema stands beside it: five text columns of equal length.
        RecordBatch::try_new(Self::schema(), columns).unwrap_or_else(|_| RecordBatch::new_empty(Self::schema()))
    }

    /// All rows in batches.
    pub fn batches(self) -> impl Iterator<Item = RecordBatch> + Send {
        (0..self.rows.div_ceil(BATCH)).map(move |n| self.batch(n * BATCH, ((n + 1) * BATCH).min(self.rows)))
    }

    /// The segment.
    pub fn source(self) -> Batches {
        Batches::from_stream("people", Self::schema(), move || futures::stream::iter(self.batches().map(Ok)).boxed())
    }
}
