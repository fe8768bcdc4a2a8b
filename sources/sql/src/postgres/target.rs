//! Where the server is and how it is spoken to.

use std::path::PathBuf;
use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::passfile;
use crate::settings::{Settings, Tls};
use crate::{fault, tls};

/// How long a server may take to accept a connection, and again until it has let the user in.
pub(super) const CONNECT: Duration = Duration::from_secs(15);

/// After how long a silent connection is probed, and how often. With [`PROBES`] of them without an answer, a server
/// that vanished is noticed after two minutes.
const IDLE: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_secs(15);
const PROBES: u32 = 4;

/// Where the server is and how it is spoken to.
#[derive(Clone)]
pub(super) struct Target {
    /// What messages call the database.
    pub(super) name: String,
    /// What messages call the server: host and port.
    pub(super) server: String,
    pub(super) config: Config,
    pub(super) connector: MakeRustlsConnect,
}

impl Target {
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let name = settings.name.clone();
        let url = Url::read(&settings.url);
        let mut config: Config = url.rest.parse().map_err(|fault: tokio_postgres::Error| {
            let why = std::error::Error::source(&fault).map_or_else(|| fault.to_string(), ToString::to_string);
            Error::new(ErrorKind::Config, "sql::url", format!("{name}: the URL cannot be read: {why}"))
                .help("postgres://user@host:5432/database?sslmode=verify-full")
        })?;
        if config.get_password().is_some() {
            return Err(fault::password_in_url(&name));
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host("localhost");
        }
        if config.get_user().is_none()
            && let Some(user) = variable("PGUSER").or_else(|| variable("USER"))
        {
            config.user(user);
        }
        if let Some(password) = settings.password.clone().or_else(|| password(&config)) {
            config.password(password.expose_secret());
        }
        let mode = match (settings.tls, url.tls) {
            (Some(mode), _) => mode,
            (None, Some(word)) => Tls::from_name(&word)?,
            (None, None) => default_mode(&config),
        };
        let ca_file = settings.ca_file.clone().or(url.ca_file);
        let connector = MakeRustlsConnect::new(tls::configuration(&name, mode, ca_file.as_deref())?);
        config.ssl_mode(if mode == Tls::Disable { SslMode::Disable } else { SslMode::Require });
        config.connect_timeout(CONNECT);
        config.keepalives_idle(IDLE).keepalives_interval(PROBE).keepalives_retries(PROBES);
        if config.get_application_name().is_none() {
            config.application_name("enlist");
        }
        Ok(Self { server: server(&config), name, config, connector })
    }

    /// The user for messages.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }
}

/// A URL without the parameters that the driver does not know.
struct Url {
    rest: String,
    tls: Option<String>,
    ca_file: Option<PathBuf>,
}

impl Url {
    fn read(url: &str) -> Self {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut read = Self { rest: String::new(), tls: None, ca_file: None };
        let mut kept = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", mode)) => read.tls = Some(mode.to_owned()),
                Some(("sslrootcert", path)) => read.ca_file = Some(PathBuf::from(path)),
                _ => kept.push(parameter),
            }
        }
        read.rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        read
    }
}

/// The strictest that any of the hosts calls for.
fn default_mode(config: &Config) -> Tls {
    let remote = |host: &Host| matches!(host, Host::Tcp(name) if Tls::default_for(name) != Tls::Disable);
    let far =
        config.get_hosts().iter().any(remote) || config.get_hostaddrs().iter().any(|address| !address.is_loopback());
    if far { Tls::VerifyFull } else { Tls::Disable }
}

/// Host and port of each server, as in the URL.
fn server(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let servers: Vec<String> = hosts.enumerate().map(|(at, host)| format!("{host}:{}", port(at))).collect();
    servers.join(", ")
}

/// What the tools of PostgreSQL would use: PGPASSWORD, else the password file.
fn password(config: &Config) -> Option<SecretString> {
    if let Some(password) = variable("PGPASSWORD") {
        return Some(password.into());
    }
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.as_str(),
        _ => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user()?;
    let database = config.get_dbname().unwrap_or(user);
    passfile::password([host, &port, database, user])
}

/// A variable of the environment that is not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, Error> {
        let settings = Settings { name: "shop".into(), url: url.into(), password: None, tls: None, ca_file: None };
        Target::new(&settings)
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        for url in [
            "postgres://ann:s3cret@localhost/shop",
            "postgresql://localhost/shop?user=ann&password=s3cret",
            "postgres://ann:s3cret@localhost:99999/shop",
            "postgres://ann:s3cret@localhost/shop?unheard_of=s3cret",
        ] {
            let error = target(url).err().unwrap();
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        assert_eq!(target("postgres://ann:s3cret@localhost/shop").err().unwrap().code(), "sql::password_in_url");
    }

    #[test]
    fn a_connection_to_another_machine_is_encrypted_and_verified_unless_the_url_says_otherwise() {
        let mode = |url: &str| target(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://db.example.com/shop"), SslMode::Require);
        assert_eq!(mode("postgres://localhost,db.example.com/shop"), SslMode::Require);
        assert_eq!(mode("postgres://db.example.com/shop?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://localhost/shop"), SslMode::Disable);
        assert_eq!(mode("postgres://%2Frun%2Fpostgresql/shop"), SslMode::Disable);
        assert_eq!(mode("postgres://localhost/shop?sslmode=require&application_name=x"), SslMode::Require);
        let error = target("postgres://localhost/shop?sslmode=prefer").err().unwrap();
        assert_eq!(error.code(), "sql::tls_mode");
    }

    #[test]
    fn messages_call_the_server_by_host_and_port() {
        assert_eq!(target("postgres://db.example.com/shop").unwrap().server, "db.example.com:5432");
        assert_eq!(target("postgres://a:1,b:2/shop?sslmode=disable").unwrap().server, "a:1, b:2");
        assert_eq!(target("postgres://%2Frun%2Fpostgresql:6432/shop").unwrap().server, "/run/postgresql:6432");
    }

    #[test]
    fn a_missing_or_empty_file_of_certificates_is_found_before_anything_is_connected() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("ca.pem");
        std::fs::write(&empty, "").unwrap();
        for file in [empty.display().to_string(), "/nowhere/ca.pem".to_owned()] {
            let error = target(&format!("postgres://db.example.com/x?sslrootcert={file}")).err().unwrap();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "sql::ca_file"));
            assert!(error.to_string().contains(&file), "{error}");
        }
    }
}
