//! Rows that were made elsewhere than from a mapping, staged like contacts.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt32Array, UInt64Array};

use super::{SCHEMA, Staged, broken};
use crate::{Error, Key, Place};

impl Staged {
    /// Rows as they are, in any order. They have no fingerprint and no rank.
    pub(crate) fn of(rows: &[(Key, Place, &[u8])]) -> Result<Self, Error> {
        let keys: Vec<u8> = rows.iter().flat_map(|(key, ..)| key.0).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(FixedSizeBinaryArray::try_new(16, keys.into(), None).map_err(broken)?),
            Arc::new(FixedSizeBinaryArray::try_new(16, vec![0_u8; 16 * rows.len()].into(), None).map_err(broken)?),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|(_, place, _)| place.origin))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(_, place, _)| place.row))),
            Arc::new(BinaryArray::new_null(rows.len())),
            Arc::new(BinaryArray::from_iter_values(rows.iter().map(|(.., payload)| payload))),
            Arc::new(StringArray::new_null(rows.len())),
        ];
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map(Self).map_err(broken)
    }
}
