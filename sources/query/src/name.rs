//! What a query calls a table.

use std::fmt;

use datafusion::common::TableReference;

/// The name of a table as a query writes it: `people`, `warehouse.users` or `warehouse.public.users`, each part in its
/// case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName(TableReference);

impl TableName {
    /// A name of one part. Dots in it are part of it.
    pub fn bare(name: &str) -> Self {
        Self(TableReference::bare(name))
    }

    /// A table of the database that queries call `database`; `path` is `users` or `public.users`, without quotes.
    pub fn within(database: &str, path: &str) -> Self {
        Self(match path.split_once('.') {
            Some((schema, table)) => TableReference::full(database, schema, table),
            None => TableReference::partial(database, path),
        })
    }

    /// The first part: the database of a table within one, else the name itself.
    pub fn first(&self) -> &str {
        self.0.catalog().or(self.0.schema()).unwrap_or(self.0.table())
    }

    /// What follows the first part: `users`, or schema and table; `None` for a bare name.
    pub fn path(&self) -> Option<(Option<&str>, &str)> {
        match &self.0 {
            TableReference::Bare { .. } => None,
            TableReference::Partial { table, .. } => Some((None, table)),
            TableReference::Full { schema, table, .. } => Some((Some(schema), table)),
        }
    }

    pub(crate) fn reference(&self) -> &TableReference {
        &self.0
    }
}

impl From<&str> for TableName {
    fn from(name: &str) -> Self {
        Self::bare(name)
    }
}

impl From<TableReference> for TableName {
    fn from(reference: TableReference) -> Self {
        Self(reference)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_three_parts() {
        for (name, shown, first, path) in [
            (TableName::bare("people.old"), "people.old", "people.old", None),
            (TableName::within("db", "users"), "db.users", "db", Some((None, "users"))),
            (TableName::within("db", "public.users"), "db.public.users", "db", Some((Some("public"), "users"))),
        ] {
            assert_eq!((name.to_string().as_str(), name.first(), name.path()), (shown, first, path));
        }
    }
}
