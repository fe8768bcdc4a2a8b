//! What goes wrong is told, never taken for the end of the rows.

use enlist_core::{Error, ErrorKind, Source};
use enlist_kit::servers::Postgres;
use enlist_source_query::Tables;
use enlist_source_sql::{Database, Settings, Tls};
use futures::StreamExt;

use super::{Shop, failure, settings};

const LONG: &str = "CREATE TABLE t (id bigint, filler text);
    INSERT INTO t SELECT n, repeat('x', 2000) FROM generate_series(1, 40000) n;";

/// Reads one batch, lets `happen` happen, and reads on: what ends the stream.
async fn meanwhile(source: &dyn Source, happen: impl FnOnce()) -> Error {
    let mut stream = source.scan(&["id".into(), "filler".into()]).await.unwrap();
    let first = stream.batches.next().await.unwrap().unwrap();
    assert!(first.rows.num_rows() > 0);
    happen();
    let mut rows = first.rows.num_rows();
    while let Some(batch) = stream.batches.next().await {
        match batch {
            Ok(batch) => rows += batch.rows.num_rows(),
            Err(error) => {
                assert!(stream.batches.next().await.is_none(), "an error is the last item");
                assert!(rows < 40_000, "all rows, and an error");
                return error;
            }
        }
    }
    panic!("the stream ends after {rows} rows as if that were all");
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_is_an_error() {
    let server = Postgres::start();
    let shop = Shop::on(server.database(), LONG);
    let table = shop.table("t").await;
    let error = meanwhile(&table, || server.kill()).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "postgres::lost"), "{error}");
    let error = table.scan(&["id".into()]).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sql::unreachable"), "{error}");
    let port = server.port();
    assert!(error.to_string().starts_with(&format!("shop: 127.0.0.1:{port} cannot be reached:")), "{error}");
}

#[tokio::test]
async fn a_backend_that_is_terminated_is_an_error_also_through_a_query() {
    let shop = Shop::with(LONG);
    let terminate = || {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'enlist' AND query LIKE 'COPY%'";
        assert_eq!(shop.server.execute(sql).trim(), "t");
    };
    let table = shop.table("t").await;
    let error = meanwhile(&table, terminate).await;
    assert_eq!(error.code(), "postgres::lost");

    let mut tables = Tables::default();
    tables.add_provider("t", table.provider()).unwrap();
    let query = tables.query("SELECT id, filler FROM t").await.unwrap();
    assert_eq!(meanwhile(&query, terminate).await.code(), "postgres::lost");

    let parts = shop.parts("t", "id", 2).await;
    let some = || {
        let sql = "SELECT pg_terminate_backend(min(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'enlist' AND query LIKE 'COPY%'";
        shop.server.execute(sql);
    };
    assert_eq!(meanwhile(&parts, some).await.code(), "postgres::lost");
}

#[tokio::test]
async fn a_statement_that_is_stopped_says_who_stopped_it() {
    let shop = Shop::with("");
    shop.server.execute(&format!("ALTER DATABASE {} SET statement_timeout = '3s'", shop.server.name()));
    let query =
        shop.reader.query("SELECT n::bigint AS id, pg_sleep(0.1)::text AS filler FROM generate_series(1, 1000) n");
    let error = failure(&query.await.unwrap()).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "postgres::cancelled"));
    assert!(error.to_string().ends_with("canceling statement due to statement timeout"), "{error}");
}

#[tokio::test]
async fn a_value_that_cannot_be_computed_is_an_error_that_does_not_show_it() {
    let shop = Shop::with("CREATE TABLE t (secret text); INSERT INTO t VALUES ('hunter2')");
    let query = shop.reader.query("SELECT secret::int AS n FROM t").await.unwrap();
    let error = failure(&query).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "postgres::value"));
    assert!(error.to_string().contains("22P02") && !format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_login_that_is_refused_names_the_user_and_the_database_that_is_missing_is_named() {
    let shop = Shop::with("");
    let open = |change: &dyn Fn(&mut enlist_source_sql::Settings)| {
        let mut settings = settings(&shop.server);
        change(&mut settings);
        Database::open(settings).unwrap()
    };
    let wrong = open(&|settings| settings.password = Some("wrong-password".into()));
    let error = wrong.table("t", None).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "sql::login_refused"));
    assert!(error.to_string().contains("\"enlist\"") && !format!("{error:?}").contains("wrong-password"), "{error:?}");

    let gone = open(&|settings| settings.url = settings.url.replace("/test_", "/gone_"));
    let error = gone.table("t", None).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "sql::database_missing"));
    assert!(error.to_string().contains("gone_"), "{error}");

    let nowhere = open(&|settings| settings.url = "postgres://enlist@no-such-host.invalid/x?sslmode=disable".into());
    let error = nowhere.table("t", None).await.err().unwrap();
    assert_eq!(error.code(), "sql::unreachable");
    assert!(error.to_string().starts_with("shop: no-such-host.invalid:5432 cannot be reached:"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_in_plain_text_when_tls_is_asked_for() {
    let shop = Shop::with("");
    let mut settings = settings(&shop.server);
    settings.tls = Some(Tls::Require);
    let error = Database::open(settings).unwrap().table("t", None).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "sql::tls"), "{error}");
}

