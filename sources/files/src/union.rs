//! The columns of several files read as one segment.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use enlist_core::{Error, ErrorKind};

use crate::columns::pick;
use crate::partitions::Partitions;

/// The columns that the files of a segment offer together.
///
/// A column that some file lacks, or has with another type, is listed but cannot be picked: files may differ in
/// columns that nobody asks for. Types of text (plain, large, view, dictionary) are one type for this purpose.
#[derive(Clone, Debug)]
pub struct Columns {
    schema: SchemaRef,
    flaws: Vec<Option<Error>>,
}

impl Columns {
    /// The union of the columns of `files`, each a name for messages and its own columns, then the keys of the
    /// partitions as text. A file's column hides a partition key of the same name.
    ///
    /// # Errors
    /// `source::column_twice` when a file has two columns of one name.
    pub fn union<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a Fields)>,
        partitions: &Partitions,
    ) -> Result<Self, Error> {
        let mut columns: Vec<Column> = Vec::new();
        let mut first_file = None;
        for (file, fields) in files {
            refuse_twins(file, fields)?;
            for column in &mut columns {
                column.meet(file, fields.find(column.field.name()).map(|(_, field)| field));
            }
            for field in fields {
                if columns.iter().all(|column| column.field.name() != field.name()) {
                    columns.push(Column::found(field, file, first_file));
                }
            }
            first_file.get_or_insert(file);
        }
        for key in partitions.keys() {
            if columns.iter().all(|column| column.field.name() != key) {
                let field = Field::new(key, DataType::Utf8, true);
                columns.push(Column { field, file: String::new(), flaw: None });
            }
        }
        let (fields, flaws): (Vec<_>, Vec<_>) = columns.into_iter().map(|column| (column.field, column.flaw)).unzip();
        Ok(Self { schema: Arc::new(Schema::new(fields)), flaws })
    }

    /// All of them, each nullable.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// A schema of the named `columns`, in that order.
    ///
    /// # Errors
    /// `source::column_missing` when no file or not every file has a column, `source::column_type` when types differ.
    pub fn pick(&self, columns: &[String], source: &str) -> Result<SchemaRef, Error> {
        let picked = pick(&self.schema, columns, source)?.into_iter().map(|index| match &self.flaws[index] {
            Some(flaw) => Err(flaw.clone()),
            None => Ok(Arc::clone(&self.schema.fields()[index])),
        });
        Ok(Arc::new(Schema::new(picked.collect::<Result<Vec<FieldRef>, _>>()?)))
    }
}

struct Column {
    field: Field,
    /// The file that it was first found in.
    file: String,
    flaw: Option<Error>,
}

impl Column {
    /// A column found in `file`; `first_file`, if there is one, came before and lacks it.
    fn found(field: &Field, file: &str, first_file: Option<&str>) -> Self {
        let column = Field::new(field.name(), field.data_type().clone(), true);
        let flaw = first_file.map(|lacking| absent(field.name(), lacking, file));
        Self { field: column, file: file.to_owned(), flaw }
    }

    /// Compares the column with what another `file` has under its name.
    fn meet(&mut self, file: &str, field: Option<&FieldRef>) {
        let name = self.field.name();
        let unified = field.map(|field| (field.data_type(), unify(self.field.data_type(), field.data_type())));
        let flaw = match unified {
            None => absent(name, file, &self.file),
            Some((_, Some(unified))) => {
                self.field = Field::new(name, unified, true);
                return;
            }
            Some((other, None)) => Error::new(
                ErrorKind::Source,
                "source::column_type",
                format!("column \"{name}\" is {} in {} but {other} in {file}", self.field.data_type(), self.file),
            )
            .help("write the files with one type, or read them separately"),
        };
        self.flaw.get_or_insert(flaw);
    }
}

/// The type that holds both, where that needs no judgement.
fn unify(one: &DataType, other: &DataType) -> Option<DataType> {
    if one == other {
        return Some(one.clone());
    }
    (is_text(one) && is_text(other)).then_some(DataType::Utf8)
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn absent(column: &str, lacking: &str, having: &str) -> Error {
    Error::new(
        ErrorKind::Source,
        "source::column_missing",
        format!("column \"{column}\" not found in {lacking}, though {having} has it"),
    )
    .help("write the files with the same columns, or narrow the path to those that have it")
}

fn refuse_twins(file: &str, fields: &Fields) -> Result<(), Error> {
    let twin = fields
        .iter()
        .enumerate()
        .find(|(index, field)| fields.find(field.name()).is_some_and(|(first, _)| first != *index));
    let Some((index, field)) = twin else { return Ok(()) };
    Err(Error::new(
        ErrorKind::Source,
        "source::column_twice",
        format!("{file} has two columns called \"{}\", the second being column {}", field.name(), index + 1),
    )
    .help("rename one of them where the file is written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(columns: &[(&str, DataType)]) -> Fields {
        columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), false)).collect()
    }

    fn union(files: &[(&str, Fields)]) -> Result<Columns, Error> {
        Columns::union(files.iter().map(|(name, fields)| (*name, fields)), &Partitions::default())
    }

    fn pick_one(columns: &Columns, name: &str) -> Result<DataType, Error> {
        Ok(columns.pick(&[name.to_owned()], "people")?.field(0).data_type().clone())
    }

    #[test]
    fn a_column_that_one_file_lacks_is_refused_only_when_asked_for() {
        let full = fields(&[("email", DataType::Utf8), ("phone", DataType::Utf8)]);
        let lean = fields(&[("email", DataType::Utf8)]);
        for (files, message) in [
            ([("a", full.clone()), ("b", lean.clone())], "column \"phone\" not found in b, though a has it"),
            ([("a", lean), ("b", full)], "column \"phone\" not found in a, though b has it"),
        ] {
            let columns = union(&files).unwrap();
            assert_eq!(pick_one(&columns, "email").unwrap(), DataType::Utf8);
            let error = pick_one(&columns, "phone").unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), ("source::column_missing", message));
        }
    }

    #[test]
    fn a_column_of_two_types_is_refused_with_both_files() {
        let columns =
            union(&[("a", fields(&[("id", DataType::Int32)])), ("b", fields(&[("id", DataType::Int64)]))]).unwrap();
        let error = pick_one(&columns, "id").unwrap_err();
        assert_eq!(error.to_string(), "column \"id\" is Int32 in a but Int64 in b");
    }

    #[test]
    fn all_kinds_of_text_are_one_type() {
        let category = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        let columns =
            union(&[("a", fields(&[("x", category.clone())])), ("b", fields(&[("x", DataType::LargeUtf8)]))]).unwrap();
        assert_eq!(pick_one(&columns, "x").unwrap(), DataType::Utf8);
        let columns = union(&[("a", fields(&[("x", category.clone())]))]).unwrap();
        assert_eq!(pick_one(&columns, "x").unwrap(), category);
    }

    #[test]
    fn two_columns_of_one_name_in_a_file_are_refused() {
        let error = union(&[("a", fields(&[("x", DataType::Utf8), ("x", DataType::Utf8)]))]).unwrap_err();
        assert_eq!(error.code(), "source::column_twice");
    }
}
