//! What goes wrong with a server, and what is said of it.

use std::time::Duration;

use enlist_core::{Error, ErrorKind, Source};
use enlist_kit::servers::MariaDb;
use enlist_source_sql::{Database, Settings, SqlTable, Tls};
use futures::StreamExt;

use super::{Shop, settings};

/// More than fits in the buffers between the server and the reader.
const MUCH: &str = "CREATE TABLE t (id INT PRIMARY KEY, filler TEXT);
    INSERT INTO t SELECT seq, repeat('x', 2000) FROM seq_1_to_60000;";

/// Reads one batch, does something, and reads on until the end or an error.
async fn interrupted(table: &SqlTable, act: impl FnOnce()) -> (u64, Option<Error>) {
    let mut stream = table.scan(&["id".to_owned(), "filler".to_owned()]).await.unwrap();
    let mut rows = stream.batches.next().await.unwrap().unwrap().rows.num_rows() as u64;
    act();
    while let Some(batch) = stream.batches.next().await {
        match batch {
            Ok(batch) => rows += batch.rows.num_rows() as u64,
            Err(error) => {
                assert!(stream.batches.next().await.is_none(), "something follows the error");
                return (rows, Some(error));
            }
        }
    }
    (rows, None)
}

#[tokio::test]
async fn a_server_that_is_killed_in_mid_read_is_an_error_and_no_end() {
    let server = MariaDb::start();
    let database = server.database();
    database.execute(MUCH);
    let table = Database::open(settings(database.url(), database.password())).unwrap().table("t", None).await.unwrap();
    let (rows, error) = interrupted(&table, || server.kill()).await;
    let error = error.expect("a server that dies is no end of the table");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "mysql::lost"));
    assert!(rows < 60_000);
    let error = table.scan(&["id".to_owned()]).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sql::unreachable"), "{error}");
}

#[tokio::test]
async fn a_query_or_a_connection_that_is_killed_is_an_error_and_no_end() {
    let shop = Shop::with(MUCH);
    let table = shop.table("t").await;
    for (what, code) in [("QUERY", "mysql::cancelled"), ("CONNECTION", "mysql::lost")] {
        let kill = || {
            // The last one reads; those before it are on their way out.
            let sql =
                "SELECT max(id) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
            let reader = shop.server.execute(sql);
            shop.server.execute(&format!("KILL {what} {}", reader.trim()));
        };
        let (rows, error) = interrupted(&table, kill).await;
        let error = error.expect("a query that is killed is no end of the table");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, code), "{error}");
        assert!(rows < 60_000);
    }
}

#[tokio::test]
async fn a_table_altered_between_description_and_read_is_an_error() {
    let shop = Shop::with("CREATE TABLE t (id INT PRIMARY KEY, level INT); INSERT INTO t VALUES (1, 2);");
    let table = shop.table("t").await;
    let columns = ["id", "level"].map(String::from);
    shop.server.execute("ALTER TABLE t MODIFY level VARCHAR(9)");
    let changed = table.scan(&columns).await.unwrap().batches.next().await.unwrap().unwrap_err();
    assert_eq!((changed.kind(), changed.code()), (ErrorKind::Source, "source::column_changed"), "{changed}");
    assert!(changed.to_string().contains("row 1") && changed.to_string().contains("\"level\""), "{changed}");
    shop.server.execute("DROP TABLE t");
    let gone = table.scan(&columns).await.unwrap().batches.next().await.unwrap().unwrap_err();
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::Source, "source::column_changed"), "{gone}");
}

