//! Files and streams that pyarrow writes. `ENLIST_TEST_PYTHON` names a Python that has it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use arrow::util::display::array_value_to_string;
use enlist_core::{Error, Source};
use enlist_source_ipc::{IpcFiles, IpcStream};
use futures::TryStreamExt;

/// A table of many types, in two batches.
const TABLE: &str = r#"
import datetime as dt, decimal, os, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.feather as feather, pyarrow.ipc as ipc
text = ["Ada", None, "Åbo"]
columns = {
    "text": pa.array(text),
    "large": pa.array(text, pa.large_string()),
    "view": pa.array([t and t * 9 for t in text], pa.string_view()),
    "tier": pa.array(text).dictionary_encode(),
    "runs": pc.run_end_encode(pa.array(["x", "x", None])),
    "sum": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-2.00")]),
    "day": pa.array([dt.date(2026, 1, 2), None, dt.date(1999, 12, 31)]),
    "at": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5), None, None], pa.timestamp("us", "UTC")),
    "tags": pa.array([["a", "b"], None, []]),
    "flag": pa.array([True, None, False]),
    "half": pa.array([1.5, None, -0.25], pa.float16()),
    "span": pa.array([dt.timedelta(seconds=90), None, None], pa.duration("ms")),
    "key": pa.array([bytes(range(16)), None, None], pa.uuid()),
    "nothing": pa.nulls(3),
    "object": pa.array([{"x": 1}, None, {"x": None}]),
    "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    "either": pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]),
}
batch = pa.record_batch(columns)
table = pa.Table.from_batches([batch, batch])
"#;

fn python(script: &str, folder: &Path) -> Command {
    let python = env::var("ENLIST_TEST_PYTHON")
        .expect("ENLIST_TEST_PYTHON must name a Python with pyarrow: python3 -m pip install pyarrow");
    let mut command = Command::new(python);
    command.args(["-c", &format!("{TABLE}{script}")]).current_dir(folder);
    command
}

/// Has Python do something, in a folder that is given back.
fn write(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ended = python(script, folder.path()).output().expect("ENLIST_TEST_PYTHON must be a Python");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    folder
}

/// A column as the texts of its cells.
async fn column(source: &dyn Source, name: &str) -> Result<Vec<String>, Error> {
    let batches: Vec<_> = source.scan(&[name.to_owned()]).await?.batches.try_collect().await?;
    let cells = batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(|row| (batch.rows.column(0), row)));
    Ok(cells.map(|(column, row)| array_value_to_string(column, row).unwrap()).collect())
}

fn open(folder: &tempfile::TempDir, name: &str) -> IpcFiles {
    IpcFiles::open(&folder.path().join(name).display().to_string()).unwrap()
}

#[tokio::test]
async fn every_type_arrives_as_written_in_both_formats_and_with_every_compression() {
    let folder = write(
        r#"
for codec in [None, "lz4", "zstd"]:
    options = ipc.IpcWriteOptions(compression=codec)
    with ipc.new_file(f"{codec}.arrow", table.schema, options=options) as out: out.write_table(table)
    with ipc.new_stream(f"{codec}.arrows", table.schema, options=options) as out: out.write_table(table)
"#,
    );
    for file in ["None.arrow", "None.arrows", "lz4.arrow", "lz4.arrows", "zstd.arrow", "zstd.arrows"] {
        let source = open(&folder, file);
        assert_eq!(source.schema().await.unwrap().fields().len(), 17, "{file}");
        for (name, cells) in [
            ("text", ["Ada", "", "Åbo"]),
            ("large", ["Ada", "", "Åbo"]),
            ("view", ["AdaAdaAdaAdaAdaAdaAdaAdaAda", "", "ÅboÅboÅboÅboÅboÅboÅboÅboÅbo"]),
            ("tier", ["Ada", "", "Åbo"]),
            ("runs", ["x", "x", ""]),
            ("sum", ["1.10", "", "-2.00"]),
            ("day", ["2026-01-02", "", "1999-12-31"]),
            ("at", ["2026-01-02T03:04:05Z", "", ""]),
            ("tags", ["[a, b]", "", "[]"]),
            ("flag", ["true", "", "false"]),
            ("half", ["1.5", "", "-0.25"]),
            ("span", ["PT90S", "", ""]),
            ("key", ["000102030405060708090a0b0c0d0e0f", "", ""]),
            ("nothing", ["", "", ""]),
            ("object", ["{x: 1}", "", "{x: }"]),
            ("map", ["{a: 1}", "", "{}"]),
        ] {
            assert_eq!(column(&source, name).await.unwrap(), [cells, cells].concat(), "{name} of {file}");
        }
        assert_eq!(column(&source, "either").await.unwrap().len(), 6, "{file}");
    }
}

#[tokio::test]
async fn feather_and_dictionaries_that_change_within_a_stream_are_read() {
    let folder = write(
        r#"
plain = table.select(["text", "sum", "day"])
feather.write_feather(plain, "a.feather")
first = pa.record_batch({"tier": pa.array(["gold", "silver"]).dictionary_encode()})
second = pa.record_batch({"tier": pa.array(["bronze", "gold"]).dictionary_encode()})
third = pa.record_batch({"tier": pa.DictionaryArray.from_arrays([2, 0], ["bronze", "gold", "tin"])})
third = third.cast(first.schema)
for deltas in [False, True]:
    options = ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
    with ipc.new_stream(f"{deltas}.arrows", first.schema, options=options) as out:
        for batch in [first, second, third]: out.write_batch(batch)
"#,
    );
    assert_eq!(column(&open(&folder, "a.feather"), "sum").await.unwrap()[..3], ["1.10", "", "-2.00"]);
    for file in ["False.arrows", "True.arrows"] {
        let tiers = column(&open(&folder, file), "tier").await.unwrap();
        assert_eq!(tiers, ["gold", "silver", "bronze", "gold", "tin", "bronze"], "{file}");
    }
}

/// The rows that come through a pipe from Python.
async fn piped(script: &str) -> Result<usize, Error> {
    let folder = tempfile::tempdir().unwrap();
    let mut child = python(script, folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let source = IpcStream::from_reader("standard input", stdout);
    let rows = match &source {
        Ok(source) => column(source, "text").await.map(|cells| cells.len()),
        Err(error) => Err(error.clone()),
    };
    child.wait().unwrap();
    rows
}

#[tokio::test]
async fn a_pipe_is_read_to_the_end_and_a_writer_that_dies_is_an_error() {
    let begin = "out = ipc.new_stream(sys.stdout.buffer, table.schema); out.write_table(table)\n";
    assert_eq!(piped(&format!("{begin}out.close()")).await.unwrap(), 6);
    let died = piped(&format!("{begin}sys.stdout.flush(); os._exit(1)")).await.unwrap_err();
    assert_eq!(died.code(), "ipc::no_end");
    let silent = piped("os._exit(1)").await.unwrap_err();
    assert_eq!(silent.code(), "ipc::empty");
}
