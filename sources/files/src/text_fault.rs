//! Plain words for a file that is not the text its name promises.

use std::io;

use enlist_core::{Error, ErrorKind};

use crate::find::{carried, unreadable};
use crate::text::TextFault;

/// The error codes of one format of text, and the ending of its names.
#[derive(Clone, Copy, Debug)]
pub struct TextCodes {
    /// For a file whose compressed data ends too early.
    pub cut_off: &'static str,
    /// For compressed data that cannot be undone.
    pub damaged: &'static str,
    /// For text that is not UTF-8.
    pub encoding: &'static str,
    /// For a file that is not compressed though its name says so.
    pub not_compressed: &'static str,
    /// For a file of another format.
    pub not_text: &'static str,
    /// The ending of a name that is not compressed, such as `.csv`.
    pub ending: &'static str,
}

impl TextFault {
    /// The error about the file called `name`.
    pub fn in_file(self, name: &str, codes: &TextCodes) -> Error {
        let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
        match self {
            Self::Read(cause) => match cause.kind() {
                _ if carried(&cause).is_some() => unreadable(name, &cause),
                io::ErrorKind::UnexpectedEof => {
                    error(codes.cut_off, format!("{name} is cut off: its compressed data ends too early"))
                        .help("copy or write the file again; it may still be being written")
                }
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                    error(codes.damaged, format!("{name} is damaged: {cause}")).help("copy or write the file again")
                }
                _ => unreadable(name, &cause),
            },
            Self::Wide => error(codes.encoding, format!("{name} is UTF-16 or UTF-32, not UTF-8"))
                .help("save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 IN > OUT"),
            Self::Disguised { is, help } => error(codes.not_text, format!("{name} is {is}, not text")).help(help),
            Self::Plain(format) => error(codes.not_compressed, format!("{name} is not {format}, as its name says"))
                .help(format!("give it a name that ends in {}, or compress it", codes.ending)),
        }
    }
}
