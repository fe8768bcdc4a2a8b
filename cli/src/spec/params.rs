//! `$name` in a SELECT, and the values that belong to it.

use std::collections::BTreeSet;

/// The parameters that a statement uses: `$name` outside of quotes and comments.
pub fn used_by(sql: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\'' | '"' | '`' => after(&rest[1..], rest.get(..1).unwrap_or_default()),
            '-' if rest.starts_with("--") => after(rest, "\n"),
            '/' if rest.starts_with("/*") => after_comment(rest),
            '$' => {
                let name = word(&rest[1..]);
                let behind = &rest[1 + name.len()..];
                if let Some(text) = behind.strip_prefix('$') {
                    // `$tag$ … $tag$` is text.
                    let tag = &rest[..name.len() + 2];
                    after(text, tag)
                } else {
                    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                        used.insert(name.to_owned());
                    }
                    behind
                }
            }
            // A `$` inside of a word is part of it.
            c if is_word(c) => rest.trim_start_matches(|c| is_word(c) || c == '$'),
            c => &rest[c.len_utf8()..],
        };
    }
    used
}

/// Whether a statement can use a parameter of this name.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word(name).len() == name.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that `text` begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// What follows the first `end`; nothing where there is none.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// What follows a comment, which may hold others.
fn after_comment(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        let Some(at) = rest.find(['/', '*']) else { return "" };
        rest = &rest[at..];
        if rest.starts_with("/*") {
            depth += 1;
            rest = &rest[2..];
        } else if rest.starts_with("*/") {
            depth -= 1;
            rest = &rest[2..];
            if depth == 0 {
                return rest;
            }
        } else {
            rest = &rest[1..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::used_by;

    #[test]
    fn a_parameter_is_found_outside_of_quotes_and_comments_only() {
        for (sql, names) in [
            ("select * from t where a > $since and b = $Tier_2", &["Tier_2", "since"][..]),
            ("select '$a', \"$b\", `$c`, 'it''s $d' from t", &[]),
            ("select 1 -- $a\n where x = $b", &["b"]),
            ("select /* $a /* $b */ $c */ $d", &["d"]),
            ("select $1, $, $$ $a $$, $t$ $b $t$, x$c, 5$d", &[]),
            ("select $a", &["a"]),
            ("select 'open $a", &[]),
            ("select /* open $a", &[]),
            ("wärme$a $ä $b", &["b"]),
        ] {
            assert_eq!(used_by(sql).iter().map(String::as_str).collect::<Vec<_>>(), names, "{sql}");
        }
    }
}
