//! Dagster Pipes: what Dagster tells a process that it starts (in `DAGSTER_PIPES_CONTEXT` and `DAGSTER_PIPES_MESSAGES`),
//! and the messages that it hears back, one JSON text a line.

use std::io::Read;
use std::path::PathBuf;

use enlist_history::{RunDocument, RunError};
use flate2::read::ZlibDecoder;
use serde_json::{Value, json};

use crate::level::Level;

/// Version of the protocol.
const VERSION: &str = "0.1";

/// Most bytes of a parameter. A context names assets and partitions; a hundred thousand of them are shorter.
const LARGEST: u64 = 16 << 20;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// To the end of this file.
    File(PathBuf),
    /// To standard error.
    Stderr,
    /// To standard output.
    Stdout,
}

/// Where the context is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// The assets of this step.
    Here(Vec<String>),
    /// In this file, to be read with [`assets`].
    File(PathBuf),
}

/// The parameter of `DAGSTER_PIPES_MESSAGES`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn channel(param: &str) -> Result<Channel, String> {
    let param = decode(param)?;
    let stdio = param.get("stdio").or_else(|| param.get("buffered_stdio"));
    match (param["path"].as_str(), stdio.and_then(Value::as_str)) {
        (Some(path), _) => Ok(Channel::File(path.into())),
        (None, Some("stderr")) => Ok(Channel::Stderr),
        (None, Some("stdout")) => Ok(Channel::Stdout),
        _ => Err("the messages go neither to a file nor to standard error or output".to_owned()),
    }
}

/// The parameter of `DAGSTER_PIPES_CONTEXT`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn context(param: &str) -> Result<Context, String> {
    let param = decode(param)?;
    match (param["path"].as_str(), &param["data"]) {
        (Some(path), _) => Ok(Context::File(path.into())),
        (None, data) if data.is_object() => Ok(Context::Here(keys(data))),
        _ => Err("the context is neither in the parameter nor in a file".to_owned()),
    }
}

/// The assets of the step whose context is `text`; none of a step that makes no asset.
///
/// # Errors
/// When it is not JSON.
pub fn assets(text: &str) -> Result<Vec<String>, String> {
    serde_json::from_str(text).map(|data| keys(&data)).map_err(|e| format!("the context is no JSON: {e}"))
}

fn keys(data: &Value) -> Vec<String> {
    let keys = data["asset_keys"].as_array().into_iter().flatten();
    keys.filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

/// JSON that was packed with zlib and written in the letters of base64 (RFC 4648).
fn decode(param: &str) -> Result<Value, String> {
    let packed = letters(param.trim()).ok_or("a parameter is not base64")?;
    let mut text = String::new();
    let read = ZlibDecoder::new(packed.as_slice()).take(LARGEST).read_to_string(&mut text);
    read.map_err(|e| format!("a parameter cannot be unpacked: {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("a parameter is no JSON: {e}"))
}

/// The bytes that base64 stands for: each letter is six bits.
fn letters(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (held, bits) = (held << 6 | u32::from(six), bits + 6);
        if bits >= 8 {
            bits -= 8;
            let [.., byte] = (held >> bits).to_be_bytes();
            bytes.push(byte);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// The first message.
pub fn opened() -> String {
    message("opened", &json!({ "extras": {} }))
}

/// That `run` brought the asset `asset_key` (parts divided by `/`) up to date. Dagster takes one for each asset and process.
pub fn materialization(run: &RunDocument, asset_key: &str) -> String {
    let outcome = run.outcome.unwrap_or_default();
    let value = |kind: &str, raw: Value| json!({ "type": kind, "raw_value": raw });
    let mut metadata = json!({
        "run_id": value("text", json!(run.run_id)),
        "status": value("text", json!(run.status)),
        "level": value("text", json!(Level::of(run).word())),
        "host": value("text", json!(run.destination.host)),
        "list": value("int", json!(run.destination.list)),
        "seconds": value("float", json!(run.seconds)),
        "dagster/row_count": value("int", json!(outcome.confirmed.saturating_add(outcome.unchanged))),
        "read": value("int", json!(run.source.rows)),
        "confirmed": value("int", json!(outcome.confirmed)),
        "unchanged": value("int", json!(outcome.unchanged)),
        "rejected": value("int", json!(outcome.rejected)),
        "duplicate": value("int", json!(outcome.duplicate)),
        "deferred": value("int", json!(outcome.deferred)),
        "skipped": value("int", json!(outcome.skipped)),
        "requests": value("int", json!(run.requests.bulk.saturating_add(run.requests.other))),
    });
    if !run.rejected_by_reason.0.is_empty() {
        metadata["rejected_by_reason"] = value("json", json!(run.rejected_by_reason));
    }
    let params = json!({ "asset_key": asset_key, "data_version": run.source.digest, "metadata": metadata });
    message("report_asset_materialization", &params)
}

/// The last message. Dagster shows `error` in its log; whether the step fails, the exit code of the process says.
pub fn closed(error: Option<&RunError>) -> String {
    let params = match error {
        Some(error) => json!({
            "exception": {
                "message": error.message, "name": error.code, "stack": [], "cause": null, "context": null,
            }
        }),
        None => json!({}),
    };
    message("closed", &params)
}

fn message(method: &str, params: &Value) -> String {
    json!({ "__dagster_pipes_version": VERSION, "method": method, "params": params }).to_string()
}
