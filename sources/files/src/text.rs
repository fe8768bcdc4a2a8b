//! The text of a file, decompressed and without byte order mark.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use crate::found::Found;

/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// Bytes that tell what a file is.
const PEEKED: usize = 64;

/// Start of a gzip file; RFC 1952 §2.3.1.
const GZIP: &[u8] = b"\x1f\x8b";
/// Start of a Zstandard frame; RFC 8878 §3.1.1.
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";
/// Bytes two to four of a skippable Zstandard frame; RFC 8878 §3.1.2.
const SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// Starts of files that are no text, what they are, and how to give them their name.
const DISGUISES: [(&[u8], &str, &str); 6] = [
    (GZIP, "gzip", "give it a name that ends in .gz"),
    (ZSTANDARD, "Zstandard", "give it a name that ends in .zst"),
    (b"PAR1", "Parquet", "give it a name that ends in .parquet"),
    (b"ARROW1", "Arrow IPC", "give it a name that ends in .arrow"),
    (b"Obj\x01", "Avro", "give it a name that ends in .avro"),
    (b"PK\x03\x04", "a zip archive or spreadsheet", "export it as text, and give that a name that ends in .csv"),
];

/// Text that is read from its start to its end.
pub type Text = Box<dyn BufRead + Send>;

/// Why a file is not the text that its name promises.
#[derive(Debug)]
pub enum TextFault {
    /// The bytes cannot be read or decompressed; a file that is cut off is
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    Read(io::Error),
    /// It is something else: what, and what to do.
    Disguised {
        /// What it is.
        is: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// It is not compressed, though its name says so; the compression.
    Plain(&'static str),
    /// UTF-16 or UTF-32, by its byte order mark or its zero bytes.
    Wide,
}

impl From<io::Error> for TextFault {
    fn from(fault: io::Error) -> Self {
        Self::Read(fault)
    }
}

/// How a file is compressed, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstandard,
}

/// The compression of a file, and its name without the ending that says so.
pub fn compression(name: &str) -> (Compression, &str) {
    let ends = |ending: &str| {
        let at = name.len().checked_sub(ending.len())?;
        name.is_char_boundary(at).then(|| name.split_at(at)).filter(|(_, end)| end.eq_ignore_ascii_case(ending))
    };
    for (ending, compression) in [(".gz", Compression::Gzip), (".zst", Compression::Zstandard)] {
        if let Some((rest, _)) = ends(ending) {
            return (compression, rest);
        }
    }
    (Compression::None, name)
}

/// Opens `file` at its first character. Blocks, and so does what it returns.
///
/// # Errors
/// See [`TextFault`]. What the text reads may be no UTF-8, and a read may find it cut off or damaged.
pub fn text(file: &Found) -> Result<Text, TextFault> {
    begin(Box::new(BufReader::with_capacity(BUFFER, file.read()?)), compression(&file.name).0)
}

/// The text of `file`, from its first character on.
pub fn begin(file: Text, compression: Compression) -> Result<Text, TextFault> {
    let (start, file) = peek(file)?;
    let input: Text = match compression {
        Compression::Gzip if !start.starts_with(GZIP) => return Err(lacking(&start, "gzip")),
        // The second test is for a skippable frame, with which parallel compressors begin.
        Compression::Zstandard if !start.starts_with(ZSTANDARD) && start.get(1..4) != Some(SKIPPABLE) => {
            return Err(lacking(&start, "Zstandard"));
        }
        Compression::None => file,
        Compression::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))),
        Compression::Zstandard => {
            let decoder = zstd::stream::read::Decoder::with_buffer(file)?;
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        }
    };
    let (start, mut input) = peek(input)?;
    if let Some((_, is, help)) = DISGUISES.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Err(TextFault::Disguised { is, help });
    }
    // Text in UTF-16 has a zero byte in every character of ASCII: delimiter, quote, brace, line break.
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || start.contains(&0) {
        return Err(TextFault::Wide);
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(input)
}

/// The first bytes of `input`, and all of it again. A decompressor may hand out its first bytes one by one, so a look
/// into its buffer would not do.
fn peek(mut input: Text) -> io::Result<(Vec<u8>, Text)> {
    let mut start = Vec::with_capacity(PEEKED);
    (&mut input).take(PEEKED as u64).read_to_end(&mut start)?;
    Ok((start.clone(), Box::new(Cursor::new(start).chain(input))))
}

/// What a file is that does not begin as the compressed file that its name promises.
fn lacking(start: &[u8], format: &'static str) -> TextFault {
    if start.is_empty() {
        return TextFault::Read(io::ErrorKind::UnexpectedEof.into());
    }
    TextFault::Plain(format)
}
