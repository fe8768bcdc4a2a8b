//! Keys of exports that say what is run when, for whom, and who is told; and the schema that editors are given.

use std::path::Path;

use enlist_core::Leavers;
use serde_json::Value;

use super::source::Origin;
use super::{Document, Environment, Secrets, Spec, read, schema};
use crate::failure::Failure;
use crate::render::{Style, error};

const HEAD: &str = "version: 1\nconnections: { a: { host: h.example.com, api_key: \"${KEY}\", allow_host: on } }\n";

fn parse(text: &str) -> Result<Spec, Failure> {
    let document = Document { name: "enlist.yaml".to_owned(), text: format!("{HEAD}{text}"), owner: Some(7) };
    let variables = [("KEY", "s3cret"), ("HOOK", "https://hooks.example.com/s3cret"), ("SINCE", "2026-01-01")];
    read(&document, &Environment::new(variables, Path::new("conf")), Secrets::Read)
}

/// A file with one export, which has these lines.
fn export(lines: &str) -> String {
    let lines = lines.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("exports:\n  x:\n    list: 7\n{lines}")
}

#[test]
fn what_is_wrong_is_answered_with_place_and_help() {
    let source = "source: x.csv\n";
    for (lines, code, place, words) in [
        ("segments: [a.csv]\nsource: x.csv", "config::bad_value", "[a.csv]", "not both"),
        ("segments: [a.csv]\nsql: select 1", "config::bad_value", "[a.csv]", "union all"),
        ("segments: [gone]", "config::unknown_name", "[gone]", "sources"),
        ("params: { a: 1 }\nsource: x.csv", "config::param", "params: { a", "for `sql`"),
        ("sql: select 1\nparams: { a: 1 }", "config::param", "params: { a", "does not use"),
        ("sql: select $a + $b\nparams: { a: 1 }", "config::param", "$b", "no value for $b"),
        (
            "source: \"postgres://db/crm\"\nsql: select 1\nparams: { a: 1 }",
            "config::param",
            "params: { a",
            "runs this statement itself",
        ),
        ("sql: select '${KEY}'", "config::variable", "${KEY}", "takes no variables"),
        ("leavers: drop", "config::bad_value", "drop", "keep or unsubscribe"),
        ("leavers: [keep]", "config::wrong_shape", "[keep]", "one value or `field` and `value`"),
        ("leavers: unsubscribe", "config::one_way", "unsubscribe", "accept_one_way: true"),
        ("leavers: unsubscribe\naccept_one_way: off", "config::one_way", "unsubscribe", "can be subscribed again"),
        ("accept_one_way: true", "config::one_way", "true", "leavers: unsubscribe, if that is meant"),
        ("leavers: keep\naccept_one_way: on", "config::one_way", "on", "remove this line"),
        ("leavers: { field: Tier, value: left }", "config::leaver_field", "Tier", "map.fields"),
        ("leavers: { field: Tier }", "config::missing_key", "field", "value"),
        ("suppress: gone", "config::unknown_name", "gone", "sources"),
        ("suppress: [no.csv, \"postgres://db/crm\"]", "config::missing_key", "postgres", "needs a table"),
        ("time_zone: Europe/Helsinki", "config::missing_key", "Europe/Helsinki", "schedule"),
        ("schedule: \"0 6 * *\"", "config::cron", "\"0 6", "is no schedule"),
        ("schedule: \"0 6 31 2 *\"", "config::cron_never", "\"0 6", "never happens"),
        ("schedule: \"${KEY}\"", "config::cron", "\"${KEY}", "`schedule` cannot be read"),
        ("schedule: \"0 6 * * *\"\ntime_zone: Europe/Helsinky", "config::time_zone", "Europe", "Europe/Helsinki"),
        ("notify: [{ on: [never], webhook: \"${HOOK}\" }]", "config::bad_value", "on:", "failed or degraded or ok"),
        ("notify: [{ on: [], webhook: \"${HOOK}\" }]", "config::empty", "webhook", "nobody would be told"),
        ("notify: [{ webhook: \"${HOOK}\" }]", "config::missing_key", "webhook", "`on`"),
        ("notify: [{ on: [ok], webhook: \"http://example.com/s3cret\" }]", "config::bad_value", "on", "https"),
        ("notify: { on: [ok] }", "config::wrong_shape", "notify", "a list of `on` and `webhook`"),
        ("enabled: perhaps", "config::bad_value", "perhaps", "on or off"),
        ("extends: x", "config::extends", "extends: x", "x extends x"),
        ("extends: y", "config::unknown_name", "extends: y", "no export of this name"),
        ("confirm: later", "config::unknown_key", "confirm", "unknown key"),
        ("rejects: { path: out, keep: 3 }", "config::unknown_key", "keep", "unknown key"),
        ("rejects: { keep_days: 0 }", "config::bad_value", "0", "`rejects.keep_days` cannot be so many"),
        ("rejects: { columns: [\"\"] }", "config::empty", "\"\"", "`rejects.columns` is empty"),
    ] {
        let own = ["source", "segments", "sql"]
            .iter()
            .any(|key| lines.starts_with(key) || lines.contains(&format!("\n{key}")));
        let text =
            export(&if own || lines.starts_with("extends") { lines.to_owned() } else { format!("{source}{lines}") });
        let failure = parse(&text).unwrap_err();
        let screen = error::screen(&failure, &Style::PLAIN);
        assert_eq!(failure.error.code(), code, "{screen}");
        assert!(failure.snippet.is_some(), "no place: {screen}");
        assert!(screen.to_lowercase().contains(&words.to_lowercase()), "{words}: {screen}");
        let marked = failure.snippet.unwrap();
        let from: String = marked.text.chars().skip(marked.column as usize - 1).collect();
        let starred = marked.text.contains('*');
        assert!(starred || marked.text.contains(place) || place.contains(from.trim()), "{place}: {screen}");
        assert!(!screen.contains("s3cret"), "{screen}");
    }
}

