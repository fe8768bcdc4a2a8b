//! Metrics for whoever fetches them, as long as runs last.

use std::path::PathBuf;

use axum::Router;
use axum::routing::get;
use enlist_signals::metrics;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::history;
use crate::output::Screen;
use crate::spec::Export;

/// The variable that tells a run that whoever started it serves metrics, and goes on when the run has ended.
pub const SERVED: &str = "ENLIST_METRICS_SERVED";

/// Serves `/metrics` until it is closed.
#[derive(Debug)]
pub struct Listener {
    task: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens where `export` says, if it does and nobody does so for it; a place that is taken is a warning.
    pub async fn open(export: &Export, screen: &Screen) -> Self {
        let served = std::env::var_os(SERVED).is_some();
        let Some(address) = export.telemetry.metrics_addr.filter(|_| !served) else { return Self { task: None } };
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(e) => {
                screen.warning(&format!("metrics are not served at {address}: {e}"));
                return Self { task: None };
            }
        };
        let state = export.state.clone();
        let routes = Router::new().route("/metrics", get(move || answer(state.clone())));
        let task = tokio::spawn(async move {
            if let Err(e) = axum::serve(listener, routes).await {
                tracing::warn!(error = %e, "metrics are not served any more");
            }
        });
        Self { task: Some(task) }
    }

    /// Whether anybody is answered.
    pub fn is_open(&self) -> bool {
        self.task.is_some()
    }

    /// Stops serving.
    pub fn close(self) {
        if let Some(task) = self.task {
            task.abort();
        }
    }
}

async fn answer(state: PathBuf) -> ([(http::HeaderName, &'static str); 1], String) {
    let runs = history::read(&state).unwrap_or_default();
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&runs))
}
