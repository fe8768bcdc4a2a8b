//! What the first bytes say.

use std::io::Cursor;

use enlist_source_files::{Compression, TextFault, begin};

use crate::message::CONTINUATION;

/// First bytes of the file format, and its last; <https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>,
/// read 2026-11-22.
pub(crate) const MAGIC: &[u8] = b"ARROW1";
/// First bytes of Feather V1, which is no Arrow IPC.
const FEATHER_V1: &[u8] = b"FEA1";
/// Bytes of the longest schema that the first message of a stream without continuation marker is believed to have.
const LEGACY_SCHEMA: u32 = 16 << 20;

/// Bytes that are enough for [`Start::of`].
pub(crate) const STARTS: usize = 64;

/// What something begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing at all.
    Empty,
    /// The file format.
    File,
    /// The stream format.
    Stream,
    /// A stream of Arrow before 0.15.
    LegacyStream,
    /// Feather V1.
    FeatherV1,
    /// Another format of files, and what to do about its name.
    Known(&'static str, &'static str),
    /// JSON.
    Json,
    /// Text, as far as it can be seen.
    Text,
    /// Anything else.
    Unknown,
}

impl Start {
    /// What begins with `bytes`, which are [`STARTS`] of them unless there are no more.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        for (magic, start) in [(MAGIC, Self::File), (&CONTINUATION, Self::Stream), (FEATHER_V1, Self::FeatherV1)] {
            if bytes.starts_with(magic) {
                return start;
            }
        }
        match begin(Box::new(Cursor::new(bytes.to_vec())), Compression::None) {
            Err(TextFault::Disguised { is, help }) => return Self::Known(is, help),
            Err(_) if is_legacy(bytes) => return Self::LegacyStream,
            Err(_) => return Self::Unknown,
            Ok(_) => {}
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            // The last character may be cut.
            Err(fault) if fault.error_len().is_none() => "",
            Err(_) => return Self::Unknown,
        };
        if text.trim_start().starts_with(['{', '[']) { Self::Json } else { Self::Text }
    }
}

/// Whether `bytes` begin with the length of a message where the continuation marker would stand.
fn is_legacy(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    (8..=LEGACY_SCHEMA).contains(&length) && length.is_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_arrow_is_named() {
        for (bytes, start) in [
            (&b""[..], Start::Empty),
            (b"ARROW1\0\0\xff\xff\xff\xff", Start::File),
            (b"\xff\xff\xff\xff\x10\x01\0\0", Start::Stream),
            (b"\x10\x01\0\0\x10\0\0\0\0\0\x0a\0", Start::LegacyStream),
            (b"FEA1\0\0\0\0", Start::FeatherV1),
            (b" \n{\"email\":", Start::Json),
            (b"[1", Start::Json),
            (b"email,name\n", Start::Text),
            (b"email,\xc3", Start::Text),
            (b"\x80\x04\x95", Start::Unknown),
        ] {
            assert_eq!(Start::of(bytes), start, "{bytes:?}");
        }
        assert!(matches!(Start::of(b"PAR1\x15\x04"), Start::Known("Parquet", _)));
        assert!(matches!(Start::of(b"\x1f\x8b\x08\0"), Start::Known("gzip", _)));
    }
}