#[test]
fn several_segments_are_names_or_paths_in_their_order() {
    let text = format!("sources: {{ lake: {{ path: l.parquet }} }}\n{}", export("segments: [lake, more.csv]"));
    let export = parse(&text).unwrap().exports.remove(0);
    assert!(export.source.is_none());
    assert_eq!(export.segments.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["lake", "more"]);
    assert_eq!(export.source_name(), "lake + more");
    let Origin::Files(place, _) = &export.segments[1].origin else { panic!("{export:?}") };
    assert_eq!(place.path, "conf/more.csv");
}

#[test]
fn parameters_take_variables_and_belong_to_the_statement() {
    let lines = "sql: select * from x where a > $since and b <> '$none'\nparams: { since: \"${SINCE}\" }";
    let export = parse(&export(lines)).unwrap().exports.remove(0);
    assert_eq!(export.params, [("since".to_owned(), "2026-01-01".to_owned())]);
}

#[test]
fn what_happens_to_leavers_is_said_in_full() {
    let leavers = |lines: &str| parse(&export(&format!("source: x.csv\n{lines}"))).unwrap().exports.remove(0).leavers;
    assert_eq!(leavers(""), Leavers::Keep);
    assert_eq!(leavers("leavers: keep\naccept_one_way: off"), Leavers::Keep);
    assert_eq!(leavers("leavers: unsubscribe\naccept_one_way: true"), Leavers::Unsubscribe);
    let mark = Leavers::Mark { field: "tier".to_owned(), value: "left".to_owned() };
    assert_eq!(leavers("leavers: { field: tier, value: left }\nmap: { email: e, fields: { Tier: t } }"), mark);
}

