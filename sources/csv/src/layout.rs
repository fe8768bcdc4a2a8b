//! Which columns a file has, and what divides them.

use std::io::{Cursor, Read};
use std::sync::Arc;

use enlist_source_files::{Found, compression, text};

use crate::fault::Fault;
use crate::options::CsvOptions;
use crate::records::{Chunk, Records};

/// What may divide fields, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records that decide on a delimiter.
const SAMPLE: usize = 50;
/// Bytes that hold them. The file is read once for all delimiters, for it may lie far away.
const SAMPLE_BYTES: u64 = 256 << 10;

/// How to read one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) delimiter: u8,
    /// The names of its columns, in their order.
    pub(crate) names: Vec<String>,
}

impl Layout {
    /// Finds it out from the start of the file.
    pub(crate) fn read(file: &Found, options: &CsvOptions) -> Result<Self, Fault> {
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter,
            None if is_tsv(&file.name) => b'\t',
            None => sniff(file)?,
        };
        let names = header(&mut Records::new(text(file)?, delimiter), options)?;
        Ok(Self { delimiter, names })
    }
}

/// Reads the header row, or takes the names from `options` and leaves the first record to the data.
pub(crate) fn header(records: &mut Records, options: &CsvOptions) -> Result<Vec<String>, Fault> {
    if let Some(names) = &options.names {
        return unique(names.clone());
    }
    let mut first = Chunk::default();
    records.read(&mut first, 1)?;
    if first.len() == 0 {
        return Err(Fault::Empty);
    }
    let names = (0..first.width(0)).map(|column| {
        let place = format!("column_{}", column + 1);
        match std::str::from_utf8(first.field(0, column)) {
            Ok("") => Ok(place),
            Ok(name) => Ok(name.to_owned()),
            Err(_) => Err(Fault::Encoding { line: first.line(0), column: place }),
        }
    });
    unique(names.collect::<Result<_, _>>()?)
}

fn unique(names: Vec<String>) -> Result<Vec<String>, Fault> {
    match (1..names.len()).find(|index| names[..*index].contains(&names[*index])) {
        Some(twin) => Err(Fault::Twice { column: names[twin].clone() }),
        None => Ok(names),
    }
}

fn is_tsv(name: &str) -> bool {
    compression(name).1.to_ascii_lowercase().ends_with(".tsv")
}

/// The delimiter that gives the first records the most fields, all of them the same number; failing that, the one
/// that gives the first record the most. A file of one column has none, and any will do.
fn sniff(file: &Found) -> Result<u8, Fault> {
    let mut start = Vec::new();
    text(file)?.take(SAMPLE_BYTES).read_to_end(&mut start)?;
    let (start, cut): (Arc<[u8]>, bool) = (start.as_slice().into(), start.len() as u64 == SAMPLE_BYTES);
    let mut best = (false, 1, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let mut sample = Chunk::default();
        let read = Records::new(Box::new(Cursor::new(Arc::clone(&start))), delimiter).read(&mut sample, SAMPLE);
        match read {
            // A quote may be left open by the wrong delimiter; what it says of the right one is for the scan to tell.
            Ok(()) | Err(Fault::OpenQuote { .. } | Fault::TooLong { .. }) => {}
            Err(fault) => return Err(fault),
        }
        // The last record of a sample that is cut off may go on.
        let whole = if cut && sample.len() > 1 && sample.len() < SAMPLE { sample.len() - 1 } else { sample.len() };
        if whole == 0 {
            continue;
        }
        let width = sample.width(0);
        let even = width > 1 && (0..whole).all(|record| sample.width(record) == width);
        if (even, width) > (best.0, best.1) {
            best = (even, width, delimiter);
        }
    }
    Ok(best.2)
}
