//! What runs leave behind, and the questions that are answered from it.

use std::fs;

use serde_json::{Value, json};

use super::world::{World, people};

fn status(world: &World, arguments: &[&str]) -> Value {
    let ended = world.enlist(&[&["status", "--json"], arguments].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.document()
}

#[test]
fn runs_are_listed_shown_and_reported() {
    let world = World::prompt();
    world.write("people.csv", people(30, "p"));
    let first = world.run_json("people.csv", &[], 0);
    world.write("people.csv", people(31, "p") + "nobody,\n");
    world.run_json("people.csv", &["--max-rejects", "50%"], 0);

    let ended = world.enlist(&["status"]);
    assert_eq!((ended.code, ended.stdout.lines().filter(|line| line.starts_with("r_")).count()), (0, 2), "{ended:?}");
    let name = first["run_id"].as_str().unwrap();
    let one = status(&world, &["people", name]);
    assert_eq!((one["run_id"].as_str(), &one["outcome"]["confirmed"]), (Some(name), &json!(30)));
    assert_eq!(one, first, "the history has what the run printed");
    let ended = world.enlist(&["status", "people", &name[..name.len() - 2]]);
    assert!(ended.code == 0 || ended.stderr.contains("usage::run"), "{ended:?}");

    let last = status(&world, &["people", "--last", "1"]);
    assert_eq!(last["rejected_by_reason"], json!({ "bad_email": 1 }));
    assert_eq!(last["reject_examples"][0]["row"], json!(32));

    assert_eq!(world.enlist(&["status", "people", "--html", "report.html"]).code, 0);
    let page = fs::read_to_string(world.folder().join("report.html")).unwrap();
    assert!(page.contains("<html") && !page.contains("@example.com"), "a page without people");
    assert_eq!(world.enlist(&["status", "--parquet", "runs.parquet"]).code, 0);
    world.python(
        "t = pq.read_table('runs.parquet'); assert t.num_rows == 2 and t['confirmed'].to_pylist() == [30, 1], t",
    );
}

#[test]
fn a_run_that_failed_before_it_read_anything_is_in_the_history_too() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    world.run_json("people.csv", &[], 0);
    fs::remove_file(world.folder().join("people.csv")).unwrap();
    world.write("people.csv", "given,family\nAda,Example\n");
    let ended = world.run("people.csv", &[]);
    assert_eq!(ended.code, 2, "{ended:?}");
    let last = status(&world, &["--last", "1"]);
    assert_eq!((&last["exit_code"], &last["outcome"]), (&json!(2), &Value::Null));
    assert_eq!(last["error"]["code"], json!("mapping::email_missing"));
}

#[test]
fn what_happened_to_somebody_is_told_without_keeping_emails() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    world.run_json("people.csv", &[], 0);
    let found = status(&world, &["--find", " P2@Example.com "]);
    let one = &found["exports"][0];
    assert_eq!((one["outcome"].as_str(), one["list"].as_u64()), (Some("confirmed"), Some(7)));
    assert!(one["run_id"].as_str().is_some_and(|run| run.starts_with("r_")));
    assert_eq!(status(&world, &["--find", "nobody@example.com"])["exports"], json!([]));
    let ended = world.enlist(&["status", "--find", "nobody"]);
    assert!(ended.code == 2 && ended.stderr.contains("usage::email"), "{ended:?}");
    for entry in fs::read_dir(world.folder().join(".enlist")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("p2@example.com"));
    }
}

#[test]
fn a_refused_row_is_tried_again_alone() {
    let mut world = World::prompt();
    world.write("people.csv", people(10, "p"));
    world.edit_account(|account| account["bounced"] = json!(["p4@example.com"]));
    let first = world.run_json("people.csv", &["--max-rejects", "50%"], 0);
    assert_eq!(first["outcome"]["rejected"], json!(1));
    world.edit_account(|account| account["bounced"] = json!([]));
    world.write("people.csv", people(12, "p"));
    let again = world.run_json("people.csv", &["--only-rejects", "--max-rejects", "50%"], 0);
    assert_eq!(again["outcome"]["confirmed"], json!(1), "{again}");
    assert_eq!(again["outcome"]["skipped"], json!(2));
    assert_eq!(world.contacts().len(), 10);
    let ended = world.run("people.csv", &["--only-rejects"]);
    assert!(ended.code == 2 && ended.stderr.contains("usage::only_rejects"), "{ended:?}");
}

