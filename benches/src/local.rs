//! What enlist itself costs: mapping, encoding, planning, and a run into a sink that accepts everything at once.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use enlist_core::{
    Clock, Destination, Export, Field, FieldKind, Guards, Keep, Mapping, MemoryPaceStore, Observer, Pacer, Scope,
    SegmentBatch, Source, SqliteLedger, State, StateFolder,
};
use enlist_kit::{People, World};
use enlist_simulator::Settings;
use enlist_sink_null::NullSink;
use enlist_source_parquet::ParquetFiles;
use parquet::arrow::ArrowWriter;

use crate::result::{Results, peak_megabytes};

type Failure = Box<dyn std::error::Error>;

pub(crate) fn measure(rows: u64, results: &mut Results) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("people.parquet");
        write(&file, rows)?;
        map_and_encode(rows, results)?;
        pipeline(&file, folder.path(), rows, results).await
    })
}

fn write(path: &Path, rows: u64) -> Result<(), Failure> {
    let mut writer = ArrowWriter::try_new(File::create(path)?, People::schema(), None)?;
    for batch in People::dirty(rows).batches() {
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(())
}

fn mapping() -> Mapping {
    Mapping { keep: Keep::First, ..World::new(Settings::prompt()).mapping() }
}

fn fields() -> Vec<Field> {
    let kind = FieldKind::Text;
    vec![Field { id: 1, title: "Tier".into(), tag: "TIER".into(), kind, options: Vec::new() }]
}

/// One thread, batch by batch.
fn map_and_encode(rows: u64, results: &mut Results) -> Result<(), Failure> {
    let destination = Destination {
        host: "null".into(),
        list: 1,
        list_name: "null".into(),
        fields: fields(),
        unknown_tags: Vec::new(),
        headroom: None,
    };
    let bound = mapping().bind(&People::schema(), &destination)?;
    let encoder = World::new(Settings::prompt()).sink()?.encoder();
    let (mut mapping, mut encoding, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let mut first_row = 1;
    for rows in People::dirty(rows).batches() {
        let batch = SegmentBatch { first_row, origin: 0, rows };
        first_row += batch.rows.num_rows() as u64;
        let clock = Clock::start();
        let mapped = bound.map(&batch)?;
        let mapped_at = clock.elapsed();
        bytes += encoder.encode(&mapped.contacts)?.value_data().len();
        mapping += mapped_at;
        encoding += clock.elapsed() - mapped_at;
    }
    results.add("map, one thread", rows as f64 / mapping.as_secs_f64(), "rows/s");
    results.add("encode, one thread", rows as f64 / encoding.as_secs_f64(), "contacts/s");
    results.add("encode, one thread", bytes as f64 / 1e6 / encoding.as_secs_f64(), "MB/s");
    Ok(())
}

/// From a Parquet file to a sink that answers at once, with the real ledger.
async fn pipeline(file: &Path, folder: &Path, rows: u64, results: &mut Results) -> Result<(), Failure> {
    let encoder = World::new(Settings::prompt()).sink()?.encoder();
    let limits = World::new(Settings::prompt()).sink()?.limits();
    let sink = Arc::new(NullSink::new(encoder, limits).fields(fields()));
    let source: Arc<dyn Source> = Arc::new(ParquetFiles::open(&*file.to_string_lossy())?);
    let guards = Guards { max_change: None, max_rejects: None, ..Guards::default() };
    let export =
        Export { mapping: Some(mapping()), guards, deadline: Duration::from_secs(3600), ..Export::new(source, sink) };
    let state_path = folder.join("state");
    let state = || -> Result<State, Failure> {
        let state = StateFolder::open(&state_path)?;
        let scope = Scope { export: "bench".into(), account: "null".into(), list: 1 };
        let ledger = Box::new(SqliteLedger::open(&state.ledger_path(), &scope)?);
        let pacer = Arc::new(Pacer::new(Box::new(MemoryPaceStore::new()), export.sink.quotas()));
        Ok(State { ledger, hasher: state.hasher(), pacer, spool: state.spool_dir().to_owned(), clock: Clock::start() })
    };

    let clock = Clock::start();
    export.plan(state()?, Observer::none()).await?;
    results.add("plan a first load", rows as f64 / clock.elapsed().as_secs_f64(), "rows/s");
    results.add("peak memory of that", peak_megabytes(), "MB");

    let clock = Clock::start();
    let report = export.run(state()?, Observer::none()).await?;
    if let Some(error) = report.error {
        return Err(error.into());
    }
    results.add(
        "run a first load into the null sink, ledger on disk",
        rows as f64 / clock.elapsed().as_secs_f64(),
        "rows/s",
    );

    let clock = Clock::start();
    let report = export.run(state()?, Observer::none()).await?;
    if report.calls.imports > 0 {
        return Err("a rerun without changes sent something".into());
    }
    results.add("run again with nothing changed", rows as f64 / clock.elapsed().as_secs_f64(), "rows/s");
    results.add("peak memory after all of it", peak_megabytes(), "MB");
    Ok(())
}
