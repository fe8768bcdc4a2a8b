//! Rows become contacts or rejects, a column at a time.

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, BooleanBufferBuilder, RecordBatch, StringArray, StringBuilder,
    UInt64Array,
};
use arrow::compute::{FilterBuilder, FilterPredicate, cast};
use arrow::error::ArrowError;

use super::bind::{BoundMapping, Rank};
use super::email::normalise_into;
use super::moment::Style;
use super::part::{Part, check_email_type, no_text};
use super::render::{Cells, cells};
use super::text::Rule;
use super::{ContactBatch, EmailError, EmptyValues, Reason, Reject, Rejects, Stage};
use crate::{Error, ErrorKind, Place, SegmentBatch};

/// What became of a batch: every row is on exactly one side.
#[derive(Clone)]
pub struct Mapped {
    /// Rows that passed every rule, in their order.
    pub contacts: ContactBatch,
    /// Rows that broke one, in their order, with the first rule they broke.
    pub rejects: Rejects,
    /// Normalised emails of the rejects, in their order, where they are sound: these people are in the segment.
    pub reject_emails: Vec<Option<String>>,
}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Emails are for matching, not for reading.
        write!(f, "Mapped({:?}, {:?})", self.contacts, self.rejects)
    }
}

impl BoundMapping {
    /// Turns rows into contacts and rejects. Rows do not influence each other.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] when a column of the schema is missing from the batch or changed to a type that does not
    /// fit, and when a column's text exceeds 2 GiB.
    pub fn map(&self, batch: &SegmentBatch) -> Result<Mapped, Error> {
        let mut verdict = Verdict::new(batch.rows.num_rows());
        let email = self.emails(&batch.rows, &mut verdict)?;
        let values = self.parts.iter().enumerate().map(|(index, part)| {
            let mut reject = |row, rule| verdict.reject(row, Some(index), rule);
            part.values(&batch.rows, self.empty_values, &mut reject)
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let rank = self.rank.as_ref().map(|rank| rank.values(&batch.rows)).transpose()?;
        let contacts = ContactBatch {
            shape: self.shape(),
            origin: batch.origin,
            rows: UInt64Array::from_iter_values((0..batch.rows.num_rows()).map(|row| batch.first_row + row as u64)),
            email,
            values,
            rank,
        };
        let (good, faults) = verdict.finish();
        let rejects = self.rejects(batch, &faults);
        let sound = |fault: &Fault| fault.part.map(|_| contacts.email.value(fault.row).to_owned());
        let reject_emails = faults.iter().map(sound).collect();
        Ok(match good {
            None => Mapped { contacts, rejects, reject_emails },
            Some(good) => {
                let contacts = select(contacts, &good).map_err(|error| defect(&error))?;
                Mapped { contacts, rejects, reject_emails }
            }
        })
    }

    fn emails(&self, rows: &RecordBatch, verdict: &mut Verdict) -> Result<StringArray, Error> {
        let array = column(rows, &self.email)?;
        check_email_type(&self.email, array.data_type())?;
        let read = readable(array, &self.email, Style::Full)?;
        let mut out = Texts::new(rows.num_rows());
        let (mut cell, mut email) = (String::new(), String::new());
        for row in 0..rows.num_rows() {
            cell.clear();
            email.clear();
            let normal = read(row, &mut cell).and_then(|()| normalise_into(&cell, &mut email).map_err(Rule::Email));
            match normal {
                Ok(()) => out.push(&email, &self.email)?,
                Err(rule) => {
                    verdict.reject(row, None, rule);
                    out.push("", &self.email)?;
                }
            }
        }
        Ok(out.finish())
    }

    fn rejects(&self, batch: &SegmentBatch, faults: &[Fault]) -> Rejects {
        let mut rejects = Rejects::default();
        for fault in faults {
            let (reason, field) = match (fault.part, fault.rule) {
                (None, Rule::Email(EmailError::Empty)) => (Reason::NoEmail, "email"),
                (None, _) => (Reason::BadEmail, "email"),
                (Some(part), _) => (Reason::BadValue, self.parts[part].name.as_str()),
            };
            rejects.push(Reject {
                place: Place { origin: batch.origin, row: batch.first_row + fault.row as u64 },
                stage: Stage::Local,
                field: Some(field.to_owned()),
                reason,
                message: fault.rule.to_string(),
                key: None,
            });
        }
        rejects
    }
}

impl Part {
    /// The texts of the slot: null where nothing is sent.
    fn values(
        &self,
        rows: &RecordBatch,
        empty_values: EmptyValues,
        reject: &mut impl FnMut(usize, Rule),
    ) -> Result<StringArray, Error> {
        let array = column(rows, &self.column)?;
        self.check_type(array.data_type())?;
        let read = readable(array, &self.column, self.form.style())?;
        let mut out = Texts::new(rows.num_rows());
        let mut cell = String::new();
        for row in 0..rows.num_rows() {
            cell.clear();
            match read(row, &mut cell).and_then(|()| self.form.fit(&cell)) {
                Ok(text) if text.is_empty() && empty_values == EmptyValues::Keep => out.push_null(),
                Ok(text) => out.push(&text, &self.column)?,
                Err(rule) => {
                    reject(row, rule);
                    out.push_null();
                }
            }
        }
        Ok(out.finish())
    }
}

impl Rank {
    fn values(&self, rows: &RecordBatch) -> Result<BinaryArray, Error> {
        let array = column(rows, &self.column)?;
        // Readers may hand out another encoding of the same type than their schema says (views, dictionaries).
        let array = if *array.data_type() == self.data_type {
            array.to_owned()
        } else {
            cast(array, &self.data_type).map_err(|_| changed(&self.column))?
        };
        let ranks = self.converter.convert_columns(&[array]).map_err(|error| defect(&error))?;
        ranks.try_into_binary().map_err(|_| too_large(&self.column))
    }
}

/// Which rows are good, and for the others the first rule each broke.
struct Verdict {
    good: BooleanBufferBuilder,
    faults: Vec<Fault>,
}

struct Fault {
    row: usize,
    /// Index of the part at fault; none for the email.
    part: Option<usize>,
    rule: Rule,
}

impl Verdict {
    fn new(rows: usize) -> Self {
        let mut good = BooleanBufferBuilder::new(rows);
        good.append_n(rows, true);
        Self { good, faults: Vec::new() }
    }

    fn reject(&mut self, row: usize, part: Option<usize>, rule: Rule) {
        if self.good.get_bit(row) {
            self.good.set_bit(row, false);
            self.faults.push(Fault { row, part, rule });
        }
    }

    /// The good rows, if they are not all, and the faults in the order of their rows.
    fn finish(mut self) -> (Option<FilterPredicate>, Vec<Fault>) {
        if self.faults.is_empty() {
            return (None, self.faults);
        }
        self.faults.sort_unstable_by_key(|fault| fault.row);
        let good = BooleanArray::new(self.good.finish(), None);
        (Some(FilterBuilder::new(&good).optimize().build()), self.faults)
    }
}

fn select(contacts: ContactBatch, good: &FilterPredicate) -> Result<ContactBatch, ArrowError> {
    fn filter<A: Array + Clone + 'static>(array: &A, good: &FilterPredicate) -> Result<A, ArrowError> {
        let filtered = good.filter(array)?;
        let same = filtered.as_any().downcast_ref::<A>().cloned();
        same.ok_or_else(|| ArrowError::ComputeError("a filter changed the type of its array".to_owned()))
    }
    Ok(ContactBatch {
        rows: filter(&contacts.rows, good)?,
        email: filter(&contacts.email, good)?,
        values: contacts.values.iter().map(|values| filter(values, good)).collect::<Result<_, _>>()?,
        rank: contacts.rank.as_ref().map(|rank| filter(rank, good)).transpose()?,
        ..contacts
    })
}

/// A growing column of texts within the 2 GiB that its offsets can count.
struct Texts(StringBuilder);

impl Texts {
    fn new(rows: usize) -> Self {
        Self(StringBuilder::with_capacity(rows, rows * 16))
    }

