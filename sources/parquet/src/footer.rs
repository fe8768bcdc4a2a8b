//! What the end of a Parquet file says about it, and what is wrong with files that say nothing.

use std::io;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Found, unreadable};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;

use crate::chunks::Chunks;

/// Both ends of a Parquet file; <https://parquet.apache.org/docs/file-format/>, read 2026-11-22.
const MAGIC: &[u8] = b"PAR1";
/// Both ends of a file whose footer is encrypted; <https://parquet.apache.org/docs/file-format/data-pages/encryption/>.
const ENCRYPTED: &[u8] = b"PARE";
/// Magic, footer length, magic: no file is shorter.
const SHORTEST: u64 = 12;

/// Opens a file and reads its footer.
///
/// # Errors
/// As [`ParquetFiles::open`](crate::ParquetFiles::open), for one file.
pub(crate) fn read(file: &Found) -> Result<(Chunks, ArrowReaderMetadata), Error> {
    let chunks = Chunks::open(file)?;
    match ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::new()) {
        Ok(metadata) => Ok((chunks, metadata)),
        Err(fault) => Err(explain(&chunks, &file.name, &fault)),
    }
}

/// Why a footer cannot be read.
fn explain(chunks: &Chunks, name: &str, fault: &ParquetError) -> Error {
    let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
    if let Some(failure) = chunks.failure() {
        return failure.clone();
    }
    let (size, head, tail) = match ends(chunks) {
        Ok(ends) => ends,
        Err(e) => return unreadable(name, &e),
    };
    if size == 0 {
        return error("parquet::cut_off", format!("{name} is empty (0 bytes)")).help("write the file again");
    }
    if head == ENCRYPTED || tail == ENCRYPTED {
        return error("parquet::encrypted", format!("{name} is encrypted")).help("write the file without encryption");
    }
    if head != MAGIC {
        return error("parquet::not_parquet", format!("{name} is not a Parquet file"))
            .help("check the path; a CSV file needs a name that ends in .csv");
    }
    if size < SHORTEST || tail != MAGIC {
        return error("parquet::cut_off", format!("{name} is cut off: it begins as Parquet but has no footer"))
            .help("copy or write the file again; it may still be being written");
    }
    error("parquet::damaged", format!("{name} is damaged in its footer: {fault}")).help("copy or write the file again")
}

/// Size, first and last four bytes.
fn ends(chunks: &Chunks) -> io::Result<(u64, [u8; 4], [u8; 4])> {
    let size = chunks.size();
    let (mut head, mut tail) = ([0; 4], [0; 4]);
    if size >= 4 {
        head.copy_from_slice(&chunks.at(0, 4)?);
        tail.copy_from_slice(&chunks.at(size - 4, 4)?);
    }
    Ok((size, head, tail))
}
