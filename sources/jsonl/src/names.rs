//! Which key is which column, and which came twice.

use std::collections::{HashMap, HashSet};

use crate::fault::Fault;

/// The names of columns in their order.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Names {
    /// The position of `name`, which is first looked for where it is `expected`.
    pub(crate) fn position(&self, name: &str, expected: usize) -> Option<usize> {
        match self.names.get(expected) {
            Some(there) if there == name => Some(expected),
            _ => self.positions.get(name).copied(),
        }
    }

    /// Adds a name that is not among them, and says its position.
    pub(crate) fn add(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.positions.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// The keys of one object after the other.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// For each column the number of the line that had it last.
    lines: Vec<u64>,
    /// Keys of the line that are no columns.
    others: HashSet<String>,
    line: u64,
    /// Where the next column stands if keys come in the order of the columns.
    expected: usize,
}

impl Seen {
    /// Forgets the object before, and turns to that on `line`.
    pub(crate) fn turn(&mut self, line: u64) {
        self.line = line;
        self.expected = 0;
        self.others.clear();
    }

    /// The position among `names` of the next key of the object; `None` when it is no column.
    pub(crate) fn key(&mut self, key: &str, names: &Names) -> Result<Option<usize>, Fault> {
        let position = names.position(key, self.expected);
        let first = match position {
            Some(position) => self.mark(position),
            None => self.others.insert(key.to_owned()),
        };
        if first { Ok(position) } else { Err(Fault::Twice { line: self.line, key: key.to_owned() }) }
    }

    /// Notes that the object has a column. False when it had it before.
    pub(crate) fn mark(&mut self, position: usize) -> bool {
        if self.lines.len() <= position {
            self.lines.resize(position + 1, 0);
        }
        self.expected = position + 1;
        std::mem::replace(&mut self.lines[position], self.line) != self.line
    }

    /// Whether the object has the column.
    pub(crate) fn has(&self, position: usize) -> bool {
        self.lines.get(position) == Some(&self.line)
    }
}
