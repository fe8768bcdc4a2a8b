//! Telling other systems of runs. Whatever comes of it, a run stays what it was: a failure here is a warning.

mod listener;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use enlist_history::{RunDocument, SCHEMA};
use enlist_signals::openlineage::About;
use enlist_signals::{Level, github, metrics, openlineage, otlp, slack};
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport};
use http::header::CONTENT_TYPE;
use serde::Serialize;

pub use listener::Listener;

use crate::output::Screen;
use crate::spec::{Endpoint, Export, Notify};
use crate::{history, views};

/// Time for one call. The run is over: nobody waits longer for somebody who may not be there.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The namespace of jobs in lineage events: each is an export of this tool.
const NAMESPACE: &str = "enlist";

/// Says that a run of `export` begins, where lineage is kept.
pub async fn started(export: &Export, run: &str, started: chrono::DateTime<chrono::Utc>, screen: &Screen) {
    let Some(endpoint) = &export.telemetry.openlineage else { return };
    let document = RunDocument {
        schema: SCHEMA.to_owned(),
        run_id: run.to_owned(),
        export: export.name.clone(),
        started_at: views::stamp(started),
        source: enlist_history::SourceRead { name: export.source_name(), ..Default::default() },
        destination: enlist_history::Destination {
            host: export.connection.host.clone(),
            list: export.list,
            ..Default::default()
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..RunDocument::default()
    };
    let event = lineage(&document, openlineage::start);
    tell(export, endpoint, &event, screen).await;
}

/// Says how a run of `export` ended, to everybody who wants to know. It is in the history already.
pub async fn ended(export: &Export, run: &RunDocument, screen: &Screen) {
    for notify in export.notify.iter().filter(|notify| wants(notify, Level::of(run))) {
        if notify.endpoint.host() == slack::HOST {
            tell(export, &notify.endpoint, &slack::text(run), screen).await;
        } else {
            tell(export, &notify.endpoint, run, screen).await;
        }
    }
    let telemetry = &export.telemetry;
    if let Some(endpoint) = &telemetry.openlineage {
        tell(export, endpoint, &lineage(run, openlineage::end), screen).await;
    }
    if let Some(endpoint) = &telemetry.otlp {
        let id = uuid(run);
        let mut span = [0; 8];
        span.copy_from_slice(&id[8..]);
        for (path, body) in [("/v1/metrics", otlp::metrics(&runs(export))), ("/v1/traces", otlp::trace(run, id, span))]
        {
            match endpoint.join(path) {
                Ok(endpoint) => tell(export, &endpoint, &body, screen).await,
                Err(cause) => screen.warning(&format!("{} is no OTLP endpoint: {cause}", endpoint.host())),
            }
        }
    }
    if let Some(file) = &telemetry.metrics_file
        && let Err(e) = metrics::write(file, &metrics::text(&runs(export)))
    {
        screen.warning(&format!("metrics are not in {}: {e}", file.display()));
    }
    on_github(run, screen);
}

/// All runs of the state folder, the newest last; none when they cannot be read, of which the history has warned.
fn runs(export: &Export) -> Vec<RunDocument> {
    history::read(&export.state).unwrap_or_default()
}

fn wants(notify: &Notify, level: Level) -> bool {
    match level {
        Level::Ok => notify.ok,
        Level::Degraded => notify.degraded,
        Level::Failed => notify.failed,
    }
}

fn lineage(run: &RunDocument, event: fn(&RunDocument, &About<'_>) -> serde_json::Value) -> serde_json::Value {
    event(run, &About { namespace: NAMESPACE, run_uuid: uuid(run), input: None, columns: &[] })
}

/// The same 128 bits at the start and the end of a run.
fn uuid(run: &RunDocument) -> [u8; 16] {
    let mut id = [0; 16];
    let name = format!("{}\n{}\n{}\n{}", run.destination.host, run.destination.list, run.export, run.run_id);
    id.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
    id
}

/// The summary of the step, and an annotation for a run that failed, where this runs as an action.
fn on_github(run: &RunDocument, screen: &Screen) {
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        if let Some(error) = &run.error {
            screen.notice(&format!("{}\n", github::error(None, &format!("{}: {}", run.export, error.message))));
        }
        if let Ok(path) = std::env::var("GITHUB_STEP_SUMMARY")
            && let Err(e) = append(Path::new(&path), &github::summary(run))
        {
            screen.warning(&format!("the step's summary cannot be written: {e}"));
        }
    }
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

async fn tell(export: &Export, endpoint: &Endpoint, document: &impl Serialize, screen: &Screen) {
    let http = HttpSettings {
        ca_file: export.connection.ca_file.clone(),
        loopback: endpoint.is_loopback(),
        timeout: TIMEOUT,
        connect_timeout: TIMEOUT,
    };
    if let Err(cause) = post(endpoint, document, &http).await {
        screen.warning(&format!("{} was not told of the run of {}: {cause}", endpoint.host(), export.name));
    }
}

/// One attempt, without a key and without following a redirect. A cause names no part of the URL.
async fn post(endpoint: &Endpoint, document: &impl Serialize, http: &HttpSettings) -> Result<(), String> {
    let body = serde_json::to_vec(document).map_err(|e| e.to_string())?;
    let request = http::Request::post(endpoint.url()).header(CONTENT_TYPE, "application/json").body(Bytes::from(body));
    let transport = HttpTransport::new(http).map_err(|e| e.to_string())?;
    let answer = transport.call(request.map_err(|e| e.to_string())?).await.map_err(|e| e.to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the answer was {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn fault_78_an_endpoint_that_never_answers_is_left_after_its_time() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/s3cret", silent.local_addr().unwrap());
        let time = Duration::from_millis(50);
        let http = HttpSettings { ca_file: None, loopback: true, timeout: time, connect_timeout: time };
        let cause = post(&Endpoint::parse(&url).unwrap(), &"document", &http).await.unwrap_err();
        assert!(cause.contains("timed out") && !cause.contains("s3cret"), "{cause}");
    }

    #[test]
    fn a_run_has_one_id_and_another_run_another() {
        let run = |name: &str| RunDocument { run_id: name.to_owned(), ..RunDocument::default() };
        assert_eq!(uuid(&run("r_1")), uuid(&run("r_1")));
        assert_ne!(uuid(&run("r_1")), uuid(&run("r_2")));
    }
}
