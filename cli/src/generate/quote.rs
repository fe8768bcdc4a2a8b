//! Text as other languages write it.

use std::path::Path;

use crate::render::clean;

/// A string of YAML, and of Python: both read JSON's.
pub fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A word of the shell.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A path in a unit of systemd (systemd.syntax(7), systemd.unit(5) on specifiers).
pub fn systemd(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%");
    if text.chars().all(|c| !c.is_whitespace() && !"\"'\\".contains(c)) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// A word of `ExecStart=`, where variables are filled in besides.
pub fn systemd_word(path: &Path) -> String {
    systemd(path).replace('$', "$$")
}

/// Lines of a comment that begins with `#`.
pub fn comment(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {}\n", clean(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_text_early_is_kept_in_it() {
        assert_eq!(json("my \"config\".yaml"), r#""my \"config\".yaml""#);
        assert_eq!(
            (shell("/etc/enlist.yaml"), shell("it's here")),
            ("/etc/enlist.yaml".to_owned(), r"'it'\''s here'".to_owned())
        );
        assert_eq!(systemd(Path::new("/srv/100% mine/a.yaml")), "\"/srv/100%% mine/a.yaml\"");
        assert_eq!(systemd_word(Path::new("/srv/$x")), "/srv/$$x");
        assert_eq!(comment(&["one\ntwo".to_owned()]), "# one\\u{a}two\n");
    }
}
