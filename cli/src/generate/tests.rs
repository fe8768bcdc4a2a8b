//! Every recipe is what its reader takes, and says what the configuration says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::recipe::LONGEST_CRONJOB;
use super::*;
use crate::args::Recipe;
use crate::spec;

const RECIPES: [Recipe; 5] = [Recipe::Cronjob, Recipe::Systemd, Recipe::Airflow, Recipe::Dagster, Recipe::Github];

/// Two exports on two schedules, and one without.
const CONFIGURATION: &str = r#"
version: 1
connections:
  marketing: { host: acme.api-us1.com, api_key: "${file:canary-key}" }
exports:
  vip_customers: { list: 7, source: people.parquet, schedule: "30 6 * * MON-FRI", time_zone: Europe/Helsinki }
  last-day: { list: 8, source: people.parquet, schedule: "0 6 L * *" }
  by_hand: { list: 9, source: people.parquet }
"#;

/// The job of `export`, configured in a folder whose name needs quotes everywhere.
fn job(export: Option<&str>) -> Job {
    let mut spec = spec::meaning(CONFIGURATION, Path::new("/srv/it's \"50%\" {{ours}}")).unwrap();
    spec.file = PathBuf::from("/srv/it's \"50%\" {{ours}}/enlist.yaml");
    spec.owner = None;
    Job::of(export, Some(&spec)).unwrap()
}

fn text(wanted: Recipe, job: &Job) -> String {
    recipe(wanted, job).unwrap()
}

/// The documents of a YAML file.
fn documents(text: &str) -> Vec<Value> {
    text.split("\n---\n")
        .map(|document| serde_saphyr::from_str(document).unwrap_or_else(|e| panic!("{e}: {document}")))
        .collect()
}

/// Sections of systemd's files and their assignments, in order.
fn assignments(text: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.to_owned(),
            None => {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no assignment: {line}"));
                assert!(key.chars().all(|c| c.is_ascii_alphanumeric()), "{line}");
                found.push((section.clone(), key.to_owned(), value.to_owned()));
            }
        }
    }
    found
}

fn value<'a>(found: &'a [(String, String, String)], key: &str) -> &'a str {
    let found = found.iter().find(|(_, known, _)| known == key);
    &found.unwrap_or_else(|| panic!("no {key}")).2
}

#[test]
fn each_recipe_runs_the_export_on_its_schedule_and_holds_no_key() {
    let job = job(Some("vip_customers"));
    for wanted in RECIPES {
        let text = text(wanted, &job);
        assert!(text.contains("vip_customers") && text.contains("Europe/Helsinki"), "{text}");
        assert!(!text.contains("canary-key"), "{text}");
        assert!(text.is_ascii(), "{text}");
    }
}

#[test]
fn without_a_configuration_each_recipe_says_that_it_made_things_up() {
    let job = Job::of(None, None).unwrap();
    for (wanted, name) in RECIPES.into_iter().zip(["cronjob", "systemd", "airflow", "dagster", "github"]) {
        let text = text(wanted, &job).replace(env!("CARGO_PKG_VERSION"), "VERSION");
        assert!(text.contains("# There was no enlist.yaml"), "{text}");
        insta::assert_snapshot!(name, text);
    }
    let named = Job::of(Some("newsletter"), None).unwrap();
    assert!(text(Recipe::Airflow, &named).contains("enlist run newsletter "));
    assert_eq!(Job::of(Some("News letter"), None).unwrap_err().error.code(), "config::bad_name");
}

#[test]
fn a_configuration_without_exports_is_told_so() {
    let none = "version: 1\nconnections: { sim: { host: simulator } }\nexports: {}\n";
    let spec = spec::meaning(none, Path::new("")).unwrap();
    for (export, code) in [(None, "config::no_export"), (Some("vip"), "config::unknown_export")] {
        let failure = Job::of(export, Some(&spec)).unwrap_err();
        assert_eq!(failure.error.code(), code);
        assert!(failure.error.help_text().is_some_and(|help| help.contains("under `exports:`")), "{failure:?}");
    }
}

#[test]
fn what_is_not_in_the_configuration_is_answered_with_what_is() {
    let spec = spec::meaning(CONFIGURATION, Path::new("")).unwrap();
    let failure = Job::of(Some("vip_customer"), Some(&spec)).unwrap_err();
    assert_eq!(failure.error.code(), "config::unknown_export");
    assert_eq!(failure.error.help_text(), Some("did you mean `vip_customers`?"));
}

