//! Where text goes: results to standard output, everything else to standard error.
//!
//! A reader that went away (`enlist plan | head`) is not an error: what it does not read is not written.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::ContextKind;
use serde::Serialize;

use crate::args::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Style, error, json};

/// The two streams and how each may be written to.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Whether results are JSON.
    pub json: bool,
    /// Whether only errors are wanted.
    pub quiet: bool,
    /// How standard output is styled.
    pub out: Style,
    /// How standard error is styled.
    pub err: Style,
}

impl Screen {
    /// Looks at the streams and the environment once.
    pub fn open(global: &Global) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        Self {
            json: global.json,
            quiet: global.quiet,
            out: Style::detect(global.color, io::stdout().is_terminal(), variable),
            err: Style::detect(global.color, io::stderr().is_terminal(), variable),
        }
    }

    /// Writes the result of a command: `text` for people, or `document` as one line of JSON.
    pub fn result(&self, text: &str, document: &impl Serialize) {
        if self.json {
            self.document(document);
        } else {
            self.text(text);
        }
    }

    fn document(&self, document: &impl Serialize) {
        match serde_json::to_string(document) {
            Ok(line) => write(&mut io::stdout().lock(), &format!("{line}\n")),
            Err(e) => write(&mut io::stderr().lock(), &format!("error[bug::json]: {e}\n")),
        }
    }

    /// Writes text for people to standard output.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            write(&mut io::stdout().lock(), &self.out.finish(text));
        }
    }

    /// Shows people what to read before they answer.
    pub fn notice(&self, text: &str) {
        write(&mut io::stderr().lock(), &self.err.finish(text));
    }

    /// Shows people something to know that ends nothing.
    pub fn warning(&self, message: &str) {
        if !self.quiet {
            self.notice(&error::warning(message, &self.err));
        }
    }

    /// Shows an error to people.
    pub fn error(&self, failure: &Failure) {
        write(&mut io::stderr().lock(), &self.err.finish(&error::screen(failure, &self.err)));
    }

    /// Shows what ended the command, to programs too, and names its exit code.
    pub fn failure(&self, failure: &Failure) -> Exit {
        self.error(failure);
        if self.json {
            self.document(&json::failure(failure));
        }
        failure.exit()
    }
}

/// Shows what clap has to say: help and version on standard output, usage errors on standard error.
pub fn usage(message: &clap::Error) -> ExitCode {
    // The stream may be closed; there is nobody left to tell.
    let _ = message.print();
    let typed = message.get(ContextKind::InvalidSubcommand).map(ToString::to_string);
    if let Some(meant) = typed.as_deref().and_then(by_habit) {
        write(&mut io::stderr().lock(), &format!("\n  here that is: {meant}\n"));
    }
    u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The command that does what another tool calls `verb`.
fn by_habit(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "validate" | "check" | "test" => "enlist doctor, or enlist plan",
        "retry" | "replay" => "enlist run --only-rejects",
        "logs" | "history" | "runs" | "list" | "ls" => "enlist status",
        "report" => "enlist status --html report.html",
        "find" | "why" => "enlist status --find EMAIL",
        "sync" | "push" | "export" | "send" | "apply" => "enlist run",
        "diff" | "preview" => "enlist plan",
        "verify" | "forget" | "reset" | "unlock" => "enlist state, which has this verb",
        "login" | "auth" => "enlist connect",
        "completions" | "completion" | "man" | "schema" => "enlist generate, which writes it",
        "cron" | "watch" => "enlist schedule, or enlist status --watch",
        "simulate" | "mock" => "enlist sim",
        _ => return None,
    })
}

fn write(stream: &mut impl Write, text: &str) {
    if let Err(e) = stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
        && e.kind() != io::ErrorKind::BrokenPipe
    {
        tracing::warn!(error = %e, "output cannot be written");
    }
}
