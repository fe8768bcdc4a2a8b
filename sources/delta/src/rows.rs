//! The rows of one data file.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::scan::Scan;
use delta_kernel::scan::state::{ScanFile, transform_to_logical};
use delta_kernel::schema::SchemaRef as KernelSchema;
use delta_kernel::{EngineData, ExpressionRef, FileDataReadResultIterator, FileMeta, KernelError};
use enlist_core::{Error, SegmentBatch};
use enlist_source_files::{Partitions, fit, guarded};
use url::Url;

use crate::fault::Fault;
use crate::place::Place;

/// The rows of one data file that are not deleted, with the columns of the table.
pub(crate) struct FileRows {
    place: Arc<Place>,
    url: Url,
    name: String,
    origin: u32,
    schema: SchemaRef,
    physical: KernelSchema,
    logical: KernelSchema,
    transform: Option<ExpressionRef>,
    /// Which of the rows that are not read yet are kept; those past its end are.
    kept: Vec<bool>,
    /// Rows of `kept` that were dealt with.
    seen: usize,
    batches: FileDataReadResultIterator,
    next_row: u64,
}

impl FileRows {
    pub(crate) fn open(
        place: &Arc<Place>,
        scan: &Scan,
        file: &ScanFile,
        origin: u32,
        schema: &SchemaRef,
    ) -> Result<Self, Error> {
        let name = place.file(&file.path);
        let url = place.url(&file.path)?;
        let fault = |cause: KernelError| Fault::from(cause).reading(place, &url, &name);
        let deleted = file.dv_info.get_selection_vector(place.engine.as_ref(), &place.root);
        let kept = deleted.map_err(|cause| Fault::from(cause).deletions(&name))?.unwrap_or_default();
        let size = u64::try_from(file.size).unwrap_or(0);
        let meta = FileMeta::new(url.clone(), file.modification_time, size);
        let physical = Arc::clone(scan.physical_schema());
        let reader = place.engine.parquet_handler();
        let batches = reader.read_parquet_files(&[meta], Arc::clone(&physical), None).map_err(fault)?;
        Ok(Self {
            place: Arc::clone(place),
            url,
            name,
            origin,
            schema: Arc::clone(schema),
            physical,
            logical: Arc::clone(scan.logical_schema()),
            transform: file.transform.clone(),
            kept,
            seen: 0,
            batches,
            next_row: 1,
        })
    }

    /// The next rows that are not deleted, `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        while let Some(read) = self.batches.next() {
            let rows = self.logical(read.map_err(Fault::from)?)?;
            let rows = self.keep(rows)?;
            if rows.num_rows() == 0 {
                continue;
            }
            let first_row = self.next_row;
            self.next_row += rows.num_rows() as u64;
            return Ok(Some(SegmentBatch { rows, origin: self.origin, first_row }));
        }
        match self.kept.len() > self.seen {
            true => Err(Fault::Damaged("it has fewer rows than are marked as deleted".to_owned())),
            false => Ok(None),
        }
    }

    /// What the file has, as the table has it: partition values added, columns renamed, widened and filled.
    fn logical(&self, physical: Box<dyn EngineData>) -> Result<RecordBatch, Fault> {
        let engine = self.place.engine.as_ref();
        let transform = self.transform.clone();
        let rows = transform_to_logical(engine, physical, &self.physical, &self.logical, transform)
            .and_then(ArrowEngineData::try_from_engine_data)
            .map_err(Fault::from)?;
        let odd = || Fault::Damaged("its columns do not have the types of the table".to_owned());
        fit(rows.record_batch(), &self.schema, &Partitions::default()).ok_or_else(odd)
    }

    /// The rows of a batch that are not deleted.
    fn keep(&mut self, rows: RecordBatch) -> Result<RecordBatch, Fault> {
        let from = self.seen.min(self.kept.len());
        let until = (self.seen + rows.num_rows()).min(self.kept.len());
        self.seen += rows.num_rows();
        if self.kept[from..until].iter().all(|kept| *kept) {
            return Ok(rows);
        }
        let mut kept = self.kept[from..until].to_vec();
        kept.resize(rows.num_rows(), true);
        filter_record_batch(&rows, &BooleanArray::from(kept)).map_err(|cause| Fault::from(KernelError::from(cause)))
    }
}

impl Iterator for FileRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome =
            guarded(|| self.advance()).unwrap_or_else(|| Err(Fault::Damaged("its pages cannot be decoded".to_owned())));
        outcome.map_err(|fault| fault.reading(&self.place, &self.url, &self.name)).transpose()
    }
}
