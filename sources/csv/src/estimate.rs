//! How many rows there are, by the size of the files.

use enlist_core::{Error, Rows};
use enlist_source_files::{Compression, compression, text, unreadable};

use crate::fault::Fault;
use crate::layout::header;
use crate::options::CsvOptions;
use crate::records::{Chunk, Records};
use crate::rows::CsvFile;

/// Records that the length of all is judged by.
const SAMPLE: usize = 1_000;

/// About how many rows `files` have together; nothing is known of compressed ones.
pub(crate) fn estimate(files: &[CsvFile], options: &CsvOptions) -> Result<Rows, Error> {
    let mut about = 0.0;
    for file in files {
        let name = &file.found.name;
        if compression(name).0 != Compression::None {
            return Ok(Rows::Unknown);
        }
        let size = file.found.size().map_err(|fault| unreadable(name, &fault))?;
        let names = file.layout.names.iter().map(|name| name.len() + 1);
        let head = if options.names.is_some() { 0 } else { names.sum::<usize>() };
        about += size.saturating_sub(head as u64) as f64
            / bytes_of_a_row(file, options).map_err(|fault| fault.in_file(name))?;
    }
    Ok(Rows::About(about.round() as u64))
}

/// The mean length of the first records, with what divides their fields.
fn bytes_of_a_row(file: &CsvFile, options: &CsvOptions) -> Result<f64, Fault> {
    let mut records = Records::new(text(&file.found)?, file.layout.delimiter);
    header(&mut records, options)?;
    let mut sample = Chunk::default();
    records.read(&mut sample, SAMPLE)?;
    let fields = sample.len() * file.layout.names.len();
    // Without a record there is no row, whatever stands behind the header.
    if sample.len() == 0 { Ok(f64::INFINITY) } else { Ok((sample.text().len() + fields) as f64 / sample.len() as f64) }
}
