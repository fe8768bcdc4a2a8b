//! Telling other systems of runs. Whatever comes of it, a run stays what it was: a failure here is a warning.

mod listener;
mod pipes;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use arrow::datatypes::FieldRef;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use enlist_core::Source;
use enlist_history::{RunDocument, SCHEMA};
use enlist_signals::openlineage::About;
use enlist_signals::{Level, github, metrics, openlineage, otlp, slack};
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport};
use http::header::CONTENT_TYPE;
use serde::Serialize;

pub use listener::{Listener, SERVED};
pub use pipes::Pipes;

use crate::connectors;
use crate::output::Screen;
use crate::spec::{Endpoint, Export, Notify};
use crate::{history, rejects, views};

/// Time for one call. The run is over: nobody waits longer for somebody who may not be there.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The namespace of jobs in lineage events: each is an export of this tool.
const NAMESPACE: &str = "enlist";

/// Tells everybody who wants to know of one run: that it begins, and how it ended.
pub struct Teller<'a> {
    export: &'a Export,
    screen: &'a Screen,
    /// The same 128 bits in everything that is told of the run.
    id: [u8; 16],
    /// What is known of it at its start.
    start: RunDocument,
    /// Names and types of what it reads.
    columns: Vec<(String, String)>,
    begun: bool,
}

impl<'a> Teller<'a> {
    /// For the run `run` of `export`.
    pub fn of(export: &'a Export, run: &str, started: DateTime<Utc>, screen: &'a Screen) -> Self {
        let host = connectors::host(&export.connection).ok().filter(|_| !export.connection.is_simulator());
        let start = RunDocument {
            schema: SCHEMA.to_owned(),
            run_id: run.to_owned(),
            export: export.name.clone(),
            started_at: views::stamp(started),
            source: enlist_history::SourceRead { name: export.source_name(), ..Default::default() },
            destination: enlist_history::Destination {
                host: host.map_or_else(|| export.connection.host.clone(), |host| host.name().to_owned()),
                list: export.list,
                ..Default::default()
            },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..RunDocument::default()
        };
        Self { export, screen, id: uuid(&start), start, columns: Vec::new(), begun: false }
    }

    /// Says that the run begins to read `source`.
    pub async fn begin(&mut self, source: &dyn Source) {
        if self.export.telemetry.openlineage.is_some()
            && let Ok(schema) = source.schema().await
        {
            let column = |field: &FieldRef| (field.name().clone(), field.data_type().to_string());
            self.columns = schema.fields().iter().map(column).collect();
        }
        self.announce().await;
    }

    /// Says where lineage is kept that the run begins, once.
    async fn announce(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.lineage(&self.start, openlineage::start).await;
        }
    }

    /// Says how it ended. It is in the history already.
    pub async fn end(mut self, run: &RunDocument) {
        for notify in self.export.notify.iter().filter(|notify| wants(notify, Level::of(run))) {
            if notify.endpoint.host() == slack::HOST {
                self.tell(&notify.endpoint, &slack::text(run)).await;
            } else {
                self.tell(&notify.endpoint, &abroad(run)).await;
            }
        }
        // An end without a start means nothing to who keeps lineage, also of a run that was refused before it read.
        self.announce().await;
        self.lineage(run, openlineage::end).await;
        if let Some(endpoint) = &self.export.telemetry.otlp {
            self.otlp(endpoint, run).await;
        }
        if let Some(file) = &self.export.telemetry.metrics_file
            && let Err(e) = metrics::write(file, &metrics::text(&runs(self.export)))
        {
            self.screen.warning(&format!("metrics are not in {}: {e}", file.display()));
        }
        on_github(run, self.screen);
    }

    async fn lineage(&self, run: &RunDocument, event: fn(&RunDocument, &About<'_>) -> serde_json::Value) {
        let Some(endpoint) = &self.export.telemetry.openlineage else { return };
        let sql = self.export.sql.as_deref();
        let about = About { namespace: NAMESPACE, run_uuid: self.id, input: None, columns: &self.columns, sql };
        self.tell(endpoint, &event(run, &about)).await;
    }

    async fn otlp(&self, endpoint: &Endpoint, run: &RunDocument) {
        let mut span = [0; 8];
        span.copy_from_slice(&self.id[8..]);
        let metrics = otlp::metrics(&runs(self.export));
        for (path, body) in [("/v1/metrics", metrics), ("/v1/traces", otlp::trace(run, self.id, span))] {
            match endpoint.join(path) {
                Ok(endpoint) => self.tell(&endpoint, &body).await,
                Err(cause) => self.screen.warning(&format!("{} is no OTLP endpoint: {cause}", endpoint.host())),
            }
        }
    }

    async fn tell(&self, endpoint: &Endpoint, document: &impl Serialize) {
        let http = HttpSettings {
            ca_file: self.export.connection.ca_file.clone(),
            loopback: endpoint.is_loopback(),
            timeout: TIMEOUT,
            connect_timeout: TIMEOUT,
        };
        if let Err(cause) = post(endpoint, document, &http).await {
            let name = &self.export.name;
            self.screen.warning(&format!("{} was not told of the run of {name}: {cause}", endpoint.host()));
        }
    }
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

/// 128 bits that no other run has.
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

/// The document as it leaves this machine: folders of it may be called after people and customers.
fn abroad(run: &RunDocument) -> RunDocument {
    let rejects_file = run.rejects_file.as_deref().map(rejects::name);
    RunDocument { rejects_file, ..run.clone() }
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
        let time = Duration::from_millis(500);
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