#[test]
fn several_exports_are_run_together_where_none_is_named() {
    let job = job(None);
    assert_eq!((job.target(), job.schedule.cron.as_str(), job.notes.len()), ("--all", "0 6 * * *", 1));
    for wanted in RECIPES {
        assert!(text(wanted, &job).contains("--all"), "{wanted:?}");
    }
}

#[test]
fn a_cronjob_fails_for_good_where_somebody_has_to_act() {
    let documents = documents(&text(Recipe::Cronjob, &job(Some("vip_customers"))));
    assert_eq!(documents[0]["kind"], "PersistentVolumeClaim");
    let spec = &documents[1]["spec"];
    assert_eq!((&spec["schedule"], &spec["timeZone"]), (&"30 6 * * 1-5".into(), &"Europe/Helsinki".into()));
    assert_eq!(
        (&documents[1]["metadata"]["name"], &spec["concurrencyPolicy"]),
        (&"enlist-vip-customers".into(), &"Forbid".into())
    );
    let job = &spec["jobTemplate"]["spec"];
    let rules = &job["podFailurePolicy"]["rules"];
    assert_eq!(
        (&rules[0]["action"], &rules[0]["onExitCodes"]["values"]),
        (&"FailJob".into(), &serde_json::json!([1, 2, 3, 4, 6, 7, 8, 12]))
    );
    let pod = &job["template"]["spec"];
    assert_eq!((&pod["restartPolicy"], &pod["terminationGracePeriodSeconds"]), (&"Never".into(), &45.into()));
    let container = &pod["containers"][0];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["args"][1], "vip_customers");
    // Each volume that is mounted is there.
    let names = |list: &Value| list.as_array().unwrap().iter().map(|it| it["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
}

#[test]
fn exports_that_another_system_would_call_the_same_are_told_apart() {
    let long = |end: &str| format!("{}{end}", "x".repeat(60));
    let names = ["a_b".to_owned(), "a-b".to_owned(), "c_d".to_owned(), long("1"), long("2")];
    let exports: String =
        names.iter().map(|name| format!("  {name}: {{ list: 7, source: people.parquet }}\n")).collect();
    let head = "version: 1\nconnections: { m: { host: acme.api-us1.com, api_key: \"${file:key}\" } }\nexports:\n";
    let spec = spec::meaning(&format!("{head}{exports}"), Path::new("")).unwrap();
    let job = |name: &str| Job::of(Some(name), Some(&spec)).unwrap();
    let cronjob = |name: &str| documents(&text(Recipe::Cronjob, &job(name)))[1]["metadata"]["name"].clone();
    let asset = |name: &str| {
        let text = text(Recipe::Dagster, &job(name));
        text.lines().find(|line| line.trim().starts_with("name=")).unwrap().to_owned()
    };
    let cronjobs: BTreeSet<String> = names.iter().map(|name| cronjob(name).as_str().unwrap().to_owned()).collect();
    assert_eq!(cronjobs.len(), names.len(), "{cronjobs:?}");
    assert!(cronjobs.iter().all(|name| name.len() <= LONGEST_CRONJOB && !name.contains('_')), "{cronjobs:?}");
    assert!(cronjobs.contains("enlist-c-d"), "a name of its own stays as it is: {cronjobs:?}");
    assert_ne!(asset("a_b"), asset("a-b"));
    let dbt = documents(&text(Recipe::Dbt, &Job::of(None, Some(&spec)).unwrap()));
    let exposures: BTreeSet<&str> =
        dbt[0]["exposures"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(exposures.len(), names.len(), "{exposures:?}");
}

#[test]
fn exposures_of_dbt_name_each_list_that_a_segment_goes_into() {
    let documents = documents(&text(Recipe::Dbt, &job(None)));
    assert_eq!(documents[0]["version"], 2);
    let exposures = documents[0]["exposures"].as_array().unwrap();
    assert_eq!(exposures.len(), 3);
    let first = &exposures[0];
    assert_eq!((&first["name"], &first["type"]), (&Value::from("enlist_vip_customers"), &Value::from("application")));
    assert_eq!(first["url"], "https://acme.activehosted.com/app/contacts/?listid=7");
    assert_eq!(exposures[1]["name"], "enlist_last_day");
    for exposure in exposures {
        let name = exposure["name"].as_str().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "dbt takes no other name: {name}");
        assert!(exposure["owner"]["name"].is_string() && exposure["depends_on"].is_null(), "{exposure}");
    }
    let one = text(Recipe::Dbt, &job(Some("last-day")));
    assert!(one.contains("listid=8") && !one.contains("listid=7") && !one.contains("canary-key"), "{one}");
    let made_up = text(Recipe::Dbt, &Job::of(None, None).unwrap());
    assert!(made_up.contains("# There was no enlist.yaml"), "{made_up}");
    insta::assert_snapshot!("dbt", made_up);
}

#[test]
fn a_name_that_is_too_long_for_a_cronjob_is_cut() {
    let job = Job::of(Some(&"a_".repeat(32)), None).unwrap();
    let documents = documents(&text(Recipe::Cronjob, &job));
    let name = documents[1]["metadata"]["name"].as_str().unwrap();
    assert!(name.len() <= LONGEST_CRONJOB && !name.ends_with('-'), "{name}");
}

#[test]
fn a_unit_of_systemd_runs_the_export_and_writes_nowhere_else() {
    let found = assignments(&text(Recipe::Systemd, &job(Some("vip_customers"))));
    let folder = r#""/srv/it's \"50%%\" {{ours}}"#;
    assert_eq!(
        value(&found, "ExecStart"),
        format!("/usr/local/bin/enlist run vip_customers -c {folder}/enlist.yaml\" --no-input --progress log")
    );
    assert_eq!(value(&found, "ReadWritePaths"), format!("{folder}\""));
    assert_eq!(value(&found, "OnCalendar"), "Mon..Fri *-*-* 06:30:00 Europe/Helsinki");
    assert_eq!((value(&found, "ProtectSystem"), value(&found, "Persistent")), ("strict", "true"));
    assert!(value(&found, "LoadCredential").starts_with("ac_key:"));
}

#[test]
fn a_schedule_that_another_system_cannot_say_is_a_note_and_not_a_wrong_time() {
    let job = job(Some("last-day"));
    for wanted in [Recipe::Cronjob, Recipe::Systemd, Recipe::Github] {
        let text = text(wanted, &job);
        assert!(text.contains("`0 6 L * *`") && text.contains("every day at six is written here"), "{text}");
    }
    assert!(text(Recipe::Airflow, &job).contains("schedule=\"0 6 L * *\""));
    assert_eq!(value(&assignments(&text(Recipe::Systemd, &job)), "OnCalendar"), "*-*-* 06:00:00 UTC");
}

#[test]
fn a_workflow_restores_the_state_and_puts_the_key_into_a_private_file() {
    let documents = documents(&text(Recipe::Github, &job(Some("vip_customers"))));
    let schedule = &documents[0]["on"]["schedule"][0];
    assert_eq!((&schedule["cron"], &schedule["timezone"]), (&"30 6 * * 1-5".into(), &"Europe/Helsinki".into()));
    let steps = documents[0]["jobs"]["run"]["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"));
    assert_eq!(step("Run")["run"], "enlist run vip_customers -c enlist.yaml --no-input --progress log");
    assert_eq!(step("Restore the state")["with"]["path"], step("Save the state")["with"]["path"]);
    let key = step("Put the key into a file");
    assert_eq!(key["env"]["AC_KEY"], "${{ secrets.AC_KEY }}");
    assert!(key["run"].as_str().unwrap().contains("umask 077"));
    assert_eq!(step("Remove the key")["if"], "always()");
}

