//! OpenLineage and Dagster.

use enlist_history::{RunDocument, RunError};
use enlist_signals::dagster::{self, Channel, Context};
use enlist_signals::openlineage::{self, About};
use serde_json::{Value, json};

use super::{HOSTILE, hostile, run, with_rejects};

fn columns() -> Vec<(String, String)> {
    vec![("email".to_owned(), "Utf8".to_owned()), ("city".to_owned(), "Utf8".to_owned())]
}

fn about(columns: &[(String, String)]) -> About<'_> {
    About { namespace: "enlist", run_uuid: [0xff; 16], input: None, columns, sql: None }
}

/// What the specification requires of every event and facet.
fn check(event: &Value) {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).expect("a text");
    for key in ["eventType", "eventTime", "producer", "schemaURL"] {
        text(&event[key]);
    }
    for path in ["/run/runId", "/job/namespace", "/job/name", "/outputs/0/namespace", "/outputs/0/name"] {
        text(event.pointer(path).expect(path));
    }
    let mut seen = 0;
    for holder in [&event["run"], &event["job"], &event["inputs"][0], &event["outputs"][0]] {
        for key in ["facets", "inputFacets", "outputFacets"] {
            for (name, facet) in holder[key].as_object().into_iter().flatten() {
                text(&facet["_producer"]);
                let url = text(&facet["_schemaURL"]);
                let (base, pointer) = url.split_once(".json#/$defs/").expect(&url);
                assert!(base.starts_with("https://openlineage.io/spec/facets/") && base.ends_with(pointer), "{url}");
                let key = pointer.to_ascii_lowercase();
                assert!(key.starts_with(&name.to_ascii_lowercase().replace('_', "")), "{name}: {url}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2);
}

#[test]
fn a_run_starts_and_completes_under_one_name() {
    let columns = columns();
    let (start, end) = (openlineage::start(&run(), &about(&columns)), openlineage::end(&run(), &about(&columns)));
    check(&start);
    check(&end);
    assert_eq!((&start["eventType"], &end["eventType"]), (&json!("START"), &json!("COMPLETE")));
    assert_eq!(
        (&start["eventTime"], &end["eventTime"]),
        (&json!("2026-05-01T03:00:00Z"), &json!("2026-05-01T03:14:05Z"))
    );
    assert_eq!(start["run"]["runId"], "ffffffff-ffff-8fff-bfff-ffffffffffff");
    assert_eq!(start["run"]["runId"], end["run"]["runId"]);
    assert_eq!((&end["job"]["namespace"], &end["job"]["name"]), (&json!("enlist"), &json!("vip")));
    assert_eq!(end["outputs"][0]["namespace"], "activecampaign://acme.api-us1.com");
    assert_eq!(end["outputs"][0]["name"], "lists/7");
    assert_eq!(end["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 7_932);
    assert_eq!(end["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"], 8_000);
    let fields = &end["inputs"][0]["facets"]["schema"]["fields"];
    assert_eq!(*fields, json!([{ "name": "email", "type": "Utf8" }, { "name": "city", "type": "Utf8" }]));
    assert!(end["run"]["facets"]["errorMessage"].is_null());
    assert!(start["outputs"][0]["outputFacets"].is_null() && start["inputs"][0]["inputFacets"].is_null());
}

#[test]
fn each_way_to_end_is_one_of_three() {
    let ends = [
        ("ok", "COMPLETE"),
        ("rejects", "COMPLETE"),
        ("stopped", "ABORT"),
        ("guarded", "ABORT"),
        ("locked", "ABORT"),
        ("failed", "FAIL"),
        ("a word of a later version", "FAIL"),
    ];
    for (status, kind) in ends {
        let run = RunDocument { status: status.to_owned(), ..run() };
        assert_eq!(openlineage::end(&run, &about(&[]))["eventType"], kind, "{status}");
    }
}

#[test]
fn a_failure_says_why() {
    let error =
        RunError { code: "ac::auth".to_owned(), message: "the key was refused".to_owned(), ..RunError::default() };
    let failed = RunDocument { status: "failed".to_owned(), error: Some(error), outcome: None, ..run() };
    let event = openlineage::end(&failed, &about(&[]));
    check(&event);
    let facet = &event["run"]["facets"]["errorMessage"];
    assert_eq!(facet["message"], "ac::auth: the key was refused");
    assert_eq!(facet["programmingLanguage"], "RUST");
    assert!(event["outputs"][0]["outputFacets"].is_null(), "nobody knows how many rows were written");
}

#[test]
fn the_input_is_called_what_other_tools_call_it_and_left_out_when_there_was_none() {
    let about = About { input: Some(("s3://lake", "people.parquet")), ..about(&[]) };
    let input = &openlineage::start(&run(), &about)["inputs"][0];
    assert_eq!((&input["namespace"], &input["name"]), (&json!("s3://lake"), &json!("people.parquet")));
    let early = RunDocument { source: enlist_history::SourceRead::default(), ..run() };
    let event = openlineage::end(&early, &About { namespace: "enlist", ..About::default() });
    assert_eq!(event["inputs"], json!([]));
}

#[test]
fn the_statement_of_an_export_is_a_facet_of_its_job() {
    let sql = "select email from lake where note = 'a \"b\"'";
    for event in [openlineage::start, openlineage::end] {
        let event = event(&run(), &About { sql: Some(sql), ..about(&[]) });
        check(&event);
        assert_eq!(event["job"]["facets"]["sql"]["query"], sql);
    }
    assert!(openlineage::start(&run(), &about(&[]))["job"]["facets"]["sql"].is_null());
}

#[test]
fn hostile_text_is_text_in_events() {
    let event = openlineage::end(&hostile(), &about(&[]));
    let again: Value = serde_json::from_str(&event.to_string()).unwrap();
    assert_eq!(again, event);
    assert_eq!(event["job"]["name"], HOSTILE);
}

#[test]
fn dagster_hears_that_it_opened_what_came_of_it_and_that_it_closed() {
    let lines = [dagster::opened(), dagster::materialization(&with_rejects(), "crm/vip"), dagster::closed(None)];
    let messages = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap());
    for (message, method) in messages.iter().zip(["opened", "report_asset_materialization", "closed"]) {
        assert_eq!((&message["__dagster_pipes_version"], &message["method"]), (&json!("0.1"), &json!(method)));
    }
    assert_eq!(messages[0]["params"], json!({ "extras": {} }));
    assert_eq!(messages[2]["params"], json!({}));
    let params = &messages[1]["params"];
    assert_eq!((&params["asset_key"], &params["data_version"]), (&json!("crm/vip"), &Value::Null));
    assert_eq!(params["metadata"]["confirmed"], json!({ "type": "int", "raw_value": 7_900 }));
    assert_eq!(params["metadata"]["rejected_by_reason"]["raw_value"], json!({ "email_invalid": 40, "refused": 1 }));
    for (name, value) in params["metadata"].as_object().unwrap() {
        assert_eq!(value.as_object().unwrap().len(), 2, "{name}: type and raw_value, nothing else");
    }
}

/// `{"data": {"asset_keys": ["crm/vip"], "run_id": "0"}}`, `{"path": "/tmp/messages"}`, `{"stdio": "stderr"}` and
/// `["not", "an", "object"]`, as Python's zlib and base64 write them.
const CONTEXT: &str = "eJyrVkpJLElUslKoVkosLk4tic9OrSwGcqOVkoty9csyC5RidRSUikrz4jNTgMJKBkq1tQDGxRCd";
const MESSAGES: &str = "eJyrVipILMlQslJQ0i/JLdDPTS0uTkxPLVaqBQBqmgiP";
const STDERR: &str = "eJyrViouScnMV7JSADFSi4qUagFBNAaS";
const LIST: &str = "eJyLVsrLL1HSUVBKzAOR+UlZqcklSrEATcIGtA==";

#[test]
fn what_dagster_tells_a_process_is_understood() {
    assert_eq!(dagster::context(CONTEXT), Ok(Context::Here(vec!["crm/vip".to_owned()])));
    assert_eq!(dagster::context(MESSAGES), Ok(Context::File("/tmp/messages".into())));
    assert_eq!(dagster::channel(MESSAGES), Ok(Channel::File("/tmp/messages".into())));
    assert_eq!(dagster::channel(STDERR), Ok(Channel::Stderr));
    assert_eq!(dagster::assets(r#"{ "asset_keys": null }"#), Ok(Vec::new()), "an op makes no asset");
}

#[test]
fn what_dagster_never_writes_is_refused_in_words() {
    let cut = &MESSAGES[..MESSAGES.len() / 2];
    for param in ["", "%%%", "AAAA", cut, LIST] {
        assert!(!dagster::channel(param).unwrap_err().is_empty(), "{param}");
        assert!(!dagster::context(param).unwrap_err().is_empty(), "{param}");
    }
    assert!(dagster::assets("{").unwrap_err().contains("JSON"));
}

#[test]
fn a_message_for_dagster_is_one_line_whatever_the_text() {
    for line in [dagster::materialization(&hostile(), HOSTILE), dagster::closed(hostile().error.as_ref())] {
        assert!(!line.contains('\n') && !line.contains('\r'), "{line}");
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["__dagster_pipes_version"], "0.1");
    }
    let closed: Value = serde_json::from_str(&dagster::closed(hostile().error.as_ref())).unwrap();
    let keys: Vec<_> = closed["params"]["exception"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["cause", "context", "message", "name", "stack"]);
}
