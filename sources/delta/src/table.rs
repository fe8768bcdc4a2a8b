//! A table as a source.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use delta_kernel::KernelResult;
use delta_kernel::scan::state::ScanFile;
use delta_kernel::scan::{Scan, ScanBuilder};
use delta_kernel::snapshot::SnapshotRef;
use enlist_core::{Error, Rows, SegmentStream, Source};
use enlist_source_files::{Location, blocking, feed, one_by_one, pick};

use crate::fault::Fault;
use crate::place::Place;
use crate::rows::FileRows;
use crate::schema::columns;
use crate::version::{Version, snapshot};

/// One version of a Delta Lake table.
///
/// Each data file is an origin, in the order of their paths; its rows are numbered from 1, deleted ones not counted.
/// The version is fixed when the table is opened: commits that come later are not seen.
#[derive(Clone)]
pub struct DeltaTable {
    place: Arc<Place>,
    snapshot: SnapshotRef,
    schema: SchemaRef,
}

impl DeltaTable {
    /// Reads the log of the table in a folder or below a URL. Blocks meanwhile.
    ///
    /// # Errors
    /// `delta::not_a_table`, with what is there instead; `delta::version_missing`, `delta::version_gone` and
    /// `delta::before_first`, with the versions there are; `delta::unsupported`, with the feature; `delta::log` for a
    /// log that is damaged; `source::file_missing` and `source::unreadable`; those of the object store.
    pub fn open(location: impl Into<Location>, version: Version) -> Result<Self, Error> {
        let place = Place::find(&location.into())?;
        let snapshot = snapshot(&place, version)?;
        // A table that cannot be read is refused before anything asks for its rows.
        scan(&snapshot, None, &place)?;
        let schema = columns(&snapshot.schema(), &place.name)?;
        Ok(Self { place: Arc::new(place), snapshot, schema })
    }

    /// The number of the version that was opened, counted from 0.
    pub fn version(&self) -> u64 {
        self.snapshot.version()
    }
}

#[async_trait]
impl Source for DeltaTable {
    fn name(&self) -> &str {
        &self.place.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::clone(&self.schema))
    }

    /// Exact when the log has the number of rows of every file, as most writers put it there.
    async fn rows(&self) -> Result<Rows, Error> {
        let (place, snapshot) = (Arc::clone(&self.place), Arc::clone(&self.snapshot));
        let files = blocking(move || files(&scan(&snapshot, None, &place)?, &place)).await?;
        let counted: Option<u64> = files.iter().map(rows_of).sum();
        Ok(counted.map_or(Rows::Unknown, Rows::Exactly))
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let picked = pick(&self.schema, columns, &self.place.name)?;
        let fields: Vec<_> = picked.iter().map(|index| Arc::clone(&self.schema.fields()[*index])).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let (place, snapshot) = (Arc::clone(&self.place), Arc::clone(&self.snapshot));
        let (scan, files) = blocking(move || {
            let scan = scan(&snapshot, Some(names), &place)?;
            let files = files(&scan, &place)?;
            Ok((scan, files))
        })
        .await?;
        let origins: Arc<[String]> = files.iter().map(|file| self.place.file(&file.path)).collect();
        let reader = Arc::new((Arc::clone(&self.place), scan, Arc::clone(&schema)));
        let batches = feed(one_by_one(files.len(), move |index| {
            let (place, scan, schema) = &*reader;
            FileRows::open(place, scan, &files[index], index as u32, schema)
        }));
        Ok(SegmentStream { schema, origins, batches })
    }
}

/// A scan of the named columns, or of all. It may read one more.
fn scan(snapshot: &SnapshotRef, names: Option<Vec<String>>, place: &Place) -> Result<Scan, Error> {
    let table = snapshot.schema();
    let build = |names: Option<&[String]>| {
        let read = names.map(|names| table.project(names)).transpose()?;
        ScanBuilder::new(Arc::clone(snapshot)).with_schema_opt(read).build()
    };
    // Values of partitions stand in the log. Without any column of a file, the kernel does not know its number of rows.
    let counted = |scan: &Scan| scan.physical_schema().num_fields() > 0;
    let with_another = |names: &[String]| {
        let others = table.fields().map(|field| field.name()).filter(|name| !names.contains(name));
        let mut scans = others.map(|name| build(Some(&[names, std::slice::from_ref(name)].concat())));
        scans.find(|scan| scan.as_ref().map_or(true, counted))
    };
    let scan = build(names.as_deref()).and_then(|scan| match &names {
        Some(names) if !counted(&scan) => with_another(names).unwrap_or(Ok(scan)),
        _ => Ok(scan),
    });
    scan.map_err(|cause| Fault::from(cause).opening(&place.name))
}

/// The files of a scan in the order of their paths, which is the same in every run: that of the log is not.
fn files(scan: &Scan, place: &Place) -> Result<Vec<ScanFile>, Error> {
    let listed = || -> KernelResult<Vec<ScanFile>> {
        let mut files = Vec::new();
        for part in scan.scan_metadata(place.engine.as_ref())? {
            files = part?.visit_scan_files(files, |files, file| files.push(file))?;
        }
        Ok(files)
    };
    let mut files = listed().map_err(|cause| Fault::from(cause).opening(&place.name))?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The rows of a file that are not deleted, as far as the log says.
fn rows_of(file: &ScanFile) -> Option<u64> {
    let deleted = file.dv_info.cardinality().ok()?.unwrap_or(0);
    file.stats.as_ref()?.num_records.checked_sub(deleted)
}
