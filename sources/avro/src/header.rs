//! What the start of a file says about it.

use std::io::{BufRead, BufReader, Cursor, Read};

use enlist_source_files::{Compression, Found, TextFault, begin};
use serde_json::Value;

use crate::compression::Codec;
use crate::fault::Fault;
use crate::long;

/// First bytes of a file; <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>, read 2026-11-22.
pub(crate) const MAGIC: &[u8] = b"Obj\x01";
/// Bytes of the marker between blocks.
pub(crate) const SYNC: usize = 16;
/// Bytes of the longest key or value of a header, and pairs of them: more is damage.
const LONGEST: i64 = 64 << 20;
const PAIRS: u64 = 10_000;
/// Bytes read at once.
const BUFFER: usize = 64 << 10;
/// Bytes that tell what a file is that is no Avro.
const STARTS: u64 = 64;

/// The header of a file.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// The schema that the file was written with, simplified.
    pub(crate) schema: Value,
    pub(crate) codec: Codec,
    /// Stands after each block.
    pub(crate) sync: [u8; SYNC],
    /// Bytes of the header.
    pub(crate) size: u64,
}

/// A file after its header.
pub(crate) struct Opened {
    pub(crate) header: Header,
    pub(crate) input: Box<dyn BufRead + Send>,
}

/// Opens a file and reads its header.
pub(crate) fn open(file: &Found) -> Result<Opened, Fault> {
    let mut input = BufReader::with_capacity(BUFFER, file.read()?);
    let mut start = Vec::new();
    (&mut input).take(STARTS).read_to_end(&mut start)?;
    if !start.starts_with(MAGIC) {
        return Err(not_avro(&start));
    }
    let mut input = Counted { input: Box::new(Cursor::new(start).chain(input)), read: 0 };
    let header = read(&mut input)?;
    Ok(Opened { header, input: input.input })
}

fn not_avro(start: &[u8]) -> Fault {
    if start.is_empty() {
        return Fault::Empty;
    }
    if MAGIC.starts_with(start) {
        return Fault::CutOff { place: "its header".into() };
    }
    match begin(Box::new(Cursor::new(start.to_vec())), Compression::None) {
        Err(TextFault::Disguised { is, help }) => Fault::NotAvro(Some((is, help))),
        _ => Fault::NotAvro(None),
    }
}

fn read(input: &mut Counted) -> Result<Header, Fault> {
    let damaged = |cause: &str| Fault::damaged("its header", cause);
    input.exactly(MAGIC.len())?;
    let (mut schema, mut codec, mut pairs) = (None, Codec::None, 0);
    loop {
        let count = input.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            input.long()?;
        }
        pairs += count.unsigned_abs();
        if pairs > PAIRS {
            return Err(damaged("it has too many entries"));
        }
        for _ in 0..count.unsigned_abs() {
            let (key, value) = (input.bytes()?, input.bytes()?);
            match key.as_slice() {
                b"avro.schema" => schema = Some(value),
                b"avro.codec" => codec = Codec::named(&value)?,
                _ => {}
            }
        }
    }
    let sync = input.exactly(SYNC)?.try_into().map_err(|_| damaged("it has no marker"))?;
    let schema = schema.ok_or_else(|| damaged("it has no schema"))?;
    let mut schema: Value = serde_json::from_slice(&schema).map_err(|_| damaged("its schema is no JSON"))?;
    simplify(&mut schema);
    Ok(Header { schema, codec, sync, size: input.read })
}

/// Says the same as `schema` in a way that the decoder takes as it should: a text has no logical type, which is that of
/// a UUID, so that it arrives as it is written; a name with dots is a name in a namespace.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(simplify),
        Value::Object(parts) => {
            if parts.get("type").is_some_and(|kind| kind == "string") {
                parts.remove("logicalType");
            }
            let full = parts.get("name").and_then(Value::as_str).and_then(|full| full.rsplit_once('.'));
            if let Some((space, name)) = full.map(|(space, name)| (space.to_owned(), name.to_owned())) {
                parts.insert("namespace".into(), space.into());
                parts.insert("name".into(), name.into());
            }
            for key in ["type", "fields", "items", "values"] {
                if let Some(part) = parts.get_mut(key) {
                    simplify(part);
                }
            }
        }
        _ => {}
    }
}

/// A file whose read bytes are counted.
struct Counted {
    input: Box<dyn BufRead + Send>,
    read: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Counted {
    fn long(&mut self) -> Result<i64, Fault> {
        match long::read(self) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(cut_off()),
            Err(fault) => Err(in_header(fault)),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        match self.long()? {
            length @ 0..=LONGEST => self.exactly(length as usize),
            _ => Err(Fault::damaged("its header", "an entry has no length that can be")),
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        self.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() == length { Ok(bytes) } else { Err(cut_off()) }
    }
}

fn cut_off() -> Fault {
    Fault::CutOff { place: "its header".into() }
}

fn in_header(fault: std::io::Error) -> Fault {
    match fault.kind() {
        std::io::ErrorKind::UnexpectedEof => cut_off(),
        std::io::ErrorKind::InvalidData => Fault::damaged("its header", "a number is none"),
        _ => Fault::Read(fault),
    }
}
