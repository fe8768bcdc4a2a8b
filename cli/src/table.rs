//! Runs as a table for a warehouse: one row a run, one column a number.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use chrono::DateTime;
use enlist_core::{Error, ErrorKind};
use enlist_history::RunDocument;
use parquet::arrow::ArrowWriter;

/// `runs` as a Parquet file. Numbers that a run does not have are null; times are microseconds in UTC.
///
/// # Errors
/// Never for documents; an error would be a defect.
pub fn parquet(runs: &[RunDocument]) -> Result<Vec<u8>, Error> {
    let batch = batch(runs).map_err(|e| defect(&e.to_string()))?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).map_err(|e| defect(&e.to_string()))?;
    writer.write(&batch).map_err(|e| defect(&e.to_string()))?;
    writer.close().map_err(|e| defect(&e.to_string()))?;
    Ok(bytes)
}

fn batch(runs: &[RunDocument]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |get: &dyn Fn(&RunDocument) -> Option<String>| -> ArrayRef {
        Arc::new(runs.iter().map(get).collect::<StringArray>())
    };
    let number = |get: &dyn Fn(&RunDocument) -> Option<u64>| -> ArrayRef {
        Arc::new(runs.iter().map(|run| get(run).and_then(|it| i64::try_from(it).ok())).collect::<Int64Array>())
    };
    let float = |get: &dyn Fn(&RunDocument) -> Option<f64>| -> ArrayRef {
        Arc::new(runs.iter().map(get).collect::<Float64Array>())
    };
    let time = |get: &dyn Fn(&RunDocument) -> String| -> ArrayRef {
        let micros = |run| DateTime::parse_from_rfc3339(&get(run)).ok().map(|at| at.timestamp_micros());
        Arc::new(runs.iter().map(micros).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let reasons = |run: &RunDocument| serde_json::to_string(&run.rejected_by_reason).ok();
    RecordBatch::try_from_iter_with_nullable([
        ("run_id", text(&|run| Some(run.run_id.clone())), false),
        ("export", text(&|run| Some(run.export.clone())), false),
        ("status", text(&|run| Some(run.status.clone())), false),
        ("exit_code", Arc::new(runs.iter().map(|run| i32::from(run.exit_code)).collect::<Int32Array>()), false),
        ("started_at", time(&|run| run.started_at.clone()), true),
        ("finished_at", time(&|run| run.finished_at.clone()), true),
        ("seconds", float(&|run| Some(run.seconds)), false),
        ("source", text(&|run| Some(run.source.name.clone())), false),
        ("host", text(&|run| Some(run.destination.host.clone())), false),
        ("list", number(&|run| Some(run.destination.list)), false),
        ("list_name", text(&|run| run.destination.list_name.clone()), true),
        ("rows_read", number(&|run| run.outcome.map(|_| run.source.rows)), true),
        ("planned_add", number(&|run| run.plan.map(|plan| plan.add)), true),
        ("planned_update", number(&|run| run.plan.map(|plan| plan.update)), true),
        ("planned_leave", number(&|run| run.plan.map(|plan| plan.leave)), true),
        ("confirmed", number(&|run| run.outcome.map(|it| it.confirmed)), true),
        ("unchanged", number(&|run| run.outcome.map(|it| it.unchanged)), true),
        ("rejected", number(&|run| run.outcome.map(|it| it.rejected)), true),
        ("duplicate", number(&|run| run.outcome.map(|it| it.duplicate)), true),
        ("deferred", number(&|run| run.outcome.map(|it| it.deferred)), true),
        ("skipped", number(&|run| run.outcome.map(|it| it.skipped)), true),
        ("leavers_told", number(&|run| run.leavers.map(|it| it.confirmed)), true),
        ("rejected_by_reason", text(&reasons), true),
        ("imports", number(&|run| Some(run.requests.bulk)), false),
        ("other_calls", number(&|run| Some(run.requests.other)), false),
        ("retries", number(&|run| Some(run.requests.retries)), false),
        ("throttled", number(&|run| Some(run.requests.throttled)), false),
        ("throttle_seconds", float(&|run| Some(run.requests.throttle_seconds)), false),
        ("contacts_per_min", number(&|run| run.outcome.map(|_| run.rate.contacts_per_min)), true),
        ("latency_p50_ms", number(&|run| run.latency_ms.map(|it| it.p50)), true),
        ("latency_p99_ms", number(&|run| run.latency_ms.map(|it| it.p99)), true),
        ("error_code", text(&|run| run.error.as_ref().map(|error| error.code.clone())), true),
        ("error_message", text(&|run| run.error.as_ref().map(|error| error.message.clone())), true),
        ("version", text(&|run| Some(run.version.clone())), false),
    ])
}

fn defect(cause: &str) -> Error {
    Error::new(ErrorKind::Bug, "bug::table", format!("runs cannot be written as a table: {cause}"))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::render::{json, run};

    #[test]
    fn a_run_is_a_row_and_what_it_does_not_have_is_null() {
        let failed = RunDocument { run_id: "r_2".to_owned(), ..RunDocument::default() };
        let bytes = parquet(&[json::run(&run::tests::run()), failed]).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        let confirmed = batches[0].column_by_name("confirmed").unwrap().as_primitive::<Int64Type>();
        assert_eq!(confirmed.iter().collect::<Vec<_>>(), [Some(996_981), None]);
        let started = batches[0].column_by_name("started_at").unwrap();
        assert_eq!(started.null_count(), 1);
    }
}
