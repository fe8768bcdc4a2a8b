//! Table names as people write them.

use enlist_core::{Error, ErrorKind};

use crate::engine::Relation;

/// The table that `name` means: `users`, `public.users`, or with a part in double quotes or backticks where it has a dot
/// in it. Parts keep their case.
///
/// # Errors
/// `sql::table_name` (configuration) for anything else.
pub(crate) fn relation(name: &str) -> Result<Relation, Error> {
    let parts = parts(name).filter(|parts| parts.iter().all(|part| !part.is_empty() && !part.contains('\0')));
    match parts.as_deref() {
        Some([table]) => Ok(Relation::Table { schema: None, name: table.clone() }),
        Some([schema, table]) => Ok(Relation::Table { schema: Some(schema.clone()), name: table.clone() }),
        _ => Err(Error::new(ErrorKind::Config, "sql::table_name", format!("\"{name}\" is not the name of a table"))
            .help("write table or schema.table; a part with a dot in it goes in double quotes")),
    }
}

/// What stands between the dots; `None` when a quote is not closed, or something follows it.
fn parts(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = match rest.chars().next() {
            Some(quote @ ('"' | '`')) => quoted(&rest[1..], quote)?,
            _ => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        parts.push(part);
        if after.is_empty() {
            return Some(parts);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// The text up to the closing `quote`, which is doubled inside, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            part.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            part.push(quote);
        } else {
            return Some((part, &text[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(schema: Option<&str>, name: &str) -> Relation {
        Relation::Table { schema: schema.map(str::to_owned), name: name.to_owned() }
    }

    #[test]
    fn names_keep_their_case_and_quotes_hold_dots_together() {
        for (written, meant) in [
            ("users", table(None, "users")),
            ("Crm.Users", table(Some("Crm"), "Users")),
            ("\"a.b\"", table(None, "a.b")),
            ("public.\"a \"\"b\"\".c\"", table(Some("public"), "a \"b\".c")),
            ("`shop`.`a.b`", table(Some("shop"), "a.b")),
            ("we\"ird", table(None, "we\"ird")),
            ("людям.é", table(Some("людям"), "é")),
        ] {
            assert_eq!(relation(written).unwrap(), meant);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for written in ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "\"\"", "a\0"] {
            assert_eq!(relation(written).unwrap_err().code(), "sql::table_name", "{written}");
        }
    }
}
