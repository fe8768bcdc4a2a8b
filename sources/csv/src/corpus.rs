//! The corpus of the fuzz target, and what differs from it a little.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use enlist_core::{Error, Source};
use enlist_source_files::{find, text};
use futures::TryStreamExt;

use crate::records::{Chunk, Records};
use crate::{CsvFiles, CsvOptions};

#[path = "../../../fuzz/bodies/csv.rs"]
mod csv;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod replay;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/csv")
}

#[test]
fn the_corpus_and_its_neighbours_are_read_as_a_simple_parser_reads_them() {
    replay::replay(&corpus(), 100, csv::body);
}

type Cells = Vec<Vec<Option<String>>>;

/// What the records of a file should become: the first is the header, empty cells are null.
fn expected(path: &Path) -> Option<Cells> {
    let file = find(&(&path.display().to_string()).into(), |_| true).ok()?;
    let mut chunk = Chunk::default();
    Records::new(text(file.first()?).ok()?, b',').read(&mut chunk, 8_192).ok()?;
    let width = chunk.len().checked_sub(1).map(|_| chunk.width(0))?;
    let text = |record, column| std::str::from_utf8(chunk.field(record, column)).ok();
    let row = |record| {
        let cells = (0..chunk.width(record)).map(|column| text(record, column).map(str::to_owned));
        cells.collect::<Option<Vec<_>>>().filter(|cells| cells.len() == width)
    };
    let mut rows = (0..chunk.len()).map(row).collect::<Option<Vec<_>>>()?;
    let mut names = rows.remove(0);
    names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()).for_each(|(at, name)| {
        *name = format!("column_{}", at + 1);
    });
    let distinct = (1..names.len()).all(|at| !names[..at].contains(&names[at]));
    let null = |cell: String| (!cell.is_empty()).then_some(cell);
    distinct.then(|| rows.into_iter().map(|cells| cells.into_iter().map(null).collect()).collect())
}

async fn found(path: &Path) -> Result<Cells, Error> {
    let options = CsvOptions { delimiter: Some(b','), names: None };
    let source = CsvFiles::open(&path.display().to_string(), options)?;
    let columns: Vec<String> = source.schema().await?.fields().iter().map(|field| field.name().clone()).collect();
    let batches: Vec<_> = source.scan(&columns).await?.batches.try_collect().await?;
    let rows = batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(|row| (&batch.rows, row)));
    let cells = rows.map(|(rows, row)| {
        let columns = rows.columns().iter().map(|column| column.as_string::<i32>());
        columns.map(|column| column.is_valid(row).then(|| column.value(row).to_owned())).collect()
    });
    Ok(cells.collect())
}

#[tokio::test]
async fn the_files_of_the_corpus_are_segments_of_their_records_or_errors() {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(corpus()).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        let ending = [("gz", ".gz"), ("zst", ".zst")].into_iter().find(|(start, _)| name.starts_with(start));
        let path = folder.path().join(format!("{name}.csv{}", ending.map_or("", |(_, ending)| ending)));
        fs::copy(&file, &path).unwrap();
        assert_eq!(found(&path).await.ok(), expected(&path), "{name}");
    }
}
