//! The line between a run and a simulated account. A test decides what becomes of each call, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{Error, Export, Observer, Place, Reject, RejectTable, RejectWriter, Rejects, Report, Sink, Source};
use enlist_kit::{KEY, World};
use enlist_simulator::Simulator;
use enlist_sink_activecampaign::{ActiveCampaign, HttpSettings, Settings, Transport, TransportError};
use http::{Method, Request, Response};
use tokio::time::{Instant, timeout};

/// What becomes of a call.
pub(crate) enum Fate {
    /// The account answers.
    Pass,
    /// The call does not leave: no address, no connection.
    NotSent,
    /// The account never hears of the call, and the client cannot know that.
    Dropped,
    /// The account carries the call out; the answer is lost.
    Lost,
    /// The account carries the call out; only so many bytes of the body of its answer arrive, as if they were all.
    Cut(usize),
    /// The account carries the call out; its answer takes this long.
    Slow(Duration),
    /// The account carries the call out; this arrives in place of its answer.
    Replaced(Response<Bytes>),
    /// The account never hears of the call; this arrives.
    Answered(Response<Bytes>),
    /// The account never hears of the call; the answer to the first import arrives once more.
    Repeated,
}

/// A call as it left.
#[derive(Clone)]
pub(crate) struct Call {
    /// Number among the imports, or among the other calls, from 1.
    pub(crate) nth: usize,
    /// Whether it is an import request.
    pub(crate) import: bool,
    /// Path and query below `/api/3`.
    pub(crate) path: String,
    pub(crate) body: Bytes,
    /// Time since the line was made.
    pub(crate) at: Duration,
}

impl Call {
    /// Whether it is an import with this text in its body.
    pub(crate) fn imports(&self, text: &str) -> bool {
        self.import && self.body.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// The import it asks about, if it does.
    pub(crate) fn job(&self) -> Option<&str> {
        self.path.strip_prefix("/import/info?batchId=")
    }
}

type Rule = Box<dyn Fn(&Call) -> Fate + Send + Sync>;

/// A transport that asks its rule about each call.
pub(crate) struct Wire {
    simulator: Simulator,
    rule: Rule,
    made: Instant,
    calls: Mutex<Vec<Call>>,
    arrived: Mutex<Vec<(Call, Bytes)>>,
}

impl Wire {
    /// A line to the account of `world`.
    pub(crate) fn new(world: &World, rule: impl Fn(&Call) -> Fate + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            simulator: world.simulator.clone(),
            rule: Box::new(rule),
            made: Instant::now(),
            calls: Mutex::default(),
            arrived: Mutex::default(),
        })
    }

    /// A line on which imports are in the hands of `rule`, and all other calls pass.
    pub(crate) fn importing(world: &World, rule: impl Fn(&Call) -> Fate + Send + Sync + 'static) -> Arc<Self> {
        Self::new(world, move |call| if call.import { rule(call) } else { Fate::Pass })
    }

    /// The sink of the demo list, reached over this line.
    pub(crate) fn sink(self: &Arc<Self>) -> Arc<dyn Sink> {
        Arc::new(ActiveCampaign::new(settings("127.0.0.1:1", 1), Arc::clone(self) as Arc<dyn Transport>).unwrap())
    }

    /// A run of `world` over this line.
    pub(crate) async fn run(self: &Arc<Self>, world: &World, source: impl Source + 'static) -> Result<Report, Error> {
        self.export(world, source).run(world.state()?, Observer::none()).await
    }

    /// The same, with the rows it rejected.
    pub(crate) async fn run_with_rejects(
        self: &Arc<Self>,
        world: &World,
        source: impl Source + 'static,
    ) -> (Report, Vec<Reject>) {
        let table = Shared::default();
        let observer = Observer { rejects: Box::new(table.clone()), ..Observer::none() };
        let report = self.export(world, source).run(world.state().unwrap(), observer).await.unwrap();
        let rejects = table.0.lock().unwrap().rejects.iter().cloned().collect();
        (report, rejects)
    }

    fn export(self: &Arc<Self>, world: &World, source: impl Source + 'static) -> Export {
        Export { sink: self.sink(), ..world.export(source).unwrap() }
    }

    /// Every call, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Every import request, in order.
    pub(crate) fn imports(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.import).collect()
    }

    /// Every answer that arrived, with its call.
    pub(crate) fn arrived(&self) -> Vec<(Call, Bytes)> {
        self.arrived.lock().unwrap().clone()
    }

    fn first_import_answer(&self) -> Bytes {
        self.arrived().into_iter().find(|(call, _)| call.import).unwrap().1
    }

    fn note(&self, request: &Request<Bytes>) -> Call {
        let path = request.uri().path_and_query().unwrap().as_str().trim_start_matches("/api/3").to_owned();
        let import = request.method() == Method::POST && path == "/import/bulk_import";
        let mut calls = self.calls.lock().unwrap();
        let nth = calls.iter().filter(|call| call.import == import).count() + 1;
        let call = Call { nth, import, path, body: request.body().clone(), at: self.made.elapsed() };
        calls.push(call.clone());
        call
    }

    async fn carry(&self, call: &Call, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let fate = (self.rule)(call);
        let lost = || TransportError::InDoubt("connection reset".into());
        let heard = match fate {
            Fate::NotSent => {
                return Err(TransportError::NotSent("the host name cannot be resolved: no address".into()));
            }
            Fate::Dropped => return Err(lost()),
            Fate::Answered(answer) => return Ok(answer),
            Fate::Repeated => return Ok(answer(200, &[], self.first_import_answer())),
            _ => self.simulator.call(request).await.map_err(|_| lost())?,
        };
        match fate {
            Fate::Lost => Err(lost()),
            Fate::Cut(length) => Ok(heard.map(|body| body.slice(..length.min(body.len())))),
            Fate::Replaced(answer) => Ok(answer),
            Fate::Slow(time) => {
                tokio::time::sleep(time).await;
                Ok(heard)
            }
            _ => Ok(heard),
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let call = self.note(&request);
        // As long as the transport of real life waits for a whole answer.
        let result = timeout(HttpSettings::default().timeout, self.carry(&call, request)).await;
        let result = result.unwrap_or_else(|_| Err(TransportError::InDoubt("the answer took too long".into())));
        if let Ok(answer) = &result {
            self.arrived.lock().unwrap().push((call, answer.body().clone()));
        }
        result
    }
}

/// How the list of an account behind `host` is reached.
pub(crate) fn settings(host: &str, list: u64) -> Settings {
    Settings {
        host: host.into(),
        allow_host: false,
        key: KEY.to_owned().into(),
        list,
        tags: Vec::new(),
        automations: false,
        ca_file: None,
    }
}

/// An answer with headers as `name: value` lines.
pub(crate) fn answer(status: u16, headers: &[&str], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers.iter().filter_map(|line| line.split_once(": ")) {
        answer = answer.header(name, value);
    }
    answer.body(body.into()).unwrap()
}

/// Row numbers of rejects, in order.
pub(crate) fn rows(rejects: &[Reject]) -> Vec<u64> {
    let mut rows: Vec<u64> = rejects.iter().map(|Reject { place: Place { row, .. }, .. }| *row).collect();
    rows.sort_unstable();
    rows
}

/// A table of rejects that its test keeps a hand on.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<RejectTable>>);

impl RejectWriter for Shared {
    fn write(&mut self, origins: &[String], rejects: &Rejects) -> Result<(), Error> {
        self.0.lock().unwrap().write(origins, rejects)
    }
}
