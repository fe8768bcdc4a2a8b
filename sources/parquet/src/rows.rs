//! Rows out of files, one row group after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{Field, SchemaRef};
use arrow::error::ArrowError;
use enlist_core::{Error, ErrorKind, SegmentBatch};
use enlist_source_files::Found;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::chunks::Chunks;
use crate::footer;

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

type Batches = Box<dyn Iterator<Item = Result<SegmentBatch, Error>> + Send>;

/// The rows of `files` in order, with the columns of `schema`. Nothing is opened before it is its turn.
pub(crate) fn rows(
    files: Arc<[Found]>,
    schema: SchemaRef,
) -> impl Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static {
    (0u32..files.len() as u32).flat_map(move |origin| -> Batches {
        match FileRows::open(files[origin as usize].clone(), origin, Arc::clone(&schema)) {
            Ok(rows) => Box::new(rows),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    })
}

/// The rows of one file.
struct FileRows {
    file: Found,
    origin: u32,
    schema: SchemaRef,
    chunks: Chunks,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    next_group: usize,
    group: Option<Group>,
    next_row: u64,
}

/// The row group being read.
struct Group {
    reader: ParquetRecordBatchReader,
    rows_left: u64,
}

impl FileRows {
    fn open(file: Found, origin: u32, schema: SchemaRef) -> Result<Self, Error> {
        let (chunks, metadata) = footer::read(&file)?;
        let offered = metadata.schema().fields();
        let roots = schema.fields().iter().filter_map(|field| Some(offered.find(field.name())?.0));
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        Ok(Self { file, origin, schema, chunks, metadata, mask, next_group: 0, group: None, next_row: 1 })
    }

    /// The next batch, `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        loop {
            if self.group.is_none() {
                if self.next_group == self.metadata.metadata().num_row_groups() {
                    return Ok(None);
                }
                self.group = Some(self.open_group()?);
                self.next_group += 1;
            }
            let Some(group) = &mut self.group else { continue };
            match group.reader.next().transpose()? {
                Some(batch) => {
                    group.rows_left = group.rows_left.checked_sub(batch.num_rows() as u64).ok_or(Fault::Count)?;
                    return Ok(Some(self.place(&batch)?));
                }
                None if group.rows_left > 0 => return Err(Fault::Count),
                None => self.group = None,
            }
        }
    }

    fn open_group(&self) -> Result<Group, Fault> {
        let rows_left = self.metadata.metadata().row_group(self.next_group).num_rows();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.chunks.clone(), self.metadata.clone())
            .with_row_groups(vec![self.next_group])
            .with_projection(self.mask.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|e| Fault::Read(e.to_string()))?;
        Ok(Group { reader, rows_left: u64::try_from(rows_left).map_err(|_| Fault::Count)? })
    }

    /// Gives a batch its place, its partition columns and the order and types of the segment.
    fn place(&mut self, batch: &RecordBatch) -> Result<SegmentBatch, Fault> {
        let rows = batch.num_rows();
        let columns = self.schema.fields().iter().map(|field| self.column(field, batch));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let rows_placed =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns.collect::<Result<_, _>>()?, &options)?;
        let first_row = self.next_row;
        self.next_row += rows as u64;
        Ok(SegmentBatch { rows: rows_placed, origin: self.origin, first_row })
    }

    fn column(&self, field: &Field, batch: &RecordBatch) -> Result<ArrayRef, Fault> {
        let from_file = batch.column_by_name(field.name()).cloned();
        let column =
            from_file.or_else(|| self.file.partitions.column(field.name(), batch.num_rows())).ok_or(Fault::Changed)?;
        if column.data_type() == field.data_type() {
            return Ok(column);
        }
        // Kinds of text differ between files; anything else was refused, unless the file was replaced since.
        cast(&column, field.data_type()).map_err(|_| Fault::Changed)
    }

    fn error(&self, fault: Fault) -> Error {
        if let Some(failure) = self.chunks.failure() {
            return failure.clone();
        }
        let name = &self.file.name;
        let groups = self.metadata.metadata().num_row_groups();
        let place = format!("{name}, row group {} of {groups}", self.next_group.clamp(1, groups.max(1)));
        let (code, message) = match fault {
            Fault::Read(cause) => ("parquet::damaged", format!("{place} is damaged: {cause}")),
            Fault::Count => {
                ("parquet::damaged", format!("{place} is damaged: it holds another number of rows than it says"))
            }
            Fault::Changed => {
                ("source::changed", format!("{name} was replaced by a file with other columns while it was read"))
            }
        };
        Error::new(ErrorKind::Source, code, message).help("copy or write the file again")
    }
}

impl Iterator for FileRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // Decoders of damaged pages are known to panic; that, too, is a damaged file.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.advance()))
            .unwrap_or_else(|_| Err(Fault::Read("its pages cannot be decoded".into())));
        outcome.map_err(|fault| self.error(fault)).transpose()
    }
}

/// Why a row group cannot be read.
enum Fault {
    /// Bytes that cannot be read or decoded, in the decoder's words.
    Read(String),
    /// More or fewer rows than announced.
    Count,
    /// Other columns than when the file was opened.
    Changed,
}

impl From<ArrowError> for Fault {
    fn from(fault: ArrowError) -> Self {
        Self::Read(match fault {
            ArrowError::ParquetError(cause) => cause,
            other => other.to_string(),
        })
    }
}
