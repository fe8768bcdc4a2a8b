//! Folders of exports, read by their model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
mod export;

use std::fs;
use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use enlist_core::{Error, ErrorKind, Rows, Source};
use enlist_source_customer_insights::{Entity, Folder, Options, Types, handles};
use enlist_source_query::Tables;
use futures::{StreamExt, TryStreamExt};

use export::{CUSTOMER, Export, cells, read};

fn open(export: &Export) -> Folder {
    Folder::open(&export.path(), Options::default()).unwrap()
}

fn customers(export: &Export) -> Entity {
    open(export).entity("Customer").unwrap()
}

fn refusal(export: &Export, entity: &str) -> Error {
    let entity = Folder::open(&export.path(), Options::default()).and_then(|folder| folder.entity(entity));
    let error = entity.err().expect("it was opened");
    assert_eq!(error.kind(), ErrorKind::Source);
    error
}

#[test]
fn a_folder_is_known_by_its_model() {
    let export = Export::usual();
    assert!(handles(&export.path()) && !handles(&format!("{}/Customer", export.path())));
    assert!(!handles("az://cdp/exports"));
    let folder = Folder::open(&format!("{}/model.json", export.path()), Options::default()).unwrap();
    assert_eq!(folder.entities().collect::<Vec<_>>(), ["Customer", "SegmentMembership"]);
}

