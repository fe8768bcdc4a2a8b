//! `extends`: an export that takes from another what it does not say itself.

use super::reader::Reader;
use super::written::{Export, Pairs};
use crate::failure::Failure;

/// Every export with what it takes from others, the nearest first. Each value keeps its place in the file, so that an
/// objection to it points to where it stands.
///
/// # Errors
/// When one extends an export that is not there, or, through others, itself.
pub fn extended(reader: &Reader<'_>, exports: Pairs<Export>) -> Result<Pairs<Export>, Failure> {
    let mut whole = Vec::with_capacity(exports.0.len());
    for (name, it) in &exports.0 {
        let mut export = it.clone();
        let mut way = vec![name.value.as_str()];
        let mut nearest = it;
        while let Some(text) = &nearest.extends {
            let (found, other) = reader.find("export", text, &exports.0, |(name, _)| &name.value)?;
            if way.contains(&found.value.as_str()) {
                way.push(&found.value);
                let failure = reader.fault("config::extends", "an export cannot extend itself", text);
                return Err(failure.help(format!("break the circle: {}", way.join(" extends "))));
            }
            way.push(&found.value);
            export.inherit(other);
            nearest = other;
        }
        whole.push((name.clone(), export));
    }
    Ok(Pairs(whole))
}
