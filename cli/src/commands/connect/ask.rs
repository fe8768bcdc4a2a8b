//! Questions at a terminal.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use enlist_core::{Error, ErrorKind};
use secrecy::SecretString;

use crate::args::Global;
use crate::failure::Failure;
use crate::output::Screen;

/// Where the key of an account comes from.
pub enum Key {
    /// It was typed.
    Typed(SecretString),
    /// A file holds it.
    File(PathBuf),
    /// The environment has it.
    Variable(SecretString),
}

/// Whether there is somebody to ask.
pub fn can_ask(global: &Global) -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && !global.no_input
}

/// Asks for the host of an account.
///
/// # Errors
/// `usage::answer` when nobody answers.
pub fn host(screen: &Screen) -> Result<String, Failure> {
    screen.notice("Host of the account (Settings > Developer shows its URL): ");
    line(&mut io::stdin().lock()).map(|typed| host_of(&typed).to_owned())
}

/// Asks for the key of an account, without showing what is typed, or for the file that holds it.
///
/// # Errors
/// `usage::answer` when nobody answers.
pub fn key(screen: &Screen) -> Result<Key, Failure> {
    screen.notice("API key (it does not show; only Enter if a file holds it): ");
    let typed = rpassword::read_password().map_err(|_| unanswered())?;
    if !typed.trim().is_empty() {
        return Ok(Key::Typed(SecretString::from(typed.trim())));
    }
    screen.notice("File that holds the key: ");
    line(&mut io::stdin().lock()).map(|typed| Key::File(PathBuf::from(typed)))
}

/// The next line that is typed. The end of the input and an empty line are no answer.
fn line(answers: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    match answers.read_line(&mut line) {
        Ok(_) if !line.trim().is_empty() => Ok(line.trim().to_owned()),
        _ => Err(unanswered()),
    }
}

/// The host in what was pasted: a URL has it between its slashes.
pub fn host_of(pasted: &str) -> &str {
    let text = pasted.trim();
    let behind = text.split_once("://").map_or(text, |(_, rest)| rest);
    behind.split(['/', '?', '#']).next().unwrap_or_default()
}

fn unanswered() -> Failure {
    Error::new(ErrorKind::Config, "usage::answer", "nobody answered: nothing was called, nothing written")
        .help("without a terminal: enlist connect NAME --host HOST --key-file FILE --agree --by NAME")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_in_what_people_paste() {
        for (pasted, host) in [
            (" acme.api-us1.com\n", "acme.api-us1.com"),
            ("https://acme.api-us1.com", "acme.api-us1.com"),
            ("https://acme.api-us1.com/", "acme.api-us1.com"),
            ("acme.activehosted.com/app", "acme.activehosted.com"),
            ("https://acme.activehosted.com/app/settings?tab=developer#api", "acme.activehosted.com"),
            ("127.0.0.1:8025", "127.0.0.1:8025"),
        ] {
            assert_eq!(host_of(pasted), host);
        }
    }

    #[test]
    fn neither_an_empty_line_nor_the_end_is_an_answer() {
        for typed in ["", "\n", "   \n"] {
            assert_eq!(line(&mut typed.as_bytes()).unwrap_err().error.code(), "usage::answer", "{typed:?}");
        }
        assert_eq!(line(&mut " x \n".as_bytes()).unwrap(), "x");
    }
}
