//! The password file of PostgreSQL's own tools: `host:port:database:user:password` a line, `*` for any.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::target::variable;

/// The password for `[host, port, database, user]` in the file of `PGPASSFILE`, else in `~/.pgpass`.
///
/// As PostgreSQL's own tools do, it passes over a file that others may read.
pub(super) fn password(wanted: [&str; 4]) -> Option<SecretString> {
    let path =
        variable("PGPASSFILE").map(PathBuf::from).or_else(|| Some(PathBuf::from(variable("HOME")?).join(".pgpass")))?;
    find(&read(&path)?, wanted).map(SecretString::from)
}

#[cfg(unix)]
fn read(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let about = fs::metadata(path).ok()?;
    if !about.is_file() {
        return None;
    }
    if about.permissions().mode() & 0o077 != 0 {
        tracing::warn!(target: "enlist_source_sql", "{} is not used: others may read it", path.display());
        return None;
    }
    fs::read_to_string(path).ok()
}

#[cfg(not(unix))]
fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The password of the first line that fits.
fn find(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut parts = Parts(line);
        let fits =
            wanted.iter().all(|wanted| parts.next().is_some_and(|part| part == "*" || unescape(part) == *wanted));
        fits.then(|| parts.next().map(unescape)).flatten().filter(|password| !password.is_empty())
    })
}

/// What stands between the colons of a line, of which a backslash hides the next.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut hidden = false;
        let end = self.0.find(|letter| {
            let ends = letter == ':' && !hidden;
            hidden = letter == '\\' && !hidden;
            ends
        });
        let (part, rest) = match end {
            Some(end) => (&self.0[..end], &self.0[end + 1..]),
            None if self.0.is_empty() => return None,
            None => (self.0, ""),
        };
        self.0 = rest;
        Some(part)
    }
}

fn unescape(part: &str) -> String {
    let mut plain = String::with_capacity(part.len());
    let mut letters = part.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: [&str; 4] = ["db.example.com", "5432", "shop", "ann"];

    #[test]
    fn the_first_line_that_fits_counts() {
        let file = "# *:*:*:*:comment\n\
                    db.example.com:5432:shop:bob:bobs\n\
                    db.example.com:*:shop:ann:anns\n\
                    *:*:*:*:anybodys\n";
        assert_eq!(find(file, ANN).as_deref(), Some("anns"));
        assert_eq!(find(file, ["localhost", "1", "x", "y"]).as_deref(), Some("anybodys"));
        assert_eq!(find("db.example.com:5432:shop:bob:bobs", ANN), None);
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        assert_eq!(find(r"*:*:*:a\:b:p\:w\\d", ["h", "1", "d", "a:b"]).as_deref(), Some(r"p:w\d"));
    }

    #[test]
    fn a_line_without_a_password_gives_none() {
        assert_eq!(find("*:*:*:*", ANN), None);
        assert_eq!(find("*:*:*:*:", ANN), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        fs::write(&path, "*:*:*:*:secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read(&path), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path).is_some());
    }
}
