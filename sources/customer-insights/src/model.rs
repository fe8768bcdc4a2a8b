//! What `model.json` says: <https://learn.microsoft.com/common-data-model/model-json>.

use std::io::Read;
use std::sync::Arc;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Location, advice, find, unreadable};
use serde::Deserialize;
use serde_json::Value;

/// The name of the file.
pub(crate) const FILE: &str = "model.json";

/// Bytes of the longest file: those of real exports have some kilobytes for each entity.
const LONGEST: u64 = 64 << 20;

/// One `model.json`.
#[derive(Clone)]
pub(crate) struct Model {
    /// The path or URL of the file.
    pub(crate) name: String,
    /// The language and country whose notation cells follow, such as `en-US`.
    pub(crate) culture: Option<String>,
    pub(crate) entities: Vec<EntityModel>,
    location: Location,
    bytes: Arc<[u8]>,
}

#[derive(Deserialize)]
struct Written {
    version: Option<Value>,
    culture: Option<String>,
    entities: Option<Vec<EntityModel>>,
}

/// A table.
#[derive(Clone, Deserialize)]
pub(crate) struct EntityModel {
    #[serde(rename = "$type")]
    kind: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) attributes: Vec<Attribute>,
    #[serde(default)]
    pub(crate) partitions: Option<Vec<PartitionModel>>,
}

/// A column.
#[derive(Clone, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    #[serde(rename = "dataType", default)]
    pub(crate) kind: String,
    #[serde(rename = "cdm:traits", default)]
    traits: Value,
}

/// A file of a table.
#[derive(Clone, Deserialize)]
pub(crate) struct PartitionModel {
    pub(crate) location: Option<String>,
    #[serde(rename = "fileFormatSettings")]
    pub(crate) format: Option<Format>,
}

/// How a file is written. What is not said is as the Common Data Model has it by default.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Format {
    #[serde(default)]
    pub(crate) column_headers: bool,
    pub(crate) delimiter: Option<String>,
    pub(crate) quote_style: Option<String>,
    pub(crate) encoding: Option<String>,
}

impl Model {
    /// Reads the `model.json` at `location`. Blocks meanwhile.
    ///
    /// # Errors
    /// `source::file_missing` and `source::unreadable`; `insights::model` for a file that is not one or has no
    /// entities; `insights::version`.
    pub(crate) fn read(location: &Location) -> Result<Self, Error> {
        let (name, bytes) = fetch(location)?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let written: Written = serde_json::from_slice(text).map_err(|cause| {
            let what = if cause.is_eof() { "ends too early" } else { "is not the JSON of a model" };
            wrong(format!("{name} {what}, at line {}, column {}", cause.line(), cause.column()))
                .help("is it the file of an export, and complete? it may still be being written")
        })?;
        let version = written.version.as_ref().map(|version| version.to_string());
        if let Some(version) = version.filter(|version| !version.trim_matches('"').starts_with("1")) {
            return Err(Error::new(ErrorKind::Source, "insights::version", format!("{name} is of version {version}"))
                .help("versions 1.x are read"));
        }
        let entities = written.entities.unwrap_or_default();
        if entities.is_empty() {
            return Err(wrong(format!("{name} has no entities")).help("choose tables in the export, and run it again"));
        }
        let model = Self { name, culture: written.culture, entities, location: location.clone(), bytes: bytes.into() };
        model.refuse_twins()?;
        Ok(model)
    }

    /// The entity called `name`.
    ///
    /// # Errors
    /// `insights::entity`, with the names there are.
    pub(crate) fn entity(&self, name: &str) -> Result<&EntityModel, Error> {
        let found = self.entities.iter().find(|entity| entity.name == name);
        let error = |message: String| Error::new(ErrorKind::Source, "insights::entity", message);
        match found {
            None => {
                let names: Vec<&str> = self.entities.iter().map(|entity| entity.name.as_str()).collect();
                Err(error(format!("{} has no entity \"{name}\"", self.name)).help(advice(name, &names, "entities")))
            }
            Some(entity) if entity.kind.as_deref() == Some("ReferenceEntity") => {
                Err(error(format!("{}: entity \"{name}\" only refers to another model", self.name))
                    .help("name the folder of that model"))
            }
            Some(entity) if entity.attributes.is_empty() => {
                Err(error(format!("{}: entity \"{name}\" has no attributes", self.name)).help("run the export again"))
            }
            Some(entity) => Ok(entity),
        }
    }

    /// Blocks while it is read again.
    ///
    /// # Errors
    /// `source::changed` when the file is another one by now.
    pub(crate) fn unchanged(&self) -> Result<(), Error> {
        let (name, bytes) = fetch(&self.location)?;
        if *bytes == *self.bytes {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Source, "source::changed", format!("{name} was replaced while its tables were read"))
            .help("an export is being written: run again when it is complete"))
    }

    fn refuse_twins(&self) -> Result<(), Error> {
        let twin = |names: Vec<&str>| {
            (1..names.len()).find(|at| names[..*at].contains(&names[*at])).map(|at| names[at].to_owned())
        };
        if let Some(twin) = twin(self.entities.iter().map(|entity| entity.name.as_str()).collect()) {
            return Err(wrong(format!("{} has two entities called \"{twin}\"", self.name)));
        }
        for entity in &self.entities {
            if let Some(twin) = twin(entity.attributes.iter().map(|attribute| attribute.name.as_str()).collect()) {
                return Err(wrong(format!(
                    "{}: entity \"{}\" has two attributes called \"{twin}\"",
                    self.name, entity.name
                )));
            }
        }
        Ok(())
    }
}

impl Attribute {
    /// Digits, and digits after the point, where the traits of the attribute tell both.
    pub(crate) fn precision(&self) -> Option<(u8, i8)> {
        let arguments = self.traits.as_array()?.iter().filter_map(|one| one.get("arguments")?.as_array()).flatten();
        let number = |name: &str| {
            let argument =
                arguments.clone().find(|argument| argument.get("name").and_then(Value::as_str) == Some(name))?;
            let value = argument.get("value")?;
            value.as_i64().or_else(|| value.as_str()?.parse().ok())
        };
        let (precision, scale) = (u8::try_from(number("precision")?).ok()?, i8::try_from(number("scale")?).ok()?);
        ((1..=38).contains(&precision) && (0..=precision as i8).contains(&scale)).then_some((precision, scale))
    }
}

/// The name and content of the file at `location`.
fn fetch(location: &Location) -> Result<(String, Vec<u8>), Error> {
    let found = find(location, |_| true)?.swap_remove(0);
    let mut bytes = Vec::new();
    let read = found.read().and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|cause| unreadable(&found.name, &cause))?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(format!("{} is larger than {} MiB", found.name, LONGEST >> 20)));
    }
    Ok((found.name, bytes))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Source, "insights::model", message)
}
