//! What can be wrong with JSON lines.

use std::io;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{TextCodes, TextFault, changed};

use crate::lines::LONGEST;

const CODES: TextCodes = TextCodes {
    cut_off: "jsonl::cut_off",
    damaged: "jsonl::damaged",
    encoding: "jsonl::encoding",
    not_compressed: "jsonl::not_compressed",
    not_text: "jsonl::not_jsonl",
    ending: ".jsonl",
};

/// Why reading stopped, and on which line (counted from 1, blank lines included).
#[derive(Debug)]
pub(crate) enum Fault {
    /// Not text, or not as its name says.
    Text(TextFault),
    /// A line that is not UTF-8, and its first such byte, counted from 1.
    Encoding { line: u64, byte: usize },
    /// A line that is too long to be an object.
    TooLong { line: u64 },
    /// A line that is no JSON, and the byte of it, counted from 1, that shows it.
    Syntax { line: u64, byte: usize, cause: String },
    /// An object that goes on in the next line.
    Spread { line: u64 },
    /// The last line ends within its object.
    CutOff { line: u64 },
    /// JSON, but no object.
    NotObject { line: u64, array: bool },
    /// An object with one key twice.
    Twice { line: u64, key: String },
    /// Another file than when it was opened.
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
            Self::Changed => changed(name),
            Self::Encoding { line, byte } => {
                error("jsonl::encoding", format!("{name}, line {line}, byte {byte}: not UTF-8"))
                    .help("write the file as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 IN > OUT")
            }
            Self::TooLong { line } => {
                error("jsonl::too_long", format!("{name}, line {line}: longer than {} MiB", LONGEST >> 20))
                    .help("write one object a line; one array of all: jq -c '.[]' IN > OUT")
            }
            Self::Syntax { line, byte, cause } => {
                error("jsonl::not_json", format!("{name}, line {line}, byte {byte}: not JSON: {cause}"))
                    .help("write one whole JSON object a line")
            }
            Self::Spread { line } => {
                error("jsonl::not_json", format!("{name}, line {line}: the line ends within its object"))
                    .help("write each object on one line: jq -c . IN > OUT")
            }
            Self::CutOff { line } => {
                error("jsonl::cut_off", format!("{name} is cut off: line {line}, its last, ends within its object"))
                    .help("copy or write the file again; it may still be being written")
            }
            Self::NotObject { line, array: true } => {
                error("jsonl::array", format!("{name}, line {line}: a JSON array, not an object"))
                    .help("write one object a line; one array of all: jq -c '.[]' IN > OUT")
            }
            Self::NotObject { line, array: false } => {
                error("jsonl::not_object", format!("{name}, line {line}: not a JSON object, which begins with {{"))
                    .help("write one JSON object a line; a CSV file needs a name that ends in .csv")
            }
            Self::Twice { line, key } => error(
                "jsonl::duplicate_key",
                format!("{name}, line {line}: the key \"{key}\" stands twice in one object"),
            )
            .help("rename one of them where the file is written"),
        }
    }
}