async fn refused(settings: Settings, table: &str) -> Error {
    match Database::open(settings) {
        Ok(database) => database.table(table, None).await.err().expect("a refusal"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn who_is_not_let_in_learns_why_and_no_password_is_shown() {
    let shop = Shop::with("CREATE TABLE people (id INT PRIMARY KEY); CREATE TABLE secrets (id INT);");
    let (url, password) = (shop.server.url(), shop.server.password());
    let name = shop.server.name();
    MariaDb::shared().execute(&format!(
        "CREATE USER IF NOT EXISTS reader_{name} IDENTIFIED BY 'readers'; GRANT SELECT ON {name}.people TO reader_{name}"
    ));
    let reader = url.replace("enlist@", &format!("reader_{name}@"));

    let login = refused(settings(url, "wrong-s3cret"), "people").await;
    assert_eq!((login.kind(), login.code()), (ErrorKind::Access, "sql::login_refused"));
    assert!(!format!("{login:?}").contains("s3cret"), "{login:?}");

    let permission = refused(settings(&reader, "readers"), "secrets").await;
    assert_eq!((permission.kind(), permission.code()), (ErrorKind::Access, "sql::permission"), "{permission}");

    let table = refused(settings(url, password), "poeple").await;
    assert_eq!((table.kind(), table.code()), (ErrorKind::Source, "sql::table_missing"));
    assert_eq!(table.help_text(), Some("did you mean \"people\"? tables: people, secrets"));

    let there = url.replace(name, &format!("{name}x"));
    let database = refused(settings(&there, password), "people").await;
    assert_eq!((database.kind(), database.code()), (ErrorKind::Config, "sql::database_missing"));
    assert!(database.help_text().unwrap().contains(&format!("\"{name}\"")), "{database:?}");

    let nowhere = url.rsplit_once('/').unwrap().0;
    assert_eq!(refused(settings(nowhere, password), "people").await.code(), "sql::database_missing");
    let elsewhere = settings("mysql://enlist@127.0.0.1:1/shop", password);
    assert_eq!(refused(elsewhere, "people").await.code(), "sql::unreachable");
}

#[tokio::test]
async fn a_table_of_another_database_of_the_server_is_read_by_its_full_name() {
    let shop =
        Shop::with("CREATE TABLE `we``ird.name` (`a``b` INT PRIMARY KEY); INSERT INTO `we``ird.name` VALUES (1);");
    let nowhere = shop.server.url().rsplit_once('/').unwrap().0;
    let database = Database::open(settings(nowhere, shop.server.password())).unwrap();
    let table = database.table(&format!("{}.\"we`ird.name\"", shop.server.name()), None).await.unwrap();
    let rows = super::everything(&table).await;
    assert_eq!((rows.num_rows(), rows.schema().field(0).name().as_str()), (1, "a`b"));
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_before_anything_is_connected() {
    for (url, code) in [
        ("mysql://ann:s3cret@127.0.0.1/shop", "sql::password_in_url"),
        ("mysql://ann@127.0.0.1/shop?pool_min=1", "sql::url"),
        ("mysql://ann@/shop?sslmode=prefer", "sql::url"),
        ("mysql://ann@127.0.0.1/shop?sslmode=prefer", "sql::tls_mode"),
    ] {
        let error = Database::open(Settings { tls: None, ..settings(url, "") }).err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, code), "{url}: {error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let missing =
        Settings { tls: Some(Tls::VerifyFull), ca_file: Some("/nowhere.pem".into()), ..settings("mysql://a@b/c", "") };
    assert_eq!(Database::open(missing).err().unwrap().code(), "sql::ca_file");
}

#[tokio::test]
async fn a_server_is_believed_as_far_as_the_mode_says() {
    let server = MariaDb::start_with_tls();
    let database = server.database();
    database.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    // The same host by a name that its certificate does not have.
    let other = database.url().replace("127.0.0.1", "0x7f000001");
    let plain = MariaDb::shared().database();
    plain.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    let tls = |url: &str, mode: &str, trusted: bool, password: &str| Settings {
        tls: Some(Tls::from_name(mode).unwrap()),
        ca_file: trusted.then(|| server.ca_file()),
        ..settings(url, password)
    };
    let tls_of = |url: &str, mode: &str, trusted| tls(url, mode, trusted, database.password());
    for (settings, accepted) in [
        (tls_of(database.url(), "disable", false), true),
        (tls_of(database.url(), "require", false), true),
        (tls_of(database.url(), "verify-ca", true), true),
        (tls_of(database.url(), "verify-full", true), true),
        (tls_of(database.url(), "verify-ca", false), false),
        (tls_of(database.url(), "verify-full", false), false),
        (tls_of(&other, "require", false), true),
        (tls_of(&other, "verify-ca", true), true),
        (tls_of(&other, "verify-ca", false), false),
        (tls_of(&other, "verify-full", true), false),
        (tls(plain.url(), "require", false, plain.password()), false),
    ] {
        let what = format!("{settings:?}");
        let seen = Database::open(settings).unwrap().table("t", None).await;
        match seen {
            Ok(_) => assert!(accepted, "{what}"),
            Err(error) => {
                assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "sql::tls"), "{what}: {error}");
                assert!(!accepted, "{what}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://ann@{}/shop", silent.local_addr().unwrap());
    let database = Database::open(settings(&url, "")).unwrap();
    // Connecting takes real time, after which the clock of the test jumps to the next time limit.
    let asked = tokio::spawn(async move { database.table("t", None).await.err().unwrap() });
    tokio::task::spawn_blocking(move || silent.accept().unwrap()).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(16)).await;
    assert_eq!(asked.await.unwrap().code(), "sql::unreachable");
}
