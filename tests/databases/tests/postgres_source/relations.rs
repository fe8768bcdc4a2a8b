//! What can be read: tables of all kinds, views, direct queries; and how they are named.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;
use enlist_core::{ErrorKind, Rows, Source};

use super::Shop;

#[tokio::test]
async fn whatever_can_be_selected_from_can_be_read() {
    let shop = Shop::with(
        r#"CREATE SCHEMA "My Crm";
           CREATE TABLE users (id int); INSERT INTO users VALUES (1), (2), (3);
           CREATE VIEW "Active Users" AS SELECT id FROM users WHERE id > 1;
           CREATE MATERIALIZED VIEW kept AS SELECT id FROM users;
           CREATE TABLE "My Crm"."We""ird.'name" ("Select" int, "a ""b""" text); INSERT INTO "My Crm"."We""ird.'name" VALUES (7, 'x');
           CREATE TABLE parted (id int, at int) PARTITION BY RANGE (at);
           CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (10);
           CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM (10) TO (20);
           INSERT INTO parted SELECT n, n FROM generate_series(0, 19) n;
           CREATE TABLE nothing ();
           CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
           CREATE FOREIGN TABLE words (word text) SERVER files OPTIONS (program 'printf "a\nb\n"');
           ANALYZE users, parted, kept;"#,
    );
    for (name, rows) in [
        ("users", 3),
        ("public.users", 3),
        ("Active Users", 2),
        ("public.\"Active Users\"", 2),
        ("kept", 3),
        ("parted", 20),
        ("parted_a", 10),
        ("words", 2),
        ("\"My Crm\".\"We\"\"ird.'name\"", 1),
    ] {
        assert_eq!(shop.read(name).await.num_rows(), rows, "{name}");
    }
    let odd = shop.read("\"My Crm\".\"We\"\"ird.'name\"").await;
    assert_eq!(odd.schema().field(1).name(), "a \"b\"");
    assert_eq!(odd.column(0).as_primitive::<Int32Type>().values(), &[7]);
    for (name, rows) in [
        ("users", Rows::About(3)),
        ("parted", Rows::About(20)),
        ("kept", Rows::About(3)),
        ("Active Users", Rows::Unknown),
        ("nothing", Rows::Unknown),
    ] {
        assert_eq!(shop.table(name).await.rows().await.unwrap(), rows, "{name}");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_that_names_those_that_are() {
    let shop = Shop::with("CREATE SCHEMA crm; CREATE TABLE crm.leads (id int); CREATE TABLE \"Users\" (id int)");
    for (wanted, meant) in [("users", "Users"), ("lead", "crm.leads"), ("crm.Leads", "crm.leads")] {
        let error = shop.reader.table(wanted, None).await.err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sql::table_missing"));
        assert_eq!(error.to_string(), format!("shop: there is no table \"{wanted}\""));
        let help = error.help_text().unwrap();
        assert!(help.contains(meant) && help.contains("crm.leads") && !help.contains("pg_"), "{help}");
    }
}

#[tokio::test]
async fn a_direct_query_runs_in_the_database_as_it_is_written() {
    let shop = Shop::with("CREATE TABLE users (id int, name text); INSERT INTO users VALUES (1, 'ann'), (2, 'bob')");
    let sql = "-- ranked\nWITH ranked AS (SELECT *, rank() OVER (ORDER BY id DESC) FROM users)\n\
               SELECT id, upper(name) AS \"Name\", DATE '2024-01-31' + INTERVAL '1 month' AS \"next\" \
               FROM ranked ORDER BY rank -- the end;";
    let rows = shop.query(sql).await.unwrap();
    assert_eq!(rows.column(0).as_primitive::<Int32Type>().values(), &[2, 1]);
    assert_eq!(rows.column(1).as_string::<i32>().value(0), "BOB");
    assert_eq!(shop.reader.query(sql).await.unwrap().rows().await.unwrap(), Rows::Unknown);
    assert_eq!(shop.query("VALUES (1), (2), (NULL) ;\n").await.unwrap().column(0).null_count(), 1);
    assert_eq!(shop.query("SELECT id FROM users WHERE name IN ('a;b', 'ann')").await.unwrap().num_rows(), 1);
}

#[tokio::test]
async fn anything_but_one_select_is_refused_and_nothing_happens() {
    let shop = Shop::with("CREATE TABLE users (id int, name text); INSERT INTO users VALUES (1, 'ann')");
    for (sql, code) in [
        ("DELETE FROM users", "sql::query_refused"),
        ("DELETE FROM users RETURNING id", "sql::query_refused"),
        ("WITH d AS (DELETE FROM users RETURNING id) SELECT * FROM d", "sql::query_refused"),
        ("SELECT id FROM users FOR UPDATE", "sql::query_refused"),
        ("SELECT id INTO other FROM users", "sql::query_refused"),
        ("SHOW server_version", "sql::query_refused"),
        ("COMMIT", "sql::query_refused"),
        ("SELECT id FROM users WHERE name = $1", "sql::query_refused"),
        ("", "sql::query_refused"),
        ("SELECT 1; SELECT 2", "sql::query_invalid"),
        ("SELECT 1; DELETE FROM users", "sql::query_invalid"),
        ("SELECT 1) AS q; DELETE FROM users; SELECT * FROM (SELECT 1", "sql::query_invalid"),
        ("SELECT 1) AS a, (SELECT 2", "sql::query_invalid"),
        ("SELECT 1 /* ) AS q", "sql::query_invalid"),
        ("SELECT id FROM", "sql::query_invalid"),
        ("SELECT id FROM missing", "sql::query_invalid"),
        ("SELECT id, id FROM users", "query::column_twice"),
        ("SELECT nextval('s')", "sql::query_invalid"),
    ] {
        let error = shop.query(sql).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, code), "{sql}: {error}");
    }
    assert_eq!(shop.server.execute("SELECT count(*) FROM users").trim(), "1");
    assert_eq!(shop.server.execute("SELECT count(*) FROM pg_class WHERE relname = 'other'").trim(), "0");
}

#[tokio::test]
async fn a_mistake_in_a_query_is_shown_where_it_is() {
    let shop = Shop::with("CREATE TABLE users (id int)");
    let error = shop.query("SELECT id\nFROM users\nWHERE naem = 'é'").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "shop: the database refuses the query, line 3, column 7: column \"naem\" does not exist"
    );
}

#[tokio::test]
async fn columns_that_the_user_may_not_read_are_left_out_and_a_table_without_any_is_refused() {
    let shop = Shop::with("CREATE TABLE users (id int, salary int, name text); CREATE TABLE secrets (id int)");
    let reader = shop.reader_as("column_reader");
    let error = reader.table("users", None).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "sql::permission"));
    assert_eq!(error.to_string(), "shop: users: permission denied for table users");
    shop.server.execute("GRANT SELECT (id, name) ON users TO column_reader");
    let schema = reader.table("users", None).await.unwrap().schema().await.unwrap();
    assert_eq!(schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), ["id", "name"]);
    let error = reader.query("SELECT * FROM secrets").await.err().unwrap();
    assert_eq!(error.code(), "sql::permission");
    shop.server.execute("REVOKE ALL ON users FROM column_reader");
}
