//! A filter gives the same rows wherever it is computed.

use std::sync::Arc;

use arrow::array::RecordBatch;
use enlist_core::{Batches, Error, Source};

use super::read::{assert_same, names, returned, scan};
use super::rows::rows;
use super::{Fixture, Table};

/// Rows of the table: every text meets every null.
const ROWS: i64 = 700;

/// Conditions over the columns of [`rows`], each of which some database computes in another way than the query engine.
pub const CONDITIONS: [&str; 60] = [
    // Quotes, backslashes, and what looks like SQL or a parameter.
    "note = 'O''Brien'",
    "note = '''; drop table segment; --'",
    "note = 'back\\slash\\n\\'",
    "note = '$1 ? :x @y {z} ${w}'",
    "note IN ('say \"hi\"', 'O''Brien', 'line\nbreak')",
    // Empty is not null, and null is neither equal nor unequal.
    "note = ''",
    "note <> ''",
    "note IS NULL",
    "note IS NOT NULL",
    "note <> 'plain'",
    "NOT (note = 'plain')",
    "note NOT IN ('plain', 'NULL')",
    "note NOT IN ('plain', NULL)",
    "note IN ('plain', NULL)",
    "note IS DISTINCT FROM 'plain'",
    "note = NULL",
    // Case, accents, and blanks at the end make a difference; order is that of code points.
    "note = 'padded'",
    "note = 'PADDED'",
    "note IN ('padded ', 'asa')",
    "note <> 'padded'",
    "note = 'åsa'",
    "note = 'é'",
    "email = 'P7@EXAMPLE.COM'",
    "note > 'a'",
    "note < 'Z'",
    "note BETWEEN 'P' AND 'p'",
    "note >= '日' AND note < '本'",
    "note LIKE '%''%'",
    "note LIKE 'PAD%'",
    "note LIKE '100\\%\\_'",
    "note NOT LIKE '%a%'",
    "note = '0123'",
    // Numbers, within their type, at its ends and beyond.
    "id = 7",
    "id IN (1, 2, 699, -5)",
    "id BETWEEN 5 AND 9",
    "id > 7.5",
    "id < 9223372036854775807",
    "level = 2147483647",
    "level < 2147483648",
    "level <= -3",
    "ratio = 0.1",
    "ratio > 0.1",
    "ratio >= 1e300",
    "amount = 12.50",
    "amount > 12.499",
    "amount < -50.049",
    "amount = 9999999999.99",
    // Booleans.
    "flag",
    "NOT flag",
    "flag IS NULL",
    "flag IS NOT TRUE",
    // Days, moments, and instants in several zones.
    "day = DATE '2000-02-29'",
    "day < '1970-01-01'",
    "moment = TIMESTAMP '2026-01-02 03:04:05.678901'",
    "moment > TIMESTAMP '2026-01-02 03:04:05.678901'",
    "instant >= TIMESTAMP '2026-01-02T03:04:05.678901Z'",
    "instant < TIMESTAMP '2026-01-02T05:04:05.678901+02:00'",
    // Together.
    "(id < 100 AND note = 'padded') OR flag IS NULL",
    "NOT (id < 600 OR note IS NULL)",
    "length(note) > 7 AND id >= 30 AND email IS NOT NULL",
];

/// What can follow a table without changing which of its rows come first.
const TAILS: [&str; 6] = [
    "LIMIT 0",
    "LIMIT 7",
    "LIMIT 7 OFFSET 5",
    "WHERE flag LIMIT 5",
    "WHERE note = 'padded' LIMIT 3",
    "WHERE length(note) = 3 AND id > 20 LIMIT 3",
];

/// Rows computed from the table.
const AGGREGATES: [&str; 3] = [
    "SELECT count(*) AS n FROM segment",
    "SELECT count(note) AS n, max(id) AS last FROM segment WHERE note <> 'padded'",
    "SELECT flag, count(*) AS n FROM segment WHERE amount > 0 GROUP BY flag ORDER BY flag",
];

/// Every query gives the same over the source, which may leave filters and limits to a database, and over its rows in
/// memory, where the query engine does everything.
pub async fn filters_and_limits_pushed_down_change_nothing<F: Fixture>(fixture: &F) {
    let given = rows(0, ROWS);
    let expected = returned(fixture, &given);
    let made = Arc::new(fixture.holding(std::slice::from_ref(&given)).await);
    let filters = CONDITIONS.iter().map(|condition| format!("SELECT id, note FROM segment WHERE {condition}"));
    let tails = TAILS.iter().map(|tail| format!("SELECT id, email FROM segment {tail}"));
    for sql in filters.chain(tails).chain(AGGREGATES.map(str::to_owned)) {
        let plain = Batches::new("rows", expected.schema(), vec![expected.clone()]);
        let Some(wanted) = fixture.select(Table::Plain(plain), &sql).await else { return };
        let got = fixture.select(Table::Made(Arc::clone(&made)), &sql).await.unwrap();
        let (wanted, got) = (outcome(wanted).await, outcome(got).await);
        match (wanted, got) {
            (Ok(wanted), Ok(got)) => assert_same_result(&sql, &got, &wanted),
            (Err(wanted), Err(got)) => assert_eq!(got.code(), wanted.code(), "{sql}: {got} where {wanted}"),
            (wanted, got) => panic!("{sql}: {got:?} where {wanted:?}"),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the harness shows it with a failure only")]
fn assert_same_result(sql: &str, got: &[RecordBatch], wanted: &[RecordBatch]) {
    println!("{sql}");
    assert_same(got, wanted);
}

async fn outcome(query: Result<Box<dyn Source>, Error>) -> Result<Vec<RecordBatch>, Error> {
    let query = query?;
    let columns = names(query.schema().await?.as_ref());
    scan(query.as_ref(), &columns.iter().map(String::as_str).collect::<Vec<_>>()).await
}