    fn push(&mut self, text: &str, column: &str) -> Result<(), Error> {
        if self.0.values_slice().len() + text.len() > i32::MAX as usize {
            return Err(too_large(column));
        }
        self.0.append_value(text);
        Ok(())
    }

    fn push_null(&mut self) {
        self.0.append_null();
    }

    fn finish(mut self) -> StringArray {
        self.0.finish()
    }
}

fn column<'b>(rows: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, Error> {
    rows.column_by_name(name).ok_or_else(|| changed(name))
}

fn readable<'a>(array: &'a ArrayRef, column: &str, style: Style) -> Result<Cells<'a>, Error> {
    cells(array, style).ok_or_else(|| no_text(column, array.data_type()))
}

fn changed(column: &str) -> Error {
    Error::new(
        ErrorKind::Source,
        "source::column_changed",
        format!("column `{column}` disappeared or changed its type while the source was read"),
    )
    .help("run again once the source no longer changes")
}

fn too_large(column: &str) -> Error {
    Error::new(
        ErrorKind::Source,
        "source::column_too_large",
        format!("column `{column}` has more than 2 GiB of text in one batch of rows"),
    )
    .help("read the source in smaller batches, or cut the text in SQL")
}

fn defect(error: &ArrowError) -> Error {
    // Arrow's words may quote cells, so only the kind of error is told.
    let kind = match error {
        ArrowError::InvalidArgumentError(_) => "invalid argument",
        ArrowError::SchemaError(_) => "schema",
        _ => "other",
    };
    Error::new(ErrorKind::Bug, "bug::map", format!("Arrow refused a batch of contacts ({kind})"))
}
