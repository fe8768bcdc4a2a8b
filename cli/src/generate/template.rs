//! Templates with `{{name}}` in them. What other languages write between two braces, like `${{ github.run_id }}`, stays.

use enlist_core::{Error, ErrorKind};

use crate::failure::Failure;

/// `template` with each `{{name}}` replaced by the value of that name. A name that stands alone in its line takes a
/// line for each of its value, indented alike, and none when the value is empty.
///
/// # Errors
/// `bug::template` for a name without a value, and for a value that is not used.
pub fn fill(template: &str, values: &[(&str, String)]) -> Result<String, Failure> {
    let mut used = vec![false; values.len()];
    let mut value = |name: &str| {
        let index = values.iter().position(|(known, _)| *known == name);
        let index = index.ok_or_else(|| wrong(format!("no value for {name}")))?;
        used[index] = true;
        Ok::<&str, Failure>(&values[index].1)
    };
    let mut filled = String::with_capacity(template.len() * 2);
    for line in template.lines() {
        let text = line.trim_start();
        match marker(text) {
            Some(("", name, "")) => {
                let indent = &line[..line.len() - text.len()];
                filled.extend(value(name)?.lines().map(|line| format!("{indent}{line}\n")));
            }
            _ => {
                let mut rest = line;
                while let Some((before, name, after)) = marker(rest) {
                    filled.push_str(before);
                    filled.push_str(value(name)?);
                    rest = after;
                }
                filled.push_str(rest);
                filled.push('\n');
            }
        }
    }
    match values.iter().zip(used).find(|(_, used)| !used) {
        Some(((name, _), _)) => Err(wrong(format!("{name} is not used"))),
        None => Ok(filled),
    }
}

/// The first `{{name}}` of `text`: what stands before it, the name, what comes after it.
fn marker(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find("{{")?;
        let inside = &text[start + 2..];
        let name = inside.find(|c: char| !c.is_ascii_lowercase() && c != '_').map_or(inside, |end| &inside[..end]);
        match inside[name.len()..].strip_prefix("}}") {
            Some(after) if !name.is_empty() => return Some((&text[..start], name, after)),
            _ => from = start + 1,
        }
    }
}

fn wrong(cause: String) -> Failure {
    Error::new(ErrorKind::Bug, "bug::template", format!("a template cannot be filled in: {cause}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, values: &[(&str, &str)]) -> Result<String, String> {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        fill(template, &values).map_err(|failure| failure.error.to_string())
    }

    #[test]
    fn names_become_their_values_and_what_other_languages_write_stays() {
        let template = "a {{name}} and {{name}}, ${{ github.run_id }}, {{{name}}}, {{}}";
        let expected = "a vip and vip, ${{ github.run_id }}, {vip}, {{}}\n";
        assert_eq!(filled(template, &[("name", "vip")]).as_deref(), Ok(expected));
        assert_eq!(
            filled("{{name}} {", &[("name", "{{name}}")]).as_deref(),
            Ok("{{name}} {\n"),
            "values are not filled in"
        );
    }

    #[test]
    fn a_name_alone_in_its_line_takes_as_many_lines_as_its_value_has() {
        let template = "a:\n  {{notes}}\n  b\n";
        assert_eq!(filled(template, &[("notes", "# 1\n# 2")]).as_deref(), Ok("a:\n  # 1\n  # 2\n  b\n"));
        assert_eq!(filled(template, &[("notes", "")]).as_deref(), Ok("a:\n  b\n"));
    }

    #[test]
    fn a_name_without_a_value_and_a_value_without_a_name_are_defects() {
        assert!(filled("{{nmae}}", &[("name", "vip")]).unwrap_err().contains("no value for nmae"));
        assert!(filled("name", &[("name", "vip")]).unwrap_err().contains("name is not used"));
    }
}
