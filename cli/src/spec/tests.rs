use std::path::Path;

use enlist_core::{EmptyValues, Keep};
use insta::assert_snapshot;
use secrecy::ExposeSecret;

use super::*;
use crate::args::ExportArgs;
use crate::exit::Exit;
use crate::render::{Style, error};

const SOUND: &str = r#"
version: 1
connections:
  marketing:
    display_name: ActiveCampaign EU marketing
    host: acme.api-us1.com
    api_key: ${KEY}
sources:
  lake: { path: "segments/**/*.parquet" }
  sheet: { path: people.csv, delimiter: ";", names: [email, name] }
  bare: { url: "postgres://db.example.com/crm" }
exports:
  vip_customers:
    list: ${LIST:-7}
    source: lake
    sql: |
      select email, given as first_name from lake where price > '$5'
    map:
      email: email
      first_name: first_name
      fields: { Tier: tier, "12": updated_at }
      tags: ["segment:${SEGMENT:-vip}"]
    unique_by: { keep: latest, by: updated_at }
    empty_values: clear
    phone_region: fi
    automations: off
    guards: { max_change: 30%, max_rejects: 1%, min_rows: 1, max_adds: 100_000 }
    deadline: 1h30m
    rejects: { path: out, columns: [customer_id], keep_days: 30 }
defaults: { connection: marketing }
state: { path: var/state }
"#;

/// The values of a source in it.
const SHEET: &str = "path: people.csv, delimiter: \";\", names: [email, name]";

fn environment() -> Environment {
    Environment::new([("KEY", "s3cret"), ("BAD", "s3cret")], Path::new("conf"))
}

fn parse(text: &str) -> Result<Spec, Failure> {
    let document = Document { name: "enlist.yaml".to_owned(), text: text.to_owned(), owner: None };
    read(&document, &environment(), Secrets::Read)
}

/// The error screen of a file that is the sound one with `from` replaced by `to`.
fn screen(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    screen_of(&SOUND.replace(from, to))
}

fn screen_of(text: &str) -> String {
    let failure = parse(text).unwrap_err();
    assert_eq!(Exit::from(failure.error.kind()), Exit::Config);
    error::screen(&failure, &Style::PLAIN)
}

#[test]
fn a_sound_file_means_what_it_says() {
    let spec = parse(SOUND).unwrap();
    let export = spec.exports.first().unwrap();
    assert_eq!((export.name.as_str(), export.list, export.automations), ("vip_customers", 7, false));
    assert_eq!(export.connection.api_key.as_ref().unwrap().expose_secret(), "s3cret");
    let source::Origin::Files(place, _) = &export.source.as_ref().unwrap().origin else { panic!("{export:?}") };
    assert_eq!(place.path, "conf/segments/**/*.parquet");
    assert_eq!(export.tags, ["segment:vip"]);
    assert_eq!(export.map.email.as_deref(), Some("email"));
    assert_eq!(export.map.fields, [("Tier".into(), "tier".into()), ("12".into(), "updated_at".into())]);
    assert_eq!(export.keep, Keep::Latest { by: "updated_at".into() });
    assert_eq!(export.empty_values, EmptyValues::Clear);
    assert_eq!(export.phone_region.as_deref(), Some("FI"));
    assert_eq!(export.deadline, Some(std::time::Duration::from_secs(5_400)));
    assert_eq!((export.guards.max_adds, export.guards.max_change), (Some(100_000), Some(scalar::Percent(30.0))));
    let rejects = RejectFiles { folder: "conf/out".into(), columns: vec!["customer_id".into()], keep_days: Some(30) };
    assert_eq!(export.rejects, rejects);
    assert_eq!(spec.state, Path::new("conf/var/state"));
    assert_eq!(export.sql.as_deref(), Some("select email, given as first_name from lake where price > '$5'"));
}

#[test]
fn no_key_shows_in_debug_output() {
    assert!(!format!("{:?}", parse(SOUND).unwrap()).contains("s3cret"));
}

