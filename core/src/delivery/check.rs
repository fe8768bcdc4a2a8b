//! The preflight: nothing is read and nothing is sent before the destination has answered.

use std::time::Duration;

use super::access::revoked;
use super::pacer::Pacer;
use super::retry;
use crate::{Clock, Destination, Error, ErrorKind, Lane, SendError, Sink};

/// Faults before the destination counts as out of reach.
const ATTEMPTS: u32 = 3;

/// For how long throttled attempts are repeated. Each lowers our own rate: exporters on several machines that start
/// together find room this way.
const PATIENCE: Duration = Duration::from_secs(120);

/// Reads what has to be known of the destination; a passing fault is tried again.
///
/// # Errors
/// [`ErrorKind::Unfinished`] when it is out of reach, [`ErrorKind::Access`] when the key is refused, and what the sink
/// finds missing there.
pub async fn check_destination(sink: &dyn Sink, pacer: &Pacer, clock: &Clock) -> Result<Destination, Error> {
    let (patient_until, mut faults) = (clock.now() + PATIENCE, 0);
    loop {
        match sink.check(pacer).await {
            Ok(destination) => return Ok(destination),
            Err(SendError::Fatal(error)) => return Err(error),
            Err(SendError::Throttled { retry_after }) if clock.now() < patient_until => {
                // The next attempt waits for the end of the hold by itself.
                pacer.hold(Lane::General, retry_after)?;
            }
            Err(cause) => {
                faults += 1;
                if faults >= ATTEMPTS || matches!(cause, SendError::Throttled { .. }) {
                    return Err(out_of_reach(sink.account(), cause));
                }
                clock.sleep(retry::backoff(faults, 1.0)).await;
            }
        }
    }
}

pub(crate) fn out_of_reach(host: &str, cause: SendError) -> Error {
    let (what, cause) = match cause {
        SendError::Denied(cause) => return revoked(&cause),
        SendError::Undelivered(cause) => ("cannot reach", cause),
        SendError::InDoubt(cause) | SendError::Malformed(cause) => ("cannot understand", cause),
        SendError::Throttled { .. } => ("is throttled by", "too many requests".into()),
        SendError::Invalid(_) | SendError::TooLarge | SendError::Fatal(_) => ("cannot use", "unexpected answer".into()),
    };
    Error::new(ErrorKind::Unfinished, "network::unreachable", format!("{what} {host}: {cause}"))
        .help("check the host name and the network, then run the same command again; nothing was sent")
}