#[tokio::test]
async fn partitions_are_origins_in_the_order_of_the_model_with_its_names() {
    let export = Export::usual();
    let source = customers(&export);
    let stream = source.scan(&["Email".into(), "CustomerId".into()]).await.unwrap();
    assert!(stream.origins[0].ends_with("Customer_1.csv") && stream.origins[1].ends_with("Customer_2.csv"));
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    assert_eq!(batches.iter().map(|batch| (batch.origin, batch.first_row)).collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    assert_eq!(cells(&source, "Email").await, ["ada@example.com", "bo@example.com", "cy@example.com"]);
    assert_eq!(cells(&source, "FullName").await, ["Lovelace, Ada", "-", "Cy \"C\""]);
    assert_eq!(cells(&source, "Orders").await, ["3", "-", "5"]);
    assert!(matches!(source.rows().await.unwrap(), Rows::About(1..=5)));
    assert_eq!(read(&source, &[]).await.unwrap().iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 3);
    let error = read(&source, &["Mail"]).await.unwrap_err();
    assert_eq!(error.code(), "source::column_missing");
}

#[tokio::test]
async fn an_entity_is_a_table_of_a_query() {
    let export = Export::usual();
    let mut tables = Tables::default();
    tables.add("customer", Arc::new(customers(&export))).unwrap();
    let query = tables.query("SELECT Email FROM customer WHERE Orders > 3").await.unwrap();
    assert_eq!(cells(&query, "Email").await, ["cy@example.com"]);
}

#[tokio::test]
async fn every_type_of_the_model_is_read_exactly() {
    let mut export = Export::new();
    let columns = "s:string i:int64 f:double n:decimal b:boolean d:date t:dateTime o:dateTimeOffset g:guid j:json";
    export.file(
        "T/2026/11/22/0400/T_1.csv",
        "007,-9223372036854775808,0.1,12.50,True,2026-02-28,2026-02-28T23:59:59.1234567Z,2026-02-28T01:30:00+02:00,\
         00000000-0000-0000-0000-00000000000a,{}\n,,,,,,,,,\n\
         x,9223372036854775807,-1E300,-0.1234567890123456789,0,0001-01-01,5/27/2021 10:17:13 PM,2026-01-01,\
         ce759201f786d590bf2134bff576c369,[1]\n",
    );
    export.entity("T", columns, &["T/2026/11/22/0400/T_1.csv"]);
    let source = open(&export).entity("T").unwrap();
    let schema = source.schema().await.unwrap();
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let kinds: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    use DataType::{Boolean, Date32, Float64, Int64, Utf8};
    assert_eq!(kinds, [Utf8, Int64, Float64, Utf8, Boolean, Date32, time.clone(), time, Utf8, Utf8]);
    for (column, expected) in [
        ("s", ["007", "-", "x"]),
        ("i", ["-9223372036854775808", "-", "9223372036854775807"]),
        ("f", ["0.1", "-", "-1e300"]),
        ("n", ["12.50", "-", "-0.1234567890123456789"]),
        ("b", ["true", "-", "false"]),
        ("d", ["2026-02-28", "-", "0001-01-01"]),
        ("t", ["2026-02-28T23:59:59.123456Z", "-", "2021-05-27T22:17:13Z"]),
        ("o", ["2026-02-27T23:30:00Z", "-", "2026-01-01T00:00:00Z"]),
        ("g", ["00000000-0000-0000-0000-00000000000a", "-", "ce759201f786d590bf2134bff576c369"]),
    ] {
        assert_eq!(cells(&source, column).await, expected, "{column}");
    }
    let text = Folder::open(&export.path(), Options { types: Types::Text }).unwrap().entity("T").unwrap();
    assert!(text.schema().await.unwrap().fields().iter().all(|field| field.data_type() == &Utf8));
    assert_eq!(cells(&text, "t").await[2], "5/27/2021 10:17:13 PM");
}

#[tokio::test]
async fn a_decimal_whose_digits_the_model_tells_is_a_number_and_never_rounded() {
    let mut export = Export::new();
    let traits = r#"[{"traitReference":"is.dataFormat.numeric.shaped","arguments":[{"name":"precision","value":6},{"name":"scale","value":"2"}]}]"#;
    export.raw(&format!(
        r#"{{"name":"T","attributes":[{{"name":"n","dataType":"decimal","cdm:traits":{traits}}}],"partitions":[{{"location":"T_1.csv"}}]}}"#
    ));
    export.file("T_1.csv", "1.5\n-1234.56\n2.500\n");
    let source = open(&export).entity("T").unwrap();
    assert_eq!(source.schema().await.unwrap().field(0).data_type(), &DataType::Decimal128(6, 2));
    assert_eq!(cells(&source, "n").await, ["1.50", "-1234.56", "2.50"]);
    for odd in ["1.555", "12345", "1e2", "-", "1.", "x"] {
        export.file("T_1.csv", format!("1\n{odd}\n"));
        let error = read(&source, &["n"]).await.unwrap_err();
        assert_eq!(error.code(), "insights::cell", "{odd}");
    }
}

#[tokio::test]
async fn a_cell_of_another_type_is_named_by_its_place_and_not_shown() {
    let mut export = Export::new();
    let kinds = [
        ("int64", "12.0"),
        ("double", "hush"),
        ("decimal", "1,5"),
        ("boolean", "yes"),
        ("date", "5/6/2026"),
        ("dateTime", "hush"),
        ("dateTimeOffset", "2026-02-30T00:00:00Z"),
        ("guid", "hush"),
    ];
    for (kind, odd) in kinds {
        let file = format!("{kind}_1.csv");
        export.file(&file, format!("a,\na,\"{odd}\"\n"));
        export.entity(kind, &format!("id:string Secret:{kind}"), &[&file]);
        let source = open(&export).entity(kind).unwrap();
        let error = read(&source, &["Secret"]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "insights::cell"));
        assert!(error.to_string().contains(&format!("{file}, row 2: column \"Secret\" is not ")), "{error}");
        assert!(!format!("{error:?}").contains(odd) && error.help_text().is_some(), "{error:?}");
        assert_eq!(read(&source, &["id"]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_copied_folder_is_read_wherever_it_lies_compressed_or_flat() {
    let mut export = Export::new();
    let path = "Customer/2026/11/22/0400/Customer%201.csv?snapshot=1";
    export.entity("Customer", CUSTOMER, &[path]);
    let row = "c1,ada@example.com,Ada,1\n";
    let plain = export.file("Customer/2026/11/22/0400/Customer 1.csv", row);
    assert_eq!(cells(&customers(&export), "FullName").await, ["Ada"]);
    let mut packed = flate2(row);
    fs::remove_file(&plain).unwrap();
    export.file("Customer/2026/11/22/0400/Customer 1.csv.gz", &packed);
    let source = customers(&export);
    assert_eq!(cells(&source, "FullName").await, ["Ada"]);
    assert_eq!(source.rows().await.unwrap(), Rows::Unknown);
    fs::remove_dir_all(export.folder().join("Customer")).unwrap();
    packed.truncate(packed.len() / 2);
    export.file("Customer 1.csv", row);
    assert_eq!(cells(&customers(&export), "FullName").await, ["Ada"]);
}

fn flate2(text: &str) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[tokio::test]
async fn a_model_that_names_no_file_there_is_stands_for_the_newest_dated_folder() {
    let mut export = Export::new();
    export.entity("Customer", CUSTOMER, &["elsewhere/a.csv", "elsewhere/b.csv"]);
    for (path, id) in [
        ("2026/11/21/2359/Customer_1.csv", "old"),
        ("2026/11/22/0400/Customer_10.csv", "ten"),
        ("2026/11/22/0400/Customer_9.csv", "nine"),
        ("2025/12/31/2359/Customer_1.csv", "older"),
        ("copy/2027/01/01/0000/Customer_1.csv", "misplaced"),
    ] {
        export.file(&format!("Customer/{path}"), format!("{id},x@example.com,,\n"));
    }
    assert_eq!(cells(&customers(&export), "CustomerId").await, ["nine", "ten"]);
    export.file("Customer/2026/11/22/1600/Customer_1.csv", "half,x@example.com,,\n");
    let error = refusal(&export, "Customer");
    assert_eq!(error.code(), "insights::partition");
    let said = "Customer/2026/11/22/1600 holds 1 files of entity \"Customer\", but the model names 2";
    assert!(error.to_string().ends_with(said), "{error}");
    let mut unnamed = Export::new();
    unnamed.raw(r#"{"name":"Customer","attributes":[{"name":"CustomerId","dataType":"string"}],"partitions":null}"#);
    assert_eq!(refusal(&unnamed, "Customer").code(), "insights::partition");
    unnamed.file("Customer/2026/11/22/0400/Customer_1.csv", "c1\n");
    assert_eq!(cells(&customers(&unnamed), "CustomerId").await, ["c1"]);
}

#[test]
fn a_missing_partition_is_an_error_and_not_a_smaller_table() {
    let export = Export::usual();
    fs::remove_file(export.folder().join("Customer/2026/11/22/0400/Customer_1.csv")).unwrap();
    let error = refusal(&export, "Customer");
    assert_eq!(error.code(), "insights::partition");
    assert!(error.to_string().contains("1 of 2 partitions of entity \"Customer\" are missing"), "{error}");
    assert!(error.to_string().ends_with("Customer_1.csv") && error.help_text().unwrap().contains("being written"));
}

#[test]
fn partitions_that_lie_flat_upon_each_other_are_refused() {
    let mut export = Export::new();
    export.entity("Customer", CUSTOMER, &["Customer/a/part.csv", "Customer/b/part.csv"]);
    export.file("part.csv", "c1,x@example.com,,\n");
    assert!(refusal(&export, "Customer").to_string().contains("are the same file"));
}

#[test]
fn a_partition_never_lies_outside_of_its_folder() {
    let mut export = Export::new();
    export.file("secret.csv", "c1,x@example.com,,\n");
    for (entity, path) in [("A", "..%2f..%2fsecret.csv"), ("B", "")] {
        export.raw(&format!(
            r#"{{"name":"{entity}","attributes":[{{"name":"x","dataType":"string"}}],"partitions":[{{"location":"{path}"}}]}}"#
        ));
    }
    let odd = Export::new();
    odd.model(r#"{"entities":[{"name":"A","attributes":[{"name":"x","dataType":"string"}],"partitions":[{"location":"https://a.example/x/..%2f..%2fb.csv"}]}]}"#);
    for error in [refusal(&export, "B"), refusal(&odd, "A")] {
        assert!(error.to_string().ends_with("has a partition without a usable location"), "{error}");
    }
}

#[tokio::test]
async fn columns_that_differ_from_the_model_are_an_error() {
    let mut export = Export::new();
    export.file("a.csv", "c1,x@example.com\n");
    export.entity("Customer", CUSTOMER, &["a.csv"]);
    let source = customers(&export);
    let error = read(&source, &["Email"]).await.unwrap_err();
    assert_eq!(error.code(), "csv::row_shape");
    assert!(error.to_string().ends_with("a.csv, line 1: 2 fields, expected 4"), "{error}");
    assert!(error.help_text().unwrap().contains("gives the table 4 columns"), "{error:?}");
    export.file("a.csv", "CustomerId,Email,FullName,Orders\nc1,x@example.com,,1\n");
    let error = read(&source, &["Email", "FullName"]).await.unwrap_err();
    assert_eq!(error.code(), "insights::columns");
}

#[tokio::test]
async fn files_with_a_header_row_are_read_by_it() {
    let mut export = Export::new();
    let settings = r#"{"columnHeaders":true,"delimiter":";"}"#;
    export.file("a.csv", "Orders;Email;CustomerId;FullName\n1;x@example.com;c1;\n");
    export.entity_with("Customer", CUSTOMER, &["a.csv"], settings);
    assert_eq!(cells(&customers(&export), "CustomerId").await, ["c1"]);
    for header in ["Orders;Email;CustomerId", "Orders;Email;CustomerId;Name", "a;b;c;d;e"] {
        export.file("a.csv", format!("{header}\n"));
        assert_eq!(refusal(&export, "Customer").code(), "insights::columns", "{header}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let mut export = Export::usual();
    let error = refusal(&export, "Costumer");
    assert_eq!(error.code(), "insights::entity");
    assert_eq!(error.help_text(), Some("did you mean \"Customer\"? entities: Customer, SegmentMembership"));
    for (name, settings) in [
        ("wide", r#"{"encoding":"UTF-16"}"#),
        ("unquoted", r#"{"quoteStyle":"QuoteStyle.None"}"#),
        ("divided", r#"{"delimiter":"||"}"#),
    ] {
        export.entity_with(name, CUSTOMER, &["Customer/2026/11/22/0400/Customer_1.csv"], settings);
        assert_eq!(refusal(&export, name).code(), "insights::format", "{name}");
    }
    export.entity("odd", "x:entityReference", &["Customer/2026/11/22/0400/Customer_1.csv"]);
    let error = refusal(&export, "odd");
    assert_eq!(error.code(), "insights::type");
    assert!(error.to_string().ends_with("column \"x\" is of a type that is not known: entityReference"), "{error}");
    export.raw(r#"{"$type":"ReferenceEntity","name":"there","modelId":"m","source":"s"}"#);
    assert!(refusal(&export, "there").to_string().ends_with("only refers to another model"));
    export.raw(r#"{"$type":"LocalEntity","name":"bare","attributes":[]}"#);
    assert!(refusal(&export, "bare").to_string().ends_with("has no attributes"));
}

#[test]
fn a_model_that_is_none_is_refused() {
    let export = Export::usual();
    for (content, code, said) in [
        (r#"{"version":"2.0","entities":[]}"#, "insights::version", "is of version \"2.0\""),
        (r#"{"version":"1.0","entities":[]}"#, "insights::model", "has no entities"),
        (r#"{"version":"1.0"}"#, "insights::model", "has no entities"),
        (r#"{"entities":[{"name":"hush"#, "insights::model", "ends too early, at line 1, column 26"),
        ("", "insights::model", "ends too early"),
        (r#"["hush"]"#, "insights::model", "is not the JSON of a model"),
        (r#"{"entities":[{"name":"A"},{"name":"A"}]}"#, "insights::model", "has two entities called \"A\""),
        (
            r#"{"entities":[{"name":"A","attributes":[{"name":"x"},{"name":"x"}]}]}"#,
            "insights::model",
            "has two attributes called \"x\"",
        ),
    ] {
        export.model(content);
        let error = refusal(&export, "Customer");
        assert_eq!(error.code(), code, "{content}");
        assert!(error.to_string().contains(said) && !format!("{error:?}").contains("hush"), "{error:?}");
    }
    let below = format!("{}/Weekly", export.path());
    fs::create_dir(&below).unwrap();
    fs::rename(export.folder().join("model.json"), format!("{below}/model.json")).unwrap();
    let error = refusal(&export, "Customer");
    assert_eq!(error.code(), "insights::no_model");
    assert!(error.help_text().unwrap().ends_with(&below), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_written_to_during_a_scan_is_an_error() {
    let mut export = Export::usual();
    let source = customers(&export);
    let stream = source.scan(&["Email".into()]).await.unwrap();
    export.entity("Another", "x:string", &[]);
    let items: Vec<_> = stream.batches.collect().await;
    assert_eq!(items.len(), 3);
    assert_eq!(items[2].as_ref().unwrap_err().code(), "source::changed");
    assert_eq!(read(&source, &["Email"]).await.unwrap_err().code(), "source::changed");
    let source = customers(&export);
    fs::remove_file(export.folder().join("Customer/2026/11/22/0400/Customer_1.csv")).unwrap();
    let items: Vec<_> = source.scan(&["Email".into()]).await.unwrap().batches.collect().await;
    assert_eq!(items.len(), 1, "an error is the last item");
    assert_eq!(items[0].as_ref().unwrap_err().code(), "source::file_missing");
}
