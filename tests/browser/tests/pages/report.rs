//! The report: a file that somebody opens from a mail.

use std::fs;

use enlist_browser_tests::{Browser, inspect};
use enlist_history::RunDocument;
use enlist_report::{export_page, run_page};
use serde_json::json;
use tempfile::TempDir;

use crate::made_up;

struct Mail {
    browser: Browser,
    folder: TempDir,
}

impl Mail {
    fn new() -> Self {
        Self { browser: Browser::new(), folder: tempfile::tempdir().unwrap() }
    }

    /// Opens a page as a file.
    fn open(&self, name: &str, page: &str) {
        let file = self.folder.path().join(format!("{name}.html"));
        fs::write(&file, page).unwrap();
        self.browser.open(&format!("file://{}", file.display()));
    }

    /// Opens a page, looks at it, and finds its verdict above everything else.
    fn read(&self, name: &str, page: &str, verdict: &str) {
        self.open(name, page);
        self.browser.wait_for_text("h1", verdict);
        let top = self.browser.run("return document.querySelector('h1').getBoundingClientRect().top < 300", &[]);
        assert_eq!(top, json!(true), "{name}: the verdict is not at the top");
        inspect(&self.browser, name, "file://");
    }
}

#[test]
fn a_run_says_what_became_of_it_and_reads_well_everywhere() {
    let (mail, earlier) = (Mail::new(), made_up::earlier());
    let runs: [(&str, RunDocument, &[RunDocument], &str); 4] = [
        ("report-first-load", made_up::first_load(), &earlier, "contacts arrived in"),
        ("report-stopped", made_up::stopped(), &earlier, "Stopped with work left"),
        ("report-changes", made_up::changes(), &earlier, "contacts arrived in"),
        ("report-demo", made_up::demo(), &[], "contacts arrived in"),
    ];
    for (name, run, earlier, verdict) in runs {
        mail.read(name, &run_page(&run, earlier), verdict);
    }
}

#[test]
fn a_run_that_sent_nothing_reads_well_everywhere() {
    let (mail, earlier) = (Mail::new(), made_up::earlier());
    mail.read("report-idle", &run_page(&made_up::idle(), &earlier), "Nothing to do");
    mail.read("report-failed", &run_page(&made_up::failed(), &[]), "The run failed");
    mail.read("report-no-runs", &export_page(&[]), "No runs yet.");
}

#[test]
fn the_runs_of_an_export_read_well_everywhere() {
    let (mail, mut runs) = (Mail::new(), made_up::earlier());
    runs.push(made_up::stopped());
    mail.read("report-export", &export_page(&runs), "Stopped with work left");
}

#[test]
fn texts_of_a_document_stay_texts() {
    let mail = Mail::new();
    let hostile = made_up::hostile();
    mail.open("report-hostile", &run_page(&hostile, std::slice::from_ref(&hostile)));
    mail.browser.wait_for_text("body", "<script>alert(1)</script>");
    inspect(&mail.browser, "report-hostile", "file://");
}