#[test]
fn a_rejected_row_has_the_cells_that_were_asked_for_and_old_files_go() {
    let mut world = World::prompt();
    world.edit_account(|account| account["bounced"] = json!(["p2@example.com"]));
    world.write("never.csv", "email\np5@example.com\n");
    world.write("people.csv", "id,email\n0017,p1@example.com\nA-2,p2@example.com\n,p3\n40,p4@\nA-5,p5@example.com\n");
    let host = world.host();
    let written = |columns: &str| {
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports: {{ x: {{ list: 7, source: people.csv, map: {{ email: email }}, guards: {{ max_rejects: 100% }}, \
             suppress: never.csv, rejects: {{ columns: [{columns}], keep_days: 30 }} }} }}\n"
        )
    };
    world.write("enlist.yaml", written("idd"));
    for verb in ["plan", "run"] {
        let ended = world.enlist(&[verb]);
        assert!(ended.code == 2 && ended.stderr.contains("config::rejects_columns"), "{ended:?}");
        assert!(ended.stderr.contains("did you mean `id`?"), "{ended:?}");
    }
    world.write("enlist.yaml", written("id"));
    let old = ["rejects/r_20200101_060000_000_00ff.jsonl", "rejects/r_20200101.jsonl"];
    fs::create_dir(world.folder().join("rejects")).unwrap();
    old.iter().for_each(|file| world.write(file, ""));
    let run = world.enlist(&["run", "--json"]).document();
    assert_eq!((&run["outcome"]["rejected"], &run["outcome"]["confirmed"]), (&json!(4), &json!(1)), "{run}");
    let file = fs::read_to_string(world.folder().join(run["rejects_file"].as_str().unwrap())).unwrap();
    let mut lines: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["row"].as_u64());
    let cells: Vec<_> = lines.iter().map(|line| [&line["reason"], &line["columns"]]).collect();
    assert_eq!(
        json!(cells),
        json!([
            ["refused", { "id": "A-2" }], ["bad_email", { "id": null }], ["bad_email", { "id": "40" }],
            // Nobody is told who must not be sent.
            ["suppressed", null],
        ])
    );
    assert!(!file.contains("example.com"), "only what was asked for: {file}");
    assert_eq!(old.map(|file| world.folder().join(file).exists()), [false, true]);

    world.edit_account(|account| account["bounced"] = json!([]));
    let again = world.enlist(&["run", "--only-rejects", "--allow", "max_change", "--json"]).document();
    assert_eq!(again["outcome"]["confirmed"], json!(1), "a line with cells says where its row stands: {again}");
}

#[test]
fn a_limited_run_sends_so_many_and_nothing_to_send_has_the_code_asked_for() {
    let mut world = World::prompt();
    world.write("people.csv", people(10, "p"));
    let run = world.run_json("people.csv", &["--limit", "4"], 0);
    assert_eq!((&run["outcome"]["confirmed"], &run["outcome"]["skipped"]), (&json!(4), &json!(6)));
    assert_eq!(world.contacts().len(), 4);
    world.run_json("people.csv", &["--unchanged-exit-code", "99"], 0);
    world.run_json("people.csv", &["--unchanged-exit-code", "99"], 99);
    let arguments = world.to_list_7("plan", "people.csv", &["--exit-code"]);
    let plan = |arguments: &[String]| world.enlist(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).code;
    assert_eq!(plan(&arguments), 0);
    world.write("people.csv", people(11, "p"));
    assert_eq!(plan(&arguments), 9);
}

#[test]
fn somebody_is_erased_and_never_sent_again() {
    let mut world = World::prompt();
    world.write("people.csv", people(5, "p") + "bad,\n");
    world.run_json("people.csv", &["--max-rejects", "50%"], 0);
    world.write("emails.txt", "p3@example.com\n\nunknown@example.com\n");
    let mut command = world.command(&["state", "forget", "--json"]);
    command.stdin(fs::File::open(world.folder().join("emails.txt")).unwrap());
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["people"], &document["known"]), (&json!(2), &json!(1)));
    assert_eq!(status(&world, &["--find", "p3@example.com"])["suppressed"], json!(true));

    world.write("people.csv", people(6, "p"));
    let run = world.run_json("people.csv", &[], 0);
    assert_eq!(run["rejected_by_reason"], json!({ "suppressed": 1 }), "no reject to worry about: {run}");
    assert_eq!(run["outcome"]["confirmed"], json!(1));
    assert_eq!(world.contacts().len(), 6, "what the account has is for its owner to delete");
}

