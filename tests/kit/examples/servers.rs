//! Starts what the documentation shows databases and object stores with, loaded with the samples in a folder, and
//! prints the variables that lead there. Ends with its standard input.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs;
use std::path::Path;

use enlist_kit::servers::{Azure, MariaDb, Postgres, S3};

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let read = |name: &str| fs::read(Path::new(&folder).join(name)).unwrap();
    let tables = String::from_utf8(read("customers.sql")).unwrap();
    let (postgres, mariadb, s3, azure) = (Postgres::start(), MariaDb::start(), S3::start(), Azure::start());
    let (crm, shop) = (postgres.database(), mariadb.database());
    crm.execute(&tables);
    shop.execute(&tables);
    let (bucket, container) = (s3.bucket(), azure.container());
    bucket.put("segments/people.csv", &read("people.csv"));
    container.put("people.jsonl.gz", &read("people.jsonl.gz"));
    let mut variables = vec![
        ("CRM".to_owned(), crm.url().to_owned()),
        ("PGPASSWORD".to_owned(), crm.password().to_owned()),
        ("SHOP".to_owned(), shop.url().to_owned()),
        ("MYSQL_PWD".to_owned(), shop.password().to_owned()),
        ("BUCKET".to_owned(), bucket.name().to_owned()),
        ("CONTAINER".to_owned(), container.name().to_owned()),
    ];
    let options = bucket.options().into_iter().chain(container.options());
    variables.extend(options.map(|(name, value)| (name.to_uppercase(), value)));
    for (name, value) in variables {
        println!("export {name}='{value}'");
    }
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
