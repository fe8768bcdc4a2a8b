//! A message for Slack's incoming webhooks. Every other webhook gets the document itself.

use enlist_history::RunDocument;
use serde_json::{Value, json};

use crate::level::{Level, reasons};
use crate::text::{count, destination, length, line};

/// The host whose webhooks take [`text`].
pub const HOST: &str = "hooks.slack.com";

/// The body that tells of `run` in a few lines.
pub fn text(run: &RunDocument) -> Value {
    let level = Level::of(run);
    let mut lines =
        vec![format!("{} *{}*: {} → {}", level.mark(), level.word(), escape(&run.export), escape(&destination(run)))];
    if let Some(error) = &run.error {
        lines.push(format!("{}: {}", escape(&error.code), escape(&error.message)));
        lines.extend(error.help.as_deref().map(|help| format!("Help: {}", escape(help))));
    }
    let reasons = reasons(run);
    if !reasons.is_empty() {
        lines.push(reasons.join(", "));
    }
    if let Some(outcome) = run.outcome {
        let (read, confirmed, unchanged) = (run.source.rows, outcome.confirmed, outcome.unchanged);
        lines.push(format!("{} read, {} confirmed, {} unchanged", count(read), count(confirmed), count(unchanged)));
    }
    lines.push(format!("{}, run {}", length(run.seconds), escape(&run.run_id)));
    json!({ "text": lines.join("\n") })
}

/// `text` on one line of mrkdwn. Links, mentions and broadcasts (`<!channel>`) need an angle bracket; stars and underscores
/// have no escape in mrkdwn and make text bold or italic at worst.
fn escape(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
