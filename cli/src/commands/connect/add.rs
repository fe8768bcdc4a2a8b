//! `connect` for an account that the configuration does not have: it is asked for, tested, agreed to and written down.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::ask::{self, Key};
use super::insert::Entry;
use super::keep::{self, SECRETS, WrittenKey};
use super::{agreed, end, test, who};
use crate::args::{ConnectArgs, Global};
use crate::exit::Exit;
use crate::failure::{Failure, suggest};
use crate::output::Screen;
use crate::render::clean;
use crate::spec::{
    Connection, DEFAULT_FILE, Environment, KEY_VARIABLE, STATE, Spec, is_name, key_of_environment, key_of_file,
};
use crate::{connectors, consent};

/// What the first connection is called that nobody names.
const FIRST: &str = "marketing";

/// The name of the connection that is to be added; none where one that is there is meant.
///
/// # Errors
/// When both a name and a host are given, and mean something else than adding.
pub fn name(args: &ConnectArgs, spec: Option<&Spec>, can_ask: bool) -> Result<Option<String>, Failure> {
    let known = spec.map(|spec| spec.connections.as_slice()).unwrap_or_default();
    let is_known = |name: &String| known.iter().any(|it| it.name == *name);
    match (&args.connection, &args.host) {
        (Some(name), Some(_)) if args.check || args.revoke || is_known(name) => {
            let failure = Failure::config("usage::connection", format!("is the connection {name} meant, or the host?"));
            Err(failure.help("one of the two; both together add a connection that is not there"))
        }
        _ if args.check || args.revoke => Ok(None),
        (Some(name), Some(_)) => checked(name).map(Some),
        (Some(name), None) if can_ask && !is_known(name) => checked(name).map(Some),
        (None, None) if can_ask && known.is_empty() => Ok(Some(FIRST.to_owned())),
        _ => Ok(None),
    }
}

fn checked(name: &str) -> Result<String, Failure> {
    if is_name(name) {
        return Ok(name.to_owned());
    }
    Err(Failure::config("config::bad_name", "no connection can have this name")
        .help("lower-case letters, digits, _ and -, at most 64"))
}

/// Asks for what is missing, tests the account, and writes it into the configuration. Nothing is written or recorded
/// before the account has accepted the key and somebody has agreed.
pub async fn add(
    name: &str,
    args: &ConnectArgs,
    global: &Global,
    screen: &Screen,
    spec: Option<&Spec>,
) -> Result<Exit, Failure> {
    let config = Config::of(spec, global)?;
    let host = match &args.host {
        Some(host) => ask::host_of(host).to_owned(),
        None => {
            screen.notice(&format!("{} becomes a connection of {}.\n", clean(name), config.path.display()));
            let known = spec.iter().flat_map(|spec| &spec.connections).map(|it| it.name.as_str());
            if let Some(meant) = suggest(name, known) {
                screen.notice(&format!("There is one called {meant}; Ctrl-C leaves everything as it is.\n"));
            }
            ask::host(screen)?
        }
    };
    let mut account = Connection { allow_host: args.allow_host, ..Connection::typed(&host, None) };
    let found = connectors::host(&account)?;
    let key = match (&args.key_file, key_of_environment(&Environment::of_process(&config.folder)?)) {
        (Some(file), _) => Key::File(file.clone()),
        (None, Ok(key)) => Key::Variable(key),
        (None, Err(_)) if ask::can_ask(global) => ask::key(screen)?,
        (None, Err(missing)) => return Err(missing),
    };
    let secret = Secret::of(key, name, &config)?;
    let entry = Entry { name, host: &host, key: &secret.reference, allow_host: args.allow_host };
    let text = config.with(&entry)?;
    account.api_key = Some(secret.key.clone());

    if !found.is_loopback() {
        agreed(args, global, screen, found.name())?;
    }
    test(&account, found.name()).await?;

    let written = secret.file.map(|file| WrittenKey::write(file, &secret.key)).transpose()?;
    if written.is_some() && keep::ignore(&config.folder)? {
        screen.notice(&format!("Added /{SECRETS}/ to {}\n", config.folder.join(".gitignore").display()));
    }
    keep::replace(&config.path, config.text.as_deref(), &text)?;
    if let Some(written) = written {
        written.stay();
    }
    screen.notice(&format!("Wrote {} to {}\n", clean(name), config.path.display()));
    let default = || spec.map_or_else(|| config.folder.join(STATE), |spec| spec.state.clone());
    let state = args.state.clone().unwrap_or_else(default);
    if !found.is_loopback() {
        consent::agree(found.name(), who(args), &state)?;
    }
    account.name = name.to_owned();
    end(&account, &state, args, screen)
}

/// The configuration that the connection goes to.
struct Config {
    path: PathBuf,
    folder: PathBuf,
    /// What it says; none while it is not there.
    text: Option<String>,
}

impl Config {
    fn of(spec: Option<&Spec>, global: &Global) -> Result<Self, Failure> {
        let named = spec.map(|spec| spec.file.clone()).or_else(|| global.config.clone());
        let path = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        // The folder of a bare name is here, and `` is no path that could be made absolute.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new(".")).to_owned();
        let unreadable = |e: std::io::Error| Failure::config("config::unreadable", format!("{}: {e}", path.display()));
        let text = spec.map(|_| fs::read_to_string(&path).map_err(unreadable)).transpose()?;
        Ok(Self { path, folder, text })
    }

    /// The text of the configuration with `entry`.
    ///
    /// # Errors
    /// `connect::layout` when it cannot be put there without changing what else it means; the error shows what to paste.
    fn with(&self, entry: &Entry<'_>) -> Result<String, Failure> {
        let Some(text) = &self.text else { return Ok(entry.alone()) };
        entry.inserted(text, &self.folder).ok_or_else(|| {
            let message = format!("the connection cannot be added to {} without changing more", self.path.display());
            let mut failure = Failure::config("connect::layout", message);
            failure.notes = entry.snippet();
            failure.help(
                "put the lines above there, and the key where they say (chmod 600); an export without `connection` \
                 needs one where there are several; then: enlist connect",
            )
        })
    }
}

/// A key, how the configuration refers to it, and the file that it still has to be written to.
struct Secret {
    key: SecretString,
    reference: String,
    file: Option<PathBuf>,
}

impl Secret {
    fn of(key: Key, name: &str, config: &Config) -> Result<Self, Failure> {
        match key {
            Key::Variable(key) => Ok(Self { key, reference: format!("${{{KEY_VARIABLE}}}"), file: None }),
            Key::Typed(key) => {
                let place = format!("{SECRETS}/{name}.key");
                let file = config.folder.join(&place);
                if file.exists() {
                    return Err(keep::taken(&file));
                }
                Ok(Self { key, reference: format!("${{file:{place}}}"), file: Some(file) })
            }
            Key::File(file) => {
                let key = key_of_file(&file)?;
                let whole = std::path::absolute(&file).unwrap_or(file);
                let folder = std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone());
                let shown = whole.strip_prefix(folder).unwrap_or(&whole).display().to_string();
                if shown.contains(['}', '\n']) || shown.contains(char::REPLACEMENT_CHARACTER) {
                    let failure = Failure::config("usage::key_file", "a configuration cannot name this file");
                    return Err(failure.help("give it a name without braces and line breaks"));
                }
                Ok(Self { key, reference: format!("${{file:{shown}}}"), file: None })
            }
        }
    }
}