#[test]
fn completions_are_for_the_shells_that_there_are() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = String::from_utf8(completions(Some(shell)).unwrap()).unwrap();
        assert!(script.contains("enlist") && script.contains("schedule"), "{shell}");
    }
    for other in [None, Some("cmd")] {
        let failure = completions(other).unwrap_err();
        assert_eq!(failure.error.code(), "generate::shell");
        assert_eq!(failure.error.help_text(), Some("one of bash, elvish, fish, powershell, zsh"));
    }
}

#[test]
fn man_pages_show_every_option_and_there_is_one_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let first = man_pages(&folder.path().join("man")).unwrap();
    let page = |name: &str| std::fs::read_to_string(first.with_file_name(name)).unwrap();
    assert_eq!(page("enlist.1").as_bytes(), man_page().unwrap());
    for (name, option) in [
        ("enlist-run.1", r"\-\-phone\-region"),
        ("enlist-state-forget.1", r"\-\-state"),
        ("enlist.1", r"\-\-log\-format"),
    ] {
        assert!(page(name).contains(option), "{name}: {}", page(name));
    }
}

#[test]
fn the_schema_names_the_keys_of_the_configuration() {
    let schema: Value = serde_json::from_slice(&schema()).unwrap();
    for key in ["version", "connections", "sources", "exports", "defaults", "state"] {
        assert!(schema["properties"][key].is_object(), "{key}: {schema:#}");
    }
}
