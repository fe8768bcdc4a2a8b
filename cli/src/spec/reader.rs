//! Scalars as written become values; every objection points at the scalar.

use std::path::PathBuf;

use secrecy::SecretString;
use serde_saphyr::Location;

use super::document::Document;
use super::environment::Environment;
use super::interpolate::{expand, has_reference};
use super::written::Text;
use crate::failure::{Failure, suggest};

/// Whether keys and `notify` are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are.
    Read,
    /// They stay out: nobody is called.
    Leave,
}

/// Reads scalars of one document in one environment.
pub struct Reader<'a> {
    /// The document, to point into.
    pub document: &'a Document,
    /// What references refer to.
    pub environment: &'a Environment,
    /// Whether it reads secrets.
    pub secrets: Secrets,
}

impl Reader<'_> {
    /// The text with its references filled in, without white space around it.
    pub fn text(&self, text: &Text) -> Result<String, Failure> {
        let filled = expand(&text.value, self.environment).map_err(|unfilled| {
            let spot = self.document.spot_of(&unfilled.part, text.referenced);
            let failure = self.document.fault("config::variable", unfilled.message, spot);
            match unfilled.help {
                Some(help) => failure.help(help),
                None => failure,
            }
        })?;
        Ok(filled.trim().to_owned())
    }

    /// The text, which must not be empty.
    pub fn name(&self, key: &str, text: &Text) -> Result<String, Failure> {
        let name = self.text(text)?;
        if name.is_empty() { Err(self.fault("config::empty", format!("`{key}` is empty"), text)) } else { Ok(name) }
    }

    /// A key, which must not be empty; none where secrets stay out. No advice leads to one that is written out.
    pub fn secret(&self, key: &str, text: &Text) -> Result<Option<SecretString>, Failure> {
        if self.secrets == Secrets::Leave {
            return Ok(None);
        }
        match self.name(key, text) {
            Ok(secret) => Ok(Some(SecretString::from(secret))),
            Err(failure) if failure.error.code() == "config::variable" && failure.error.help_text().is_some() => {
                let help = format!(
                    "a variable: add it to .env beside the configuration; a file: {key}: ${{file:/run/secrets/ac_key}}"
                );
                Err(failure.help(help))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Text in which references are refused: what variables hold must not become part of a statement.
    pub fn statement(&self, key: &str, text: &Text) -> Result<String, Failure> {
        if has_reference(&text.value) {
            let spot = self.document.spot_of("${", text.referenced);
            let failure = self.document.fault("config::variable", format!("`{key}` takes no variables"), spot);
            return Err(failure.help("a variable could change what the statement does; write the value itself"));
        }
        Ok(text.value.trim().to_owned())
    }

    /// A value with a notation; `parse` says what to write instead.
    pub fn parse<T>(&self, key: &str, text: &Text, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        parse(&self.text(text)?)
            .map_err(|help| self.fault("config::bad_value", format!("`{key}` cannot be read"), text).help(help))
    }

    /// A whole number.
    pub fn number(&self, key: &str, text: &Text) -> Result<u64, Failure> {
        self.parse(key, text, |value| value.replace('_', "").parse().map_err(|_| "write a whole number".to_owned()))
    }

    /// One of several words.
    pub fn choice<T: Copy>(&self, key: &str, text: &Text, choices: &[(&str, T)]) -> Result<T, Failure> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.parse(key, text, |value| {
            choices
                .iter()
                .find(|(word, _)| *word == value)
                .map(|(_, choice)| *choice)
                .ok_or_else(|| format!("write {}", words.join(" or ")))
        })
    }

    /// A switch.
    pub fn switch(&self, key: &str, text: &Text) -> Result<bool, Failure> {
        self.parse(key, text, |value| match value {
            "on" | "true" | "yes" => Ok(true),
            "off" | "false" | "no" => Ok(false),
            _ => Err("write on or off".to_owned()),
        })
    }

    /// A path, seen from the folder of the document.
    pub fn path(&self, key: &str, text: &Text) -> Result<PathBuf, Failure> {
        Ok(self.environment.folder().join(self.name(key, text)?))
    }

    /// A URL, or a path seen from the folder of the document.
    pub fn location(&self, key: &str, text: &Text) -> Result<String, Failure> {
        let name = self.name(key, text)?;
        Ok(if name.contains("://") { name } else { self.environment.folder().join(name).display().to_string() })
    }

    /// Finds `name` among the named things of the document.
    pub fn find<'b, T>(
        &self,
        kind: &str,
        text: &Text,
        things: &'b [T],
        name_of: impl Fn(&T) -> &str,
    ) -> Result<&'b T, Failure> {
        let name = self.text(text)?;
        things.iter().find(|thing| name_of(thing) == name).ok_or_else(|| {
            let failure = self.fault("config::unknown_name", format!("there is no {kind} of this name"), text);
            let names: Vec<&str> = things.iter().map(&name_of).collect();
            match suggest(&name, names.iter().copied()) {
                Some(meant) => failure.help(format!("did you mean `{meant}`?")),
                None if names.is_empty() => failure.help(format!("add it under `{kind}s:`")),
                None => failure.help(format!("{kind}s: {}", names.join(", "))),
            }
        })
    }

    /// An error at a scalar.
    pub fn fault(&self, code: &'static str, message: impl Into<String>, text: &Text) -> Failure {
        self.fault_at(code, message, text.referenced)
    }

    /// An error at a place.
    pub fn fault_at(&self, code: &'static str, message: impl Into<String>, location: Location) -> Failure {
        self.document.fault(code, message, self.document.spot(location))
    }
}
