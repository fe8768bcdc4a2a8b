//! One test's site: a world whose simulator is reached through a proxy, and people that change.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::Value;

use super::process::Ended;
use super::proxy::Proxy;
use super::world::World;

/// The file that is exported.
pub const FILE: &str = "people.csv";

/// A world with a proxy before its simulator.
pub struct Site {
    pub proxy: Proxy,
    pub world: World,
}

impl Site {
    /// With a simulator of these settings.
    pub fn with(settings: Value) -> Self {
        let world = World::with(settings);
        Self { proxy: Proxy::before(world.host()), world }
    }

    /// With a simulator that answers and imports at once.
    pub fn prompt() -> Self {
        Self::with(serde_json::json!({}))
    }

    /// Writes the people of the export.
    pub fn has(&self, people: People) {
        self.world.write(FILE, people.csv());
    }

    /// The words of a run through the proxy, with `more`.
    pub fn words(&self, verb: &str, more: &[&str]) -> Vec<String> {
        let host = self.proxy.host();
        let fixed = [verb, FILE, "--list", "7", "--host", &host, "--key-file", "key"];
        fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// A run, started by another program if one is named.
    pub fn command(&self, by: &[&str], verb: &str, more: &[&str]) -> Command {
        let words = self.words(verb, more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        super::process::piped(self.world.wrapped(by, &words))
    }

    /// A run under way.
    pub fn start(&self, more: &[&str]) -> Child {
        self.command(&[], "run", more).spawn().unwrap()
    }

    /// A run to its end.
    pub fn run(&self, more: &[&str]) -> Ended {
        Ended::of(self.command(&[], "run", more).output().unwrap())
    }

    /// A run that has to end well with nothing left; its document.
    pub fn converge(&self, more: &[&str]) -> Value {
        let ended = self.run(&[&["--json"], more].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let document = ended.document();
        assert_eq!(document["outcome"]["deferred"], 0, "{document}");
        document
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.world.folder().join(".enlist")
    }

    /// A file of the state folder.
    pub fn state_file(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    /// Checks that the list holds `people` with their values, and nobody else.
    #[track_caller]
    pub fn assert_landed(&mut self, people: People) {
        let contacts = self.world.contacts();
        let wrong: Vec<String> = people
            .rows()
            .filter(|(email, name)| contacts.get(email).is_none_or(|contact| contact["first_name"] != *name))
            .map(|(email, _)| email)
            .collect();
        assert!(wrong.is_empty(), "{} of {} contacts are not as in the source: {wrong:?}", wrong.len(), people.count);
        assert_eq!(contacts.len(), people.count, "contacts that are not in the source");
    }
}

/// People of an export; from edition to edition one in four has another name.
#[derive(Clone, Copy, Debug)]
pub struct People {
    pub count: usize,
    pub edition: u32,
}

impl People {
    /// So many, as they are at first.
    pub const fn first(count: usize) -> Self {
        Self { count, edition: 0 }
    }

    /// The same at another edition.
    pub const fn at(self, edition: u32) -> Self {
        Self { edition, ..self }
    }

    /// Email and first name.
    pub fn rows(self) -> impl Iterator<Item = (String, String)> {
        (0..self.count).map(move |n| {
            let edition = if n.is_multiple_of(4) { self.edition } else { 0 };
            (format!("person{n}@example.com"), format!("Name {n} of {edition}"))
        })
    }

    fn csv(self) -> String {
        let rows = self.rows().map(|(email, name)| format!("{email},{name}\n"));
        std::iter::once("email,first_name\n".to_owned()).chain(rows).collect()
    }
}

/// Copies the files of a folder to another, which is made with the same permissions.
pub fn copy_folder(from: &Path, to: &Path) {
    // `cp -a` keeps modes and owners, which the state folder is checked for.
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}
