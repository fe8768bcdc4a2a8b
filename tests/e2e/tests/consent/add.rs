//! Adding an account to the configuration: at a terminal and off one, and what stays when it does not come to that.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::process::{Ended, piped};
use super::verdict::ends;
use super::world::{KEY, World, people};

/// A configuration with comments, a connection and an export.
const CONFIG: &str = "\
# ours
version: 1
connections:
    sandbox: { host: simulator }   # to try
exports:
  vip: { connection: sandbox, list: 7, source: people.csv }
";

/// Somebody at a terminal who answers each question once it is asked, and a hidden one once it is hidden; who has no
/// more answers ends the input.
const TYPIST: &str = "\
import json, os, pty, signal, sys, termios, time
answers, (pid, fd) = json.loads(sys.argv[1]), pty.fork()
if pid == 0:
    # Whoever runs the tests in the background of a script has it ignored, and hands that on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
said, ended = b'', os.WEXITED | os.WNOHANG | os.WNOWAIT
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    sys.stdout.buffer.write(part)
    said += part
    if said.endswith(b': '):
        hidden = b'does not show' in said
        while hidden and termios.tcgetattr(fd)[3] & termios.ECHO and not os.waitid(os.P_PID, pid, ended):
            time.sleep(0.02)
        os.write(fd, answers.pop(0).encode() if answers else b'\\x04')
        said = b''
sys.stdout.flush()
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
";

/// `enlist connect` with `more` at a terminal, at which somebody gives `answers` to its questions.
fn type_at(world: &World, more: &[&str], answers: &[&str]) -> Ended {
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let answers = serde_json::to_string(answers).unwrap();
    let command = world.wrapped(&[&python, "-c", TYPIST, &answers], &[&["connect"], more].concat());
    Ended::of(piped(command).output().unwrap())
}

/// What lies in the folder, but for `home`, where the pace of the account is that all who call it share.
fn entries(world: &World) -> Vec<std::ffi::OsString> {
    let all = fs::read_dir(world.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut all: Vec<_> = all.filter(|name| name != "home").collect();
    all.sort();
    all
}

fn config(world: &World) -> String {
    fs::read_to_string(world.folder().join("enlist.yaml")).unwrap_or_default()
}

#[test]
fn at_a_terminal_host_and_key_are_asked_for_tested_and_written_down() {
    let mut world = World::prompt();
    fs::create_dir(world.folder().join(".git")).unwrap();
    world.write("enlist.yaml", CONFIG);
    let host = world.host();
    let added = type_at(&world, &["eu"], &[&format!("http://{host}/app\n"), &format!("{KEY}\n")]);
    assert_eq!(added.code, 0, "{added:?}");
    let lines = format!("    eu:\n        host: {host}\n        api_key: ${{file:secrets/eu.key}}\n");
    assert_eq!(config(&world), CONFIG.replace("# to try\n", &format!("# to try\n{lines}")));
    let key = world.folder().join("secrets/eu.key");
    assert_eq!(fs::read_to_string(&key).unwrap().trim(), KEY);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(world.folder().join(".gitignore")).unwrap(), "/secrets/\n");
    world.write("people.csv", people(3, "person"));
    world.write("enlist.yaml", config(&world).replace("connection: sandbox", "connection: eu"));
    assert_eq!(world.enlist(&["run", "vip"]).code, 0);
    assert_eq!(world.contacts().len(), 3);
}

#[test]
fn an_account_that_does_not_take_the_key_leaves_nothing_behind() {
    let world = World::prompt();
    world.write("enlist.yaml", CONFIG);
    let before = entries(&world);
    let host = world.host();
    let host = format!("{host}\n");
    for words in [&[host.as_str(), "another-key\n"][..], &[&host, "\n", "gone\n"], &[&host, "\n", "\n"], &["\n"]] {
        let ended = type_at(&world, &["eu"], words);
        assert_ne!(ended.code, 0, "{ended:?}");
        assert_eq!(config(&world), CONFIG);
        assert_eq!(entries(&world), before, "{words:?}: something stayed");
    }
}

#[test]
fn the_end_of_the_input_and_ctrl_c_leave_nothing_behind() {
    let world = World::prompt();
    let before = entries(&world);
    let host = world.host();
    let host = format!("{host}\n");
    for words in [&["\u{4}"][..], &["\u{3}"], &[&host, "\u{4}"], &[&host, "\u{3}"]] {
        let ended = type_at(&world, &[], words);
        assert_ne!(ended.code, 0, "{ended:?}");
        assert_eq!(entries(&world), before, "{words:?}: something stayed");
    }
}

#[test]
fn off_a_terminal_an_account_is_added_with_options_and_nobody_is_asked() {
    let world = World::prompt();
    let host = world.host();
    let add = ["connect", "eu", "--host", &host, "--key-file", "key", "--agree", "--by", "Ada Example"];
    let added = world.enlist(&add);
    assert_eq!(added.code, 0, "{added:?}");
    let written = format!("version: 1\n\nconnections:\n  eu:\n    host: {host}\n    api_key: ${{file:key}}\n");
    assert_eq!(config(&world), written);
    assert!(!format!("{added:?}").contains(KEY) && !world.folder().join("secrets").exists());
    ends(&world.enlist(&add), 2, "usage::connection", &["eu"]);
    ends(&world.enlist(&["connect", "us"]), 2, "config::unknown_name", &["no connection `us`"]);
    ends(
        &world.enlist(&["connect", "us", "--host", &host, "--agree", "--by", "Ada"]),
        2,
        "usage::key",
        &["--key-file"],
    );
    assert_eq!(config(&world), written);
}

#[test]
fn what_cannot_be_inserted_is_shown_for_pasting() {
    let world = World::prompt();
    let text = "version: 1\nconnections: { sandbox: { host: simulator } }\n";
    world.write("enlist.yaml", text);
    let host = world.host();
    let refused = world.enlist(&["connect", "eu", "--host", &host, "--key-file", "key"]);
    ends(&refused, 2, "connect::layout", &["host: ", "api_key: ${file:key}"]);
    assert_eq!(config(&world), text);
}

#[test]
fn a_run_is_refused_to_users_that_the_connection_does_not_name() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    let config = |users: &str| {
        let host = world.host();
        let account = format!("{{ host: \"{host}\", api_key: \"${{file:key}}\"{users} }}");
        world.write(
            "enlist.yaml",
            format!(
                "version: 1\nconnections: {{ a: {account} }}\nexports: {{ vip: {{ list: 7, source: people.csv }} }}\n"
            ),
        );
    };
    config(", allowed_users: [nobody-of-this-name]");
    ends(&world.enlist(&["run", "vip"]), 4, "access::user", &["allowed_users: ["]);
    let planned = world.enlist(&["plan", "vip"]);
    assert!(planned.code == 0 && planned.stdout.contains("may not run exports"), "{planned:?}");
    config("");
    assert_eq!(world.enlist(&["run", "vip"]).code, 0);
}
