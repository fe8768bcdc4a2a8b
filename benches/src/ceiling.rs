//! How close a run comes to the rate ActiveCampaign allows: virtual time, true limits, the real sink.

use std::time::Duration;

use enlist_kit::{People, World};
use enlist_simulator::{Latency, Settings};

use crate::result::Results;

type Failure = Box<dyn std::error::Error>;

/// Exports so many people to an account whose every answer takes `latency` seconds.
pub(crate) fn measure(rows: u64, latency: f64, results: &mut Results) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let settings =
            Settings { bulk_latency: Latency::Fixed(latency), latency: Latency::Fixed(latency), ..Settings::default() };
        let world = World::new(settings);
        let report = world.run(People::clean(rows).source()).await?;
        if let Some(error) = report.error {
            return Err(error.into());
        }
        let seen = world.simulator.report();
        if seen.contacts as u64 != rows {
            return Err(format!("{} of {rows} contacts are there", seen.contacts).into());
        }
        let minutes = report.elapsed.as_secs_f64() / 60.0;
        let sending = sending_minutes(&world);
        let mut add = |what: &str, value, unit| results.add(format!("{what}, answers after {latency} s"), value, unit);
        add("whole run, virtual time", minutes, "min");
        add("import requests", seen.bulk_requests as f64, "requests");
        add("most imports in 60 s (limit 100)", seen.worst_minute as f64, "requests");
        add("most other calls in 1 s (limit 5)", seen.worst_second as f64, "calls");
        add("throttled", (seen.throttled + seen.throttled_general) as f64, "answers");
        add("rate while sending (ceiling 25,000)", rows as f64 / sending, "contacts/min");
        Ok(())
    })
}

/// From the first import to one interval after the last.
fn sending_minutes(world: &World) -> f64 {
    let imports: Vec<Duration> =
        world.simulator.records().iter().filter(|record| record.contacts > 0).map(|record| record.at).collect();
    let (Some(first), Some(last)) = (imports.first(), imports.last()) else {
        return f64::NAN;
    };
    let intervals = imports.len().saturating_sub(1).max(1) as f64;
    (*last - *first).as_secs_f64() / intervals * imports.len() as f64 / 60.0
}
