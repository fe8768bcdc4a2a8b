//! The screen of `doctor`: one line a check.

use enlist_core::Error;

use super::{Ink, Style, advice, clean};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but look at it.
    Warn,
    /// A run would fail.
    Fail,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// How it went.
    pub verdict: Verdict,
    /// What was checked.
    pub name: String,
    /// What was found, and what to do about it.
    pub detail: String,
    /// What a run would fail with.
    pub error: Option<Error>,
}

impl Check {
    /// A check with its verdict.
    pub fn new(verdict: Verdict, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { verdict, name: name.into(), detail: detail.into(), error: None }
    }

    /// A check that found what a run would fail with.
    pub fn failed(name: impl Into<String>, error: &Error) -> Self {
        let mut check = Self::new(Verdict::Fail, name, format!("{error}; {}", advice(error)));
        check.error = Some(error.clone());
        check
    }
}

/// All checks below each other, and what they come to.
pub fn screen(checks: &[Check], style: &Style) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut screen = String::new();
    for check in checks {
        let word = word(check.verdict);
        let ink = match check.verdict {
            Verdict::Ok => Ink::Green,
            Verdict::Warn => Ink::Yellow,
            Verdict::Fail => Ink::Red,
        };
        let (word, pad) = (style.paint(ink, word), " ".repeat(4 - word.len()));
        let line = format!("{word}{pad}  {:<width$}  {}", clean(&check.name), clean(&check.detail));
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    screen
}

/// The checks for programs.
pub fn document(checks: &[Check]) -> impl serde::Serialize {
    let checks: Vec<_> = checks
        .iter()
        .map(|check| {
            serde_json::json!({
                "verdict": word(check.verdict), "name": check.name, "detail": check.detail,
                "code": check.error.as_ref().map(Error::code),
            })
        })
        .collect();
    serde_json::json!({ "schema": "enlist.doctor/1", "checks": checks })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_stand_below_each_other() {
        let checks = [
            Check::new(Verdict::Ok, "configuration", "enlist.yaml: 1 connection, 1 export"),
            Check::new(Verdict::Warn, "key", "marketing: the key stands in the file; use ${file:…}"),
            Check::new(Verdict::Fail, "source", "lake: no file matches segments/*.parquet"),
        ];
        insta::assert_snapshot!(screen(&checks, &Style::PLAIN));
    }
}
