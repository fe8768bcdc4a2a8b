//! The Arrow IPC files of a segment.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Found, Location, blocking, feed, find, offers, one_by_one};

use crate::fault::Fault;
use crate::file::Footer;
use crate::message::Messages;
use crate::rows::origin_rows;
use crate::start::{STARTS, Start};
use crate::stream;

/// Record batches of a file whose headers are read to count its rows; more are judged by so many.
const COUNTED: usize = 256;

/// Whether `path` (a file, a glob or a folder) names Arrow IPC by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    offers(path, is_ipc)
}

fn is_ipc(name: &str) -> bool {
    let extension = Path::new(name).extension().unwrap_or_default();
    ["arrow", "arrows", "feather", "ipc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// One or more Arrow IPC files read as one segment, in the order of their paths.
///
/// Each file is an origin; its rows are numbered from 1. Folders named `key=value` add columns of text. Files of the
/// file format and of the stream format may lie side by side.
#[derive(Clone)]
pub struct IpcFiles {
    location: Location,
    files: Arc<[IpcFile]>,
    columns: Columns,
}

struct IpcFile {
    found: Found,
    schema: SchemaRef,
}

/// An open file whose schema was read.
enum Opened {
    File(Box<Footer>, enlist_source_files::Ranges),
    Stream(SchemaRef, Messages),
}

impl IpcFiles {
    /// Finds the files of a path, a glob (`people/**/*.arrow`), a folder or a URL, and reads the schema of each. Blocks
    /// meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `ipc::empty`, `ipc::not_arrow`, `ipc::legacy`, `ipc::endianness`, `ipc::cut_off`,
    /// `ipc::no_end` and `ipc::damaged`, each with the file; `source::column_twice`.
    pub fn open(location: impl Into<Location>) -> Result<Self, Error> {
        let location = location.into();
        let files = find(&location, is_ipc)?
            .into_iter()
            .map(|found| match Opened::open(&found) {
                Ok(opened) => Ok(IpcFile { schema: opened.schema(), found }),
                Err(fault) => Err(fault.about(&found.name, false)),
            })
            .collect::<Result<Vec<IpcFile>, Error>>()?;
        let named = files.iter().map(|file| (file.found.name.as_str(), file.schema.fields()));
        let columns = Columns::union(named, &files[0].found.partitions)?;
        Ok(Self { location, files: files.into(), columns })
    }
}

impl Opened {
    fn open(found: &Found) -> Result<Self, Fault> {
        let mut start = Vec::with_capacity(STARTS);
        let mut bytes = found.read()?;
        (&mut bytes).take(STARTS as u64).read_to_end(&mut start)?;
        match Start::of(&start) {
            Start::File => {
                let ranges = found.ranges()?;
                Ok(Self::File(Box::new(Footer::read(&ranges)?), ranges))
            }
            Start::Stream => {
                let mut messages = Messages::new(Box::new(std::io::Cursor::new(start).chain(bytes)));
                Ok(Self::Stream(messages.schema()?, messages))
            }
            other => Err(Fault::Start(other)),
        }
    }

    fn schema(&self) -> SchemaRef {
        match self {
            Self::File(footer, _) => Arc::clone(&footer.schema),
            Self::Stream(schema, _) => Arc::clone(schema),
        }
    }

    fn batches(self, wanted: &Schema) -> Box<dyn Iterator<Item = Result<RecordBatch, Fault>> + Send> {
        match self {
            Self::File(footer, ranges) => Box::new(footer.batches(ranges, wanted)),
            Self::Stream(schema, messages) => Box::new(stream::batches(messages, schema, wanted)),
        }
    }
}

impl IpcFile {
    /// Opens the file once more.
    fn reopen(&self) -> Result<Opened, Error> {
        let opened = Opened::open(&self.found)
            .and_then(|opened| if opened.schema() == self.schema { Ok(opened) } else { Err(Fault::Changed) });
        opened.map_err(|fault| fault.about(&self.found.name, false))
    }
}

#[async_trait]
impl Source for IpcFiles {
    fn name(&self) -> &str {
        self.location.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        let files = Arc::clone(&self.files);
        blocking(move || count(&files)).await
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, self.location.name())?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.found.name.clone()).collect();
        let (files, wanted) = (Arc::clone(&self.files), Arc::clone(&schema));
        let batches = feed(one_by_one(files.len(), move |index| {
            let file = &files[index];
            let batches = file.reopen()?.batches(&wanted);
            Ok(origin_rows((&file.found.name, false), index as u32, &file.found.partitions, &wanted, batches))
        }));
        Ok(SegmentStream { schema, origins, batches })
    }
}

/// How many rows `files` have together, by the headers of their record batches; nothing is known of streams.
fn count(files: &[IpcFile]) -> Result<Rows, Error> {
    let (mut rows, mut exact) = (0, true);
    for file in files {
        let Opened::File(footer, ranges) = file.reopen()? else { return Ok(Rows::Unknown) };
        let found = footer.rows(&ranges, COUNTED);
        let (found, all) = found.map_err(|fault| fault.about(&file.found.name, false))?;
        rows += found;
        exact &= all;
    }
    Ok(if exact { Rows::Exactly(rows) } else { Rows::About(rows) })
}
