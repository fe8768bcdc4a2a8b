//! Blocks as they were before they were compressed.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::fault::Fault;

/// Bytes of the largest block: more cannot be held, and no writer makes it.
pub(crate) const LARGEST: u64 = 1 << 30;

/// How the blocks of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Deflate,
    Snappy,
    Zstandard,
}

impl Codec {
    /// By its name in a header.
    pub(crate) fn named(name: &[u8]) -> Result<Self, Fault> {
        match name {
            b"" | b"null" => Ok(Self::None),
            b"deflate" => Ok(Self::Deflate),
            b"snappy" => Ok(Self::Snappy),
            b"zstandard" => Ok(Self::Zstandard),
            other => Err(Fault::Codec(String::from_utf8_lossy(&other[..other.len().min(32)]).into_owned())),
        }
    }

    /// What `block` was; `None` when it is damaged.
    pub(crate) fn decompress(self, block: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::None => Some(block),
            Self::Deflate => read(DeflateDecoder::new(block.as_slice())),
            Self::Zstandard => read(zstd::stream::read::Decoder::new(block.as_slice()).ok()?),
            Self::Snappy => {
                let (block, sum) = block.split_last_chunk::<4>()?;
                let length = snap::raw::decompress_len(block).ok()?;
                if length as u64 > LARGEST {
                    return None;
                }
                let bytes = snap::raw::Decoder::new().decompress_vec(block).ok()?;
                let mut crc = Crc::new();
                crc.update(&bytes);
                (crc.sum() == u32::from_be_bytes(*sum)).then_some(bytes)
            }
        }
    }
}

fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LARGEST).then_some(bytes)
}