#[tokio::test]
async fn a_certificate_counts_as_far_as_was_asked_for() {
    let server = Postgres::start_with_tls();
    let database = server.database();
    database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let attempt = async |host: &str, tls: Tls, ca: bool| {
        let mut settings = settings(&database);
        settings.url = format!("{}?hostaddr=127.0.0.1", settings.url.replace("127.0.0.1", host));
        settings.tls = Some(tls);
        settings.ca_file = ca.then(|| server.ca_file());
        let reader = Database::open(settings).unwrap();
        reader.table("t", None).await.map(|_| ()).map_err(|error| (error.kind(), error.code().to_owned()))
    };
    let refused = Err((ErrorKind::Access, "sql::tls".to_owned()));
    assert_eq!(attempt("127.0.0.1", Tls::VerifyFull, true).await, Ok(()));
    assert_eq!(attempt("localhost", Tls::VerifyFull, true).await, Ok(()));
    // The certificate has another name.
    assert_eq!(attempt("db.example.com", Tls::VerifyFull, true).await, refused);
    assert_eq!(attempt("db.example.com", Tls::VerifyCa, true).await, Ok(()));
    assert_eq!(attempt("127.0.0.1", Tls::VerifyCa, false).await, refused);
    assert_eq!(attempt("127.0.0.1", Tls::Require, false).await, Ok(()));
    let shop = Shop::on(database, "SELECT 1");
    let secured = "SELECT count(*)::text AS n FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    let mut settings = settings(&shop.server);
    settings.url += &format!("?sslmode=verify-full&sslrootcert={}", server.ca_file().display());
    let rows = super::everything(&Database::open(settings).unwrap().query(secured).await.unwrap()).await;
    assert_eq!(arrow::array::AsArray::as_string::<i32>(rows.column(0)).value(0), "1");
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://ann@{}/shop?sslmode=disable", silent.local_addr().unwrap());
    let database = Database::open(Settings { url, ..settings(&Postgres::shared().database()) }).unwrap();
    // Connecting takes real time, after which the clock of the test jumps to the next time limit.
    let asked = tokio::spawn(async move { database.table("t", None).await.err().unwrap() });
    tokio::task::spawn_blocking(move || silent.accept().unwrap()).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(16)).await;
    assert_eq!(asked.await.unwrap().code(), "sql::unreachable");
}

#[tokio::test]
async fn a_column_that_changes_its_type_after_it_was_described_is_an_error() {
    let shop = Shop::with("CREATE TABLE t (n int4, d date); INSERT INTO t VALUES (1, '2026-11-22')");
    let table = shop.table("t").await;
    shop.server.execute("ALTER TABLE t ALTER d TYPE int4 USING 9000");
    // The bytes of a whole number would pass for those of a date.
    assert_eq!(failure(&table).await.code(), "source::column_changed");
}

#[tokio::test]
async fn what_a_function_of_a_view_says_reaches_no_log() {
    let shop = Shop::with(
        "CREATE FUNCTION loud(text) RETURNS text LANGUAGE plpgsql AS \
         $$ BEGIN RAISE WARNING 'bad %', $1; RETURN $1; END $$; \
         CREATE VIEW t AS SELECT loud('ada@example.com') AS email",
    );
    shop.read("t").await;
    let sent = Postgres::shared().log();
    assert!(sent.contains("client_min_messages = 'error'"), "{sent}");
}

#[test]
fn certificates_that_nobody_would_check_are_refused() {
    let settings = settings(&Postgres::shared().database());
    for tls in [Tls::Disable, Tls::Require] {
        let unchecked = Settings { tls: Some(tls), ca_file: Some("ca.pem".into()), ..settings.clone() };
        assert_eq!(Database::open(unchecked).err().unwrap().code(), "sql::tls_mode");
    }
}
