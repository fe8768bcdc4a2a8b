//! The screen of an error: code and message, the line at fault, what to do.

use super::{Ink, Style, advice, clean};
use crate::failure::{Failure, Snippet};

/// The screen of what ended a command.
pub fn screen(failure: &Failure, style: &Style) -> String {
    let mut screen = headline("error", Ink::Red, failure.error.code(), &failure.error.to_string(), style);
    if let Some(snippet) = &failure.snippet {
        screen.push_str(&excerpt(snippet, style));
    }
    for note in &failure.notes {
        screen.push_str(&format!("  {}\n", clean(note)));
    }
    screen.push_str(&format!("  {} {}\n", style.paint(Ink::Cyan, "help:"), clean(advice(&failure.error))));
    screen
}

/// The screen of something to know that ends nothing.
pub fn warning(message: &str, style: &Style) -> String {
    format!("{}: {}\n", style.paint(Ink::Yellow, "warning"), clean(message))
}

/// One line: `error[code]: message`.
pub fn headline(word: &str, ink: Ink, code: &str, message: &str, style: &Style) -> String {
    format!("{}: {}\n", style.paint(ink, format!("{word}[{code}]")), style.paint(Ink::Bold, clean(message)))
}

fn excerpt(snippet: &Snippet, style: &Style) -> String {
    /// More of a line does not help to find the place, and does not fit.
    const WIDEST: usize = 100;
    let number = snippet.line.to_string();
    let gutter = " ".repeat(number.len());
    let column = usize::try_from(snippet.column).unwrap_or(usize::MAX).saturating_sub(1);
    // Long lines are shown from shortly before the place. A tab counts as one character, so it is shown as one.
    let long = snippet.text.chars().count() > WIDEST;
    let skipped = if long && column > WIDEST / 2 { column - WIDEST / 4 } else { 0 };
    let text: String = snippet.text.replace('\t', " ").chars().skip(skipped).take(WIDEST).collect();
    let width = snippet.width.min(text.chars().count().saturating_sub(column - skipped)).max(1);
    let mark = format!("{}{}", " ".repeat(column - skipped), style.paint(Ink::Red, "^".repeat(width)));
    let bar = style.paint(Ink::Dim, "│");
    format!(
        "{gutter} {} {}:{}:{}\n{} {bar} {}\n{gutter} {bar} {mark}\n",
        style.paint(Ink::Dim, "┌─"),
        clean(&snippet.file),
        snippet.line,
        snippet.column,
        style.paint(Ink::Dim, number),
        clean(&text),
    )
}
