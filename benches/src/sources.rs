//! Reading databases, side by side with ADBC and connectorx, each reader in a process of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use enlist_core::{Clock, Source};
use enlist_kit::servers::{MariaDb, Postgres};
use enlist_source_sql::{Database, Settings};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::result::{Results, peak_megabytes};

type Failure = Box<dyn std::error::Error>;

/// The variable that hands the password to the processes that read.
const PASSWORD: &str = "ENLIST_BENCH_PASSWORD";

/// Times that each reader reads, in turns.
const ROUNDS: usize = 3;

/// A table of a hundred fifty million bytes or so, eight columns, in a database.
struct Table {
    name: &'static str,
    url: String,
    password: String,
    /// Readers but ours.
    others: &'static [&'static str],
}

/// Fills the tables with `rows` rows each and lets every reader read them; then ours reads `more` rows, which shows
/// whether its memory grows.
pub(crate) fn measure(rows: u64, more: u64, results: &mut Results) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (postgres, mariadb) = (Postgres::start(), MariaDb::start());
    let tables = fill(rows, &postgres, &mariadb, &folder.path().join("people.db"))?;
    for table in &tables {
        compare(table, rows, results)?;
    }
    for table in fill(more, &postgres, &mariadb, &folder.path().join("more.db"))? {
        let read = read_in_a_process("enlist", &table, more)?;
        results.add(format!("{}, enlist, {more} rows: peak memory", table.name), number(&read, "megabytes"), "MB");
    }
    Ok(())
}

/// All readers of one table, in turns.
fn compare(table: &Table, rows: u64, results: &mut Results) -> Result<(), Failure> {
    let readers: Vec<&str> = [&["enlist"], table.others].concat();
    let mut reads: Vec<Vec<Value>> = vec![Vec::new(); readers.len()];
    // One round before those that count: it brings the table into the caches.
    for round in 0..=ROUNDS {
        for (reader, reads) in readers.iter().zip(&mut reads) {
            let read = read_in_a_process(reader, table, rows)?;
            if round > 0 {
                reads.push(read);
            }
        }
    }
    for (reader, mut reads) in readers.into_iter().zip(reads) {
        reads.sort_by(|a, b| number(a, "seconds").total_cmp(&number(b, "seconds")));
        let (best, median) = (&reads[0], &reads[ROUNDS / 2]);
        let megabytes = reads.iter().map(|read| number(read, "megabytes")).fold(0.0, f64::max);
        let what = |figure: &str| format!("{}, {reader}: {figure}", table.name);
        results.add(what("best"), rows as f64 / number(best, "seconds"), "rows/s");
        results.add(what("median"), rows as f64 / number(median, "seconds"), "rows/s");
        results.add(what("peak memory"), megabytes, "MB");
        crate::result::print(&what(best["types"].as_str().unwrap_or_default()));
    }
    Ok(())
}

/// What one of the readers needed for one table.
fn read_in_a_process(reader: &str, table: &Table, rows: u64) -> Result<Value, Failure> {
    let mut command = if reader == "enlist" {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("read");
        command
    } else {
        let mut command = Command::new(std::env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".into()));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("readers.py")).arg(reader);
        command
    };
    let output = command.arg(&table.url).env(PASSWORD, &table.password).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{reader} cannot read from {}: {said}", table.name).into());
    }
    let read: Value = serde_json::from_slice(&output.stdout)?;
    if read["rows"] != rows {
        return Err(format!("{reader} read {} of {rows} rows from {}", read["rows"], table.name).into());
    }
    Ok(read)
}

