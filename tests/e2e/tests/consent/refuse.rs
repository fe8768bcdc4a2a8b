//! Without a consent nothing leaves. Every way out of these tests leads through a proxy that writes down who asks for
//! what, and lets nobody through.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::listener::Listener;
use super::process::{Ended, command, piped};
use super::record;
use super::verdict::ends;
use super::world::people;

const HOST: &str = "acme.api-us1.com";
const KEY: &str = "canary-key-7f3a91";
const CONSENTS: &str = ".enlist/consents.json";

/// A project that sends to a real host, behind the proxy.
struct Project {
    folder: TempDir,
    proxy: Listener,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "version: 1\nconnections:\n  marketing: {{ host: {HOST}, api_key: \"${{file:key}}\" }}\n\
             exports:\n  vip: {{ list: 7, source: people.csv }}\n"
        );
        for (name, content) in [("people.csv", people(3, "person")), ("key", KEY.to_owned()), ("enlist.yaml", config)] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        Self { folder, proxy: Listener::answering("407 Proxy Authentication Required", "") }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn enlist(&self, arguments: &[&str]) -> Ended {
        let mut command = command(self.path(), &[], arguments);
        command.env("HTTPS_PROXY", self.proxy.proxy());
        let ended = Ended::of(piped(command).output().unwrap());
        assert!(!format!("{ended:?}").contains(KEY), "{ended:?}");
        ended
    }

    /// Checks that a run is refused for want of a consent, and that nobody was asked for anything.
    fn is_refused(&self, arguments: &[&str], words: &[&str]) {
        let ended = self.enlist(arguments);
        ends(&ended, 4, "access::consent", &[&["no consent recorded for acme.api-us1.com"], words].concat());
        assert_eq!(self.proxy.heard(), [""; 0], "something left: {words:?}");
        assert!(!self.path().join(".enlist/ledger.db").exists(), "a ledger was made");
    }

    /// Checks that nothing holds a run back: it asks for the host, and gets as far as the proxy lets it.
    fn is_let_go(&self, arguments: &[&str]) {
        ends(&self.enlist(arguments), 4, "ac::proxy", &["407"]);
        let heard = self.proxy.heard();
        assert!(heard[0].starts_with("CONNECT acme.api-us1.com:443 "), "{heard:?}");
    }

    fn record(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path().join(CONSENTS)).unwrap()).unwrap()
    }
}

/// A consent as it is on record, with one value changed.
fn changed(key: &str, value: &str) -> Value {
    let mut consent = record::consent(HOST);
    consent[key] = json!(value);
    consent
}

#[test]
fn fault_75_without_a_consent_a_run_is_refused_before_anything_leaves() {
    let project = Project::new();
    project.is_refused(&["run"], &["help: run: enlist connect marketing"]);
    assert!(!project.path().join(".enlist").exists(), "a state was made");
    let typed = ["run", "people.csv", "--list", "7", "--host", HOST, "--key-file", "key"];
    project.is_refused(&typed, &["help: run: enlist connect --host acme.api-us1.com --key-file key\n"]);
    let refused = project.enlist(&["run", "--json"]).document();
    assert_eq!((&refused["error"]["code"], &refused["exit_code"]), (&json!("access::consent"), &json!(4)));
}

#[test]
fn fault_75_a_consent_lets_a_run_go_however_its_host_is_written() {
    let project = Project::new();
    record::write(project.path(), &[record::consent(HOST)]);
    project.is_let_go(&["run"]);
    for host in ["ACME.api-us1.com", "https://acme.api-us1.com/api/3"] {
        project.is_let_go(&["run", "people.csv", "--list", "7", "--host", host, "--key-file", "key"]);
    }
}

#[test]
fn fault_75_a_consent_for_another_host_is_none() {
    let project = Project::new();
    let others = ["other.api-us1.com", "acme.activehosted.com", "ac-me.api-us1.com"].map(record::consent);
    record::write(project.path(), &others);
    project.is_refused(&["run"], &["no consent recorded for acme.api-us1.com\n"]);
    // The same words, copied to another host.
    let mut moved = record::consent("other.api-us1.com");
    moved["host"] = json!(HOST);
    record::write(project.path(), &[moved]);
    project.is_refused(&["run"], &["the text has changed"]);
}

#[test]
fn fault_75_a_consent_to_another_text_is_none() {
    let project = Project::new();
    let other = changed("text", &format!("b3:{}", "0".repeat(64)));
    record::write(project.path(), &[record::consent(HOST), other]);
    project.is_refused(&["run"], &["the text has changed since the consent of 2026-11-22T10:00:00Z"]);
}

#[test]
fn fault_75_a_revoked_consent_is_none_and_stays_on_record() {
    let project = Project::new();
    record::write(project.path(), &[record::consent(HOST)]);
    let check = || project.enlist(&["connect", "--check"]);
    assert_eq!(check().code, 0);
    assert!(check().stdout.contains("Ada Example agreed on 2026-11-22T10:00:00Z"), "{:?}", check());

    let revoked = project.enlist(&["connect", "marketing", "--revoke", "--by", "Ben Example"]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    assert!(revoked.stdout.contains("Revoked by Ben Example on 2"), "{revoked:?}");
    let kept = &project.record()["consents"][0];
    assert_eq!((&kept["by"], &kept["at"]), (&json!("Ada Example"), &json!("2026-11-22T10:00:00Z")));
    assert_eq!(check().code, 4);
    project.is_refused(&["run"], &["it was revoked on 2"]);

    // Revoking again changes nothing, and agreeing again is another consent.
    let first = project.record();
    project.enlist(&["connect", "marketing", "--revoke", "--by", "Cleo Example"]);
    assert_eq!(project.record(), first);
    record::write(project.path(), &[first["consents"][0].clone(), record::consent(HOST)]);
    project.is_let_go(&["run"]);
}

#[test]
fn a_record_of_consents_that_cannot_be_trusted_stops_the_run() {
    let project = Project::new();
    record::write(project.path(), &[record::consent(HOST)]);
    let file = project.path().join(CONSENTS);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    ends(&project.enlist(&["run"]), 12, "state::permissions", &["consents.json", "chmod 600"]);
    record::write(project.path(), &[changed("at", "yesterday")]);
    for arguments in [&["run"][..], &["connect", "--check"], &["connect", "--revoke"]] {
        ends(&project.enlist(arguments), 12, "state::consents", &["consents.json is damaged"]);
    }
    assert_eq!(project.proxy.heard(), [""; 0], "something left");
}

#[test]
fn doctor_tells_that_a_run_would_be_refused() {
    let project = Project::new();
    let ended = project.enlist(&["doctor", "--json"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let document = ended.document();
    let checks = document["checks"].as_array().unwrap();
    let consent = checks.iter().find(|check| check["name"] == "consent of marketing").unwrap();
    assert_eq!((&consent["verdict"], &consent["code"]), (&json!("fail"), &json!("access::consent")), "{consent}");
    record::write(project.path(), &[record::consent(HOST)]);
    assert!(project.enlist(&["doctor"]).stdout.contains("recorded on 2026-11-22T10:00:00Z"));
}
