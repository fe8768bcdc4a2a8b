//! Connections, and the session that a read needs.

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use secrecy::ExposeSecret;
use url::Url;

use super::fault::{self, Phase};
use crate::fault::password_in_url;
use crate::settings::{Settings, Tls};

/// Seconds for which the server waits for a reader that does not take its rows: the query engine may be at work on
/// something else meanwhile. The server's own 60 are not enough.
const PATIENCE: u32 = 3_600;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// After this long without a byte, the operating system asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How one database is reached.
pub(super) struct Target {
    /// What messages call it.
    pub(super) name: String,
    options: Opts,
    settings: Settings,
    tls: Tls,
}

impl Target {
    /// # Errors
    /// Configuration: `sql::url`, `sql::password_in_url`, `sql::tls_mode`, `sql::ca_file`.
    pub(super) fn new(settings: Settings) -> Result<Self, Error> {
        let name = settings.name.clone();
        let wrong = |why: &str| {
            Error::new(ErrorKind::Config, "sql::url", format!("{name}: {why}"))
                .help("mysql://user@host:3306/database, with ?sslmode= or ?socket= behind it if need be")
        };
        let mut url = Url::parse(&settings.url).map_err(|fault| wrong(&format!("the URL is not valid: {fault}")))?;
        if url.password().is_some() {
            return Err(password_in_url(&name));
        }
        let (mut tls, mut socket) = (settings.tls, None);
        for (key, value) in url.query_pairs() {
            match &*key {
                "sslmode" | "ssl-mode" if settings.tls.is_none() => tls = Some(Tls::from_name(mode(&value))?),
                "sslmode" | "ssl-mode" => {}
                "socket" => socket = Some(value.into_owned()),
                other => return Err(wrong(&format!("the URL has a parameter \"{other}\", which means nothing here"))),
            }
        }
        url.set_query(None);
        // What is left is user, host, port and database, which the driver undoes of their percent signs.
        let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest);
        let options = Opts::from_url(&format!("mysql:{rest}")).map_err(|_| wrong("the URL is not valid"))?;
        let local = if socket.is_some() { "" } else { options.ip_or_hostname() };
        let tls = tls.unwrap_or_else(|| Tls::default_for(local));
        // What is wrong with the certificates is said before anything is connected.
        crate::tls::configuration(&name, tls, settings.ca_file.as_deref())?;
        let options = OptsBuilder::from_opts(options)
            .socket(socket)
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .ssl_opts(certificates(tls, &settings));
        Ok(Self { name, options: options.into(), settings, tls })
    }

    /// The database that the URL names.
    pub(super) fn database(&self) -> Option<&str> {
        self.options.db_name()
    }

    /// The user for messages.
    pub(super) fn user(&self) -> &str {
        self.options.user().unwrap_or_default()
    }

    /// Where messages say that it is.
    pub(super) fn address(&self) -> String {
        match self.options.socket() {
            Some(socket) => socket.to_owned(),
            None => format!("{}:{}", self.options.ip_or_hostname(), self.options.tcp_port()),
        }
    }

    /// A connection in a session that reads text as UTF-8 and moments in UTC, and that neither writes nor cuts a
    /// result off.
    pub(super) async fn connect(&self) -> Result<Session, Error> {
        let session = tokio::time::timeout(CONNECT, self.session(self.database()));
        let Ok(session) = session.await else {
            let silent = io::Error::new(io::ErrorKind::TimedOut, "it did not answer in time");
            return Err(fault::error(self, Phase::Connect, mysql_async::Error::Io(silent.into())));
        };
        match session {
            Ok(session) => Ok(session),
            Err(fault) if fault::is_unknown_database(&fault) => Err(self.no_database().await),
            Err(fault) => Err(fault::error(self, Phase::Connect, fault)),
        }
    }

    async fn session(&self, database: Option<&str>) -> mysql_async::Result<Session> {
        let mut session = Session(Some(self.connection(database).await?));
        session.query_drop("SET NAMES utf8mb4").await?;
        // Each dialect reads the comment of its own.
        session
            .query_drop(format!(
                "SET SESSION time_zone = '+00:00', net_write_timeout = {PATIENCE}, \
                 sql_select_limit = 18446744073709551615 \
                 /*M!100100 , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */"
            ))
            .await?;
        session.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        Ok(session)
    }

    async fn connection(&self, database: Option<&str>) -> mysql_async::Result<Conn> {
        let password = match &self.settings.password {
            Some(password) => Some(password.expose_secret().to_owned()),
            None => std::env::var("MYSQL_PWD").ok().filter(|password| !password.is_empty()),
        };
        let options = OptsBuilder::from_opts(self.options.clone()).pass(password).db_name(database.map(str::to_owned));
        let fault = match Conn::new(options.clone()).await {
            Err(fault) if self.tls == Tls::VerifyCa => fault,
            connected => return connected,
        };
        // The driver checks a certificate and its name together. With a name of the certificate's own, a trusted one
        // is accepted whatever host it names.
        let Some(presented) = fault::presented_name(&fault) else { return Err(fault) };
        let named = certificates(self.tls, &self.settings)
            .map(|certificates| certificates.with_danger_tls_hostname_override(Some(presented)));
        Conn::new(options.ssl_opts(named)).await
    }

    /// The error for a database that is not there, with the names of those that are.
    async fn no_database(&self) -> Error {
        let wanted = self.database().unwrap_or_default();
        let offered: Vec<String> = match self.session(None).await {
            Ok(mut session) => session.query("SHOW DATABASES").await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        fault::no_database(self, wanted, &offered)
    }
}

/// MySQL's own words for the modes that it shares with PostgreSQL.
fn mode(word: &str) -> &str {
    match word {
        "DISABLED" => "disable",
        "REQUIRED" => "require",
        "VERIFY_CA" => "verify-ca",
        "VERIFY_IDENTITY" => "verify-full",
        other => other,
    }
}

/// Which servers the driver believes; none for a connection in plain text.
fn certificates(tls: Tls, settings: &Settings) -> Option<SslOpts> {
    let options = SslOpts::default();
    match tls {
        Tls::Disable => None,
        Tls::Require => Some(options.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true)),
        Tls::VerifyCa | Tls::VerifyFull => {
            let trusted = match &settings.ca_file {
                Some(path) => vec![path.clone().into()],
                None => {
                    let system = rustls_native_certs::load_native_certs().certs;
                    system.into_iter().map(|certificate| certificate.to_vec().into()).collect()
                }
            };
            Some(options.with_disable_built_in_roots(true).with_root_certs(trusted))
        }
    }
}

/// A connection that hangs up when it is dropped.
pub(super) struct Session(Option<Conn>);

impl Session {
    /// Ends the session as the server likes it.
    pub(super) async fn close(mut self) {
        if let Some(connection) = self.0.take() {
            // All rows are here; a server that goes away meanwhile takes nothing from them.
            let _ = connection.disconnect().await;
        }
    }
}

impl Deref for Session {
    type Target = Conn;

    #[expect(clippy::expect_used, reason = "only `close` and `drop` take the connection, and both take the session")]
    fn deref(&self) -> &Conn {
        self.0.as_ref().expect("a session has its connection")
    }
}

impl DerefMut for Session {
    #[expect(clippy::expect_used, reason = "as above")]
    fn deref_mut(&mut self) -> &mut Conn {
        self.0.as_mut().expect("a session has its connection")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            // Within a runtime, the driver would read the rest of the result before it closes the connection, which may
            // be millions of rows that nobody wants. On a thread of its own it just closes.
            let _ = std::thread::Builder::new().spawn(move || drop(connection));
        }
    }
}
