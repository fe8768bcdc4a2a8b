//! What `status` answers: from any folder, of one export or several, and where a part of the answer is missing.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::process::{Ended, piped};
use super::world::{World, people};

/// A world whose configuration is in the folder `project`, with an export of each name.
fn project(exports: &[&str]) -> World {
    let world = World::prompt();
    fs::create_dir(world.folder().join("project")).unwrap();
    let exports: String = exports
        .iter()
        .map(|name| {
            format!("  {name}: {{ list: 7, source: people.csv, guards: {{ max_rejects: 100%, max_change: 100% }} }}\n")
        })
        .collect();
    let config = format!(
        "version: 1\nconnections:\n  main: {{ host: \"{}\", api_key: \"${{file:../key}}\" }}\nexports:\n{exports}",
        world.host()
    );
    world.write("project/enlist.yaml", config);
    world.write("project/people.csv", people(3, "p"));
    world
}

/// `enlist` with `arguments` in a folder of the world.
fn within(world: &World, folder: &str, arguments: &[&str]) -> Ended {
    let mut command = world.command(arguments);
    command.current_dir(world.folder().join(folder));
    Ended::of(piped(command).output().unwrap())
}

fn succeeds(ended: Ended) -> Ended {
    assert_eq!(ended.code, 0, "{ended:?}");
    ended
}

/// A name that is larger than a request rejects the row of a person whose email is sound.
fn with_a_name_too_long() -> String {
    format!("email,first_name\np1@example.com,Name 1\np2@example.com,{}\n", "n".repeat(500_000))
}

#[test]
fn somebody_who_was_rejected_is_found_from_any_folder() {
    let world = project(&["vip"]);
    world.write("project/people.csv", with_a_name_too_long());
    let run = succeeds(within(&world, "project", &["run", "--json"])).document();
    assert_eq!(run["rejected_by_reason"], json!({ "too_large": 1 }), "{run}");
    fs::create_dir(world.folder().join("elsewhere")).unwrap();
    for (folder, config) in
        [("project", "enlist.yaml"), (".", "project/enlist.yaml"), ("elsewhere", "../project/enlist.yaml")]
    {
        let find = ["status", "-c", config, "--find", "p2@example.com", "--json"];
        let found = succeeds(within(&world, folder, &find)).document();
        assert_eq!(found["exports"][0]["outcome"], json!("rejected_here"), "from {folder}: {found}");
        assert_eq!((&found["exports"][0]["place"], &found["warnings"]), (&json!("people.csv row 2"), &json!([])));
    }
    let shown = succeeds(within(&world, "project", &["status", "vip", run["run_id"].as_str().unwrap()]));
    assert!(shown.stdout.contains("see        rejects/r_"), "the short name, where it is one: {shown:?}");
}

#[test]
fn rejected_rows_are_sent_again_from_any_folder() {
    let mut world = project(&["vip"]);
    world.write("project/people.csv", with_a_name_too_long());
    succeeds(within(&world, "project", &["run", "--quiet"]));
    world.write("project/people.csv", people(2, "p"));
    fs::create_dir(world.folder().join("elsewhere")).unwrap();
    let again = ["run", "-c", "../project/enlist.yaml", "--only-rejects", "--json"];
    let run = succeeds(within(&world, "elsewhere", &again)).document();
    assert_eq!(run["outcome"]["confirmed"], json!(1), "{run}");
    assert!(world.contacts().contains_key("p2@example.com"));
}

#[test]
fn a_reject_file_that_is_gone_is_named_and_not_taken_for_nobody() {
    let world = project(&["vip"]);
    world.write("project/people.csv", with_a_name_too_long());
    let run = succeeds(within(&world, "project", &["run", "--json"])).document();
    let (name, file) = (run["run_id"].as_str().unwrap(), run["rejects_file"].as_str().unwrap());
    fs::remove_file(file).unwrap();
    let found = succeeds(within(&world, "project", &["status", "--find", "p2@example.com"]));
    let told = format!("rejects/{name}.jsonl is gone");
    assert!(found.stdout.contains(&told) && !found.stdout.contains("not rejected"), "{found:?}");
    let found = succeeds(within(&world, "project", &["status", "--find", "p2@example.com", "--json"])).document();
    assert!(found["warnings"][0].as_str().unwrap().contains(&told), "{found}");
    let shown = succeeds(within(&world, "project", &["status", "vip", name]));
    assert!(shown.stdout.contains(&told), "{shown:?}");
    let refused = within(&world, "project", &["run", "--only-rejects"]);
    assert!(refused.code == 2 && refused.stderr.contains("usage::only_rejects"), "{refused:?}");
    assert!(refused.stderr.contains(&told), "{refused:?}");
}

