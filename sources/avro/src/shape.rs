//! How records are encoded, as far as to tell where each ends.
//!
//! The decoder trusts a block's number of records: with too small a number it would lose records or never end.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::long;

/// Types within types that are followed: more is a schema that contains itself, or no schema.
const DEEPEST: usize = 64;

/// The encoding of the records of a file.
pub(crate) struct Shape {
    parts: Vec<Part>,
    root: usize,
}

/// The encoding of one type; types in it are positions among the parts.
#[derive(Clone, Debug)]
enum Part {
    /// So many bytes.
    Fixed(usize),
    /// A number.
    Long,
    /// A length, and so many bytes.
    Bytes,
    /// A number below this, of symbols.
    Enum(usize),
    /// The number of one of these, and it.
    Union(Vec<usize>),
    /// These one after the other.
    Record(Vec<usize>),
    /// Counted elements, in pieces.
    Array(usize),
    /// As an array, each element after its key.
    Map(usize),
}

impl Shape {
    /// The encoding of a `schema`, which is a record.
    pub(crate) fn of(schema: &Value) -> Result<Self, Fault> {
        let mut reader = Reader { parts: Vec::new(), named: HashMap::new() };
        let root = reader.part(schema, "", 0)?;
        match reader.parts[root] {
            Part::Record(_) => Ok(Self { parts: reader.parts, root }),
            _ => Err(Fault::Schema("it is no record".into())),
        }
    }

    /// Whether `bytes` are exactly `count` records.
    pub(crate) fn fits(&self, mut bytes: &[u8], count: u64) -> bool {
        for _ in 0..count {
            let before = bytes.len();
            // A record of no bytes could be counted without end.
            if self.skip(self.root, &mut bytes, 0).is_none() || bytes.len() == before {
                return false;
            }
        }
        bytes.is_empty()
    }

    /// Steps over one value; `None` when it is not there.
    fn skip(&self, part: usize, bytes: &mut &[u8], depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match &self.parts[part] {
            Part::Fixed(length) => over(bytes, *length),
            Part::Long => long::take(bytes).map(|_| ()),
            Part::Bytes => {
                let length = usize::try_from(long::take(bytes)?).ok()?;
                over(bytes, length)
            }
            Part::Enum(symbols) => (usize::try_from(long::take(bytes)?).ok()? < *symbols).then_some(()),
            Part::Union(parts) => {
                let chosen = *parts.get(usize::try_from(long::take(bytes)?).ok()?)?;
                self.skip(chosen, bytes, depth + 1)
            }
            Part::Record(parts) => parts.iter().try_for_each(|part| self.skip(*part, bytes, depth + 1)),
            Part::Array(element) => self.skip_elements(*element, false, bytes, depth),
            Part::Map(element) => self.skip_elements(*element, true, bytes, depth),
        }
    }

    fn skip_elements(&self, element: usize, keyed: bool, bytes: &mut &[u8], depth: usize) -> Option<()> {
        loop {
            let count = long::take(bytes)?;
            if count == 0 {
                return Some(());
            }
            let size = if count < 0 { usize::try_from(long::take(bytes)?).ok() } else { None };
            let before = bytes.len();
            for _ in 0..count.unsigned_abs() {
                let length = bytes.len();
                if keyed {
                    let key = usize::try_from(long::take(bytes)?).ok()?;
                    over(bytes, key)?;
                }
                self.skip(element, bytes, depth + 1)?;
                if bytes.len() == length {
                    // Elements of no bytes: there is nothing to step over.
                    break;
                }
            }
            if size.is_some_and(|size| size != before - bytes.len()) {
                return None;
            }
        }
    }
}

fn over(bytes: &mut &[u8], length: usize) -> Option<()> {
    *bytes = bytes.get(length..)?;
    Some(())
}

/// Turns a schema into parts.
struct Reader {
    parts: Vec<Part>,
    /// Positions of the types that have names, by their full names.
    named: HashMap<String, usize>,
}