#[test]
fn an_export_takes_from_another_what_it_does_not_say_itself() {
    let text = "\
exports:
  base:
    enabled: off
    list: 7
    source: base.csv
    map: { email: mail, tags: [a] }
    guards: { max_rejects: 5%, min_rows: 9 }
    leavers: keep
    schedule: \"0 6 * * *\"
    suppress: no.csv
  near: { extends: base, list: 8, guards: { min_rows: 3 } }
  far: { extends: near, segments: [a.csv, b.csv], enabled: on }
";
    let spec = parse(text).unwrap();
    let [base, near, far] = &spec.exports[..] else { panic!("{spec:?}") };
    assert_eq!((base.list, near.list, far.list), (7, 8, 8));
    assert_eq!((base.enabled, near.enabled, far.enabled), (false, false, true));
    assert_eq!((near.map.email.as_deref(), near.tags.len(), near.suppress.len()), (Some("mail"), 1, 1));
    assert_eq!((near.guards.min_rows, near.guards.max_rejects), (Some(3), None), "guards are taken whole");
    assert_eq!(far.schedule.as_ref().map(|it| it.cron.as_str()), Some("0 6 * * *"));
    assert!(far.source.is_none() && far.segments.len() == 2, "one stands in place of the other");
    assert_eq!(far.name, "far");
}

#[test]
fn what_is_taken_from_another_export_is_objected_to_where_it_stands() {
    let text = "exports:\n  base:\n    list: 7\n    source: x.csv\n    deadline: soon\n  x: { extends: base }\n";
    let place = |text: &str| parse(text).unwrap_err().snippet.unwrap().line;
    assert_eq!(place(text), 7);
    let only = "exports:\n  x: { extends: base }\n  base:\n    list: 7\n    source: x.csv\n    deadline: soon\n";
    assert_eq!(place(only), 8);
    let circle = "exports:\n  a: { extends: b }\n  b: { extends: c }\n  c: { extends: b }\n";
    let failure = parse(circle).unwrap_err();
    assert_eq!(failure.error.code(), "config::extends");
    assert!(failure.error.help_text().unwrap().contains("a extends b extends c extends b"), "{failure:?}");
}

#[test]
fn who_is_told_of_what_stands_at_the_top_in_the_defaults_or_in_an_export() {
    let told = |text: &str| {
        let export = parse(text).unwrap().exports.remove(0);
        let ends = |it: &super::Notify| (it.endpoint.host().to_owned(), it.failed, it.degraded, it.ok);
        export.notify.iter().map(ends).collect::<Vec<_>>()
    };
    let list = "[{ on: [failed, degraded], webhook: \"${HOOK}\" }, { on: [ok], webhook: \"${NONE:-}\" }]";
    let top = format!("notify: {list}\n");
    let hook = "hooks.example.com".to_owned();
    let x = export("source: x.csv");
    assert_eq!(told(&format!("{top}{x}")), [(hook.clone(), true, true, false)]);
    assert_eq!(told(&format!("notify: \"${{HOOK}}\"\n{x}")), [(hook.clone(), true, true, true)]);
    let other = "defaults: { notify: https://other.example.com/s3cret }\n";
    assert_eq!(told(&format!("{top}{other}{x}"))[0].0, "other.example.com");
    let own = export(&format!("source: x.csv\nnotify: {list}"));
    assert_eq!(told(&format!("{other}{own}")), [(hook, true, true, false)]);
    assert_eq!(told(&format!("{top}{}", export("source: x.csv\nnotify: \"\""))), []);
    assert!(!format!("{:?}", parse(&format!("{top}{x}")).unwrap()).contains("s3cret"));
}

#[test]
fn metrics_and_lineage_go_nowhere_unless_it_is_said() {
    let telemetry = |text: &str| parse(&format!("{text}\n{}", export("source: x.csv")));
    let none =
        telemetry("telemetry: { metrics_file: \"\", metrics_addr: \"${NONE:-}\", otlp: \"\" }").unwrap().telemetry;
    assert!(none.metrics_file.is_none() && none.metrics_addr.is_none() && none.otlp.is_none());
    let all = "telemetry: { metrics_file: m.prom, metrics_addr: 127.0.0.1:9090, otlp: \"${HOOK}\", openlineage: \"${HOOK}\" }";
    let spec = telemetry(all).unwrap();
    assert_eq!(spec.telemetry.metrics_file.as_deref(), Some(Path::new("conf/m.prom")));
    assert_eq!(spec.telemetry.metrics_addr.unwrap().to_string(), "127.0.0.1:9090");
    assert_eq!(spec.exports[0].telemetry.openlineage.as_ref().unwrap().host(), "hooks.example.com");
    assert!(spec.exports[0].clone().simulated().telemetry.metrics_file.is_none());
    for address in ["localhost:9090", "9090", "127.0.0.1", "127.0.0.1:0"] {
        let failure = telemetry(&format!("telemetry: {{ metrics_addr: \"{address}\" }}")).unwrap_err();
        assert!(failure.error.help_text().unwrap().contains("127.0.0.1:9090"), "{address}");
    }
}

