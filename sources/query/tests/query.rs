//! What a query promises: one SELECT, names in their case, the order of the result, and errors in plain words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_files::{feed, pick};
use enlist_source_query::{Query, Settings, TableName, Tables, tables_of};
use futures::{StreamExt, TryStreamExt};

/// Twelve rows in three batches, and a note of the columns that were asked for.
#[derive(Default)]
struct People {
    asked: Mutex<Vec<Vec<String>>>,
    fails: bool,
}

impl People {
    fn all() -> RecordBatch {
        let ids = Int64Array::from_iter_values(1..=12);
        let emails = (1..=12).map(|n| (n != 3).then(|| format!("p{n}@example.com")));
        let schema = Schema::new(vec![
            Field::new("Id", DataType::Int64, true),
            Field::new("Email", DataType::Utf8, true),
            Field::new("first_name", DataType::Utf8, true),
        ]);
        let names = StringArray::from_iter_values((1..=12).map(|n| if n % 2 == 0 { "Åsa" } else { "Bo" }));
        let columns: Vec<arrow::array::ArrayRef> =
            vec![Arc::new(ids), Arc::new(StringArray::from_iter(emails)), Arc::new(names)];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }
}

#[async_trait]
impl Source for People {
    fn name(&self) -> &str {
        "people"
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Self::all().schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        self.asked.lock().unwrap().push(columns.to_vec());
        let mut order = pick(&Self::all().schema(), columns, "people")?;
        order.reverse();
        let rows = Self::all().project(&order).unwrap();
        let schema = rows.schema();
        let fails = self.fails;
        let batches = (0..3).map(move |n| {
            if fails && n == 2 {
                return Err(Error::new(ErrorKind::Source, "source::damaged", "people, row group 3 is damaged"));
            }
            Ok(SegmentBatch { rows: rows.slice(n * 4, 4), origin: 0, first_row: n as u64 * 4 + 1 })
        });
        Ok(SegmentStream { schema, origins: Arc::from(["people".to_owned()]), batches: feed(batches) })
    }
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    tables.add("people", Arc::new(People::default())).unwrap();
    tables
}

async fn query(sql: &str) -> Result<Query, Error> {
    tables().query(sql).await
}

async fn refusal(sql: &str) -> Error {
    query(sql).await.err().unwrap_or_else(|| panic!("accepted: {sql}"))
}

async fn read(query: &Query, columns: &[&str]) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|c| c.to_string()).collect();
    query.scan(&columns).await?.batches.try_collect().await
}

async fn ids(sql: &str) -> Vec<i64> {
    let batches = read(&query(sql).await.unwrap(), &["Id"]).await.unwrap();
    let column = |b: SegmentBatch| b.rows.column_by_name("Id").unwrap().as_primitive::<Int64Type>().values().to_vec();
    batches.into_iter().flat_map(column).collect()
}

#[tokio::test]
async fn rows_are_numbered_from_one_in_the_order_of_the_result() {
    let result = query("SELECT Id FROM people WHERE Id <> 5 ORDER BY Id DESC").await.unwrap();
    let batches = read(&result, &["Id"]).await.unwrap();
    let mut next = 1;
    for batch in &batches {
        assert_eq!((batch.origin, batch.first_row), (0, next));
        next += batch.rows.num_rows() as u64;
    }
    assert_eq!(next, 12);
    assert_eq!(ids("SELECT Id FROM people WHERE Id <> 5 ORDER BY Id DESC").await, [12, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1]);
}

#[tokio::test]
async fn without_order_by_rows_keep_the_order_of_the_table() {
    assert_eq!(ids("SELECT Id FROM people").await, (1..=12).collect::<Vec<_>>());
    assert_eq!(ids("SELECT * FROM people WHERE first_name = 'Bo'").await, [1, 3, 5, 7, 9, 11]);
}

#[tokio::test]
async fn a_scan_reads_only_the_columns_it_needs() {
    let people = Arc::new(People::default());
    let mut tables = Tables::default();
    tables.add("people", Arc::clone(&people) as Arc<dyn Source>).unwrap();
    let result = tables.query("SELECT * FROM people WHERE Id > 3").await.unwrap();
    let batches = read(&result, &["Email"]).await.unwrap();
    assert_eq!(batches[0].rows.num_columns(), 1);
    assert_eq!(*people.asked.lock().unwrap(), [["Id", "Email"]]);
}

