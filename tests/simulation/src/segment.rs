//! The source of a simulated export: a few people whose rows are edited between runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use enlist_core::Batches;

use crate::farewell::HERE;

/// Values of the custom field, which the account offers as choices.
const TIERS: [&str; 3] = ["Bronze", "Silver", "Gold"];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// As it stands in the source: perhaps in another case, perhaps not an email at all.
    pub(crate) email: String,
    /// Decides every other column, so that two values of one person differ in all of them.
    pub(crate) value: u8,
}

impl Row {
    pub(crate) fn first_name(&self) -> String {
        format!("Name {}", self.value)
    }

    pub(crate) fn tier(&self) -> &'static str {
        TIERS[usize::from(self.value) % TIERS.len()]
    }
}

/// Rows in the order in which they are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segment {
    pub(crate) rows: Vec<Row>,
}

/// What happens to a row between two runs. Persons are numbers; those that are not there are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The person's row gets this value; a person who is not there is added.
    Set(u16, u8),
    /// The person's rows are removed.
    Remove(u16),
    /// The person is in the source once more, spelled in another case, with this value.
    Repeat(u16, u8),
    /// A row whose email is none.
    Spoil(u16),
}

/// The email of a person.
pub(crate) fn email(person: u16) -> String {
    format!("person.{person:03}@example.com")
}

impl Segment {
    /// So many people, all with the same value.
    pub(crate) fn of(people: u16, value: u8) -> Self {
        Self { rows: (0..people).map(|person| Row { email: email(person), value }).collect() }
    }

    pub(crate) fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Set(person, value) => match self.rows.iter_mut().find(|row| row.email == email(person)) {
                Some(row) => row.value = value,
                None => self.rows.push(Row { email: email(person), value }),
            },
            Edit::Remove(person) => self.rows.retain(|row| row.email.to_lowercase() != email(person)),
            Edit::Repeat(person, value) => self.rows.push(Row { email: email(person).to_uppercase(), value }),
            Edit::Spoil(person) => self.rows.push(Row { email: format!("person.{person} at example.com"), value: 0 }),
        }
    }

    /// The row that counts for each email: the first one.
    pub(crate) fn winners(&self) -> BTreeMap<String, &Row> {
        let mut winners = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.email.contains('@')) {
            winners.entry(row.email.to_lowercase()).or_insert(row);
        }
        winners
    }

    /// The rows as a source. `rename` tells how an email is written there.
    pub(crate) fn source(&self, rename: impl Fn(&Row) -> String) -> Batches {
        let column = |value: &dyn Fn(&Row) -> String| -> ArrayRef {
            Arc::new(self.rows.iter().map(|row| Some(value(row))).collect::<StringArray>())
        };
        let here = column(&|_| HERE.to_owned());
        let columns = vec![column(&rename), column(&Row::first_name), column(&|row| row.tier().to_owned()), here];
        let names = ["email", "first_name", "tier", "here"];
        let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
        // Text columns of equal length fit their schema.
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).ok();
        Batches::new("people", schema, batch.into_iter().collect())
    }
}
