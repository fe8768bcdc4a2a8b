//! Where text goes: results to standard output, everything else to standard error.
//!
//! A reader that went away (`enlist plan | head`) is not an error: what it does not read is not written.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use enlist_core::{Error, ErrorKind};
use serde::Serialize;

use crate::args::{ColorChoice, Global};
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
    /// Why a result could not be written, if one could not.
    lost: Arc<OnceLock<String>>,
}

impl Screen {
    /// Looks at the streams and the environment once.
    pub fn open(global: &Global) -> Self {
        Self { quiet: global.quiet, ..Self::styled(global.json.is_some(), global.color) }
    }

    /// For a command line that could not be understood.
    pub fn plain(json: bool) -> Self {
        Self::styled(json, ColorChoice::Auto)
    }

    fn styled(json: bool, color: ColorChoice) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        Self {
            json,
            quiet: false,
            out: Style::detect(color, io::stdout().is_terminal(), variable),
            err: Style::detect(color, io::stderr().is_terminal(), variable),
            lost: Arc::default(),
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

    /// Writes a line of JSON to standard output.
    pub fn document(&self, document: &impl Serialize) {
        match serde_json::to_string(document) {
            Ok(line) => self.print(&format!("{line}\n")),
            Err(e) => write(&mut io::stderr().lock(), &format!("error[bug::json]: {e}\n")),
        }
    }

    fn print(&self, text: &str) {
        let mut stream = io::stdout().lock();
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                // The first cause is the one to tell; what follows is the same.
                let _ = self.lost.set(e.to_string());
            }
            _ => {}
        }
    }

    /// How a command ends that would end as `exit`: not well, when its result could not be written.
    pub fn close(&self, exit: Exit) -> Exit {
        let Some(cause) = self.lost.get() else {
            return exit;
        };
        let lost = Error::new(ErrorKind::State, "output::lost", format!("standard output cannot be written: {cause}"))
            .help("make room where it goes; enlist status shows what a run came to");
        self.error(&lost.into());
        exit.or(Exit::State)
    }

    /// Writes text for people to standard output.
    pub fn text(&self, text: &str) {
        if !self.quiet {
            self.print(&self.out.finish(text));
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

fn write(stream: &mut impl Write, text: &str) {
    // Nobody may be listening, and there is no other stream to say so on.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}
