use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int32Type};

use super::*;

fn columns() -> Vec<Column> {
    let column = |name: &str, declared: &str, kind| Column {
        name: name.into(),
        kind,
        select: name.into(),
        declared: declared.into(),
    };
    vec![column("id", "int4", DataType::Int32), column("name", "text", DataType::Utf8)]
}

fn copy(rows: &[(i32, Option<&[u8]>)]) -> Vec<u8> {
    let mut bytes = [SIGNATURE, &[0; 8]].concat();
    for (id, name) in rows {
        bytes.extend([0, 2, 0, 0, 0, 4]);
        bytes.extend(id.to_be_bytes());
        bytes.extend(name.map_or(-1, |name| i32::try_from(name.len()).unwrap()).to_be_bytes());
        bytes.extend(name.unwrap_or_default());
    }
    bytes.extend([0xff, 0xff]);
    bytes
}

fn decoder() -> Decoder {
    Decoder::new("shop: users".into(), &columns())
}

#[test]
fn rows_are_the_same_however_the_bytes_are_cut() {
    let bytes = copy(&[(1, Some(b"Ann")), (-2, None), (3, Some(b"")), (4, Some("Zoë".as_bytes()))]);
    for size in [1, 2, 3, 7, 19, 20, bytes.len()] {
        let mut decoder = decoder();
        for chunk in bytes.chunks(size) {
            decoder.push(chunk).unwrap();
        }
        decoder.end().unwrap();
        let batch = decoder.take().unwrap();
        assert_eq!(batch.column(0).as_primitive::<Int32Type>().values(), &[1, -2, 3, 4]);
        let names: Vec<_> = batch.column(1).as_string::<i32>().iter().collect();
        assert_eq!(names, [Some("Ann"), None, Some(""), Some("Zoë")]);
    }
}

#[test]
fn rows_without_their_end_are_lost_rows() {
    let bytes = copy(&[(1, Some(b"Ann"))]);
    for short in 0..bytes.len() {
        let mut decoder = decoder();
        decoder.push(&bytes[..short]).unwrap();
        assert_eq!(decoder.end().unwrap_err().code(), "postgres::lost");
    }
}

#[test]
fn bytes_that_are_no_copy_of_these_columns_are_refused() {
    let good = copy(&[(1, Some(b"Ann"))]);
    let mut other_count = good.clone();
    other_count[20] = 3;
    let mut other_width = good.clone();
    // A whole row, whose number has two bytes in place of four.
    other_width[24] = 2;
    other_width.drain(25..27);
    let beyond_the_end = [good.as_slice(), b"x"].concat();
    let text = b"1\tAnn\n2\tBob and more".to_vec();
    for bytes in [other_count, other_width, beyond_the_end, text] {
        assert_eq!(decoder().push(&bytes).unwrap_err().code(), "postgres::undecodable");
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error_that_names_column_and_rows() {
    let mut decoder = decoder();
    decoder.push(&copy(&[(1, Some(b"Ann")), (2, Some(b"Zo\xeb"))])).unwrap();
    let error = decoder.take().unwrap_err();
    assert_eq!(error.to_string(), "shop: users: column \"name\", rows 1 to 2: text that is not UTF-8");
}

#[test]
fn large_cells_end_a_batch_early() {
    let mut decoder = decoder();
    let large = vec![b'x'; BATCH_BYTES / 2];
    decoder.push(&copy(&[(1, Some(&large))])).unwrap();
    assert!(!decoder.is_full());
    assert!(decoder.has_rows());
}

#[test]
fn no_columns_are_rows_all_the_same() {
    let mut decoder = Decoder::new("shop: users".into(), &[]);
    decoder.push(&[SIGNATURE, &[0; 8], &[0, 0, 0, 0], &[0xff, 0xff]].concat()).unwrap();
    assert_eq!(decoder.take().unwrap().num_rows(), 2);
}