#[test]
fn the_state_is_shown_verified_written_out_and_reset() {
    let world = World::prompt();
    let missing = world.enlist(&["state", "show"]);
    assert!(missing.code == 12 && missing.stderr.contains("state::missing"), "{missing:?}");
    world.write("people.csv", people(5, "p"));
    world.run_json("people.csv", &[], 0);
    let shown = world.enlist(&["state", "show", "--json"]).document();
    assert_eq!((&shown["exports"][0]["confirmed"], &shown["runs"]), (&json!(5), &json!(1)));
    assert_eq!(world.enlist(&["state", "verify", "--json"]).document()["sound"], json!(true));
    let written = world.enlist(&["state", "export"]);
    assert!(written.stdout.lines().count() == 5 && !written.stdout.contains('@'), "{written:?}");
    assert!(world.enlist(&["state", "unlock", "people"]).stdout.contains("has ended"));

    let refused = world.enlist(&["state", "reset", "people"]);
    assert!(refused.code == 2 && refused.stderr.contains("--yes"), "{refused:?}");
    assert_eq!(world.enlist(&["state", "reset", "people", "--yes"]).code, 0);
    let again = world.run_json("people.csv", &[], 0);
    assert_eq!(again["plan"]["add"], json!(5), "everybody is sent again");
}

#[test]
fn several_exports_run_together_only_when_that_is_meant() {
    let world = World::prompt();
    world.write("people.csv", people(2, "p"));
    world.write("gold.csv", people(2, "g"));
    let config = format!(
        "version: 1\nconnections:\n  main: {{ host: \"{}\", api_key: \"${{file:key}}\" }}\nexports:\n  \
         one: {{ list: 7, source: people.csv }}\n  two: {{ extends: one, segments: [gold.csv, people.csv] }}\n  \
         off: {{ extends: one, enabled: false }}\n",
        world.host()
    );
    world.write("enlist.yaml", config);
    let ended = world.enlist(&["run"]);
    assert!(ended.code == 2 && ended.stderr.contains("usage::all"), "{ended:?}");
    let ended = world.enlist(&["run", "--all", "--json"]);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ended.code, 0, "{ended:?}");
    let runs: Vec<_> = lines.iter().map(|run| (run["export"].as_str().unwrap(), &run["source"]["rows"])).collect();
    assert_eq!(runs, [("one", &json!(2)), ("two", &json!(4))]);
}

#[test]
fn metrics_lineage_and_the_summary_of_a_step_follow_a_run() {
    let world = World::prompt();
    world.write("people.csv", people(2, "p"));
    let config = format!(
        "version: 1\nconnections:\n  main: {{ host: \"{}\", api_key: \"${{file:key}}\" }}\n\
         telemetry: {{ metrics_file: enlist.prom }}\nexports:\n  vip: {{ list: 7, source: people.csv }}\n",
        world.host()
    );
    world.write("enlist.yaml", config);
    let mut command = world.command(&["run", "vip"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", world.folder().join("summary.md"));
    assert!(command.output().unwrap().status.success());
    let metrics = fs::read_to_string(world.folder().join("enlist.prom")).unwrap();
    assert!(metrics.contains("enlist_rows_total{") && metrics.contains("outcome=\"confirmed\""), "{metrics}");
    assert!(fs::read_to_string(world.folder().join("summary.md")).unwrap().contains("vip"));
}

#[test]
fn an_audit_finds_what_others_changed() {
    let mut world = World::prompt();
    world.write("people.csv", people(6, "p"));
    let config = format!(
        "version: 1\nconnections:\n  main: {{ host: \"{}\", api_key: \"${{file:key}}\" }}\n\
         exports:\n  vip: {{ list: 7, source: people.csv }}\n",
        world.host()
    );
    world.write("enlist.yaml", config);
    assert_eq!(world.enlist(&["run", "vip"]).code, 0);
    let sound = world.enlist(&["audit", "vip", "--json"]).document();
    assert_eq!((&sound["agree"], &sound["findings"]), (&json!(6), &json!(0)), "{sound}");
    world.edit_account(|account| {
        for contact in account["contacts"].as_array_mut().unwrap() {
            match contact["email"].as_str().unwrap() {
                "p1@example.com" => contact["lists"]["7"] = json!("unsubscribed"),
                "p2@example.com" => contact["first_name"] = json!("Somebody"),
                _ => {}
            }
        }
    });
    let ended = world.enlist(&["audit", "vip", "--json", "--out", "findings.jsonl"]);
    let found = ended.document();
    assert_eq!((&found["unsubscribed"], &found["different"], &found["agree"]), (&json!(1), &json!(1), &json!(4)));
    let findings = fs::read_to_string(world.folder().join("findings.jsonl")).unwrap();
    assert!(findings.lines().count() == 2 && !findings.contains("@example.com"), "{findings}");
}

#[test]
fn a_verb_of_another_tool_is_answered_with_ours() {
    let world = World::prompt();
    for (verb, ours) in [("validate", "enlist plan"), ("retry", "--only-rejects"), ("logs", "enlist status")] {
        let ended = world.enlist(&[verb]);
        assert!(ended.code == 2 && ended.stderr.contains(ours), "{ended:?}");
    }
}