/// Reads the table `people` of the database at `url` to its end: what a process of its own does. One line of JSON.
pub(crate) fn read(url: &str) -> Result<String, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let clock = Clock::start();
        let password = std::env::var(PASSWORD).ok().filter(|password| !password.is_empty());
        let settings = Settings {
            name: "bench".into(),
            url: url.to_owned(),
            password: password.map(Into::into),
            tls: None,
            ca_file: None,
        };
        let table = Database::open(settings)?.table("people", None).await?;
        let schema = table.schema().await?;
        let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let scan = table.scan(&columns).await?;
        let rows =
            scan.batches.try_fold(0, |rows, batch| async move { Ok(rows + batch.rows.num_rows() as u64) }).await?;
        let types: Vec<String> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
        let seconds = clock.elapsed().as_secs_f64();
        Ok(json!({"rows": rows, "seconds": seconds, "megabytes": peak_megabytes(), "types": types.join(", ")})
            .to_string())
    })
}

fn number(read: &Value, name: &str) -> f64 {
    read[name].as_f64().unwrap_or(f64::NAN)
}

/// A table of so many rows in a fresh database of each kind.
fn fill(rows: u64, postgres: &Postgres, mariadb: &MariaDb, sqlite: &Path) -> Result<[Table; 3], Failure> {
    let in_postgres = postgres.database();
    in_postgres.execute(&format!(
        "create table people (id bigint primary key, email text not null, first_name text, last_name text, phone text, \
         amount numeric(12, 2), updated_at timestamptz, active boolean); \
         insert into people select n, 'person.' || lpad(n::text, 7, '0') || '@example.com', \
         (array['Ada', 'Björn', 'Chiara', 'Dušan', 'Eun-ji', 'Fatou'])[n % 6 + 1], 'Sample-' || n % 9973, \
         case when n % 10 > 0 then '+3584' || lpad(n::text, 8, '0') end, n % 1000000 / 100.0, \
         timestamptz '2026-01-01 00:00:00Z' + n * interval '1.000001 seconds', n % 3 = 0 \
         from generate_series(1, {rows}) n; analyze people"
    ));
    let in_mariadb = mariadb.database();
    in_mariadb.execute(&format!(
        "create table people (id bigint primary key, email varchar(100) not null, first_name varchar(50), \
         last_name varchar(50), phone varchar(50), amount decimal(12, 2), updated_at datetime(6), active boolean); \
         insert into people select seq, concat('person.', lpad(seq, 7, '0'), '@example.com'), \
         elt(seq % 6 + 1, 'Ada', 'Björn', 'Chiara', 'Dušan', 'Eun-ji', 'Fatou'), concat('Sample-', seq % 9973), \
         if(seq % 10 > 0, concat('+3584', lpad(seq, 8, '0')), null), seq % 1000000 / 100, \
         timestamp '2026-01-01 00:00:00' + interval seq second + interval seq microsecond, seq % 3 = 0 \
         from seq_1_to_{rows}; analyze table people"
    ));
    let _ = fs::remove_file(sqlite);
    rusqlite::Connection::open(sqlite)?.execute_batch(&format!(
        "create table people (id integer primary key, email text not null, first_name text, last_name text, \
         phone text, amount numeric(12, 2), updated_at text, active boolean); \
         with recursive s(n) as (select 1 union all select n + 1 from s where n < {rows}) \
         insert into people select n, printf('person.%07d@example.com', n), \
         case n % 6 when 0 then 'Ada' when 1 then 'Björn' when 2 then 'Chiara' when 3 then 'Dušan' when 4 then 'Eun-ji' \
         else 'Fatou' end, 'Sample-' || n % 9973, case when n % 10 > 0 then printf('+3584%08d', n) end, \
         n % 1000000 / 100.0, datetime('2026-01-01', n || ' seconds'), n % 3 = 0 from s"
    ))?;
    let table = |name, database: &enlist_kit::servers::Database, others| Table {
        name,
        url: database.url().to_owned(),
        password: database.password().to_owned(),
        others,
    };
    Ok([
        table("PostgreSQL", &in_postgres, &["adbc", "connectorx-stream", "connectorx"]),
        table("MariaDB", &in_mariadb, &["connectorx-stream", "connectorx"]),
        Table {
            name: "SQLite",
            url: format!("sqlite://{}", sqlite.display()),
            password: String::new(),
            others: &["adbc", "connectorx-stream", "connectorx"],
        },
    ])
}
