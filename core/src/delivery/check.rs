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
/// [`ErrorKind::Unfinished`] when it is out of reach or takes no call for two minutes, [`ErrorKind::Access`] when the key is refused, and what the sink
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
        SendError::Throttled { .. } => return throttled(host),
        SendError::Invalid(_) | SendError::TooLarge | SendError::Fatal(_) => ("cannot use", "unexpected answer".into()),
    };
    Error::new(ErrorKind::Unfinished, "network::unreachable", format!("{what} {host}: {cause}"))
        .help("check the host name and the network, then run the same command again; nothing was sent")
}

/// The error for an account that asks to slow down for longer than anybody waits.
fn throttled(account: &str) -> Error {
    let minutes = PATIENCE.as_secs() / 60;
    let message = format!("the account {account} took no call for {minutes} minutes: its limit of calls is used up");
    Error::new(ErrorKind::Unfinished, "network::throttled", message)
        .help("another program calls the same account: run the same command again when it has ended; nothing was sent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_only_throttles_is_named_with_the_cause_and_what_to_do() {
        let error = out_of_reach("acme.example.com", SendError::Throttled { retry_after: None });
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unfinished, "network::throttled"));
        let said = "the account acme.example.com took no call for 2 minutes: its limit of calls is used up";
        assert_eq!(error.to_string(), said);
        assert!(error.help_text().is_some_and(|help| help.contains("another program")));
    }
}
