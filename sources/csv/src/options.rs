//! How a CSV file is to be read.

use enlist_core::{Error, ErrorKind};

/// How CSV files are to be read; by default everything is found out from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The byte between fields. `None`: tab for `.tsv`, else whichever of `,` `;` tab and `|` splits the first
    /// records best.
    pub delimiter: Option<u8>,
    /// Column names of files without a header row. `None`: the first record is the header.
    pub names: Option<Vec<String>>,
}

impl CsvOptions {
    /// # Errors
    /// `csv::options` (configuration) for a delimiter that cannot delimit and for an empty list of names.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Config, "csv::options", message));
        if self.delimiter.is_some_and(|byte| !byte.is_ascii() || matches!(byte, b'"' | b'\r' | b'\n' | 0)) {
            return wrong("the CSV delimiter must be one ASCII character, and no quote or line break");
        }
        if self.names.as_ref().is_some_and(Vec::is_empty) {
            return wrong("the list of CSV column names is empty");
        }
        Ok(())
    }
}
