//! How the account behaves, and how the network fails, in one history.

use std::time::Duration;

use enlist_simulator::{
    Complaints, FaultScope, Faults, Latency, Oversize, Processing, Settings, SuccessKey, SuccessValue, Throttle,
    UnknownBatch, WindowForm,
};
use fastrand::Rng;

/// Draws an account. Each fault is there in two of five histories.
pub(crate) fn settings(chance: &mut Rng, seed: u64) -> Settings {
    // One history in ten meets a storm.
    let storm = if chance.u8(..10) == 0 { 3.0 } else { 1.0 };
    let faults = Faults {
        scope: *pick(chance, &[FaultScope::All, FaultScope::Bulk, FaultScope::Bulk, FaultScope::General]),
        throttle: share(chance, 0.1 * storm),
        server_error: share(chance, 0.1 * storm),
        html: share(chance, 0.05 * storm),
        forbidden: share(chance, 0.05),
        cut_before: share(chance, 0.1 * storm),
        cut_after: share(chance, 0.15 * storm),
        truncated: share(chance, 0.1 * storm),
        slow: share(chance, 0.05 * storm),
        slow_by: Duration::from_secs(*pick(chance, &[5, 30, 70, 200])),
    };
    let processing = Processing {
        contacts_per_second: *pick(chance, &[0.0, 1_000.0, 20.0, 1.0]),
        delay: Duration::from_secs(*pick(chance, &[0, 5, 5, 60, 300])),
        out_of_order: share(chance, 0.6),
        held_back: Duration::from_secs(chance.u64(..900)),
        failed: share(chance, 0.15),
        interrupted: share(chance, 0.15),
        forgotten: share(chance, 0.1),
        retention: *pick(chance, &[Processing::default().retention, Duration::from_secs(600)]),
    };
    Settings {
        seed,
        faults,
        processing,
        bulk_latency: *pick(chance, &[Latency::Fixed(0.0), Latency::Fixed(2.0), Latency::bulk()]),
        latency: *pick(chance, &[Latency::Fixed(0.0), Latency::recorded()]),
        throttle: *pick(chance, &[Throttle::BadRequest, Throttle::TooManyRequests, Throttle::Unavailable]),
        throttle_every: *pick(chance, &[None, None, None, Some(5)]),
        window: *pick(chance, &[WindowForm::Rolling, WindowForm::Fixed]),
        fail_async: share(chance, 0.08),
        fail_accept: share(chance, 0.08),
        first_index: chance.u32(..2),
        complaints: *pick(chance, &[Complaints::All, Complaints::First]),
        success_key: *pick(chance, &[SuccessKey::Lower, SuccessKey::Capital]),
        success_value: *pick(chance, &[SuccessValue::One, SuccessValue::Count]),
        unknown_batch: *pick(chance, &[UnknownBatch::NotFound, UnknownBatch::BadRequest, UnknownBatch::False]),
        oversize: *pick(chance, &[Oversize::BadRequest, Oversize::PayloadTooLarge]),
        status_false: Duration::from_secs(chance.u64(..3)),
        may_read_account: chance.bool(),
        ..Settings::default()
    }
}

/// Ends everything that may pass: what an account refuses for good stays refused.
pub(crate) fn clear_up(settings: &mut Settings) {
    settings.faults = Faults::default();
    settings.throttle_every = None;
    let processing = &mut settings.processing;
    (processing.failed, processing.interrupted, processing.forgotten) = (0.0, 0.0, 0.0);
    (processing.out_of_order, processing.delay) = (0.0, processing.delay.min(Duration::from_secs(5)));
}

/// Names of what can be left out.
pub(crate) fn parts(settings: &Settings) -> impl Iterator<Item = &'static str> {
    let mut settings = settings.clone();
    shares(&mut settings)
        .into_iter()
        .filter(|(_, share)| **share > 0.0)
        .map(|(name, _)| name)
        .collect::<Vec<_>>()
        .into_iter()
}

pub(crate) fn leave_out(settings: &mut Settings, part: &str) {
    for (name, share) in shares(settings) {
        if name == part {
            *share = 0.0;
        }
    }
}

fn shares(settings: &mut Settings) -> [(&'static str, &mut f64); 14] {
    let Settings { faults, processing, fail_async, fail_accept, .. } = settings;
    [
        ("throttle", &mut faults.throttle),
        ("server_error", &mut faults.server_error),
        ("html", &mut faults.html),
        ("forbidden", &mut faults.forbidden),
        ("cut_before", &mut faults.cut_before),
        ("cut_after", &mut faults.cut_after),
        ("truncated", &mut faults.truncated),
        ("slow", &mut faults.slow),
        ("out_of_order", &mut processing.out_of_order),
        ("failed", &mut processing.failed),
        ("interrupted", &mut processing.interrupted),
        ("forgotten", &mut processing.forgotten),
        ("fail_async", fail_async),
        ("fail_accept", fail_accept),
    ]
}

fn share(chance: &mut Rng, most: f64) -> f64 {
    let share = most * chance.f64();
    if chance.u8(..5) < 2 { share } else { 0.0 }
}

fn pick<'a, T>(chance: &mut Rng, choices: &'a [T]) -> &'a T {
    &choices[chance.usize(..choices.len())]
}
