//! What can be wrong with an Avro file.

use std::io;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{changed, unreadable};

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Bytes that cannot be read.
    Read(io::Error),
    /// Not a byte.
    Empty,
    /// Something else: what, and what to do, as far as that can be seen.
    NotAvro(Option<(&'static str, &'static str)>),
    /// It ends within `place`.
    CutOff { place: String },
    /// `place` is not what it should be.
    Damaged { place: String, cause: String },
    /// Compressed in a way that is not read.
    Codec(String),
    /// A schema that is none, is no record, or has a type that is not known.
    Schema(String),
    /// Other columns than when it was opened.
    Changed,
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Read(fault)
    }
}

impl Fault {
    pub(crate) fn damaged(place: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Damaged { place: place.into(), cause: cause.into() }
    }

    /// The error about the file called `name`.
    pub(crate) fn in_file(self, name: &str) -> Error {
        let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
        let again = "copy or write the file again; it may still be being written";
        match self {
            Self::Read(cause) => unreadable(name, &cause),
            Self::Changed => changed(name),
            Self::Empty => error("avro::cut_off", format!("{name} is empty (0 bytes)")).help(again),
            Self::NotAvro(Some((is, help))) => error("avro::not_avro", format!("{name} is {is}, not Avro")).help(help),
            Self::NotAvro(None) => error("avro::not_avro", format!("{name} is not an Avro file"))
                .help("check the path; Avro data without a header has to be written as a container file"),
            Self::CutOff { place } => {
                error("avro::cut_off", format!("{name} is cut off: it ends within {place}")).help(again)
            }
            Self::Damaged { place, cause } => error("avro::damaged", format!("{name}, {place} is damaged: {cause}"))
                .help("copy or write the file again"),
            Self::Codec(codec) => error("avro::codec", format!("{name} is compressed with {codec}, which is not read"))
                .help("write the file with deflate, snappy, zstandard, or without compression"),
            Self::Schema(cause) => error("avro::schema", format!("{name} has a schema that cannot be read: {cause}"))
                .help("write the file with a record of simple fields, or convert it to Parquet"),
        }
    }
}
