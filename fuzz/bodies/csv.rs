//! CSV: bytes to records, as a slow and simple parser reads them, wherever the buffers happen to end.

use std::io::{BufReader, Cursor, Read};

use enlist_source_files::{Compression, begin};

use crate::fault::Fault;
use crate::records::{Chunk, Records};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// A record: the line it begins on, and its fields.
type Record = (u64, Vec<Vec<u8>>);

/// Reads a file with the comma, and with another delimiter that its length decides.
pub(crate) fn body(data: &[u8]) {
    let compression = match data {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstandard,
        _ => Compression::None,
    };
    // The parser takes a second byte order mark for the first if it stands where it begins, and a whole one there.
    if data.windows(3).skip(1).any(|bytes| bytes == MARK) {
        return;
    }
    for delimiter in [b',', b";\t|"[data.len() % 3]] {
        let found = records(Cursor::new(data.to_owned()), compression, delimiter, 8_192);
        for step in [1, 7] {
            let slow = BufReader::with_capacity(step, Slow(Cursor::new(data.to_owned())));
            let slowly = records(slow, compression, delimiter, step);
            // Of two faults in a compressed file, the one that comes up first is told.
            let either = compression != Compression::None && slowly.is_err() && found.is_err();
            assert!(either || slowly == found, "read {step} at a time: {slowly:?} for {found:?}");
        }
        if compression == Compression::None {
            assert_eq!(found, model(data, delimiter), "delimiter {:?}", char::from(delimiter));
        }
        if let Ok(found) = &found {
            let again = records(Cursor::new(written(found, delimiter)), Compression::None, delimiter, 8_192);
            let fields = |records: &[Record]| records.iter().map(|(_, fields)| fields.clone()).collect::<Vec<_>>();
            // Written with quotes, zero bytes move to the start, where they tell another encoding.
            let wide = matches!(&again, Err(code) if code == "csv::encoding");
            assert!(wide || again.is_ok_and(|again| fields(&again) == fields(found)), "what is written is read");
        }
    }
}

/// All records, or the code of what is wrong with the file.
fn records(
    file: impl std::io::BufRead + Send + 'static,
    compression: Compression,
    delimiter: u8,
    most: usize,
) -> Result<Vec<Record>, String> {
    let all = || -> Result<Vec<Record>, Fault> {
        let mut records = Records::new(begin(Box::new(file), compression)?, delimiter);
        let (mut chunk, mut all) = (Chunk::default(), Vec::new());
        loop {
            records.read(&mut chunk, most)?;
            if chunk.len() == 0 {
                return Ok(all);
            }
            all.extend((0..chunk.len()).map(|record| {
                let fields = (0..chunk.width(record)).map(|column| chunk.field(record, column).to_owned());
                (chunk.line(record), fields.collect())
            }));
        }
    };
    all().map_err(|fault| fault.in_file("a.csv").code().to_owned())
}

/// Hands out one byte at a time.
struct Slow(Cursor<Vec<u8>>);

impl Read for Slow {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let one = room.len().min(1);
        self.0.read(&mut room[..one])
    }
}

/// The records of plain text by RFC 4180, a byte at a time. A quote inside a field that does not begin with one is a
/// quote, and so is what follows a closing one.
fn model(data: &[u8], delimiter: u8) -> Result<Vec<Record>, String> {
    let wide = data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff") || data.iter().take(64).any(|b| *b == 0);
    if data.starts_with(b"PAR1") || data.starts_with(b"PK\x03\x04") {
        return Err("csv::not_csv".to_owned());
    }
    if wide {
        return Err("csv::encoding".to_owned());
    }
    let data = data.strip_prefix(MARK).unwrap_or(data);
    let (mut records, mut at, mut line) = (Vec::new(), 0, 1);
    while at < data.len() {
        if matches!(data[at], b'\r' | b'\n') {
            line += u64::from(data[at] == b'\n');
            at += 1;
            continue;
        }
        let (start, mut fields) = (line, vec![Vec::new()]);
        let mut quoted = false;
        let mut fresh = true;
        loop {
            let byte = data.get(at).copied();
            line += u64::from(byte == Some(b'\n') && quoted);
            let field: &mut Vec<u8> = fields.last_mut().unwrap();
            match byte {
                None if quoted => return Err("csv::open_quote".to_owned()),
                None => break,
                Some(b'"') if quoted && data.get(at + 1) == Some(&b'"') => {
                    field.push(b'"');
                    at += 1;
                }
                Some(b'"') if quoted => quoted = false,
                Some(b'"') if fresh => quoted = true,
                Some(byte) if !quoted && byte == delimiter => fields.push(Vec::new()),
                Some(b'\r' | b'\n') if !quoted => break,
                Some(byte) => field.push(byte),
            }
            fresh = !quoted && byte == Some(delimiter);
            at += 1;
        }
        records.push((start, fields));
    }
    Ok(records)
}

/// The records as a file with every field in quotes.
fn written(records: &[Record], delimiter: u8) -> Vec<u8> {
    let mut file = Vec::new();
    for (_, fields) in records {
        for (number, field) in fields.iter().enumerate() {
            if number > 0 {
                file.push(delimiter);
            }
            file.push(b'"');
            field.iter().for_each(|&byte| match byte {
                b'"' => file.extend_from_slice(b"\"\""),
                byte => file.push(byte),
            });
            file.push(b'"');
        }
        file.extend_from_slice(b"\r\n");
    }
    file
}