#[test]
fn a_table_of_slips_is_answered_with_place_cause_and_help() {
    let slips = [
        ("an unknown key", "      email: email\n", "      e_mail: email\n"),
        ("an unknown section", "sources:", "source:"),
        ("a key written twice", "    automations: off\n", "    automations: off\n    automations: on\n"),
        ("a missing key", "    list: ${LIST:-7}\n", ""),
        ("no version", "version: 1\n", ""),
        ("another version", "version: 1\n", "version: 2\n"),
        ("an unset variable", "${LIST:-7}", "${LIST}"),
        ("an unset variable inside text", "${SEGMENT:-vip}", "${SEGMENT}"),
        ("an unset variable with a message", "${LIST:-7}", "${LIST:?ask the data team}"),
        ("an unclosed variable", "${LIST:-7}", "${LIST"),
        ("a missing file", "${KEY}", "${file:/nowhere/key}"),
        ("a variable in a statement", "'$5'", "'${BAD}'"),
        ("a number that is none", "${LIST:-7}", "seven"),
        ("a number out of a variable that is none", "${LIST:-7}", "${BAD}"),
        ("a share without a sign", "max_change: 30%", "max_change: 30"),
        ("a time without a unit", "deadline: 1h30m", "deadline: 90"),
        ("a switch that is none", "automations: off", "automations: maybe"),
        ("a word that is none of the choices", "empty_values: clear", "empty_values: drop"),
        ("latest without a column", "keep: latest, by: updated_at", "keep: latest"),
        ("first with a column", "keep: latest", "keep: first"),
        ("an unknown connection", "connection: marketing }", "connection: marketting }"),
        ("an unknown source", "source: lake", "source: lakes"),
        ("a file of no known kind", "path: people.csv", "path: people.xlsx"),
        ("a layout for a file without one", "*.parquet\" }", "*.parquet\", delimiter: \";\" }"),
        ("a delimiter of two", "delimiter: \";\"", "delimiter: \";;\""),
        ("a file and a database", "path: people.csv", "path: people.csv, url: \"postgres://db/crm\""),
        ("neither a file nor a database", "{ path: people.csv, delimiter: \";\", names: [email, name] }", "{}"),
        ("a database as a file", "path: people.csv", "path: \"postgres://db/crm\""),
        (
            "a file as a database",
            "path: people.csv, delimiter: \";\", names: [email, name]",
            "url: \"s3://lake/x.csv\"",
        ),
        ("a key of files for a database", "path: people.csv,", "url: \"postgres://db/crm\", table: people,"),
        ("a password written out", SHEET, "url: \"postgres://db/crm\", password: s3cret"),
        ("a way of TLS that is none", SHEET, "url: \"postgres://db/crm\", tls: prefer"),
        ("too many parts", SHEET, "url: \"postgres://db/crm\", table: t, partition: { by: id, parts: 1000 }"),
        ("an unknown format", "path: people.csv", "path: people, format: xlsx"),
        ("a version and a time", SHEET, "path: lake, format: delta, version: 3, timestamp: 2026-01-31T06:00:00Z"),
        ("a time that is none", SHEET, "path: lake, format: delta, timestamp: yesterday"),
        ("a segment without memberships", SHEET, "profiles: lake, segment: VIP"),
        ("a table and a segment", SHEET, "path: export, format: customer-insights, entity: Customer, segment: VIP"),
        (
            "a database without a table",
            "source: lake\n    sql: |\n      select email, given as first_name from lake where price > '$5'\n",
            "source: bare\n",
        ),
        (
            "neither source nor statement",
            "source: lake\n    sql: |\n      select email, given as first_name from lake where price > '$5'\n",
            "",
        ),
        ("a part of nothing", SHEET, "url: \"postgres://db/crm\", partition: { by: id, parts: 4 }"),
        ("a password for a file of SQLite", SHEET, "url: \"sqlite://x.db\", table: t, password: \"${KEY}\""),
        ("settings of a store for a path", SHEET, "path: x.csv, options: { aws_region: x }"),
        ("a name with capitals", "vip_customers:", "VIP customers:"),
        ("no key", "    api_key: ${KEY}\n", ""),
        ("an empty key", "${KEY}", "${NO_KEY:-}"),
        ("a country that is none", "phone_region: fi", "phone_region: Finland"),
        ("a list where a mapping belongs", "{ Tier: tier, \"12\": updated_at }", "[tier]"),
        ("text where a mapping belongs", "{ connection: marketing }", "marketing"),
        ("broken YAML", "defaults: { connection: marketing }", "defaults: { connection: marketing"),
        ("a tab", "    deadline", "\t deadline"),
    ];
    let screens: Vec<String> = slips.iter().map(|(name, from, to)| format!("# {name}\n{}", screen(from, to))).collect();
    assert_snapshot!(screens.join("\n"));
}

