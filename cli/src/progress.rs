//! What a run is doing, on standard error: a live block on a terminal, a line from time to time elsewhere.

mod block;
mod event;
mod line;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

pub use event::Events;

use crate::args::{Global, ProgressKind};
use crate::render::Style;

/// Redraws a second: more is not seen, and costs the terminal.
const REDRAWS: u8 = 10;

/// Where a run stands. Durations are its own: nothing here reads a clock for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// What it does at present: `read`, `plan`, `send`, `settle`.
    pub phase: &'static str,
    /// Rows read.
    pub read: u64,
    /// Requests there are to send.
    pub requests_total: u64,
    /// Requests the destination accepted.
    pub accepted: u64,
    /// Contacts the destination finished with.
    pub confirmed: u64,
    /// Contacts there are to send.
    pub contacts_total: u64,
    /// Contacts the destination refused.
    pub refused: u64,
    /// Rows our rules refused.
    pub rejected: u64,
    /// Accepted requests that are not finished.
    pub pending: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Answers that were "too many".
    pub throttled: u64,
    /// Import requests in the last minute.
    pub rate_per_minute: f64,
    /// Import requests a minute that the destination allows.
    pub limit_per_minute: u32,
    /// Since the start.
    pub elapsed: Duration,
    /// Until the end, where it can be told.
    pub left: Option<Duration>,
    /// The time to meet.
    pub deadline: Option<Duration>,
}

/// What a run is called while it is shown.
#[derive(Clone, Debug)]
pub struct Title {
    /// Name of the run.
    pub run: String,
    /// Name of the export.
    pub export: String,
    /// Id of the list.
    pub list: u64,
    /// Name of the list.
    pub list_name: Option<String>,
}

/// How progress is shown, decided once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// Redrawn in place.
    Block,
    /// A line at the start, every so often, and at the end.
    Lines(Duration),
    /// Not at all.
    Nothing,
}

impl Display {
    /// As asked for; by itself a block on a terminal and lines elsewhere.
    pub fn choose(global: &Global, is_terminal: bool, style: &Style) -> Self {
        match global.progress {
            ProgressKind::None => Self::Nothing,
            _ if global.quiet => Self::Nothing,
            ProgressKind::Bar => Self::Block,
            ProgressKind::Log => Self::Lines(global.progress_every),
            // A dumb terminal cannot redraw; `NO_COLOR` alone does not make it dumb.
            ProgressKind::Auto if is_terminal && style.unicode => Self::Block,
            ProgressKind::Auto => Self::Lines(global.progress_every),
        }
    }

    /// As [`choose`](Self::choose) for standard error.
    pub fn of_process(global: &Global, style: &Style) -> Self {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        Self::choose(global, std::io::stderr().is_terminal() && !dumb, style)
    }
}

/// Where a run stands at this moment, in a line.
pub fn line(title: &Title, progress: &Progress) -> String {
    line::render(title, progress, &chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Shows progress until its sender is dropped.
pub async fn show(display: Display, style: Style, title: Title, progress: watch::Receiver<Progress>) {
    match display {
        Display::Nothing => {}
        Display::Block => show_block(style, &title, progress).await,
        Display::Lines(every) => show_lines(&title, every, progress, &mut std::io::stderr()).await,
    }
}

async fn show_block(style: Style, title: &Title, mut progress: watch::Receiver<Progress>) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(REDRAWS));
    if let Ok(template) = ProgressStyle::with_template("{msg}") {
        bar.set_style(template);
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::from(REDRAWS));
    loop {
        ticks.tick().await;
        let text = block::render(title, &progress.borrow_and_update(), &style);
        bar.set_message(style.finish(&text));
        if progress.changed().await.is_err() {
            break;
        }
    }
    bar.finish_and_clear();
}

async fn show_lines(title: &Title, every: Duration, progress: watch::Receiver<Progress>, stream: &mut impl Write) {
    let mut ended = progress.clone();
    let end = async move { while ended.changed().await.is_ok() {} };
    tokio::pin!(end);
    let mut write = || {
        let text = line(title, &progress.borrow());
        // Nobody may be listening; the run goes on.
        let _ = writeln!(stream, "{text}");
    };
    write();
    loop {
        tokio::select! {
            () = &mut end => break,
            () = tokio::time::sleep(every) => write(),
        }
    }
    write();
}

#[cfg(test)]
mod tests;