#[tokio::test]
async fn names_keep_their_case_and_functions_do_not_care_about_theirs() {
    assert_eq!(ids("SELECT Id FROM people WHERE Lower(first_name) = lower('ÅSA') AND \"Id\" = 2").await, [2]);
    assert_eq!(ids("SELECT COUNT(*) AS Id FROM people").await, [12]);
    let rank = "WITH r AS (SELECT *, row_number() OVER (PARTITION BY first_name ORDER BY Id DESC) AS n FROM people) \
                SELECT Id FROM r WHERE n = 1 ORDER BY Id";
    assert_eq!(ids(rank).await, [11, 12]);
    let error = refusal("SELECT id FROM people").await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_missing"));
    assert_eq!(error.help_text(), Some("did you mean \"Id\"? columns: Id, Email, first_name"));
}

#[tokio::test]
async fn nulls_and_unicode_pass_unharmed() {
    let result = query("SELECT Email, first_name FROM people ORDER BY Id LIMIT 4").await.unwrap();
    let batches = read(&result, &["Email", "first_name"]).await.unwrap();
    assert!(batches[0].rows.column_by_name("Email").unwrap().is_null(2));
    assert_eq!(batches[0].rows.column_by_name("first_name").unwrap().as_string::<i32>().value(1), "Åsa");
}

#[tokio::test]
async fn text_that_sql_makes_is_plain_text() {
    let result = query("SELECT CAST(Id AS VARCHAR) AS t, first_name || '!' AS u FROM people").await.unwrap();
    let batches = read(&result, &["t", "u"]).await.unwrap();
    assert!(batches[0].rows.columns().iter().all(|column| *column.data_type() == DataType::Utf8));
}

#[tokio::test]
async fn a_result_of_no_rows_is_a_segment_of_no_rows() {
    let stream = query("SELECT Id FROM people WHERE Id > 99").await.unwrap().scan(&["Id".into()]).await.unwrap();
    assert_eq!(stream.schema.field(0).name(), "Id");
    assert_eq!(stream.origins.as_ref(), ["query"]);
    assert_eq!(stream.batches.count().await, 0);
}

#[tokio::test]
async fn anything_but_one_select_is_refused() {
    for sql in [
        "CREATE TABLE x AS SELECT * FROM people",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY people TO '/tmp/x.csv'",
        "INSERT INTO people VALUES (1, 'a', 'b')",
        "DELETE FROM people",
        "DROP TABLE people",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN SELECT Id FROM people",
        "SELECT Id FROM people; SELECT Id FROM people",
        "SELECT Id INTO x FROM people",
        "",
    ] {
        let error = refusal(sql).await;
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "query::refused"), "{sql}: {error}");
    }
    assert!(query("SELECT Id FROM people;").await.is_ok());
}

#[tokio::test]
async fn a_file_cannot_be_read_past_the_tables() {
    assert_eq!(refusal("SELECT * FROM '/etc/passwd'").await.code(), "source::table_missing");
    assert_eq!(refusal("SELECT * FROM information_schema.tables").await.code(), "source::table_missing");
}

#[tokio::test]
async fn wrong_sql_is_named_with_line_and_column() {
    let error = refusal("SELECT Id\nFROM people WHERE ) = 1").await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "query::syntax"));
    assert!(error.to_string().contains("line 2, column"), "{error}");
}

#[tokio::test]
async fn a_missing_table_is_named_with_the_tables_there_are() {
    let error = refusal("SELECT * FROM poeple").await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "source::table_missing"));
    assert_eq!(error.help_text(), Some("did you mean \"people\"? tables: people"));
    assert_eq!(tables().add("people", Arc::new(People::default())).unwrap_err().code(), "source::table_twice");
}

#[tokio::test]
async fn columns_of_one_name_are_refused_before_they_can_be_mixed_up() {
    let error = refusal("SELECT a.Id, b.Id FROM people a JOIN people b ON a.Id = b.Id").await;
    assert_eq!(error.code(), "query::column_twice");
    for sql in ["SELECT Email, first_name AS Email FROM people", "SELECT first_name AS Email,\n Email FROM people"] {
        let error = refusal(sql).await;
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "query::column_twice"), "{sql}");
        let said = error.to_string();
        let named = [
            "\"Email\"",
            "first_name AS Email",
            if sql.contains('\n') { "(line 2, column 2)" } else { "(line 1, column 15)" },
        ];
        assert!(named.iter().all(|word| said.contains(word)), "{said}");
    }
    assert_eq!(refusal("SELECT *, first_name AS Email FROM people").await.code(), "query::column_twice");
    let error = refusal("SELECT Id FROM people a JOIN people b ON a.Id = b.Id").await;
    assert_eq!(error.code(), "query::ambiguous");
}

