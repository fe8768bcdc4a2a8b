//! JSON strings, written straight into a buffer.

/// Appends `text` as a JSON string, byte for byte as `serde_json` writes it.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut from = 0;
    while let Some(at) = find_escaped(bytes, from) {
        out.extend_from_slice(&bytes[from..at]);
        write_escape(out, bytes[at]);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Index of the first byte at or after `from` that cannot stand in a JSON string as it is.
fn find_escaped(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // Nearly all values need no escape: look at eight bytes at a time until one does.
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        if holds_escaped(u64::from_ne_bytes(*word)) {
            break;
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|&byte| is_escaped(byte))?;
    Some(at + rest)
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of the eight bytes is escaped.
fn holds_escaped(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES * 0x80;
    // Subtracting `limit` from every byte sets the highest bit of those below it; `!word` ignores the bytes of
    // multi-byte characters, whose highest bit is set to begin with.
    let holds_less = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGHS != 0;
    let holds = |byte: u8| holds_less(word ^ (ONES * u64::from(byte)), 1);
    holds_less(word, 0x20) || holds(b'"') || holds(b'\\')
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_ascii_byte_is_written_as_serde_json_does_at_every_offset() {
        for byte in 0..128_u8 {
            for offset in 0..20 {
                let text = format!("{}{}{}", "é".repeat(offset / 2), "a".repeat(offset), char::from(byte));
                let text = format!("{text}tail of the text");
                assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_does(text in any::<String>()) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn text_full_of_escapes_is_written_as_serde_json_does(text in "[\"\\\\\u{0}-\u{1f}\u{7f}a-cé😀]{0,40}") {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
