//! PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::database::Database;
use super::process::{Server, find, folder, on_a_free_port, run, unprivileged, words};
use super::tls;

/// The superuser.
const USER: &str = "enlist";

/// The package that holds the server and `psql`.
const PACKAGE: &str = "postgresql";

/// Fast rather than durable, and everything that is asked of it in the log. Statistics are gathered when a test says
/// `analyze`, never by themselves.
const SETTINGS: [&str; 12] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "log_statement=all",
    "log_line_prefix=",
    "timezone=UTC",
    // In its folder, which goes with it: a server that is killed leaves the memory it shared in /dev/shm.
    "dynamic_shared_memory_type=mmap",
];

/// A PostgreSQL server that takes TCP connections of one superuser by password (SCRAM).
pub struct Postgres {
    server: Server,
    port: u16,
    first: Database,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts one without TLS.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Self {
        on_a_free_port("PostgreSQL", |port| Self::on(port, false))
    }

    /// Starts one that offers TLS with a certificate for 127.0.0.1 and localhost, signed by [`ca_file`](Self::ca_file).
    ///
    /// # Panics
    /// As [`start`](Self::start), and when `openssl` is not installed.
    pub fn start_with_tls() -> Self {
        on_a_free_port("PostgreSQL", |port| Self::on(port, true))
    }

    /// The server that all tests of a binary share, without TLS.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn on(port: u16, tls: bool) -> Result<Self, String> {
        let folder = folder();
        let password = folder.file_name().expect("a name").to_string_lossy().into_owned();
        initialise(&folder, &password);
        let mut command = unprivileged(&program("postgres"));
        command.extend(words(["-D", "data", "-p"]).into_iter().chain([port.to_string()]));
        command.extend(SETTINGS.iter().flat_map(|setting| words(["-c", setting])));
        if tls {
            tls::make(&folder);
            let file = |setting: &str, name: &str| format!("{setting}={}", folder.join(name).display());
            for setting in
                ["ssl=on".to_owned(), file("ssl_cert_file", tls::CERTIFICATE), file("ssl_key_file", tls::KEY)]
            {
                command.extend(["-c".to_owned(), setting]);
            }
        }
        // QUIT is its immediate shutdown, which takes its children and its shared memory along.
        let server = Server::start(folder, "QUIT", &command, &[]);
        let first = database("postgres", port, &password);
        server.wait_for(|| first.attempt("select 1").ok())?;
        Ok(Self { server, port, first, databases: AtomicU32::new(0) })
    }

    /// An empty database.
    ///
    /// # Panics
    /// When the server is gone.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("create database {name}"));
        database(&name, self.port, self.password())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// URL of the database that every server has, without the password.
    pub fn url(&self) -> &str {
        self.first.url()
    }

    /// The password of the superuser.
    pub fn password(&self) -> &str {
        self.first.password()
    }

    /// Runs statements in the database that every server has.
    ///
    /// # Panics
    /// As [`Database::execute`].
    pub fn execute(&self, sql: &str) -> String {
        self.first.execute(sql)
    }

    /// The certificate of the authority that signed the server's, when started with TLS.
    pub fn ca_file(&self) -> PathBuf {
        self.server.folder().join(tls::AUTHORITY)
    }

    /// Kills it with all its connections, at once and for good.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Everything it logged, every statement it received among it.
    pub fn log(&self) -> String {
        self.server.printed()
    }
}

/// An empty cluster below `folder`.
fn initialise(folder: &Path, password: &str) {
    fs::write(folder.join("password"), password).expect("the folder takes files");
    let mut command = unprivileged(&program("initdb"));
    command.extend(words(["-D", "data", "-N", "-U", USER, "-A", "scram-sha-256", "--pwfile=password"]));
    command.extend(words(["--encoding=UTF8", "--locale=C.UTF-8"]));
    run(folder, &command);
}

fn database(name: &str, port: u16, password: &str) -> Database {
    let mut arguments = words(["-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER]);
    arguments.extend(words(["-d", name, "-p"]).into_iter().chain([port.to_string()]));
    Database {
        name: name.to_owned(),
        url: format!("postgres://{USER}@127.0.0.1:{port}/{name}"),
        password: password.to_owned(),
        client: program("psql"),
        arguments,
        variable: "PGPASSWORD",
        connections: "select count(*) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()"
            .to_owned(),
    }
}

/// A program of the newest PostgreSQL there is.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.push("/usr/local/pgsql/bin".into());
    find(name, &folders, PACKAGE)
}
