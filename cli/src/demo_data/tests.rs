use std::collections::HashSet;

use arrow::array::{Array, AsArray};

use super::*;

/// A deliberately simple judge, independent of the rules of the core.
fn sound(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let clean = |text: &str| !text.contains([' ', ',', '@']);
    let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
    !local.is_empty() && clean(local) && clean(domain) && top.len() >= 2
}

#[test]
fn the_people_add_up() {
    let table = table().unwrap();
    let emails = table.column_by_name("email").unwrap().as_string::<i32>();
    let sound: Vec<String> = emails.iter().flatten().filter(|email| sound(email)).map(str::to_lowercase).collect();
    let distinct: HashSet<&str> = sound.iter().map(String::as_str).collect();
    let refused =
        UNSUBSCRIBED.iter().chain(&BOUNCED).chain(&EXCLUDED).filter(|email| distinct.contains(*email)).count();
    assert_eq!(table.num_rows(), PEOPLE);
    assert_eq!(PEOPLE - sound.len(), MALFORMED);
    assert_eq!(sound.len() - distinct.len(), DUPLICATES);
    assert_eq!(refused, 7);
    assert_eq!(distinct.len() - refused, 4_930);
}

#[test]
fn every_address_is_reserved_for_examples() {
    let table = table().unwrap();
    let emails = table.column_by_name("email").unwrap().as_string::<i32>();
    for email in emails.iter().flatten().filter(|email| sound(email)) {
        let email = email.to_lowercase();
        assert!([".com", ".org", ".net"].iter().any(|end| email.ends_with(&format!("@example{end}"))), "{email}");
    }
}

#[test]
fn the_file_is_the_same_every_time_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    write(&one).unwrap();
    write(&two).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    assert!(write(&one).is_err());
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(File::open(&one).unwrap()).unwrap();
    assert_eq!(reader.schema().fields(), table().unwrap().schema().fields());
    assert!(table().unwrap().columns().iter().all(|column| column.len() == PEOPLE));
}
