//! What the server is asked for, and that the rows are the same whatever it is asked for.

use enlist_kit::servers::Postgres;

use super::Shop;
use super::filters::{check, select};

#[tokio::test]
async fn the_server_is_asked_for_no_more_than_a_query_needs() {
    let shop = Shop::with(
        "CREATE TABLE asked_people (id bigint, \"Name\" text, zone timestamptz, active bool, price numeric(9, 2), key uuid, born date);
         INSERT INTO asked_people SELECT n, 'O''Brien', now(), true, n, gen_random_uuid(), now() FROM generate_series(1, 50) n",
    );
    let table = shop.table("asked_people").await;
    for (sql, statement) in [
        ("SELECT \"Name\" FROM t LIMIT 3", "SELECT \"Name\" FROM \"asked_people\" LIMIT 3"),
        ("SELECT count(*) AS n FROM t", "SELECT  FROM \"asked_people\""),
        (
            "SELECT id FROM t WHERE id >= 7 AND active LIMIT 2",
            "SELECT \"id\" FROM \"asked_people\" WHERE (\"id\" >= '7'::int8) AND (\"active\" = true) LIMIT 2",
        ),
        (
            "SELECT id FROM t WHERE zone > '2020-01-05T00:00:00-05:00'",
            "SELECT \"id\" FROM \"asked_people\" WHERE (\"zone\" > '2020-01-05 05:00:00.000000+00'::timestamptz)",
        ),
        (
            "SELECT id FROM t WHERE \"Name\" = 'O''Brien \\ \"x\"'",
            "SELECT \"id\", \"Name\" FROM \"asked_people\" WHERE (\"Name\" = 'O''Brien \\ \"x\"'::text)",
        ),
        (
            "SELECT id FROM t WHERE price IN (1.50, 2) AND born IS NOT NULL",
            "SELECT \"id\" FROM \"asked_people\" WHERE ((\"price\" = '1.50'::numeric) OR (\"price\" = '2.00'::numeric)) \
             AND (\"born\" IS NOT NULL)",
        ),
        (
            "SELECT id FROM t WHERE key = '0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c'",
            "SELECT \"id\" FROM \"asked_people\" WHERE (\"key\" = '0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c'::uuid)",
        ),
    ] {
        select(&table, sql).await;
        let log = Postgres::shared().log();
        let asked = format!("COPY ({statement}) TO STDOUT (FORMAT binary)");
        let copies: Vec<&str> =
            log.lines().filter(|line| line.contains("asked_people") && line.contains("COPY")).collect();
        assert!(log.contains(&asked), "{sql}: no {asked}\namong {}", copies.join("\n"));
    }
}

#[tokio::test]
async fn a_reader_does_not_see_through_the_time_zone_of_its_role() {
    let shop = Shop::with(
        "CREATE TABLE t (id int, at timestamptz);
         INSERT INTO t SELECT n, '2020-01-05 00:00:00+00'::timestamptz + n * interval '1 hour' FROM generate_series(-12, 12) n",
    );
    shop.server.execute(&format!("ALTER DATABASE {} SET timezone = 'America/New_York'", shop.server.name()));
    let rows = select(&shop.table("t").await, "SELECT id FROM t WHERE at > '2020-01-05T00:00:00Z'").await;
    assert_eq!(rows.num_rows(), 12);
}

#[test]
fn conditions_keep_the_same_rows_here_and_there() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let shop = Shop::with(
        r#"CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TYPE mood AS ENUM ('sad', 'O''K');
        CREATE TABLE t (id bigint, name text, loose text COLLATE loose, fixed char(4), mood mood, small int2, price numeric(9, 2),
            day date, at timestamp, zoned timestamptz, active bool, ratio float8, key uuid, doc jsonb);
        INSERT INTO t SELECT n,
            (ARRAY['ann', 'Ann', 'O''Brien', 'a\b', '"q"', 'é', '', ' ann', 'ann ', NULL])[n % 10 + 1],
            (ARRAY['ann', 'ANN', 'Ánn', NULL])[n % 4 + 1],
            (ARRAY['FI', 'fi', '', NULL, 'F  I'])[n % 5 + 1],
            (ARRAY['sad', 'O''K', NULL]::mood[])[n % 3 + 1],
            (ARRAY[-32768, 0, 7, NULL, 32767])[n % 5 + 1],
            (ARRAY[-0.05, 0, 1.50, 9999999.99, NULL])[n % 5 + 1],
            (ARRAY['2020-01-05', '1969-12-31', 'infinity', '0044-03-15 BC', NULL]::date[])[n % 5 + 1],
            (ARRAY['2020-01-05 00:00:00', '2020-01-05 00:00:00.000001', '-infinity', NULL]::timestamp[])[n % 4 + 1],
            (ARRAY['2020-01-05 00:00:00+00', '2020-01-04 19:00:00.000001-05', 'infinity', NULL]::timestamptz[])[n % 4 + 1],
            (ARRAY[true, false, NULL])[n % 3 + 1],
            (ARRAY['0', '-0', 'NaN', 'Infinity', '1.5', NULL]::float8[])[n % 6 + 1],
            (ARRAY['0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c', NULL]::uuid[])[n % 2 + 1],
            (ARRAY['{"a": 1}', NULL]::jsonb[])[n % 2 + 1]
        FROM generate_series(1, 120) n"#,
    );
    shop.server.execute(&format!("ALTER DATABASE {} SET timezone = 'America/New_York'", shop.server.name()));
    let table = runtime.block_on(shop.table("t"));
    let all = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let columns = [
        ("id", all(&["0", "7", "-9223372036854775808", "9223372036854775807"])),
        ("name", all(&["'ann'", "'Ann'", "'O''Brien'", r"'a\b'", "'\"q\"'", "'é'", "''", "'ann '", "'; --'"])),
        ("loose", all(&["'ann'", "'ANN'", "'Ánn'"])),
        ("fixed", all(&["'FI'", "'fi'", "'FI  '", "''", "'F  I'"])),
        ("mood", all(&["'sad'", "'O''K'", "'no mood'"])),
        ("small", all(&["7", "-32768", "32767", "40000"])),
        ("price", all(&["1.50", "-0.05", "0", "9999999.99", "1.499"])),
        ("day", all(&["DATE '2020-01-05'", "DATE '1969-12-31'", "DATE '0001-01-01'", "DATE '9999-12-31'"])),
        ("at", all(&["TIMESTAMP '2020-01-05 00:00:00'", "TIMESTAMP '2020-01-05 00:00:00.000001'"])),
        (
            "zoned",
            all(&["'2020-01-05T00:00:00Z'", "'2020-01-04T19:00:00.000001-05:00'", "TIMESTAMP '2020-01-05 00:00:00'"]),
        ),
        ("active", all(&["true", "false"])),
        ("ratio", all(&["0.0", "1.5"])),
        ("key", all(&["'0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c'", "'0188E0A4-7F3C-7B8E-9D55-2F6C1F0A3B4C'", "'none'"])),
        ("doc", all(&["'{\"a\": 1}'", "'{\"a\":1}'", "'no json'"])),
    ];
    check(&runtime, &table, &columns, 150);
}
