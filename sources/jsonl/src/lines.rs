//! Lines out of bytes.

use std::io::{BufRead, Read};

use enlist_source_files::Text;

use crate::fault::Fault;

/// Bytes of the longest line: what goes on longer is no JSON lines, and must not fill the memory.
pub(crate) const LONGEST: usize = 16 << 20;

/// The lines of a text that are not blank, one at a time.
pub(crate) struct Lines {
    input: Text,
    bytes: Vec<u8>,
    number: u64,
}

/// A line that is not blank, without its line break.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1, blank lines included.
    pub(crate) number: u64,
    /// Whether a line break ends it; without one it is the last.
    pub(crate) ended: bool,
}

impl Lines {
    pub(crate) fn new(input: Text) -> Self {
        Self { input, bytes: Vec::new(), number: 0 }
    }

    /// The next line that is not blank; `None` at the end of the text.
    pub(crate) fn read(&mut self) -> Result<Option<Line<'_>>, Fault> {
        while self.read_any()? {
            if !self.bytes.trim_ascii().is_empty() {
                return self.line().map(Some);
            }
        }
        Ok(None)
    }

    /// Replaces the line with the next one. False at the end of the text.
    fn read_any(&mut self) -> Result<bool, Fault> {
        self.bytes.clear();
        let mut rest = (&mut self.input).take(LONGEST as u64 + 1);
        if rest.read_until(b'\n', &mut self.bytes)? == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.bytes.len() > LONGEST {
            return Err(Fault::TooLong { line: self.number });
        }
        Ok(true)
    }

    fn line(&self) -> Result<Line<'_>, Fault> {
        let number = self.number;
        let (bytes, ended) = match self.bytes.split_last() {
            Some((b'\n', bytes)) => (bytes, true),
            _ => (self.bytes.as_slice(), false),
        };
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|fault| Fault::Encoding { line: number, byte: fault.valid_up_to() + 1 })?;
        Ok(Line { text, number, ended })
    }
}