impl Reader {
    /// The position of the part for `schema`, which stands in `space`, a namespace.
    fn part(&mut self, schema: &Value, space: &str, depth: usize) -> Result<usize, Fault> {
        if depth > DEEPEST {
            return Err(Fault::Schema("it is too deep".into()));
        }
        let part = match schema {
            Value::String(name) => match simple(name) {
                Some(part) => part,
                None => return self.known(name, space),
            },
            Value::Array(parts) => Part::Union(self.all(parts.iter(), space, depth)?),
            Value::Object(parts) => match parts.get("type") {
                Some(Value::String(kind)) => return self.complex(kind, parts, space, depth),
                Some(kind) => return self.part(kind, space, depth + 1),
                None => return Err(Fault::Schema("a type is missing".into())),
            },
            _ => return Err(Fault::Schema("a type is no name".into())),
        };
        Ok(self.add(part))
    }

    fn complex(&mut self, kind: &str, schema: &Map<String, Value>, space: &str, depth: usize) -> Result<usize, Fault> {
        let inner = |key: &str| schema.get(key).ok_or_else(|| Fault::Schema(format!("a type has no {key}")));
        let list = |key: &str| inner(key)?.as_array().ok_or_else(|| Fault::Schema(format!("a type has no {key}")));
        match kind {
            "record" | "error" => {
                let (position, space) = self.name(schema, space);
                let fields = list("fields")?.iter().map(|field| field.get("type").unwrap_or(&Value::Null));
                self.parts[position] = Part::Record(self.all(fields, &space, depth)?);
                Ok(position)
            }
            "enum" => {
                let symbols = list("symbols")?.len();
                let position = self.name(schema, space).0;
                self.parts[position] = Part::Enum(symbols);
                Ok(position)
            }
            "fixed" => {
                let size = inner("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                let position = self.name(schema, space).0;
                self.parts[position] = Part::Fixed(size.ok_or_else(|| Fault::Schema("a type has no size".into()))?);
                Ok(position)
            }
            "array" => {
                let element = self.part(inner("items")?, space, depth + 1)?;
                Ok(self.add(Part::Array(element)))
            }
            "map" => {
                let element = self.part(inner("values")?, space, depth + 1)?;
                Ok(self.add(Part::Map(element)))
            }
            name => match simple(name) {
                Some(part) => Ok(self.add(part)),
                None => self.known(name, space),
            },
        }
    }

    fn all<'a>(
        &mut self,
        schemas: impl Iterator<Item = &'a Value>,
        space: &str,
        depth: usize,
    ) -> Result<Vec<usize>, Fault> {
        schemas.map(|schema| self.part(schema, space, depth + 1)).collect()
    }

    fn add(&mut self, part: Part) -> usize {
        self.parts.push(part);
        self.parts.len() - 1
    }

    /// Makes room for a type with a name, which its own parts may mention, and says the namespace within it.
    fn name(&mut self, schema: &Map<String, Value>, space: &str) -> (usize, String) {
        let position = self.add(Part::Record(Vec::new()));
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let name = text("name").unwrap_or_default();
        let full = match name.rsplit_once('.') {
            Some(_) => name.to_owned(),
            None => full_name(name, text("namespace").unwrap_or(space)),
        };
        let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        self.named.insert(full, position);
        (position, space)
    }

    fn known(&self, name: &str, space: &str) -> Result<usize, Fault> {
        let full = if name.contains('.') { name.to_owned() } else { full_name(name, space) };
        let position = self.named.get(&full).or_else(|| self.named.get(name));
        position.copied().ok_or_else(|| Fault::Schema(format!("the type {name} is not known")))
    }
}

fn full_name(name: &str, space: &str) -> String {
    if space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn simple(name: &str) -> Option<Part> {
    Some(match name {
        "null" => Part::Fixed(0),
        "boolean" => Part::Fixed(1),
        "int" | "long" => Part::Long,
        "float" => Part::Fixed(4),
        "double" => Part::Fixed(8),
        "bytes" | "string" => Part::Bytes,
        _ => return None,
    })
}
