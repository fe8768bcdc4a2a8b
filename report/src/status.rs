//! How a run ended, in a word and a shape: colour is never the only difference.

use crate::html::{Html, Tag, tag};

/// The word for people. Words that came later stand for themselves.
pub(crate) fn word(status: &str) -> &str {
    match status {
        "ok" => "Done",
        "rejects" => "Too many rejects",
        "stopped" => "Stopped",
        "guarded" => "Held back",
        "locked" => "Locked",
        "failed" => "Failed",
        other => other,
    }
}

/// The class whose colours it has.
pub(crate) fn tone(status: &str) -> &'static str {
    match status {
        "ok" => "good",
        "rejects" | "guarded" | "stopped" => "warn",
        "failed" => "bad",
        _ => "neutral",
    }
}

/// Its shape: a tick, an exclamation mark, a pause, a barred way, a lock, a cross; a question mark for words that came later.
pub(crate) fn icon(status: &str) -> Tag {
    let shape = match status {
        "ok" => "M3.5 8.5 6.7 11.7 12.5 4.8",
        "rejects" => "M8 3.2V9M8 12.4v.1",
        "stopped" => "M5.6 4v8M10.4 4v8",
        "guarded" => "M3.6 8h8.8",
        "locked" => "M4.4 7.6h7.2v4.6H4.4zM5.9 7.4V5.6a2.1 2.1 0 0 1 4.2 0v1.8",
        "failed" => "M4.3 4.3l7.4 7.4M11.7 4.3l-7.4 7.4",
        _ => "M5.7 6a2.3 2.3 0 1 1 3.4 2.1C8.3 8.5 8 8.9 8 9.7M8 12.4v.1",
    };
    let disc = tag("circle").attr("cx", 8).attr("cy", 8).attr("r", 8).class("disc");
    let frame = tag("svg")
        .attr("viewBox", "0 0 16 16")
        .attr("aria-hidden", "true")
        .attr("class", format!("icon {}", tone(status)));
    frame.with(disc).with(tag("path").attr("d", shape))
}

/// Shape and word side by side.
pub(crate) fn badge(status: &str) -> Html {
    tag("span").class("badge").with(icon(status)).with(tag("span").with(word(status))).into()
}