#[test]
fn the_owner_of_the_file_and_the_users_of_a_connection_are_known() {
    let text = HEAD.replace("allow_host: on", "allow_host: on, allowed_users: [etl, \"1001\"]");
    let document = Document { name: "enlist.yaml".to_owned(), text, owner: Some(7) };
    let spec = read(&document, &Environment::new([("KEY", "k")], Path::new("")), Secrets::Read).unwrap();
    assert_eq!((spec.owner, spec.connections[0].allowed_users.join(" ").as_str()), (Some(7), "etl 1001"));
}

/// The keys of a mapping in the schema, with what each holds.
fn keys<'a>(schema: &'a Value, part: &'a Value) -> Option<&'a serde_json::Map<String, Value>> {
    let parts = ["anyOf", "allOf"].iter().filter_map(|key| part[key].as_array()).flatten();
    let named = part["$ref"].as_str().and_then(|path| schema.pointer(path.trim_start_matches('#')));
    part["properties"].as_object().or_else(|| named.into_iter().chain(parts).find_map(|part| keys(schema, part)))
}

/// Checks that every key of `value` is one of the schema.
fn accept(schema: &Value, part: &Value, value: &Value, path: &str) {
    let Value::Object(value) = value else { return };
    if let Some(open) = part.get("additionalProperties").filter(|open| open.is_object()) {
        return value.iter().for_each(|(name, value)| accept(schema, open, value, &format!("{path}.{name}")));
    }
    let Some(keys) = keys(schema, part) else { panic!("{path} has no keys in the schema: {part}") };
    for (name, value) in value {
        let known = keys.get(name).unwrap_or_else(|| panic!("{path}.{name} is not in the schema"));
        accept(schema, known, value, &format!("{path}.{name}"));
    }
}

#[test]
fn the_schema_knows_every_key_and_says_what_it_is_for() {
    let schema = schema();
    let top = keys(&schema, &schema).unwrap();
    let names: Vec<&str> = top.keys().map(String::as_str).collect();
    for name in ["version", "connections", "sources", "exports", "defaults", "state", "notify", "telemetry"] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
    assert_eq!(schema["required"], serde_json::json!(["version"]));
    let definitions = schema["definitions"].as_object().unwrap();
    for (name, part) in definitions.iter().map(|(name, part)| (name.as_str(), part)).chain([("", &schema)]) {
        assert_eq!(part["additionalProperties"], Value::Bool(false), "{name}");
        for (key, value) in part["properties"].as_object().unwrap() {
            assert!(value["description"].is_string(), "{name}.{key} has no description: {value}");
        }
    }
    for list in ["list", "sql", "params", "leavers", "suppress", "schedule", "segments", "extends", "enabled"] {
        assert!(definitions["Export"]["properties"].get(list).is_some(), "{list}");
    }
}

/// Checks that every key of a configuration is in the schema.
pub fn assert_in_schema(text: &str) {
    let value: Value = serde_saphyr::from_str(text).unwrap();
    let schema = schema();
    accept(&schema, &schema, &value, "");
}

#[test]
fn what_the_documentation_shows_is_in_the_schema_and_sound() {
    let documented = include_str!("../../../docs/configuration.md");
    let example = documented.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_in_schema(example);
    let document = Document { name: "enlist.yaml".to_owned(), text: example.to_owned(), owner: None };
    let environment = Environment::new([("PGUSER", "etl")], Path::new(""));
    let spec = read(&document, &environment, Secrets::Leave).map_err(|it| error::screen(&it, &Style::PLAIN)).unwrap();
    assert!(spec.exports.len() > 1);
}
