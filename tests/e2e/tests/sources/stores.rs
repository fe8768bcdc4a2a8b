//! Object stores by URL, with credentials of the environment or of the configuration.

use enlist_kit::servers::{Azure, S3};

use crate::world::{World, people};
use crate::{configure, emails};

#[test]
fn parquet_in_s3_and_csv_in_azure_are_read_where_they_lie() {
    let (bucket, container) = (S3::shared().bucket(), Azure::shared().container());
    let mut world = World::prompt();
    world.python("pq.write_table(pa.table({'email': ['ada@example.com'], 'tier': ['gold']}), 'people.parquet')");
    bucket.put("segments/day=1/people.parquet", &std::fs::read(world.folder().join("people.parquet")).unwrap());
    container.put("people.csv", people(2, "person").as_bytes());
    let options = |options: std::collections::BTreeMap<String, String>| {
        let pairs = options.into_iter().map(|(name, value)| (name.to_lowercase(), value));
        pairs.map(|(name, value)| format!("{name}: \"{value}\"")).collect::<Vec<_>>().join(", ")
    };
    configure(
        &world,
        &[
            &format!(
                "lake: {{ path: \"{}\", options: {{ {} }} }}",
                bucket.url("segments/*/*.parquet"),
                options(bucket.options())
            ),
            &format!(
                "blobs: {{ path: \"{}\", options: {{ {} }} }}",
                container.url("people.csv"),
                options(container.options())
            ),
        ],
        &["s3: { list: 7, source: lake, map: { email: email } }", "azure: { list: 7, source: blobs }"],
    );
    let run = world.enlist(&["run", "--all"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world), ["ada@example.com", "person1@example.com", "person2@example.com"]);
}

#[test]
fn the_environment_opens_a_store_on_the_command_line() {
    let bucket = S3::shared().bucket();
    bucket.put("people.csv", people(3, "person").as_bytes());
    let world = World::prompt();
    let mut command = world.command(&["plan", &bucket.url("people.csv"), "--json"]);
    command.envs(bucket.options().into_iter().map(|(name, value)| (name.to_uppercase(), value)));
    let ended = crate::process::Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.document()["sample"]["contacts"], 3);
    // A machine in a cloud may have an identity of its own, which is not asked for here.
    let mut without = world.command(&["plan", &bucket.url("people.csv")]);
    without.env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1");
    let without = crate::process::Ended::of(without.output().unwrap());
    assert_eq!(without.code, 4, "{without:?}");
    assert!(without.stderr.contains("error[store::") && without.stderr.contains("help:"), "{}", without.stderr);
}

#[test]
fn a_key_of_a_store_is_shown_nowhere() {
    let world = World::prompt();
    configure(
        &world,
        &[
            "lake: { path: \"s3://bucket/x.csv\", options: { aws_secret_access_key: canary-of-the-key, nonsense: canary-two } }",
        ],
        &["x: { list: 7, source: lake }"],
    );
    let ended = world.enlist(&["run", "-vv"]);
    assert_ne!(ended.code, 0, "{ended:?}");
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    for ending in ["csv", "parquet", "jsonl", "arrow", "avro"] {
        let signed = format!("https://127.0.0.1:1/people.{ending}?sig=canary-of-the-signature");
        let run = ["run", &signed, "--list", "7", "--host", &world.host(), "--key-file", "key"];
        for arguments in [&["plan", &signed][..], &run] {
            let ended = world.enlist(arguments);
            assert_eq!(ended.code, 7, "{ended:?}");
            assert!(!ended.stderr.contains("canary") && !ended.stdout.contains("canary"), "{ended:?}");
        }
    }
}
