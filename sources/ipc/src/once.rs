//! A stream that can be read only once.

use std::io::{BufReader, Cursor, IsTerminal, Read, stdin};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Partitions, feed};

use crate::fault::Fault;
use crate::message::Messages;
use crate::rows::origin_rows;
use crate::start::{STARTS, Start};
use crate::stream;

/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// An Arrow stream from standard input or any reader, as a segment of one origin that is scanned once.
#[derive(Clone)]
pub struct IpcStream {
    name: String,
    /// As the stream has it.
    schema: SchemaRef,
    columns: Columns,
    /// What comes after the schema, until the scan takes it.
    messages: Arc<Mutex<Option<Messages>>>,
}

impl IpcStream {
    /// The stream on standard input. Blocks until its schema has come.
    ///
    /// # Errors
    /// Those of [`from_reader`](Self::from_reader); `ipc::empty` also when standard input is a terminal.
    pub fn stdin() -> Result<Self, Error> {
        if stdin().is_terminal() {
            return Err(Error::new(ErrorKind::Source, "ipc::empty", "nothing is piped to standard input")
                .help("pipe an Arrow stream from another program, or name a file"));
        }
        Self::from_reader("standard input", stdin())
    }

    /// The stream that `reader` gives, called `name` in messages. Blocks until its schema has come.
    ///
    /// # Errors
    /// `ipc::empty`, `ipc::not_arrow` and `ipc::not_stream` for what is no stream; `ipc::legacy`, `ipc::endianness`,
    /// `ipc::cut_off`, `ipc::no_end`, `ipc::damaged` and `ipc::unreadable`; `source::column_twice`.
    pub fn from_reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Result<Self, Error> {
        let name = name.into();
        let (schema, messages) = begin(reader).map_err(|fault| fault.about(&name, true))?;
        let columns = Columns::union([(name.as_str(), schema.fields())], &Partitions::default())?;
        Ok(Self { name, schema, columns, messages: Arc::new(Mutex::new(Some(messages))) })
    }
}

/// Reads the schema of the stream that `reader` gives.
fn begin(reader: impl Read + Send + 'static) -> Result<(SchemaRef, Messages), Fault> {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    let mut start = Vec::with_capacity(STARTS);
    (&mut reader).take(STARTS as u64).read_to_end(&mut start)?;
    match Start::of(&start) {
        Start::Stream => {
            let mut messages = Messages::new(Box::new(Cursor::new(start).chain(reader)));
            Ok((messages.schema()?, messages))
        }
        other => Err(Fault::Start(other)),
    }
}

#[async_trait]
impl Source for IpcStream {
    fn name(&self) -> &str {
        &self.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    /// As [`Source::scan`], but only once.
    ///
    /// # Errors
    /// `ipc::once` for a second scan; else as [`Source::scan`].
    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, &self.name)?;
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner).take();
        let messages = messages.ok_or_else(|| once(&self.name))?;
        let batches = stream::batches(messages, Arc::clone(&self.schema), &schema);
        let rows = origin_rows((&self.name, true), 0, &Partitions::default(), &schema, batches);
        Ok(SegmentStream { schema, origins: [self.name.clone()].into(), batches: feed(rows) })
    }
}

fn once(name: &str) -> Error {
    Error::new(ErrorKind::Source, "ipc::once", format!("{name} was read already, and can be read only once"))
        .help("run again with the stream piped anew; to read it several times, write it to a file and name that")
}
