//! Which columns a file has, by its first lines.

use enlist_source_files::{Found, text};

use crate::cells::Shape;
use crate::fault::Fault;
use crate::lines::Lines;
use crate::names::{Names, Seen};
use crate::object::{members, syntax};

/// Lines of a file that tell its columns.
pub(crate) const SAMPLE_LINES: u64 = 10_000;

/// Bytes of a file that tell its columns, if they are fewer lines.
pub(crate) const SAMPLE_BYTES: u64 = 4 << 20;

/// What the first lines of a file say about it.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) names: Names,
    /// For each name.
    pub(crate) shapes: Vec<Shape>,
    /// Objects read.
    pub(crate) rows: u64,
    /// Bytes of their lines.
    pub(crate) bytes: u64,
    /// The number of the last line read.
    pub(crate) lines: u64,
    /// Whether that was the end of the file.
    pub(crate) whole: bool,
    /// Bytes of the file.
    pub(crate) size: u64,
}

impl Sample {
    /// Reads the first lines of `file`.
    pub(crate) fn read(file: &Found) -> Result<Self, Fault> {
        let mut sample = Self {
            names: Names::default(),
            shapes: Vec::new(),
            rows: 0,
            bytes: 0,
            lines: 0,
            whole: false,
            size: file.size()?,
        };
        let mut lines = Lines::new(text(file)?);
        let mut seen = Seen::default();
        while sample.rows < SAMPLE_LINES && sample.bytes < SAMPLE_BYTES {
            let Some(line) = lines.read()? else {
                sample.whole = true;
                break;
            };
            seen.turn(line.number);
            members(&line, |key, raw| {
                let shape = Shape::of(raw).map_err(|fault| syntax(&line, &fault))?;
                sample.note(&mut seen, key, shape)
            })?;
            sample.rows += 1;
            sample.bytes += line.text.len() as u64 + 1;
            sample.lines = line.number;
        }
        Ok(sample)
    }

    fn note(&mut self, seen: &mut Seen, key: &str, shape: Shape) -> Result<(), Fault> {
        let position = match seen.key(key, &self.names)? {
            Some(position) => position,
            None => {
                let position = self.names.add(key);
                self.shapes.push(Shape::Null);
                seen.mark(position);
                position
            }
        };
        self.shapes[position] = self.shapes[position].max(shape);
        Ok(())
    }
}