#[test]
fn a_page_or_table_of_runs_is_of_one_export() {
    let world = project(&["gold", "vip"]);
    succeeds(within(&world, "project", &["run", "gold", "--quiet"]));
    succeeds(within(&world, "project", &["status", "--html", "one.html", "--last", "5"]));
    succeeds(within(&world, "project", &["run", "vip", "--quiet"]));
    for asked in [&["--html", "all.html", "--last", "5"][..], &["--parquet", "all.parquet"]] {
        let refused = within(&world, "project", &[&["status"], asked].concat());
        assert!(refused.code == 2 && refused.stderr.contains("usage::export"), "{refused:?}");
        assert!(refused.stderr.contains("exports: gold, vip"), "{refused:?}");
        assert!(!world.folder().join("project").join(asked[1]).exists());
    }
    let both = ["status", "vip", "--html", "vip.html", "--parquet", "vip.parquet", "--last", "5"];
    let said = succeeds(within(&world, "project", &both)).stdout;
    assert_eq!(said, "Wrote vip.html\nWrote vip.parquet\n");
    for file in ["vip.html", "vip.parquet"] {
        let found = fs::metadata(world.folder().join("project").join(file)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let page = fs::read_to_string(world.folder().join("project/vip.html")).unwrap();
    assert!(!page.contains("gold"));
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_the_user_named_it() {
    let world = project(&["vip"]);
    succeeds(within(&world, "project", &["run", "--quiet"]));
    for (option, file) in [("--html", "nowhere/report.html"), ("--parquet", "nowhere/runs.parquet")] {
        let ended = within(&world, "project", &["status", option, file]);
        assert!(ended.code == 2 && ended.stderr.contains(&format!("error[status::write]: {file}: ")), "{ended:?}");
        assert!(!ended.stderr.contains(".enlist-"), "{ended:?}");
    }
}

#[test]
fn lines_of_the_history_that_hold_no_run_are_told_once() {
    let world = project(&["vip"]);
    succeeds(within(&world, "project", &["run", "--quiet"]));
    let file = world.folder().join("project/.enlist/runs.jsonl");
    OpenOptions::new().append(true).open(file).unwrap().write_all(b"hello\n{\"run_id\":\"r_to").unwrap();
    for asked in [&["status"][..], &["status", "--json"], &["status", "--find", "p1@example.com"]] {
        let ended = succeeds(within(&world, "project", asked));
        assert_eq!(ended.stderr.matches("warning").count(), 1, "{ended:?}");
        let told = "2 lines of .enlist/runs.jsonl cannot be read (lines 2, 3); they are skipped";
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
}

#[test]
fn a_history_that_others_may_read_is_closed_to_them_by_the_next_run() {
    let world = project(&["vip"]);
    succeeds(within(&world, "project", &["run", "--quiet"]));
    let file = world.folder().join("project/.enlist/runs.jsonl");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    succeeds(within(&world, "project", &["run", "--quiet"]));
    assert_eq!(mode(), 0o600);
}

#[test]
fn no_run_is_no_result_for_nobody() {
    let world = project(&["vip"]);
    let documents = |arguments: &[&str]| -> Vec<Value> {
        let ended = succeeds(within(&world, "project", arguments));
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(documents(&["status", "--json"]), [json!({ "schema": "enlist.runs/1", "runs": [] })]);
    assert_eq!(documents(&["status", "--watch", "--json"]), [json!({ "schema": "enlist.watch/1", "runs": [] })]);
    let refused = within(&world, "project", &["status", "--last", "0"]);
    assert!(refused.code == 2 && refused.stderr.contains("usage::last"), "{refused:?}");
    assert!(refused.stderr.contains("at least 1"), "{refused:?}");
}

#[test]
fn who_watches_reads_a_document_a_change_until_nothing_is_under_way() {
    let world = World::with(json!({ "processing": { "delay": 12.0, "contacts_per_second": 0.0 } }));
    world.write("people.csv", people(3, "p"));
    let mut run = world.start("people.csv", &["--progress", "log", "--progress-every", "1s"]);
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("phase=send")));
    let watched = succeeds(world.enlist(&["status", "--watch", "--json"]));
    assert!(run.wait().unwrap().success());
    let documents: Vec<Value> = watched.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(documents.iter().all(|document| document["schema"] == json!("enlist.watch/1")));
    assert!(documents.windows(2).all(|pair| pair[0] != pair[1]), "one a change: {documents:?}");
    assert_eq!(documents[0]["runs"][0]["export"], json!("people"), "{documents:?}");
    assert_eq!(documents.last().unwrap()["runs"], json!([]));
}
