//! Telling others how a run ended, and what that must not change.

use serde_json::{Value, json};

use super::listener::Listener;
use super::process::Ended;
use super::world::{KEY, World, people};

/// A world whose runs of `x` are told to `url`.
fn world(url: &str) -> World {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    world.write("broken.csv", "email\nnobody\nperson1@example.com\n");
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             defaults: {{ notify: \"{url}\" }}\nexports:\n  x: {{ list: 7, source: people.csv }}\n  \
             broken: {{ list: 7, source: broken.csv }}\n  gone: {{ list: 7, source: gone.csv }}\n  \
             quiet: {{ list: 7, source: people.csv, notify: \"\" }}\n"
        ),
    );
    world
}

/// Lines that warn of a notification.
fn warnings(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.starts_with("warning: ") && line.contains("was not told")).collect()
}

/// The document of the one notification, and its head.
fn told(listener: &Listener) -> (Value, String) {
    let heard = listener.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    (serde_json::from_str(body).unwrap(), head.to_lowercase())
}

#[test]
fn somebody_is_told_of_each_run_what_programs_read_of_it_and_of_no_person() {
    let listener = Listener::answering("204 No Content", "");
    let world = world(&listener.url());
    for (arguments, code, schema) in [
        (&["run", "x", "--json"][..], 0, "enlist.run/1"),
        (&["run", "broken", "--json", "--allow", "max_rejects"], 3, "enlist.run/1"),
        (&["run", "broken", "--json"], 8, "enlist.run/1"),
        (&["run", "gone", "--json"], 7, "enlist.run/1"),
    ] {
        let ended = world.enlist(arguments);
        assert_eq!((ended.code, warnings(&ended).len()), (code, 0), "{arguments:?}: {ended:?}");
        let (document, head) = told(&listener);
        // What failed before there was a plan has no document of a run on standard output.
        let printed = ended.document();
        if printed["schema"] == json!("enlist.error/1") {
            assert_eq!((&document["outcome"], &document["error"]), (&Value::Null, &printed["error"]), "{arguments:?}");
        } else {
            // Folders of this machine may be called after somebody.
            let mut abroad = printed.clone();
            if let Some(file) = printed["rejects_file"].as_str() {
                abroad["rejects_file"] = json!(file.rsplit('/').next().unwrap());
            }
            assert_eq!(document, abroad, "{arguments:?}");
        }
        assert_eq!((&document["schema"], &document["exit_code"]), (&json!(schema), &json!(code)), "{arguments:?}");
        assert!(
            head.starts_with("post /s3cret http/1.1\r\n") && head.contains("content-type: application/json"),
            "{head}"
        );
        assert!(!head.contains("token") && !head.contains(KEY) && !document.to_string().contains(KEY), "{head}");
        assert!(!document.to_string().contains("example.com"), "a person is in it: {document}");
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
    // Neither a plan nor an export that asks for silence tells anybody.
    assert_eq!(world.enlist(&["plan", "x"]).code, 0);
    assert_eq!(world.enlist(&["run", "quiet"]).code, 0);
    assert_eq!(listener.heard(), [""; 0]);
}

#[test]
fn fault_78_whoever_cannot_be_told_changes_neither_the_run_nor_its_exit_code() {
    let elsewhere = Listener::answering("200 OK", "");
    let moved = Listener::answering("307 Temporary Redirect", &format!("Location: {}\r\n", elsewhere.url()));
    let broken = Listener::answering("500 Internal Server Error", "");
    for (url, word) in [
        ("http://127.0.0.1:1/s3cret".to_owned(), "refused"),
        (broken.url(), "500"),
        (moved.url(), "redirected"),
        ("https://127.0.0.1:1/s3cret".to_owned(), "refused"),
    ] {
        let mut world = world(&url);
        let ended = world.enlist(&["run", "x", "--json"]);
        let lines = warnings(&ended);
        assert!(ended.code == 0 && lines.len() == 1 && lines[0].to_lowercase().contains(word), "{word}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
        let document = ended.document();
        assert_eq!((&document["status"], &document["warnings"]), (&json!("ok"), &json!([])), "{document}");
        assert_eq!(document["outcome"]["confirmed"], 3, "{document}");
        // A run that fails keeps its own code too.
        let guarded = world.enlist(&["run", "broken"]);
        assert_eq!((guarded.code, warnings(&guarded).len()), (8, 1), "{guarded:?}");
        assert_eq!(world.contacts().len(), 3);
    }
    assert_eq!((broken.heard().len(), moved.heard().len()), (2, 2), "one attempt a run");
    assert_eq!(elsewhere.heard(), [""; 0], "a redirect was followed");
}
