//! The one state machine behind both fronts.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{Response, StatusCode};

use crate::account::Account;
use crate::calendar::Wall;
use crate::cut::Cut;
use crate::faults::Fault;
use crate::import::{Importer, Payload};
use crate::limit::Window;
use crate::record::{Lane, Record, Report};
use crate::reply::{Call, Reply};
use crate::routes;
use crate::settings::Settings;
use crate::switches::Throttle;

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
    bulk: Window,
    single: Window,
    general: Window,
    /// Import requests that `throttle_every` has seen.
    imports_seen: u32,
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
        let latency = if import {
            settings.bulk_latency
        } else {
            settings.latency
        }
        .draw(rng);
        let fault = settings.faults.draw(rng, import);
        let slow = if fault == Some(Fault::Slow) {
            settings.faults.slow_by
        } else {
            Duration::ZERO
        };
        Weather {
            jitter: settings.lapse(jitter),
            latency: settings.lapse(latency + slow),
            fault,
        }
    }

    /// Applies the imports that are due.
    pub(crate) fn advance(&mut self, now: Duration) {
        let Self {
            account,
            settings,
            report,
            ..
        } = self;
        self.importer.advance(now, self.wall, (account, settings, report));
    }

    /// Carries out a call that arrives at `now`.
    pub(crate) fn arrive(&mut self, call: &Call, fault: Option<Fault>, now: Duration) -> Result<Response<Bytes>, Cut> {
        self.advance(now);
        let payload = if call.is_import() {
            Payload::parse(&call.body)
        } else {
            None
        };
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
        let response = reply.map(|reply| {
            reply
                .with("x-request-id", format!("simulated-{request_id}"))
                .into_response()
        });
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
        let processes = !matches!(
            fault,
            Some(Fault::ServerError(_, false) | Fault::Html(false) | Fault::Forbidden)
        );
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

    /// Lets a call pass, or says why not.
    fn admit(&mut self, call: &Call, lane: Lane, fault: Option<Fault>, now: Duration) -> Result<(), Reply> {
        let sent = call.token.as_ref().map(|token| token.as_bytes());
        if self.revoked || sent != Some(self.settings.token.reveal().as_bytes()) {
            self.report.denied += 1;
            return Err(forbidden());
        }
        if self.throttles_by_chance(lane, fault) {
            self.report.throttled_by_chance += 1;
            return Err(self.throttled(lane, Duration::from_secs(1)));
        }
        let (settings, form) = (&self.settings, self.settings.window);
        let limits = &settings.limits;
        let is_general = lane == Lane::General || settings.bulk_in_general;
        if is_general {
            let wait = self.general.wait(now, settings.scaled(limits.general_per_second), form);
            if !wait.is_zero() {
                self.report.throttled_general += u64::from(lane == Lane::General);
                self.report.throttled += u64::from(lane != Lane::General);
                return Err(self.throttled(Lane::General, wait));
            }
        }
        let is_single = lane == Lane::Single;
        let is_bulk = lane == Lane::Bulk || (is_single && limits.single_counts_as_bulk);
        let mut wait = Duration::ZERO;
        if is_bulk {
            wait = self.bulk.wait(now, settings.scaled(limits.bulk_per_minute), form);
        }
        if is_single {
            wait = wait.max(self.single.wait(now, settings.scaled(limits.single_per_minute), form));
        }
        if !wait.is_zero() {
            self.report.throttled += 1;
            return Err(self.throttled(lane, wait));
        }
        let windows = [
            (is_general, &mut self.general),
            (is_bulk, &mut self.bulk),
            (is_single, &mut self.single),
        ];
        for (_, window) in windows.into_iter().filter(|(counts, _)| *counts) {
            window.take(now);
        }
        Ok(())
    }

    fn throttles_by_chance(&mut self, lane: Lane, fault: Option<Fault>) -> bool {
        let mut turn = false;
        if lane != Lane::General {
            self.imports_seen = self.imports_seen.wrapping_add(1);
            let every = self.settings.throttle_every.filter(|&every| every > 0);
            turn = every.is_some_and(|every| self.imports_seen.is_multiple_of(every));
        }
        turn || fault == Some(Fault::Throttle)
    }

    fn throttled(&self, lane: Lane, wait: Duration) -> Reply {
        let limits = &self.settings.limits;
        match (self.settings.throttle, lane) {
            (Throttle::BadRequest, Lane::Bulk) => {
                routes::import::throttled("Up to 100 imports may be requested per minute.")
            }
            (Throttle::BadRequest, Lane::Single) => {
                routes::import::throttled("Up to 20 imports of a single contact may be requested per minute.")
            }
            (Throttle::Unavailable, _) => Reply::html(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            (Throttle::TooManyRequests | Throttle::BadRequest, _) => {
                let limit = match lane {
                    Lane::Bulk => limits.bulk_per_minute,
                    Lane::Single => limits.single_per_minute,
                    Lane::General => limits.general_per_second,
                };
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Reply::message(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
                    .with("retry-after", seconds)
                    .with("ratelimit-limit", self.settings.scaled(limit))
                    .with("ratelimit-remaining", 0)
            }
        }
    }
}

fn forbidden() -> Reply {
    Reply::message(StatusCode::FORBIDDEN, "You are not permitted to access this resource")
}

/// Loses an answer if the fault says so.
fn lose(response: Option<Response<Bytes>>, fault: Option<Fault>, rng: &mut Rng) -> Result<Response<Bytes>, Cut> {
    let response = response.ok_or(Cut::BeforeCommit)?;
    match fault {
        Some(Fault::CutAfter) => Err(Cut::AfterCommit),
        Some(Fault::Truncated) => {
            let (parts, mut body) = response.into_parts();
            body.truncate(rng.usize(..body.len().max(1)));
            Err(Cut::Truncated {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        }
        _ => Ok(response),
    }
}
