//! The preflight: nothing is read and nothing is sent before the destination has answered.

use std::time::Duration;

use super::access::revoked;
use super::pacer::Pacer;
use super::retry;
use crate::{Clock, Destination, Error, ErrorKind, Lane, SendError, Sink};

/// Attempts before the destination counts as out of reach.
const ATTEMPTS: u32 = 3;

/// Reads what has to be known of the destination; a passing fault is tried again.
///
/// # Errors
/// [`ErrorKind::Unfinished`] when it is out of reach, [`ErrorKind::Access`] when the key is refused, and what the sink
/// finds missing there.
pub async fn check_destination(sink: &dyn Sink, pacer: &Pacer, clock: &Clock) -> Result<Destination, Error> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let cause = match sink.check(pacer).await {
            Ok(destination) => return Ok(destination),
            Err(SendError::Fatal(error)) => return Err(error),
            Err(cause) => cause,
        };
        if attempt == ATTEMPTS {
            return Err(out_of_reach(sink.account(), cause));
        }
        if let SendError::Throttled { retry_after } = cause {
            pacer.hold(Lane::General, retry_after)?;
        }
        clock.sleep(retry::backoff(attempt, 1.0).max(Duration::from_secs(1))).await;
    }
}

fn out_of_reach(host: &str, cause: SendError) -> Error {
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
