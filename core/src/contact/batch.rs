//! Contacts in columns.

use std::sync::Arc;

use arrow::array::{Array, BinaryArray, StringArray, UInt64Array};

/// Where a value goes in a contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Phone number.
    Phone,
    /// The custom field with this id.
    Field(u64),
}

/// What all contacts of an export have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What each of [`ContactBatch::values`] is.
    pub slots: Vec<Slot>,
    /// Tags every contact gets.
    pub tags: Vec<String>,
}

/// Contacts that passed every local rule, in the order of their rows. All columns have the same length.
#[derive(Clone)]
pub struct ContactBatch {
    /// What the columns are.
    pub shape: Arc<Shape>,
    /// Index of the origin of all rows.
    pub origin: u32,
    /// Row of each contact within the origin.
    pub rows: UInt64Array,
    /// Normalised email; never null.
    pub email: StringArray,
    /// Rendered values, one column a slot. Null: not sent. Empty: clears the value at the destination.
    pub values: Vec<StringArray>,
    /// With `keep: latest`: a byte string a contact that orders duplicates, the greatest wins. Never null.
    pub rank: Option<BinaryArray>,
}

impl ContactBatch {
    /// Number of contacts.
    pub fn len(&self) -> usize {
        self.email.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for ContactBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactBatch({} contacts of origin {})", self.len(), self.origin)
    }
}
