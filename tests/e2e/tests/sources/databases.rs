//! Databases as segments: a table, the database's own SQL, and a SELECT that joins a table with a file.

use enlist_kit::servers::{MariaDb, Postgres};

use crate::world::World;
use crate::{PEOPLE, configure, emails};

/// A source of the configuration named `db` that leads to `url`.
fn source(world: &World, url: &str, password: &str, more: &str) -> String {
    world.write("password", password);
    format!("db: {{ url: \"{url}\", password: \"${{file:password}}\"{more} }}")
}

#[test]
fn a_table_of_each_server_becomes_the_list() {
    let (postgres, mariadb) = (Postgres::shared().database(), MariaDb::shared().database());
    for database in [&postgres, &mariadb] {
        database.execute(PEOPLE);
        let mut world = World::prompt();
        let source = source(&world, database.url(), database.password(), ", table: people");
        configure(&world, &[&source], &["all: { list: 7, source: db, map: { email: email, first_name: first_name } }"]);
        let run = world.enlist(&["run", "--json"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.document()["outcome"]["confirmed"], 3);
        let contacts = world.contacts();
        assert_eq!(contacts["bo@example.com"]["first_name"], "Bo 'the' \"Bear\"", "{contacts:?}");
    }
}

#[test]
fn a_file_of_sqlite_is_read_by_its_own_sql() {
    let mut world = World::prompt();
    world.python(&format!(
        "import sqlite3\nsqlite3.connect('people.db').executescript(\"\"\"{}\"\"\")",
        PEOPLE.replace('"', "\\\"")
    ));
    let sql = "select email, first_name from people where tier glob 'g*' order by id";
    let run = world.run("people.db", &["--sql", sql]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world), ["ada@example.com", "cy@example.com"]);
}

#[test]
fn sql_of_a_database_runs_in_the_database() {
    let database = Postgres::shared().database();
    database.execute(PEOPLE);
    let mut world = World::prompt();
    let source = source(&world, database.url(), database.password(), "");
    // `DISTINCT ON … ORDER BY`, a cast by `::` and `~` are PostgreSQL's own.
    let sql = "select distinct on (tier) email::text, first_name from people where email ~ '^[ab]' order by tier, id";
    configure(&world, &[&source], &[&format!("own: {{ list: 7, source: db, sql: \"{sql}\" }}")]);
    let run = world.enlist(&["run"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world), ["ada@example.com", "bo@example.com"]);
}

#[test]
fn one_select_joins_a_table_of_a_database_with_a_file_and_pushes_its_filter_there() {
    let server = Postgres::shared();
    let database = server.database();
    database.execute(PEOPLE);
    let mut world = World::prompt();
    world.python(
        "pq.write_table(pa.table({'email': ['ada@example.com', 'cy@example.com'], 'ok': [True, False]}), 'consent.parquet')",
    );
    let db = source(&world, database.url(), database.password(), "");
    let sql = "select p.email, p.first_name from db.public.people p join consent c on c.email = p.email \
               where c.ok and p.tier = 'gold' and p.id < 1000";
    configure(
        &world,
        &[&db, "consent: { path: consent.parquet }", "unread: { path: nowhere.parquet }"],
        &[&format!("joined: {{ list: 7, sql: \"{sql}\" }}")],
    );
    let run = world.enlist(&["run"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world), ["ada@example.com"]);
    let log = server.log();
    let sent = log.lines().find(|line| line.contains("COPY") && line.contains("1000")).unwrap_or_default();
    assert!(sent.contains("\"tier\"") && sent.contains("'gold'"), "{sent}\n{log}");
}

#[test]
fn fault_82_a_password_that_is_refused_ends_with_4_and_is_shown_nowhere() {
    let database = Postgres::shared().database();
    database.execute(PEOPLE);
    let world = World::prompt();
    let sound = source(&world, database.url(), "canary-of-the-password", ", table: people");
    configure(&world, &[&sound], &["all: { list: 7, source: db }"]);
    let wrong = world.enlist(&["run", "-vv"]);
    assert_eq!(wrong.code, 4, "{wrong:?}");
    assert!(wrong.stderr.contains("error[sql::login_refused]") && !wrong.stderr.contains("canary"), "{}", wrong.stderr);

    let written = database.url().replacen('@', ":canary-of-the-password@", 1);
    configure(&world, &[&format!("db: {{ url: \"{written}\", table: people }}")], &["all: { list: 7, source: db }"]);
    let refused = world.enlist(&["run"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);
    configure(
        &world,
        &["db: { url: \"postgres://u@h/d\", password: canary-of-the-password }"],
        &["x: { list: 7, source: db }"],
    );
    let refused = world.enlist(&["run"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("password: ${file:") && !refused.stderr.contains("canary"), "{}", refused.stderr);
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let database = Postgres::shared().database();
    database.execute(PEOPLE);
    let world = World::prompt();
    let db = source(&world, database.url(), database.password(), "");
    for (export, code, words) in [
        ("x: { list: 7, sql: \"select email from db.peple\" }", 7, "people"),
        ("x: { list: 7, sql: \"select email from db\" }", 2, "db.TABLE"),
        ("x: { list: 7, sql: \"select email from warehouse.people\" }", 2, "db.TABLE"),
        ("x: { list: 7, source: db }", 2, "table: public.users"),
        ("x: { list: 7, source: db, sql: \"select emial from people\" }", 2, "emial"),
        ("x: { list: 7, source: db, sql: \"delete from people\" }", 2, "SELECT"),
    ] {
        configure(&world, &[&db], &[export]);
        let ended = world.enlist(&["plan"]);
        assert_eq!(ended.code, code, "{export}: {ended:?}");
        assert!(ended.stderr.contains(words), "{export}: {}", ended.stderr);
    }
    assert_eq!(database.execute("select count(*) from people").trim(), "3");
}
