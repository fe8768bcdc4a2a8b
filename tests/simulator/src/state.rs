//! The one state machine behind both fronts.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{Response, StatusCode};

use crate::account::Account;
use crate::admission::forbidden;
use crate::calendar::Wall;
use crate::cut::Cut;
use crate::faults::Fault;
use crate::import::{Importer, Payload};
use crate::limit::Window;
use crate::record::{Lane, Record, Report};
use crate::reply::{Call, Reply};
use crate::routes;
use crate::settings::Settings;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) rng: Rng,
    pub(crate) account: Account,
    pub(crate) importer: Importer,
    pub(crate) report: Report,
    pub(crate) records: Vec<Record>,
    pub(crate) revoked: bool,
    pub(crate) wall: Wall,
    pub(crate) bulk: Window,
    pub(crate) single: Window,
    pub(crate) general: Window,
    /// Import requests that `throttle_every` has seen.
    pub(crate) imports_seen: u32,
}

/// What the network does to one call.
#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) jitter: Duration,
    pub(crate) latency: Duration,
    pub(crate) fault: Option<Fault>,
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            rng: Rng::with_seed(settings.seed),
            account: Account::from_template(settings.account),
            importer: Importer::default(),
            report: Report::default(),
            records: Vec::new(),
            revoked: false,
            wall: Wall::read(),
            bulk: Window::new(Duration::from_secs(60)),
            single: Window::new(Duration::from_secs(60)),
            general: Window::new(Duration::from_secs(1)),
            imports_seen: 0,
            settings,
        }
    }

    pub(crate) fn forecast(&mut self, call: &Call) -> Weather {
        let (settings, rng) = (&self.settings, &mut self.rng);
        let import = call.is_import();
        let jitter = settings.jitter.mul_f64(rng.f64());
        let latency = if import { settings.bulk_latency } else { settings.latency }.draw(rng);
        let fault = settings.faults.draw(rng, import);
        let slow = if fault == Some(Fault::Slow) { settings.faults.slow_by } else { Duration::ZERO };
        Weather { jitter: settings.lapse(jitter), latency: settings.lapse(latency + slow), fault }
    }

    /// Applies the imports that are due.
    pub(crate) fn advance(&mut self, now: Duration) {
        let Self { account, settings, report, .. } = self;
        self.importer.advance(now, self.wall, (account, settings, report));
    }

    /// Takes away contacts and imports; what was set up for them stays, or is put back.
    pub(crate) fn reset(&mut self) {
        let mut account = Account::from_template(self.settings.account);
        account.furnish_like(&self.account);
        self.account = account;
        self.importer = Importer::default();
    }

    /// Carries out a call that arrives at `now`.
    pub(crate) fn arrive(&mut self, call: &Call, fault: Option<Fault>, now: Duration) -> Result<Response<Bytes>, Cut> {
        self.advance(now);
        let payload = if call.is_import() { Payload::parse(&call.body) } else { None };
        let contacts = payload.as_ref().map_or(0, |payload| payload.contacts.len());
        let lane = match (call.is_import(), contacts) {
            (false, _) => Lane::General,
            (true, 1) => Lane::Single,
            (true, _) => Lane::Bulk,
        };
        *match lane {
            Lane::Bulk => &mut self.report.bulk_requests,
            Lane::Single => &mut self.report.single_requests,
            Lane::General => &mut self.report.general_requests,
        } += 1;
        let mut record = Record {
            at: now,
            lane,
            contacts,
            bytes: call.body.len(),
            body_hash: *blake3::hash(&call.body).as_bytes(),
            status: None,
            counted: false,
            processed: false,
            faulty: fault.is_some(),
        };
        let fault_counts = !matches!(fault, None | Some(Fault::Throttle));
        self.report.faults += u64::from(fault_counts);
        let reply = if fault == Some(Fault::CutBefore) {
            None
        } else {
            Some(self.answer(call, payload.as_ref(), fault, &mut record))
        };
        record.status = reply.as_ref().map(|reply| reply.status.as_u16());
        self.records.push(record);
        let request_id = self.records.len();
        let response = reply.map(|reply| reply.with("x-request-id", format!("simulated-{request_id}")).into_response());
        lose(response, fault, &mut self.rng)
    }

    fn answer(
        &mut self,
        call: &Call,
        payload: Option<&Payload<'_>>,
        fault: Option<Fault>,
        record: &mut Record,
    ) -> Reply {
        if let Err(reply) = self.admit(call, record.lane, fault, record.at) {
            return reply;
        }
        record.counted = true;
        let processes = !matches!(fault, Some(Fault::ServerError(_, false) | Fault::Html(false) | Fault::Forbidden));
        let reply = processes.then(|| match record.lane {
            Lane::General => routes::answer(self, call, record.at),
            Lane::Bulk | Lane::Single => routes::import::accept(self, &call.body, payload, record.at),
        });
        record.processed = reply.as_ref().is_some_and(|reply| reply.status.is_success());
        match (fault, reply) {
            (Some(Fault::ServerError(status, _)), _) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Reply::html(status, "The server had trouble")
            }
            (Some(Fault::Html(_)), _) => Reply::html(StatusCode::OK, "One moment, please"),
            (_, Some(reply)) => reply,
            (_, None) => forbidden(),
        }
    }
}

/// Loses an answer if the fault says so.
fn lose(response: Option<Response<Bytes>>, fault: Option<Fault>, rng: &mut Rng) -> Result<Response<Bytes>, Cut> {
    let response = response.ok_or(Cut::BeforeCommit)?;
    match fault {
        Some(Fault::CutAfter) => Err(Cut::AfterCommit),
        Some(Fault::Truncated) => {
            let part = response.map(|body| body.slice(..rng.usize(..body.len().max(1))));
            Err(Cut::Truncated(Box::new(part)))
        }
        _ => Ok(response),
    }
}