#[tokio::test]
async fn a_column_that_the_result_lacks_is_named_with_those_it_has() {
    let result = query("SELECT Email AS mail FROM people").await.unwrap();
    let error = read(&result, &["Email"]).await.unwrap_err();
    assert_eq!(error.code(), "source::column_missing");
    assert_eq!(error.help_text(), Some("did you mean \"mail\"? columns: mail"));
}

#[tokio::test]
async fn the_error_of_a_table_arrives_as_it_was_and_ends_the_stream() {
    let mut tables = Tables::default();
    tables.add("people", Arc::new(People { fails: true, ..People::default() })).unwrap();
    let result = tables.query("SELECT Id, UPPER(Email) AS mail FROM people").await.unwrap();
    let items: Vec<_> = result.scan(&["mail".into()]).await.unwrap().batches.collect().await;
    let error = items.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), ("source::damaged", "people, row group 3 is damaged"));
    assert!(items[..items.len() - 1].iter().all(Result::is_ok));
}

#[tokio::test]
async fn an_error_in_the_rows_does_not_repeat_what_they_hold() {
    for sql in [
        "SELECT CAST(Email AS INT) AS Id FROM people",
        "SELECT to_timestamp(Email) AS Id FROM people",
        "SELECT 1 / (Id - 7) AS Id FROM people",
        "SELECT arrow_cast(Email, 'Decimal128(5, 2)') AS Id FROM people",
    ] {
        let error = read(&query(sql).await.unwrap(), &["Id"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Source, "{sql}");
        assert!(!format!("{error:?}").contains("example.com"), "{error:?}");
        assert!(error.help_text().is_some());
    }
}

#[tokio::test]
async fn a_sort_larger_than_its_memory_spills_and_stays_right() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { memory: 24 << 20, temporary: Some(folder.path().to_owned()) };
    let mut tables = Tables::new(settings);
    tables.add("numbers", Arc::new(Numbers)).unwrap();
    let result = tables.query("SELECT n, t FROM numbers ORDER BY t").await.unwrap();
    let mut last = String::new();
    let mut rows = 0;
    for batch in read(&result, &["t"]).await.unwrap() {
        for text in batch.rows.column(0).as_string::<i32>().iter().flatten() {
            assert!(*last <= *text);
            last = text.to_owned();
            rows += 1;
        }
    }
    assert_eq!(rows, 80_000);
}

/// Eighty thousand rows of four hundred bytes, 32 MB.
struct Numbers;

#[async_trait]
impl Source for Numbers {
    fn name(&self) -> &str {
        "numbers"
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        let fields = vec![Field::new("n", DataType::Int64, true), Field::new("t", DataType::Utf8, true)];
        Ok(Arc::new(Schema::new(fields)))
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.schema().await?;
        let order = pick(&schema, columns, "numbers")?;
        let projected = Arc::new(schema.project(&order).unwrap());
        let batches = (0..10i64).map(move |batch| {
            let numbers = (0..8_000i64).map(|n| (batch * 8_000 + n) * 7_919 % 80_000);
            let text = numbers.clone().map(|n| format!("{n:0400}"));
            let columns: Vec<arrow::array::ArrayRef> =
                vec![Arc::new(Int64Array::from_iter_values(numbers)), Arc::new(StringArray::from_iter_values(text))];
            let rows = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap().project(&order).unwrap();
            Ok(SegmentBatch { rows, origin: 0, first_row: batch as u64 * 8_000 + 1 })
        });
        Ok(SegmentStream { schema: projected, origins: Arc::from(["numbers".to_owned()]), batches: feed(batches) })
    }
}

