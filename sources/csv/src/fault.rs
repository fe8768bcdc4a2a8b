//! What can be wrong with a CSV file.

use std::io;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{TextCodes, TextFault};

/// What text that is none is called in a CSV file.
const CODES: TextCodes = TextCodes {
    cut_off: "csv::cut_off",
    damaged: "csv::damaged",
    encoding: "csv::encoding",
    not_compressed: "csv::not_compressed",
    not_text: "csv::not_csv",
    ending: ".csv",
};

/// Why reading stopped, and on which line (counted from 1, header and blank lines included).
#[derive(Debug)]
pub(crate) enum Fault {
    /// A record with another number of fields than the header.
    Shape { line: u64, found: usize, expected: usize },
    /// A quote that nothing closes.
    OpenQuote { line: u64 },
    /// A record that is too long to be one.
    TooLong { line: u64 },
    /// A field that is not UTF-8.
    Encoding { line: u64, column: String },
    /// Not text, or not as its name says.
    Text(TextFault),
    /// Not a byte, or nothing but blank lines.
    Empty,
    /// A header that names a column twice.
    Twice { column: String },
    /// Another header than when the file was opened.
    Changed,
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Text(fault.into())
    }
}

impl From<TextFault> for Fault {
    fn from(fault: TextFault) -> Self {
        Self::Text(fault)
    }
}

impl Fault {
    /// The error about the file called `name`.
    pub(crate) fn in_file(self, name: &str) -> Error {
        let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
        match self {
            Self::Text(fault) => fault.in_file(name, &CODES),
            Self::Shape { line, found, expected } => {
                let fields = if found == 1 { "field" } else { "fields" };
                error("csv::row_shape", format!("{name}, line {line}: {found} {fields}, expected {expected}"))
                    .help("quote fields that contain the delimiter, and check that the delimiter is the right one")
            }
            Self::OpenQuote { line } => {
                error("csv::open_quote", format!("{name}, line {line}: a quote is never closed"))
                    .help("close the quote, or double quotes that are part of the text; the file may also be cut off")
            }
            Self::TooLong { line } => error(
                "csv::open_quote",
                format!("{name}, line {line}: the record goes on for over {} MiB", crate::records::LONGEST >> 20),
            )
            .help("look for a quote that is not closed"),
            Self::Encoding { line, column } => {
                error("csv::encoding", format!("{name}, line {line}: column \"{column}\" is not UTF-8"))
                    .help("write the file as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 IN > OUT")
            }
            Self::Empty => error("csv::empty", format!("{name} is empty: it has not even a header row"))
                .help("an export of no rows still writes its header; write the file again"),
            Self::Twice { column } => {
                error("source::column_twice", format!("{name}, line 1: two columns are called \"{column}\""))
                    .help("rename one of them where the file is written")
            }
            Self::Changed => {
                error("source::changed", format!("{name} was replaced by a file with other columns while it was read"))
                    .help("run again when the file is complete")
            }
        }
    }
}
