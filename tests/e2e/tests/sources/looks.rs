//! `plan SOURCE` without a list: what a source holds, and nothing of the people in it.

use enlist_kit::servers::Postgres;
use serde_json::Value;

use crate::world::{World, people};
use crate::{PEOPLE, configure};

fn look(world: &World, arguments: &[&str]) -> Value {
    let ended = world.enlist(&[&["plan", "--json"], arguments].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.document()
}

#[test]
fn a_file_is_shown_with_its_columns_and_what_they_would_become() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person") + "not an address,Someone\n");
    let document = look(&world, &["people.csv"]);
    let about = document["rows"].as_u64().unwrap();
    assert!((3..=6).contains(&about) && document["rows_exact"] == false, "{document}");
    let columns = document["columns"].as_array().unwrap();
    assert_eq!(columns[0]["becomes"], "email");
    assert_eq!(columns[0]["looks"], "xxxxxx9@xxxxxxx.xxx");
    assert_eq!((&columns[1]["becomes"], &columns[1]["filled_fraction"]), (&"first name".into(), &1.0.into()));
    assert_eq!(document["sample"]["contacts"], 3);
    assert_eq!(document["sample"]["rejected_by_reason"]["bad_email"], 1);
    let screen = world.enlist(&["plan", "people.csv"]);
    assert!(!screen.stdout.contains("person1") && !screen.stdout.contains("Someone"), "{}", screen.stdout);
    assert!(screen.stdout.contains("Next: enlist plan people.csv --list 7"), "{}", screen.stdout);
}

#[test]
fn a_source_of_the_configuration_is_looked_at_by_its_name() {
    let database = Postgres::shared().database();
    database.execute(PEOPLE);
    let world = World::prompt();
    world.write("password", database.password());
    let source =
        format!("db: {{ url: \"{}\", password: \"${{file:password}}\", table: public.people }}", database.url());
    configure(&world, &[&source], &["other: { list: 7, source: db }"]);
    let document = look(&world, &["db"]);
    let names: Vec<&str> =
        document["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["id", "email", "first_name", "tier"]);
    assert_eq!(document["sample"]["contacts"], 3);
    let filtered = look(&world, &["db", "--sql", "select email from db where tier = 'gold'"]);
    assert_eq!(filtered["sample"]["contacts"], 2);
}

#[test]
fn a_source_without_an_address_is_shown_all_the_same() {
    let world = World::prompt();
    world.write("orders.csv", "id,amount\n1,9.90\n");
    let document = look(&world, &["orders.csv"]);
    assert_eq!(document["sample"], Value::Null);
    assert!(document["sample_error"].as_str().unwrap().contains("no column looks like an email"), "{document}");
}

#[test]
fn a_name_that_is_neither_export_nor_source_is_answered_with_those_there_are() {
    let world = World::prompt();
    configure(&world, &["lake: { path: people.parquet }"], &["vip: { list: 7, source: lake }"]);
    let ended = world.enlist(&["plan", "vips"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("did you mean `vip`?"), "{}", ended.stderr);
}