#[tokio::test]
async fn a_table_within_a_database_is_read_by_its_qualified_name_beside_others() {
    let mut tables = tables();
    for path in ["users", "public.users"] {
        tables.add(TableName::within("warehouse", path), Arc::new(People::default())).unwrap();
    }
    let sql = "SELECT a.Id FROM people a JOIN warehouse.users b ON a.Id = b.Id \
               JOIN warehouse.public.users c ON b.Id = c.Id WHERE a.Id < 3 ORDER BY 1";
    let result = tables.query(sql).await.unwrap();
    let rows: usize = read(&result, &["Id"]).await.unwrap().iter().map(|batch| batch.rows.num_rows()).sum();
    assert_eq!(rows, 2);
    let error = tables.query("SELECT Id FROM users").await.err().unwrap();
    assert_eq!(error.code(), "source::table_missing", "a name of two parts is not known by its last");
    assert!(error.help_text().unwrap().contains("warehouse.public.users"), "{error:?}");
}

#[test]
fn the_tables_of_a_select_are_those_that_it_does_not_define_itself() {
    let sql = "WITH gold AS (SELECT * FROM shop.public.customers) \
               SELECT g.id FROM gold g JOIN Lake l ON l.id = g.id WHERE g.id IN (SELECT id FROM shop.orders)";
    let mut names: Vec<String> = tables_of(sql).unwrap().iter().map(ToString::to_string).collect();
    names.sort();
    assert_eq!(names, ["Lake", "shop.orders", "shop.public.customers"]);
    assert_eq!(tables_of("DELETE FROM people").unwrap_err().code(), "query::refused");
}

#[tokio::test]
async fn the_inputs_of_a_union_come_one_after_the_other_in_the_order_they_are_written() {
    let sql =
        "SELECT Id FROM people UNION ALL SELECT Id + 100 AS Id FROM people UNION ALL SELECT Id + 200 AS Id FROM people";
    let all: Vec<i64> = [0, 100, 200].iter().flat_map(|more| (1..=12).map(move |id| id + more)).collect();
    for _ in 0..20 {
        assert_eq!(ids(sql).await, all);
    }
}

#[test]
fn a_query_over_more_sources_than_the_runtime_has_threads_comes_to_its_end() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).build().unwrap();
    let count = runtime.block_on(async {
        let mut tables = Tables::default();
        for name in ["a", "b", "c", "d", "e"] {
            tables.add(name, Arc::new(Numbers)).unwrap();
        }
        let union = ["a", "b", "c", "d", "e"].map(|name| format!("SELECT n FROM {name}")).join(" UNION ALL ");
        let result = tables.query(&format!("SELECT n FROM ({union}) ORDER BY n")).await.unwrap();
        let mut rows = 0;
        let mut batches = result.scan(&["n".to_owned()]).await.unwrap().batches;
        while let Some(batch) = batches.next().await {
            rows += batch.unwrap().rows.num_rows();
            tokio::task::spawn_blocking(|| ()).await.unwrap();
        }
        rows
    });
    assert_eq!(count, 5 * 80_000);
}

#[tokio::test]
async fn a_parameter_is_a_value_of_the_type_it_is_compared_with_and_never_part_of_the_statement() {
    let select = async |sql: &str, value: &str| {
        let query = tables().query_with(sql, &[("x".to_owned(), value.to_owned())]).await?;
        let batches = read(&query, &["Id"]).await?;
        let column =
            |b: SegmentBatch| b.rows.column_by_name("Id").unwrap().as_primitive::<Int64Type>().values().to_vec();
        Ok::<_, Error>(batches.into_iter().flat_map(column).collect::<Vec<_>>())
    };
    assert_eq!(select("SELECT Id FROM people WHERE Id > $x", "9").await.unwrap(), [10, 11, 12], "not as text");
    assert_eq!(select("SELECT Id FROM people WHERE first_name = $x AND Id < 4", "Bo").await.unwrap(), [1, 3]);
    for hostile in ["' OR 1=1 --", "Bo' OR 'a'='a", "$x", "Bo; DROP TABLE people", "\\' OR 1=1 --"] {
        assert_eq!(select("SELECT Id FROM people WHERE first_name = $x", hostile).await.unwrap(), [0; 0], "{hostile}");
    }
    for value in ["' OR 1=1 --", "nine", ""] {
        let error = select("SELECT Id FROM people WHERE Id > $x", value).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "query::param"));
        assert!(value.is_empty() || !error.to_string().contains(value), "{error}");
    }
    assert_eq!(select("SELECT Id FROM people WHERE first_name = $y", "Bo").await.unwrap_err().code(), "query::param");
    assert_eq!(select("SELECT Id FROM people LIMIT CAST($x AS BIGINT)", "2").await.unwrap(), [1, 2]);
}
