//! A mapping as somebody wrote it.

/// Which column becomes which part of a contact. Nothing in it has been checked; [`bind`](Self::bind) does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Column of the email, the contact's identity.
    pub email: String,
    /// Column of the first name.
    pub first_name: Option<String>,
    /// Column of the last name.
    pub last_name: Option<String>,
    /// Column of the phone number.
    pub phone: Option<String>,
    /// Custom fields: the field as written (its id, its `%TAG%`, its title, or its tag without percent signs; tried
    /// in this order) and the column. The order carries no meaning.
    pub fields: Vec<(String, String)>,
    /// Tags every contact gets. The order carries no meaning.
    pub tags: Vec<String>,
    /// What a null or empty cell means.
    pub empty_values: EmptyValues,
    /// ISO 3166 alpha-2 code of the country that phone numbers without a country code belong to. With it, numbers are
    /// written as E.164 where they are valid; without it, or where they are not, as they stand.
    pub phone_region: Option<String>,
    /// Which of several rows with the same email counts.
    pub keep: Keep,
    /// What happens to contacts that left the segment.
    pub leavers: Leavers,
}

/// What happens to contacts of earlier runs that are not in the segment any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Leavers {
    /// Nothing: they stay as they are.
    #[default]
    Keep,
    /// A custom field says so. The field is mapped too, or a contact that comes back would keep the value.
    Mark {
        /// Title, tag or id of the field.
        field: String,
        /// What is written to it.
        value: String,
    },
    /// They are unsubscribed from the list, and no import can subscribe them again.
    Unsubscribe,
}

/// What a null, empty or all-white-space cell means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EmptyValues {
    /// Nothing is sent for it: the destination keeps what it has.
    #[default]
    Keep,
    /// An empty text is sent for it: the destination clears what it has.
    Clear,
}

/// Which of several rows with the same email counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The first by [`Place`](crate::Place).
    #[default]
    First,
    /// The one with the greatest value in a column; a null is less than any value.
    Latest {
        /// The column that orders them.
        by: String,
    },
}

impl Mapping {
    /// The columns to read, each once: email, names, phone, fields as written, and the one that orders duplicates.
    pub fn columns(&self) -> Vec<String> {
        let by = match &self.keep {
            Keep::First => None,
            Keep::Latest { by } => Some(by),
        };
        let mut columns: Vec<String> = Vec::new();
        for column in std::iter::once(&self.email)
            .chain(&self.first_name)
            .chain(&self.last_name)
            .chain(&self.phone)
            .chain(self.fields.iter().map(|(_, column)| column))
            .chain(by)
        {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }
}
