//! Files that `connect` leaves: a key, a line that keeps it out of git, and the configuration.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use enlist_core::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};

use crate::failure::Failure;

/// The folder of keys, beside the configuration.
pub const SECRETS: &str = "secrets";

/// A key that was written and is taken away again unless everything else went well too.
pub struct WrittenKey {
    path: PathBuf,
    /// Whether the folder was made for it.
    folder: bool,
    stays: bool,
}

impl WrittenKey {
    /// Writes `key` for the user alone to a file that is not there.
    ///
    /// # Errors
    /// `connect::exists` when it is there, `connect::write` when it cannot be written.
    pub fn write(path: PathBuf, key: &SecretString) -> Result<Self, Failure> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let made = !folder.exists();
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => taken(&path),
                _ => unwritable(&path, &e),
            })?;
        let written = Self { path, folder: made, stays: false };
        let line = format!("{}\n", key.expose_secret());
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| unwritable(&written.path, &e))?;
        Ok(written)
    }

    /// Leaves it there.
    pub fn stay(mut self) {
        self.stays = true;
    }
}

impl Drop for WrittenKey {
    fn drop(&mut self) {
        if !self.stays {
            // It was made a moment ago; who cannot remove it is told of what went wrong before.
            let _ = fs::remove_file(&self.path);
            if let Some(folder) = self.path.parent().filter(|_| self.folder) {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// The error for a file of a key that is there already.
pub fn taken(path: &Path) -> Failure {
    Failure::config("connect::exists", format!("{} is there already", path.display()))
        .help("name it as the file of the key, or move it away")
}

/// Keeps `secrets` beside the configuration out of git, where the folder is in a work tree. Tells whether a line was
/// added.
///
/// # Errors
/// `connect::write`.
pub fn ignore(folder: &Path) -> Result<bool, Failure> {
    let whole = std::path::absolute(folder).map_err(|e| unwritable(folder, &e))?;
    if !whole.ancestors().any(|above| above.join(".git").exists()) {
        return Ok(false);
    }
    let path = folder.join(".gitignore");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(unwritable(&path, &e)),
    };
    let known = |line: &str| line.trim().trim_matches('/') == SECRETS;
    if text.lines().any(known) {
        return Ok(false);
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(|e| unwritable(&path, &e))?;
    file.write_all(format!("{gap}/{SECRETS}/\n").as_bytes()).map_err(|e| unwritable(&path, &e))?;
    Ok(true)
}

/// Puts `text` in place of the file, which has to be what it was (`before`; none: not there). A crash leaves the one or
/// the other, whole; owner and permissions stay.
///
/// # Errors
/// `connect::changed` when it is another by now, `connect::write` when it cannot be written.
pub fn replace(path: &Path, before: Option<&str>, text: &str) -> Result<(), Failure> {
    let fail = |e: io::Error| unwritable(path, &e);
    let Some(before) = before else {
        let mut file = File::create_new(path).map_err(fail)?;
        return file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail);
    };
    // A link stays one.
    let target = fs::canonicalize(path).map_err(fail)?;
    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new().prefix(".enlist-").tempfile_in(folder).map_err(fail)?;
    let found = fs::metadata(&target).map_err(fail)?;
    let own = file.as_file().metadata().map_err(fail)?;
    if (found.uid(), found.gid()) != (own.uid(), own.gid()) {
        fchown(file.as_file(), Some(found.uid()), Some(found.gid())).map_err(fail)?;
    }
    file.as_file().set_permissions(found.permissions()).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    if fs::read_to_string(&target).map_err(fail)? != before {
        let failure = Failure::config("connect::changed", format!("{} was changed meanwhile", path.display()));
        return Err(failure.help("run the same command again"));
    }
    file.persist(&target).map_err(|e| fail(e.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)
}

fn unwritable(path: &Path, cause: &io::Error) -> Failure {
    Error::new(ErrorKind::Config, "connect::write", format!("{}: {cause}", path.display()))
        .help("check owner, permissions and free space; nothing was recorded")
        .into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key() -> SecretString {
        SecretString::from("k3y")
    }

    #[test]
    fn a_key_is_private_and_is_gone_with_its_folder_unless_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SECRETS).join("eu.key");
        drop(WrittenKey::write(path.clone(), &key()).unwrap());
        assert!(!folder.path().join(SECRETS).exists());
        WrittenKey::write(path.clone(), &key()).unwrap().stay();
        assert_eq!(fs::read_to_string(&path).unwrap(), "k3y\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let Err(failure) = WrittenKey::write(path.clone(), &SecretString::from("other")) else { panic!("overwritten") };
        assert_eq!(failure.error.code(), "connect::exists");
        assert_eq!(fs::read_to_string(&path).unwrap(), "k3y\n");
    }

    #[test]
    fn keys_are_kept_out_of_git_once_and_only_where_there_is_git() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!ignore(folder.path()).unwrap() && !folder.path().join(".gitignore").exists());
        fs::create_dir(folder.path().join(".git")).unwrap();
        let below = folder.path().join("conf");
        fs::create_dir(&below).unwrap();
        fs::write(below.join(".gitignore"), "*.tmp").unwrap();
        assert!(ignore(&below).unwrap() && !ignore(&below).unwrap());
        assert_eq!(fs::read_to_string(below.join(".gitignore")).unwrap(), "*.tmp\n/secrets/\n");
        fs::write(below.join(".gitignore"), "secrets\n").unwrap();
        assert!(!ignore(&below).unwrap());
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_permissions_and_never_one_that_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.yaml");
        fs::write(&file, "a").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("enlist.yaml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(replace(&link, Some("b"), "c").unwrap_err().error.code(), "connect::changed");
        assert_eq!(fs::read_to_string(&file).unwrap(), "a");
        replace(&link, Some("a"), "c").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "c");
        assert!(link.is_symlink() && fs::metadata(&file).unwrap().permissions().mode() & 0o777 == 0o640);
        assert!(replace(&link, None, "d").is_err(), "what is there is not made");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "a temporary file stayed");
    }
}
