//! Contacts in columns become the JSON of a bulk import.

use std::io::Write;

use arrow::array::{Array, BinaryArray, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use bytes::Bytes;
use enlist_core::{ContactBatch, Departure, Encode, Envelope, Error, Lane, Slot};

use crate::{error, json};

/// Writes contacts as `POST /import/bulk_import` takes them.
#[derive(Clone, Debug)]
pub struct Encoder {
    list: u64,
    automations: bool,
}

impl Encoder {
    /// An encoder that adds every contact to `list`; with `automations` off, imports start none.
    pub fn new(list: u64, automations: bool) -> Self {
        Self { list, automations }
    }
}

impl Encode for Encoder {
    /// A payload holds `email`, then what the contact has of `first_name`, `last_name`, `phone`, `tags` and `fields`
    /// (in the order of their ids), then `subscribe`. A null is left out, so that the destination keeps what it has;
    /// an empty text is written and clears the value.
    fn encode(&self, contacts: &ContactBatch) -> Result<BinaryArray, Error> {
        let columns = Columns::of(contacts);
        let tail = self.tail();
        let tags = tags(&contacts.shape.tags);
        let mut bytes = Vec::with_capacity(columns.estimate(contacts, tags.len() + tail.len()));
        let mut offsets = Vec::with_capacity(contacts.len() + 1);
        offsets.push(0_i32);
        for row in 0..contacts.len() {
            bytes.extend_from_slice(b"{\"email\":");
            json::write_string(&mut bytes, contacts.email.value(row));
            columns.write_names(&mut bytes, row);
            bytes.extend_from_slice(&tags);
            columns.write_fields(&mut bytes, row);
            bytes.extend_from_slice(&tail);
            offsets.push(i32::try_from(bytes.len()).map_err(|_| error::batch_too_large())?);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        BinaryArray::try_new(offsets, Buffer::from_vec(bytes), None).map_err(|_| error::batch_too_large())
    }

    /// `email` and the field, or `email` and `unsubscribe`; no `subscribe`, which could put somebody back on the list.
    fn encode_leaver(&self, email: &str, departure: &Departure) -> Result<Vec<u8>, Error> {
        let mut bytes = b"{\"email\":".to_vec();
        json::write_string(&mut bytes, email);
        match departure {
            Departure::Mark { field, value } => {
                bytes.extend_from_slice(format!(",\"fields\":[{{\"id\":{field},\"value\":").as_bytes());
                json::write_string(&mut bytes, value);
                bytes.extend_from_slice(b"}]}");
            }
            Departure::Unsubscribe => {
                bytes.extend_from_slice(format!(",\"unsubscribe\":[{{\"listid\":{}}}]}}", self.list).as_bytes());
            }
        }
        Ok(bytes)
    }

    /// `exclude_automations` stands at the top level and is always written: left out, automations would run.
    fn envelope(&self) -> Envelope {
        let close = if self.automations {
            &b"],\"exclude_automations\":false}"[..]
        } else {
            b"],\"exclude_automations\":true}"
        };
        Envelope {
            open: Bytes::from_static(b"{\"contacts\":["),
            separator: Bytes::from_static(b","),
            close: Bytes::from_static(close),
        }
    }

    fn lane(&self, contacts: usize) -> Lane {
        if contacts == 1 { Lane::Single } else { Lane::Bulk }
    }
}

impl Encoder {
    fn tail(&self) -> Vec<u8> {
        format!(",\"subscribe\":[{{\"listid\":{}}}]}}", self.list).into_bytes()
    }
}

/// The tags' part, the same for every contact of a shape.
fn tags(tags: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b",\"tags\":[" } else { b"," });
        json::write_string(&mut out, tag);
    }
    if !out.is_empty() {
        out.push(b']');
    }
    out
}

/// The columns of a batch in the order they are written, each with the bytes that lead to its value.
struct Columns<'a> {
    names: Vec<(&'static [u8], &'a StringArray)>,
    fields: Vec<(u64, Vec<u8>, &'a StringArray)>,
}

impl<'a> Columns<'a> {
    fn of(contacts: &'a ContactBatch) -> Self {
        let slots = || contacts.shape.slots.iter().zip(&contacts.values);
        let name = |slot: Slot, lead: &'static [u8]| {
            let (_, column) = slots().find(|(candidate, _)| **candidate == slot)?;
            Some((lead, column))
        };
        let names = [
            name(Slot::FirstName, b",\"first_name\":"),
            name(Slot::LastName, b",\"last_name\":"),
            name(Slot::Phone, b",\"phone\":"),
        ];
        let mut fields: Vec<_> = slots()
            .filter_map(|(slot, column)| match slot {
                Slot::Field(id) => {
                    let mut lead = Vec::new();
                    // Writing into a vector cannot fail.
                    let _ = write!(lead, "{{\"id\":{id},\"value\":");
                    Some((*id, lead, column))
                }
                _ => None,
            })
            .collect();
        fields.sort_by_key(|(id, ..)| *id);
        Self { names: names.into_iter().flatten().collect(), fields }
    }

    /// Bytes of all payloads unless values need many escapes.
    fn estimate(&self, contacts: &ContactBatch, constant: usize) -> usize {
        let names = self.names.iter().map(|(lead, column)| (lead.len(), *column));
        let fields = self.fields.iter().map(|(_, lead, column)| (lead.len() + 2, *column));
        let columns: usize =
            names.chain(fields).map(|(lead, column)| text_bytes(column) + (lead + 3) * column.len()).sum();
        columns + text_bytes(&contacts.email) + contacts.len() * (constant + 24)
    }

    fn write_names(&self, out: &mut Vec<u8>, row: usize) {
        for (lead, column) in &self.names {
            if column.is_valid(row) {
                out.extend_from_slice(lead);
                json::write_string(out, column.value(row));
            }
        }
    }

    fn write_fields(&self, out: &mut Vec<u8>, row: usize) {
        let mut open = false;
        for (_, lead, column) in &self.fields {
            if column.is_valid(row) {
                out.extend_from_slice(if open { b"," } else { b",\"fields\":[" });
                out.extend_from_slice(lead);
                json::write_string(out, column.value(row));
                out.push(b'}');
                open = true;
            }
        }
        if open {
            out.push(b']');
        }
    }
}

/// Bytes of all values; the buffer behind a slice may hold far more.
fn text_bytes(column: &StringArray) -> usize {
    match column.value_offsets() {
        [first, .., last] => usize::try_from(last - first).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
