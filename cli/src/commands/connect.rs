//! `connect`: somebody agrees that people's data goes to an account, and the key is tested.

mod add;
mod ask;
mod insert;
mod keep;

use std::io::{self, BufRead};
use std::path::Path;

use enlist_core::{Error, ErrorKind, Lane, SendError};
use serde_json::json;

use crate::args::{ConnectArgs, Global, parse_person};
use crate::connectors;
use crate::consent::{self, Standing};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::clean;
use crate::spec::{self, Connection, Environment};

/// What has to be typed.
const WORDS: &str = "I agree";

/// Asks, tests and records; or only tells what is recorded; or revokes it. Ends by telling what is recorded. This very
/// machine needs no consent: only the key is tested.
pub async fn connect(args: &ConnectArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let calls = !args.check && !args.revoke;
    // Keys are none of the business of a connection that is added or looked at.
    let known = match (calls, &args.host, &args.state) {
        (false, Some(_), Some(_)) => None,
        _ => spec::load_without_secrets(global.config.as_deref())?,
    };
    if let Some(name) = add::name(args, known.as_ref(), ask::can_ask(global))? {
        return add::add(&name, args, global, screen, known.as_ref()).await;
    }
    let spec = if calls { spec::load(global.config.as_deref())? } else { known };
    let environment = Environment::of_spec(spec.as_ref())?;
    let (connection, state) = spec::account(args, spec.as_ref(), &environment)?;
    let host = connectors::host(&connection)?;
    if host.is_loopback() {
        if calls && !connection.is_simulator() {
            test(&connection, host.name()).await?;
            screen.notice(&format!("{} accepts the key\n", clean(host.name())));
        }
    } else if args.revoke {
        if Standing::of(host.name(), &state)? != Standing::Missing {
            consent::revoke(host.name(), &who(args), &state)?;
        }
    } else if calls {
        agreed(args, global, screen, host.name())?;
        test(&connection, host.name()).await?;
        consent::agree(host.name(), who(args), &state)?;
    }
    end(&connection, &state, args, screen)
}

/// Tells what is recorded.
fn end(connection: &Connection, state: &Path, args: &ConnectArgs, screen: &Screen) -> Result<Exit, Failure> {
    let host = connectors::host(connection)?;
    let standing = if host.is_loopback() { Standing::Missing } else { Standing::of(host.name(), state)? };
    let document = document(host.name(), host.is_loopback(), &standing);
    screen.result(&told(&shown(connection, host.name()), host.is_loopback(), &standing), &document);
    let holds = host.is_loopback() || matches!(standing, Standing::InForce(_));
    Ok(if holds || args.revoke { Exit::Done } else { Exit::Access })
}

/// Shows the text, and returns when somebody agrees to it.
fn agreed(args: &ConnectArgs, global: &Global, screen: &Screen, host: &str) -> Result<(), Failure> {
    screen.notice(&consent::text(host));
    let terminal = ask::can_ask(global);
    if args.agree && (terminal || args.by.is_some()) {
        return Ok(());
    }
    if !terminal {
        return Err(Failure::config("usage::agree", "nobody can be asked here").help(
            "on a terminal: the same command; elsewhere: with --agree --by NAME too, after reading the text above",
        ));
    }
    screen.notice(&format!("\nType \"{WORDS}\" to agree: "));
    if is_agreement(&mut io::stdin().lock()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Access, "access::consent", "nobody agreed: nothing was called, nothing recorded")
        .help(format!("type {WORDS}, or leave it"))
        .into())
}

/// Whether the next line is the agreement. No line is none.
fn is_agreement(answers: &mut impl BufRead) -> bool {
    let mut line = String::new();
    answers.read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case(WORDS)
}

/// The name given, or else the one the user has on this machine, where it can be put on record.
fn who(args: &ConnectArgs) -> String {
    let user = || ["LOGNAME", "USER"].iter().find_map(|name| parse_person(&std::env::var(name).ok()?).ok());
    let number = || format!("user {}", rustix::process::getuid().as_raw());
    args.by.clone().or_else(user).unwrap_or_else(number)
}

/// Calls the account once.
async fn test(connection: &Connection, host: &str) -> Result<(), Error> {
    let account = connectors::account(connection)?;
    exports::pacer(&*account)?.turn(Lane::General).await?;
    let out_of_reach = |what: &str, cause: &str| {
        Error::new(ErrorKind::Unfinished, "network::unreachable", format!("{what} {host}: {cause}"))
            .help("check the host name and the network, then run the same command again; nothing was recorded")
    };
    account.probe().await.map_err(|error| match error {
        SendError::Fatal(error) => error,
        SendError::Denied(cause) => {
            Error::new(ErrorKind::Access, "access::key", format!("{host} rejects the API key ({cause})"))
                .help("copy the key from Settings > Developer to where it is read; nothing was recorded")
        }
        SendError::Throttled { .. } => {
            let message = format!("{host} takes no call: its limit of calls is used up");
            Error::new(ErrorKind::Unfinished, "network::throttled", message)
                .help("run the same command again when the other program that calls it has ended; nothing was recorded")
        }
        SendError::Undelivered(cause) => out_of_reach("cannot reach", &cause),
        SendError::InDoubt(cause) | SendError::Malformed(cause) => out_of_reach("cannot understand", &cause),
        SendError::Invalid(_) | SendError::TooLarge => out_of_reach("cannot use", "unexpected answer"),
    })
}

/// What people call the account: its display name with the host, or the host.
fn shown(connection: &Connection, host: &str) -> String {
    connection.display_name.as_ref().map_or_else(|| clean(host), |name| format!("{} ({})", clean(name), clean(host)))
}

fn told(host: &str, loopback: bool, standing: &Standing) -> String {
    let given = standing
        .consent()
        .map(|consent| format!("{} agreed on {} that people's data goes to {host}", clean(&consent.by), consent.at));
    match (standing, given) {
        (Standing::Revoked(consent), Some(given)) => {
            let by = consent.revoked_by.as_deref().unwrap_or_default();
            let at = consent.revoked_at.as_deref().unwrap_or_default();
            format!("{given}\nRevoked by {} on {at}: runs are refused\n", clean(by))
        }
        (Standing::OtherText(_), Some(given)) => format!("{given}\nThe text has changed since: runs are refused\n"),
        (_, Some(given)) => format!("{given}\n"),
        (_, None) if loopback => format!("{host} is this machine: no consent is needed\n"),
        (_, None) => format!("no consent recorded for {host}\n"),
    }
}

fn document(host: &str, loopback: bool, standing: &Standing) -> serde_json::Value {
    json!({
        "schema": "enlist.connect/1",
        "host": host,
        "needed": !loopback,
        "in_force": matches!(standing, Standing::InForce(_)),
        "text": consent::fingerprint(host),
        "consent": standing.consent(),
    })
}

#[cfg(test)]
mod tests {
    use super::is_agreement;

    #[test]
    fn only_the_words_are_an_agreement() {
        for (typed, agrees) in [
            ("I agree\n", true),
            ("  i AGREE \r\n", true),
            ("I agree", true),
            ("", false),
            ("\n", false),
            ("y\n", false),
            ("yes\n", false),
            ("I agree not\n", false),
            ("no\nI agree\n", false),
        ] {
            assert_eq!(is_agreement(&mut typed.as_bytes()), agrees, "{typed:?}");
        }
    }
}
