//! Who may pass: the token and the rate limits.

use std::time::Duration;

use http::StatusCode;

use crate::faults::Fault;
use crate::record::Lane;
use crate::reply::{Call, Reply};
use crate::routes;
use crate::state::State;
use crate::switches::Throttle;

impl State {
    /// Lets a call pass, or says why not.
    pub(crate) fn admit(&mut self, call: &Call, lane: Lane, fault: Option<Fault>, now: Duration) -> Result<(), Reply> {
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
        let windows = [(is_general, &mut self.general), (is_bulk, &mut self.bulk), (is_single, &mut self.single)];
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

pub(crate) fn forbidden() -> Reply {
    Reply::message(StatusCode::FORBIDDEN, "You are not permitted to access this resource")
}
