//! `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${file:/path}` and `$$` in one scalar.
//!
//! Values are put in after the YAML has been parsed and are not looked at again: they cannot change its structure.

use super::environment::Environment;

/// A reference that cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfilled {
    /// The reference as written, from `${` on.
    pub part: String,
    /// Why, without any value.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Whether `text` holds a reference.
pub fn has_reference(text: &str) -> bool {
    text.replace("$$", "").contains("${")
}

/// Whether any of the value of `text` stands in it, and not in what it refers to.
pub fn is_written_out(text: &str) -> bool {
    let mut rest = text.trim();
    while let Some((reference, after)) = rest.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        if reference.split_once(":-").is_some_and(|(name, default)| is_name(name) && !default.is_empty()) {
            return true;
        }
        rest = after;
    }
    !rest.is_empty()
}

/// Whether `name` may be the name of a variable.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Fills in the references of `text`. A `$` before anything but `{` or `$` stays.
pub fn expand(text: &str, environment: &Environment) -> Result<String, Unfilled> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            filled.push('$');
            rest = after;
        } else if let Some(inside) = after.strip_prefix('{') {
            let Some((reference, after)) = inside.split_once('}') else {
                return Err(Unfilled {
                    part: format!("${{{inside}"),
                    message: "`${` without `}`".to_owned(),
                    help: Some("close it, or write `$$` for a dollar sign".to_owned()),
                });
            };
            filled.push_str(&value(reference, environment)?);
            rest = after;
        } else {
            filled.push('$');
            rest = after;
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn value(reference: &str, environment: &Environment) -> Result<String, Unfilled> {
    let unfilled =
        |message: String, help: Option<String>| Unfilled { part: format!("${{{reference}}}"), message, help };
    if let Some(path) = reference.strip_prefix("file:") {
        return environment.file(path).map_err(|cause| unfilled(format!("{path}: {cause}"), None));
    }
    let (name, otherwise) = match reference.split_once(':') {
        Some((name, otherwise)) => (name, Some(otherwise)),
        None => (reference, None),
    };
    if !is_name(name) {
        // It is not repeated: it may be the key itself.
        return Err(unfilled(
            "between the braces is not the name of a variable".to_owned(),
            Some("${VAR}, ${VAR:-default}, ${VAR:?message} or ${file:/path}".to_owned()),
        ));
    }
    let set = environment.variable(name);
    match otherwise.map(|otherwise| (otherwise.get(..1), otherwise.get(1..).unwrap_or_default())) {
        None => set.map(str::to_owned).ok_or_else(|| {
            unfilled(
                format!("variable {name} is not set"),
                Some(format!(
                    "export {name}=…, add it to .env beside the configuration, or write ${{{name}:-default}}"
                )),
            )
        }),
        // As in shells, `:-` and `:?` treat set to nothing as not set.
        Some((Some("-"), default)) => Ok(set.filter(|v| !v.is_empty()).unwrap_or(default).to_owned()),
        Some((Some("?"), message)) => set.filter(|v| !v.is_empty()).map(str::to_owned).ok_or_else(|| {
            let message = if message.is_empty() { "it has to be set" } else { message };
            unfilled(format!("variable {name} is not set: {message}"), None)
        }),
        Some(_) => Err(unfilled(
            format!("after `{name}:` comes `-` and a default, or `?` and a message"),
            Some(format!("${{{name}:-default}} or ${{{name}:?message}}")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn environment() -> Environment {
        Environment::new([("A", "one"), ("EMPTY", ""), ("TRICK", "${A}: [x]")], Path::new(""))
    }

    #[test]
    fn references_are_filled_in() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${A}", "one"),
            ("x-${A}-${A}", "x-one-one"),
            ("${NONE:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${EMPTY}", ""),
            ("${A:-two}", "one"),
            ("${A:?why}", "one"),
            ("${NONE:-}", ""),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("$5 and $", "$5 and $"),
            ("${TRICK}", "${A}: [x]"),
        ] {
            assert_eq!(expand(text, &environment()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn references_that_cannot_be_filled_in_name_themselves() {
        for (text, part, message) in [
            ("x ${NONE}", "${NONE}", "variable NONE is not set"),
            ("${NONE:?ask Ada}", "${NONE:?ask Ada}", "variable NONE is not set: ask Ada"),
            ("${EMPTY:?}", "${EMPTY:?}", "variable EMPTY is not set: it has to be set"),
            ("${A", "${A", "`${` without `}`"),
            ("${A:+x}", "${A:+x}", "after `A:` comes `-` and a default, or `?` and a message"),
            ("${}", "${}", "between the braces is not the name of a variable"),
            ("${a b}", "${a b}", "between the braces is not the name of a variable"),
        ] {
            let unfilled = expand(text, &environment()).unwrap_err();
            assert_eq!((unfilled.part.as_str(), unfilled.message.as_str()), (part, message), "{text}");
        }
    }

    #[test]
    fn a_file_is_read_without_its_last_newline() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "abc\n").unwrap();
        let environment = Environment::new([], folder.path());
        assert_eq!(expand("<${file:key}>", &environment).as_deref(), Ok("<abc>"));
        assert!(expand("${file:gone}", &environment).unwrap_err().message.starts_with("gone: "));
    }
}
