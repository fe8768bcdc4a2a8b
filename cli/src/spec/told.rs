//! Who is told what: notifications, metrics, lineage.

use std::net::SocketAddr;

use super::endpoint::Endpoint;
use super::model::{Notify, Telemetry};
use super::reader::{Reader, Secrets};
use super::written::{self, ENDS, Endpoints, Shape, Text};
use crate::failure::Failure;

/// Who is told of which ends. A URL alone is told of each; an empty one is nobody.
pub fn notify(reader: &Reader<'_>, it: &Endpoints) -> Result<Vec<Notify>, Failure> {
    match it {
        Shape::Word(text) => {
            let all = |endpoint| Notify { endpoint, ok: true, degraded: true, failed: true };
            Ok(endpoint(reader, "notify", text)?.map(all).into_iter().collect())
        }
        Shape::List(list) => {
            let told: Result<Vec<_>, _> = list.iter().map(|one| of_some_ends(reader, one)).collect();
            Ok(told?.into_iter().flatten().collect())
        }
        Shape::Keys(never) => match *never {},
    }
}

fn of_some_ends(reader: &Reader<'_>, it: &written::Notify) -> Result<Option<Notify>, Failure> {
    let choices = ENDS.map(|end| (end, end));
    let mut ends = Vec::new();
    for text in &it.on {
        ends.push(reader.choice("on", text, &choices)?);
    }
    if ends.is_empty() {
        let failure = reader.fault("config::empty", "`on` is empty, so nobody would be told", &it.webhook);
        return Err(failure.help("on: [failed, degraded]"));
    }
    let endpoint = endpoint(reader, "webhook", &it.webhook)?;
    let [failed, degraded, ok] = ENDS.map(|end| ends.contains(&end));
    Ok(endpoint.map(|endpoint| Notify { endpoint, ok, degraded, failed }))
}

/// Where metrics and lineage go; empty text is nowhere.
pub fn telemetry(reader: &Reader<'_>, it: &written::Telemetry) -> Result<Telemetry, Failure> {
    let to = |key: &str, text: &Option<Text>| match text {
        Some(text) => endpoint(reader, key, text),
        None => Ok(None),
    };
    Ok(Telemetry {
        metrics_file: match given(reader, it.metrics_file.as_ref())? {
            Some(text) => Some(reader.path("metrics_file", text)?),
            None => None,
        },
        metrics_addr: match given(reader, it.metrics_addr.as_ref())? {
            Some(text) => Some(reader.parse("metrics_addr", text, address)?),
            None => None,
        },
        otlp: to("otlp", &it.otlp)?,
        openlineage: to("openlineage", &it.openlineage)?,
    })
}

/// The text unless it is empty.
fn given<'a>(reader: &Reader<'_>, text: Option<&'a Text>) -> Result<Option<&'a Text>, Failure> {
    match text {
        Some(text) if !reader.text(text)?.is_empty() => Ok(Some(text)),
        _ => Ok(None),
    }
}

/// An address without a name to look up, so that it is plain who can reach it.
fn address(text: &str) -> Result<SocketAddr, String> {
    let wanted = || "write an address and a port, for example 127.0.0.1:9090".to_owned();
    let address: SocketAddr = text.parse().map_err(|_| wanted())?;
    if address.port() == 0 { Err(wanted()) } else { Ok(address) }
}

/// A URL. An empty one is none, so that a variable or one export can do without. It may be a secret: an objection shows
/// where it stands, and nothing from there on.
fn endpoint(reader: &Reader<'_>, key: &str, text: &Text) -> Result<Option<Endpoint>, Failure> {
    if reader.secrets == Secrets::Leave || reader.text(text)?.is_empty() {
        return Ok(None);
    }
    reader.parse(key, text, Endpoint::parse).map(Some).map_err(|mut failure| {
        if let Some(snippet) = &mut failure.snippet {
            let before = usize::try_from(snippet.column).unwrap_or(1).saturating_sub(1);
            let starred = |(at, c)| if at < before || c == ' ' { c } else { '*' };
            snippet.text = snippet.text.chars().enumerate().map(starred).collect();
        }
        failure
    })
}
