//! The bytes of a file, decompressed and without byte order mark.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::fault::Fault;

/// Bytes read at once.
pub(crate) const BUFFER: usize = 64 << 10;

/// Bytes that tell what a file is.
const PEEKED: usize = 64;

/// Start of a gzip file; RFC 1952 §2.3.1.
const GZIP: &[u8] = b"\x1f\x8b";
/// Start of a Zstandard frame; RFC 8878 §3.1.1.
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";
/// Bytes two to four of a skippable Zstandard frame; RFC 8878 §3.1.2.
const SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// Starts of files that are no text, what they are, and the name they should have.
const DISGUISES: [(&[u8], &str, &str); 4] = [
    (GZIP, "gzip", ".csv.gz"),
    (ZSTANDARD, "Zstandard", ".csv.zst"),
    (b"PAR1", "Parquet", ".parquet"),
    (b"PK\x03\x04", "a zip archive or spreadsheet", ".csv after you have exported it as CSV"),
];

pub(crate) type Input = Box<dyn BufRead + Send>;

/// How a file is compressed, by the end of its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstandard,
}

/// The compression of a file, and its name without the ending that says so.
pub(crate) fn compression(name: &str) -> (Compression, &str) {
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

/// Opens a file at its first character.
pub(crate) fn open(path: &Path) -> Result<Input, Fault> {
    let file = BufReader::with_capacity(BUFFER, File::open(path)?);
    begin(Box::new(file), compression(&path.to_string_lossy()).0)
}

/// The text of `file`, from its first character on.
pub(crate) fn begin(file: Input, compression: Compression) -> Result<Input, Fault> {
    let (start, file) = peek(file)?;
    let input: Input = match compression {
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
    if let Some((_, is, ending)) = DISGUISES.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Err(Fault::Disguised { is, ending });
    }
    // Text in UTF-16 has a zero byte in every character that CSV needs: delimiter, quote, line break.
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || start.contains(&0) {
        return Err(Fault::Wide);
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(input)
}

/// The first bytes of `input`, and all of it again. A decompressor may hand out its first bytes one by one, so a look
/// into its buffer would not do.
fn peek(mut input: Input) -> io::Result<(Vec<u8>, Input)> {
    let mut start = Vec::with_capacity(PEEKED);
    (&mut input).take(PEEKED as u64).read_to_end(&mut start)?;
    Ok((start.clone(), Box::new(Cursor::new(start).chain(input))))
}

/// What a file is that does not begin as the compressed file that its name promises.
fn lacking(start: &[u8], format: &'static str) -> Fault {
    if start.is_empty() {
        return Fault::Read(io::ErrorKind::UnexpectedEof.into());
    }
    Fault::Plain { format }
}
