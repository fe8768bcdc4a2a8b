//! Text of others on our screens.

use serde_json::json;

use super::process::Ended;
use super::world::{World, people};

/// Clears the screen, sets its title, turns text around.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil\u{2066}\r";

fn is_tame(what: &str, ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let steering = text
            .chars()
            .find(|&c| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        assert_eq!(steering, None, "{what}: {text:?}");
    }
}

#[test]
fn names_of_others_cannot_steer_the_terminal() {
    let mut world = World::prompt();
    world.edit_account(|account| {
        for name in account["lists"].as_object_mut().unwrap().values_mut() {
            *name = json!(EVIL);
        }
        account["fields"][0]["title"] = json!(EVIL);
    });
    let file = format!("{EVIL}.csv");
    world.write(
        &file,
        people(3, "person").replacen("first_name", &format!("first_name,\"{EVIL}\""), 1).replace(",Name", ",Name,Name"),
    );
    for verb in ["run", "plan"] {
        // Tags are asked for by the plan alone: for the run they would be another setting.
        for more in [&["-vv"][..], &["--tag", "x\u{1b}[2Jy"]].into_iter().take(if verb == "run" { 1 } else { 2 }) {
            let arguments = world.to_list_7(verb, &file, more);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ended = world.enlist(&arguments);
            assert_eq!(ended.code, 0, "{more:?}: {ended:?}");
            is_tame(verb, &ended);
        }
    }
    let field = format!("{EVIL}x=first_name");
    let column = format!("email={EVIL}x");
    for (more, code) in [(["--field", &field], 6), (["--map", &column], 7), (["--sql", EVIL], 2)] {
        let ended = world.run(&file, &more);
        assert_eq!(ended.code, code, "{more:?}: {ended:?}");
        is_tame(more[0], &ended);
    }
    let host = world.host();
    let missing = world.enlist(&["run", &file, "--list", "99", "--host", &host, "--key-file", "key"]);
    assert_eq!(missing.code, 6, "{missing:?}");
    is_tame("the lists there are", &missing);
    is_tame("a missing file", &world.run(&format!("{EVIL}/none.csv"), &[]));
}