#[test]
fn a_key_written_out_is_never_shown() {
    for (from, to) in [
        ("api_key: ${KEY}", "api_key: s3cret-key\n    api_key: s3cret-key"),
        ("api_key: ${KEY}", "api_key: \"s3cret-key ${GONE}\""),
        ("host: acme.api-us1.com\n    api_key: ${KEY}", "{ host: x, api_key: s3cret-key, nonsense: 1 }"),
        ("api_key: ${KEY}", "api_key: [s3cret-key]"),
    ] {
        let shown = screen(from, to);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    assert!(parse(&SOUND.replace("${KEY}", "plain")).unwrap().connections.first().unwrap().key_written_out);
}

#[test]
fn a_command_that_calls_nobody_needs_neither_key_nor_notify() {
    let text = SOUND
        .replace("${KEY}", "${GONE}")
        .replace("defaults: {", "defaults: { notify: \"${file:/nowhere/url}\",")
        .replace("    deadline", "    notify: \"${GONE}\"\n    deadline");
    assert_eq!(parse(&text).unwrap_err().error.code(), "config::variable");
    let document = Document { name: "enlist.yaml".to_owned(), text, owner: None };
    let spec = read(&document, &environment(), Secrets::Leave).unwrap();
    let connection = &spec.connections[0];
    assert_eq!((connection.host.as_str(), connection.api_key.is_none()), ("acme.api-us1.com", true));
    assert!(spec.default_notify.is_empty() && spec.exports[0].notify.is_empty());
}

#[test]
fn a_key_that_cannot_be_read_is_answered_without_advice_to_write_it_out() {
    for reference in ["${GONE}", "${7}", "${KEY:x}"] {
        let shown = screen("${KEY}", reference);
        assert!(
            shown.starts_with("error[config::variable]") && shown.contains("${file:/run/secrets/ac_key}"),
            "{shown}"
        );
        assert!(!shown.contains(":-") && !shown.contains("export "), "{shown}");
    }
}

#[test]
fn a_key_counts_as_written_out_where_any_of_it_stands_in_the_file() {
    for (written, out) in [
        ("plain", true),
        ("${NONE:-plain}", true),
        ("${KEY}plain", true),
        ("plain${KEY}", true),
        ("${KEY:-plain}", true),
        ("${KEY}", false),
        ("${KEY:-}${BAD}", false),
        ("${KEY:?ask the data team}", false),
    ] {
        let spec = parse(&SOUND.replace("${KEY}", &format!("\"{written}\""))).unwrap();
        assert_eq!(spec.connections[0].key_written_out, out, "{written}");
    }
}

#[test]
fn what_a_variable_holds_is_never_shown() {
    for to in ["list: ${BAD}", "list: 7\n    deadline: ${BAD}", "list: 7\n    connection: ${BAD}"] {
        let shown = screen_of(&SOUND.replace("    deadline: 1h30m\n", "").replace("list: ${LIST:-7}", to));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn what_opens_a_source_is_never_shown() {
    for to in [
        "path: \"https://x.example.com/p.csv?sig=s3cret\", nonsense: 1",
        "path: \"s3://b/x.csv\", options: { aws_secret_access_key: s3cret, aws_secret_access_key: s3cret }",
        "url: \"postgres://u:s3cret@db/crm\", table: t, nonsense: 1",
        "url: \"postgres://db/crm\", password: s3cret, nonsense: 1",
        "url: \"postgres://db/crm\", password: \"s3cret ${GONE}\"",
    ] {
        let shown = screen(SHEET, to);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let text = SOUND.replace(SHEET, "path: \"s3://b/x.csv\", options: { aws_secret_access_key: s3cret }");
    let text = text.replace("bare: {", "bare: { password: \"${KEY}\",");
    assert!(!format!("{:?}", parse(&text).unwrap()).contains("s3cret"));
}

#[test]
fn a_command_that_calls_nobody_needs_no_password_either() {
    let text = SOUND.replace("bare: {", "bare: { password: \"${GONE}\",");
    assert_eq!(parse(&text).unwrap_err().error.code(), "config::variable");
    let document = Document { name: "enlist.yaml".to_owned(), text, owner: None };
    assert!(read(&document, &environment(), Secrets::Leave).is_ok());
}

#[test]
fn a_file_beyond_the_bounds_is_refused() {
    let deep = format!("version: {}1{}", "[".repeat(200), "]".repeat(200));
    assert!(screen_of(&deep).contains("config::"), "{}", screen_of(&deep));
    let aliases = "version: 1\na: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]\n";
    assert!(parse(aliases).is_err());
    assert!(parse("").is_err() && parse("---\n---\n").is_err());
    let twice = parse(&format!("{SOUND}---\n{SOUND}")).unwrap_err();
    assert_eq!((twice.error.code(), twice.error.help_text()), ("config::documents", Some("remove `---`")));
}

#[test]
fn an_export_is_chosen_by_name_and_a_source_by_its_looks() {
    let spec = parse(SOUND).unwrap();
    let args = ExportArgs { list: Some(9), tag: vec!["a".into()], ..ExportArgs::default() };
    let named = select(Some("vip_customers"), &args, Some(&spec), &environment()).unwrap();
    assert_eq!((named.len(), named[0].list, named[0].tags.len()), (1, 9, 2));
    let file = select(Some("in/People 1.csv"), &args, Some(&spec), &environment()).unwrap();
    assert_eq!((file[0].name.as_str(), file[0].connection.name.as_str()), ("people_1", "marketing"));
    let all = select(None, &ExportArgs::default(), Some(&spec), &environment()).unwrap();
    assert_eq!(all.len(), 1);
}

#[test]
fn what_is_missing_on_the_command_line_is_asked_for() {
    let spec = parse(SOUND).unwrap();
    let list = ExportArgs { list: Some(7), ..ExportArgs::default() };
    let host = ExportArgs { host: Some("acme.api-us1.com".into()), ..list.clone() };
    let map = ExportArgs { map: vec![("firstname".into(), "given".into())], ..list.clone() };
    let screens: Vec<String> = [
        (Some("vip"), &list, Some(&spec)),
        (Some("people.parquet"), &ExportArgs::default(), Some(&spec)),
        (Some("people.parquet"), &list, None),
        (Some("people.parquet"), &host, None),
        (Some("people.xlsx"), &list, Some(&spec)),
        (Some("people.csv"), &map, Some(&spec)),
        (None, &list, None),
    ]
    .into_iter()
    .map(|(target, args, spec)| error::screen(&select(target, args, spec, &environment()).unwrap_err(), &Style::PLAIN))
    .collect();
    assert_snapshot!(screens.join("\n"));
}

#[test]
fn whoever_is_notified_stands_in_the_defaults_or_in_an_export_and_never_in_an_error() {
    let hosts = |text: &str| {
        let spec = parse(text).unwrap();
        let args = ExportArgs { list: Some(7), ..ExportArgs::default() };
        let typed = select(Some("people.csv"), &args, Some(&spec), &environment()).unwrap();
        [&spec.exports[0], &typed[0]].map(|export| export.notify.first().map(|it| it.endpoint.host().to_owned()))
    };
    let host = |name: &str| Some(name.to_owned());
    assert_eq!(hosts(SOUND), [None, None]);
    let common = SOUND.replace("defaults: {", "defaults: { notify: https://all.example.com/s3cret,");
    assert_eq!(hosts(&common), [host("all.example.com"), host("all.example.com")]);
    let own = |value: &str| common.replace("    deadline", &format!("    notify: {value}\n    deadline"));
    assert_eq!(hosts(&own("https://own.example.com/s3cret")), [host("own.example.com"), host("all.example.com")]);
    assert_eq!(hosts(&own("${NONE:-}")), [None, host("all.example.com")]);
    let spec = parse(&common).unwrap();
    assert!(!format!("{spec:?}").contains("/s3cret"));
    let rehearsal = spec.exports[0].clone().simulated();
    assert!(rehearsal.notify.is_empty(), "a rehearsal tells nobody");
    assert_eq!(rehearsal.rejects.keep_days, None, "a rehearsal removes nothing");
    for value in [
        "http://own.example.com/s3cret",
        "\n      http://own.example.com/s3cret",
        ">-\n      s3cret",
        "\"x s3cret\"",
        "${BAD}",
    ] {
        let screen = screen_of(&own(value));
        assert!(screen.starts_with("error[config::bad_value]: `notify` cannot be read\n"), "{screen}");
        assert!(screen.contains("help: write https://HOST/PATH") && !screen.contains("s3cret"), "{screen}");
    }
}
