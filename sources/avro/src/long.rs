//! Whole numbers of any length: seven bits a byte, the lowest first, the sign in the lowest bit;
//! <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>, read 2026-11-22.

use std::io::{self, Read};

/// Bytes of the longest number.
const LONGEST: u32 = 10;

/// Reads a number byte by byte; `None` when there is no byte at all.
///
/// # Errors
/// `UnexpectedEof` when it is cut off, `InvalidData` when it is none.
pub(crate) fn read(input: &mut impl Read) -> io::Result<Option<i64>> {
    let mut bits = 0u64;
    for at in 0..LONGEST {
        let mut byte = [0];
        match input.read_exact(&mut byte) {
            Ok(()) => {}
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof && at == 0 => return Ok(None),
            Err(fault) => return Err(fault),
        }
        bits |= u64::from(byte[0] & 0x7f) << (7 * at);
        if byte[0] < 0x80 {
            return Ok(Some((bits >> 1) as i64 ^ -((bits & 1) as i64)));
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Takes a number from the start of `bytes`; `None` when there is none.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<i64> {
    if let Some((&byte, rest)) = bytes.split_first().filter(|(byte, _)| **byte < 0x80) {
        *bytes = rest;
        return Some(i64::from(byte >> 1) ^ -i64::from(byte & 1));
    }
    read(bytes).ok().flatten()
}

/// Adds a number to `bytes`.
pub(crate) fn write(value: i64, bytes: &mut Vec<u8>) {
    let mut bits = ((value << 1) ^ (value >> 63)) as u64;
    while bits >= 0x80 {
        bytes.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    bytes.push(bits as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for value in [0, -1, 1, 63, 64, -64, -65, 1 << 40, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            assert_eq!(read(&mut bytes.as_slice()).unwrap(), Some(value));
            assert_eq!(take(&mut bytes.as_slice()), Some(value));
            bytes.pop();
            assert_eq!(take(&mut bytes.as_slice()), None);
        }
        assert!(read(&mut &[0xff; 11][..]).is_err());
    }
}
