//! MariaDB, which also stands for MySQL.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::database::Database;
use super::process::{Server, find, folder, on_a_free_port, run, unprivileged, words};
use super::tls;

/// The user who may do everything.
const USER: &str = "enlist";

/// The package that holds the server and its client.
const PACKAGE: &str = "mariadb-server";

/// Where the statements it receives are written.
const STATEMENTS: &str = "statements.log";

/// A MariaDB server that takes TCP connections of one user by password.
pub struct MariaDb {
    server: Server,
    port: u16,
    first: Database,
    databases: AtomicU32,
}

impl MariaDb {
    /// Starts one without TLS.
    ///
    /// # Panics
    /// When MariaDB is not installed or does not start.
    pub fn start() -> Self {
        on_a_free_port("MariaDB", |port| Self::on(port, false))
    }

    /// Starts one that offers TLS with a certificate for 127.0.0.1 and localhost, signed by [`ca_file`](Self::ca_file).
    ///
    /// # Panics
    /// As [`start`](Self::start), and when `openssl` is not installed.
    pub fn start_with_tls() -> Self {
        on_a_free_port("MariaDB", |port| Self::on(port, true))
    }

    /// The server that all tests of a binary share, without TLS.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn on(port: u16, tls: bool) -> Result<Self, String> {
        let folder = folder();
        let password = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let file = |option: &str, name: &str| format!("--{option}={}", folder.join(name).display());
        // A server that starts deletes every temporary table it finds, so two must not share the place for them.
        let places = [file("datadir", "data"), format!("--tmpdir={}", folder.display())];
        let mut install = unprivileged(&program("mariadb-install-db"));
        install.extend(words(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]));
        install.extend_from_slice(&places);
        run(&folder, &install);
        // One statement a line, as an init file has to be.
        let first =
            format!("create user {USER} identified by '{password}';\ngrant all on *.* to {USER} with grant option;\n");
        fs::write(folder.join("first.sql"), first).expect("the folder takes files");

        let mut command = unprivileged(&program("mariadbd"));
        command.extend(words(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--general-log"]));
        // Fast rather than durable.
        command.extend(words(["--innodb-flush-log-at-trx-commit=0", "--default-time-zone=+00:00"]));
        command.extend(places);
        command.extend([format!("--port={port}"), file("socket", "socket")]);
        command.extend([file("general-log-file", STATEMENTS), file("init-file", "first.sql")]);
        if tls {
            tls::make(&folder);
            command.extend([
                file("ssl-cert", tls::CERTIFICATE),
                file("ssl-key", tls::KEY),
                file("ssl-ca", tls::AUTHORITY),
            ]);
        }
        let server = Server::start(folder, "KILL", &command, &[]);
        let first = database("mysql", port, &password);
        server.wait_for(|| first.attempt("select 1").ok())?;
        Ok(Self { server, port, first, databases: AtomicU32::new(0) })
    }

    /// An empty database, in utf8mb4.
    ///
    /// # Panics
    /// When the server is gone.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("create database {name} character set utf8mb4"));
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

    /// The password of the user.
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

    /// Every statement it received, with the number of the connection.
    pub fn log(&self) -> String {
        let log = fs::read(self.server.folder().join(STATEMENTS)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

fn database(name: &str, port: u16, password: &str) -> Database {
    let mut arguments = words(["--no-defaults", "--batch", "--raw", "--skip-column-names", "--protocol=tcp"]);
    arguments.extend(words([
        "--default-character-set=utf8mb4",
        "--host=127.0.0.1",
        "--user",
        USER,
        "--database",
        name,
    ]));
    arguments.push(format!("--port={port}"));
    Database {
        name: name.to_owned(),
        url: format!("mysql://{USER}@127.0.0.1:{port}/{name}"),
        password: password.to_owned(),
        client: program("mariadb"),
        arguments,
        variable: "MYSQL_PWD",
        connections: "select count(*) from information_schema.processlist \
             where db = database() and id <> connection_id()"
            .to_owned(),
    }
}

fn program(name: &str) -> PathBuf {
    find(name, &["/usr/local/mysql/bin".into()], PACKAGE)
}
