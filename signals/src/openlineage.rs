//! OpenLineage: for each run one event when it starts and one when it ends.
//!
//! Events are those of version 2-0-2 of the specification; facets carry the version of their own schema.

use enlist_history::RunDocument;
use serde_json::{Map, Value, json};

/// Where the schemas of the specification live.
const SPEC: &str = "https://openlineage.io/spec";

/// Who made the events.
const PRODUCER: &str = concat!("urn:enlist:", env!("CARGO_PKG_VERSION"));

/// What an event says that no document holds.
#[derive(Clone, Debug, Default)]
pub struct About<'a> {
    /// Namespace of the job; the job itself has the name of the export.
    pub namespace: &'a str,
    /// Names the run: the same for its two events, and never the same for two runs. A hash of state and run will do; its
    /// six bits of version and variant are overwritten.
    pub run_uuid: [u8; 16],
    /// Namespace and name of what is read, as other tools call it; without, the source in the namespace of the job.
    pub input: Option<(&'a str, &'a str)>,
    /// Name and type of each column that is read; empty when not known.
    pub columns: &'a [(String, String)],
    /// The statement that makes the segment, without the values of its parameters.
    pub sql: Option<&'a str>,
}

/// The event of a start. Of `run`, it needs what is known by then: the export, the name of the source, the destination and
/// when it started.
pub fn start(run: &RunDocument, about: &About<'_>) -> Value {
    event("START", &run.started_at, run, about)
}

/// The event of an end: `COMPLETE` when all work was done, `ABORT` when somebody, a guard or a lock kept the run from it,
/// `FAIL` when it failed.
pub fn end(run: &RunDocument, about: &About<'_>) -> Value {
    let kind = match run.status.as_str() {
        "ok" | "rejects" => "COMPLETE",
        "stopped" | "guarded" | "locked" => "ABORT",
        _ => "FAIL",
    };
    let mut event = event(kind, &run.finished_at, run, about);
    if let Some(error) = &run.error {
        let message = format!("{}: {}", error.code, error.message);
        let text = json!({ "message": message, "programmingLanguage": "RUST" });
        event["run"]["facets"]["errorMessage"] = facet("1-0-1/ErrorMessageRunFacet", text);
    }
    if let Some(outcome) = run.outcome {
        let (read, written) = (json!({ "rowCount": run.source.rows }), json!({ "rowCount": outcome.confirmed }));
        let read = facet("1-0-0/InputStatisticsInputDatasetFacet", read);
        let written = facet("1-0-2/OutputStatisticsOutputDatasetFacet", written);
        if let Some(input) = event["inputs"].get_mut(0) {
            input["inputFacets"] = json!({ "inputStatistics": read });
        }
        event["outputs"][0]["outputFacets"] = json!({ "outputStatistics": written });
    }
    event
}

fn event(kind: &str, at: &str, run: &RunDocument, about: &About<'_>) -> Value {
    let engine = json!({ "name": "enlist", "version": env!("CARGO_PKG_VERSION") });
    let (namespace, name) = about.input.unwrap_or((about.namespace, &run.source.name));
    let input = json!({ "namespace": namespace, "name": name, "facets": schema(about.columns) });
    json!({
        "eventType": kind,
        "eventTime": at,
        "producer": PRODUCER,
        "schemaURL": format!("{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"),
        "run": {
            "runId": uuid(about.run_uuid),
            "facets": { "processing_engine": facet("1-1-1/ProcessingEngineRunFacet", engine) },
        },
        "job": {
            "namespace": about.namespace,
            "name": run.export,
            "facets": job_facets(about.sql),
        },
        // A run that failed before it knew its source read nothing.
        "inputs": if name.is_empty() { json!([]) } else { json!([input]) },
        "outputs": [{
            "namespace": format!("activecampaign://{}", run.destination.host),
            "name": format!("lists/{}", run.destination.list),
        }],
    })
}

fn job_facets(sql: Option<&str>) -> Value {
    let kind = json!({ "processingType": "BATCH", "integration": "ENLIST", "jobType": "EXPORT" });
    let mut facets = json!({ "jobType": facet("2-0-4/JobTypeJobFacet", kind) });
    if let Some(sql) = sql {
        facets["sql"] = facet("1-1-0/SQLJobFacet", json!({ "query": sql }));
    }
    facets
}

fn schema(columns: &[(String, String)]) -> Value {
    if columns.is_empty() {
        return json!({});
    }
    let fields: Vec<_> = columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
    json!({ "schema": facet("1-2-0/SchemaDatasetFacet", json!({ "fields": fields })) })
}

/// `content` as a facet whose schema is `schema`: its version and its name.
fn facet(schema: &str, content: Value) -> Value {
    let name = schema.rsplit('/').next().unwrap_or_default();
    let mut facet = Map::new();
    facet.insert("_producer".to_owned(), json!(PRODUCER));
    facet.insert("_schemaURL".to_owned(), json!(format!("{SPEC}/facets/{schema}.json#/$defs/{name}")));
    if let Value::Object(content) = content {
        facet.extend(content);
    }
    Value::Object(facet)
}

/// A UUID of the eighth version (RFC 9562): all bits but six are the maker's own.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
