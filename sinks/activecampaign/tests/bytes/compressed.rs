//! Compressed answers: what does not unpack whole is no answer, and what unpacks without end is cut off.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{ACCEPTED, Row, check, meaning, measured, ok};

const GZIP: &str = "Content-Encoding: gzip\r\n";

fn pack(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// `bytes` with the bits of one of them turned.
fn damaged(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at] ^= 0xff;
    bytes
}

#[tokio::test]
async fn a_compressed_answer_has_to_unpack_whole() {
    let packed = pack(ACCEPTED.as_bytes());
    let rows: Vec<Row> = vec![
        ("whole", measured(GZIP, &packed), "queued b1"),
        ("ended by closing", ok(GZIP, &packed), "queued b1"),
        ("not compressed", measured(GZIP, ACCEPTED), "in doubt"),
        ("empty", measured(GZIP, ""), "in doubt"),
        ("garbage", measured(GZIP, [0xa5; 300]), "in doubt"),
        ("garbage behind a good start", measured(GZIP, [&packed[..10], &[0xff; 300]].concat()), "in doubt"),
        ("wrong checksum", measured(GZIP, damaged(packed.clone(), 8)), "in doubt"),
        ("wrong size", measured(GZIP, damaged(packed.clone(), 1)), "in doubt"),
        ("packed twice, said once", measured(GZIP, pack(&packed)), "in doubt"),
        ("packed and not said", measured("", &packed), "in doubt"),
        ("brotli, which was not asked for", measured("Content-Encoding: br\r\n", [0x8b, 0x03, 0x80]), "in doubt"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn a_compressed_answer_cut_after_any_byte_is_in_doubt() {
    let packed = pack(ACCEPTED.as_bytes());
    for length in 0..packed.len() {
        // The connection does not show that anything is missing: only the data do.
        assert_eq!(meaning(measured(GZIP, &packed[..length])).await, "in doubt", "{length} of {}", packed.len());
        assert_eq!(meaning(ok(GZIP, &packed[..length])).await, "in doubt", "{length} of {}", packed.len());
    }
}

#[tokio::test]
async fn an_answer_that_unpacks_without_end_is_cut_off() {
    let padded = |size: usize| pack(format!("{ACCEPTED}{}", " ".repeat(size - ACCEPTED.len())).as_bytes());
    let rows: Vec<Row> = vec![
        ("1 MiB from a kilobyte", measured(GZIP, padded(1 << 20)), "queued b1"),
        ("one byte more", measured(GZIP, padded((1 << 20) + 1)), "in doubt"),
        ("64 MiB of zeros from 64 KiB", measured(GZIP, pack(&vec![0; 64 << 20])), "in doubt"),
    ];
    check(rows).await;
}
