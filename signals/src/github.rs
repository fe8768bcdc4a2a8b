//! GitHub Actions: the summary of a step and marks at lines of files.

use std::fmt::Write as _;

use enlist_history::RunDocument;

use crate::level::{Level, reasons};
use crate::text::{count, counted, destination, length, line};

/// Most reasons of rejection, and most warnings, that a summary lists.
const MOST: usize = 10;

/// `run` in Markdown, for `$GITHUB_STEP_SUMMARY`. Ends with an empty line, so that summaries can be appended.
pub fn summary(run: &RunDocument) -> String {
    let level = Level::of(run);
    let mut text =
        format!("### {} {} → {}: {}\n\n", level.mark(), escape(&run.export), escape(&destination(run)), level.word());
    // Writing to a string does not fail.
    let mut say = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    if let Some(error) = &run.error {
        say(format!("**{}**: {}\n", escape(&error.code), escape(&error.message)));
        if let Some(help) = &error.help {
            say(format!("Help: {}\n", escape(help)));
        }
    }
    let reasons = reasons(run);
    if !reasons.is_empty() {
        say(format!("{}.\n", reasons.join(", ")));
    }
    if let Some(outcome) = run.outcome {
        say("| read | confirmed | unchanged | rejected | duplicate | deferred | skipped |".to_owned());
        say("|---:|---:|---:|---:|---:|---:|---:|".to_owned());
        let rows = [
            run.source.rows,
            outcome.confirmed,
            outcome.unchanged,
            outcome.rejected,
            outcome.duplicate,
            outcome.deferred,
            outcome.skipped,
        ];
        say(format!("| {} |\n", rows.map(count).join(" | ")));
    }
    let reasons = &run.rejected_by_reason.0;
    if !reasons.is_empty() {
        say("| rejected because | rows |\n|---|---:|".to_owned());
        reasons.iter().take(MOST).for_each(|(reason, rows)| say(format!("| {} | {} |", escape(reason), count(*rows))));
        say(String::new());
    }
    run.warnings.iter().take(MOST).for_each(|warning| say(format!("- {}", escape(warning))));
    if !run.warnings.is_empty() {
        say(String::new());
    }
    say(format!(
        "{}, {} of which {} throttled. Run {}, enlist {}.\n",
        length(run.seconds),
        counted(run.requests.bulk.saturating_add(run.requests.other), "request", "requests"),
        count(run.requests.throttled),
        escape(&run.run_id),
        escape(&run.version)
    ));
    text
}

/// The command that marks an error, at a line of a file (from 1) where there is one. To be printed on a line of its own.
pub fn error(place: Option<(&str, usize)>, message: &str) -> String {
    let place = place.map(|(file, line)| format!(" file={},line={line}", property(file))).unwrap_or_default();
    format!("::error{place}::{}", data(message))
}

/// The text of a command, as the runner of Actions reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `text` on one line of Markdown, in a table or out of it, meaning nothing but itself.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in line(text).chars() {
        if "\\`*_{}[]<>#!|&~@:$^=".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    // The one link that GitHub makes of text without any of the characters above.
    escaped.replace("www.", "www\\.")
}
