//! What folder names of the form `key=value` say about the rows below them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, new_null_array};
use arrow::datatypes::DataType;

/// The value that Hive, Spark and their readers write for null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The `key=value` folders above one file, outermost first. Values are text; Hive's default partition is null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitions(Vec<(String, Option<String>)>);

impl Partitions {
    /// The folders between `base` and the file `path`.
    pub(crate) fn below(base: &Path, path: &Path) -> Self {
        let folders = path.strip_prefix(base).ok().and_then(Path::parent);
        let pairs = folders.into_iter().flat_map(Path::components).filter_map(|folder| {
            let folder = folder.as_os_str().to_string_lossy();
            let (key, value) = folder.split_once('=')?;
            let value = (value != NULL).then(|| unescape(value));
            Some((unescape(key), value))
        });
        Self(pairs.collect())
    }

    /// The keys, outermost first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// Keys and values, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }

    /// The value of `key` as a column of `rows` rows; `None` when there is no such key.
    pub fn column(&self, key: &str, rows: usize) -> Option<ArrayRef> {
        let (_, value) = self.iter().find(|(known, _)| *known == key)?;
        Some(match value {
            Some(value) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows))),
            None => new_null_array(&DataType::Utf8, rows),
        })
    }
}

/// Undoes the `%XX` that Hive and Spark write for characters a path cannot hold.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match code.filter(|_| byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_restored_and_stray_signs_kept() {
        assert_eq!(unescape("a%3Ab%2F"), "a:b/");
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("50%off"), "50%off");
        assert_eq!(unescape("%C3%85bo"), "Åbo");
        assert_eq!(unescape("%FF"), "%FF");
    }
}
