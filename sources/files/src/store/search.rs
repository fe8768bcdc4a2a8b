//! From a key, prefix or glob to objects.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use enlist_core::{Error, ErrorKind};
use futures::TryStreamExt;
use glob::{MatchOptions, Pattern};
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::columns::closest;
use crate::find::has_glob;
use crate::found::Found;
use crate::partitions::Partitions;
use crate::store::address::{Address, Kind};
use crate::store::client::Store;
use crate::store::fault;
use crate::store::object::Object;

/// As for files of this machine: only `**` crosses folders.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Looks for the files of `address` in `store`; ordered by path.
pub(crate) async fn search(store: Store, address: Address, handles: fn(&str) -> bool) -> Result<Vec<Found>, Error> {
    store.sign().await?;
    let search = Search { store, address, handles };
    let key = search.address.key.as_str();
    if search.address.kind == Kind::Web {
        return search.one("").await?.ok_or_else(|| missing(&search.address.name(""))).map(|found| vec![found]);
    }
    if has_glob(key) {
        return search.matches(key).await;
    }
    if !key.is_empty()
        && !key.ends_with('/')
        && let Some(found) = search.one(key).await?
    {
        return Ok(vec![found]);
    }
    search.folder(key.trim_end_matches('/')).await
}

struct Search {
    store: Store,
    address: Address,
    handles: fn(&str) -> bool,
}

impl Search {
    /// The object of `key`, if there is one.
    async fn one(&self, key: &str) -> Result<Option<Found>, Error> {
        let name = self.address.name(key);
        let object = Object::look_up(&self.store, self.address.path(key)?, name).await?;
        Ok(object.map(|object| Found::in_store(partitions(folder_of(key), key), object)))
    }

    /// What lies below a folder and is handled.
    async fn folder(&self, folder: &str) -> Result<Vec<Found>, Error> {
        let listed = self.list(folder).await?;
        if listed.is_empty() && !folder.is_empty() {
            return Err(self.nearby(folder).await);
        }
        let below = |key: &str| key[folder.len()..].trim_start_matches('/').to_owned();
        Ok(self.found(folder, listed, |key| self.is_wanted(&below(key))))
    }

    /// What a glob matches; a matched folder is read as [`folder`](Self::folder) has it.
    async fn matches(&self, key: &str) -> Result<Vec<Found>, Error> {
        let pattern = Pattern::new(key.trim_end_matches('/')).map_err(|fault| {
            let (name, at) = (self.address.name(key), self.address.name("").len() + fault.pos + 1);
            Error::new(
                ErrorKind::Config,
                "source::glob",
                format!("{name} is not a glob: {} at character {at}", fault.msg),
            )
        })?;
        let fixed = fixed_part(key);
        let listed = self.list(fixed).await?;
        if listed.iter().any(|object| object.location.as_ref() == key) {
            // A key that looks like a glob is that key.
            return Ok(self.found(folder_of(key), listed, |listed| listed == key));
        }
        let folders_alone = key.ends_with('/');
        // Whoever writes out a hidden name behind a wildcard means it.
        let wild = &key[key.find(['*', '?', '[']).unwrap_or(0)..];
        let meant = wild.split('/').any(is_hidden);
        let hidden = |path: &str| {
            let below = path.strip_prefix(fixed).unwrap_or(path);
            !meant && below.split('/').any(is_hidden)
        };
        let matched = |path: &str| pattern.matches_with(path, MATCHING) && !hidden(path);
        Ok(self.found(fixed, listed, |listed| {
            if pattern.matches_with(listed, MATCHING) && !folders_alone {
                return !hidden(listed);
            }
            // `**` also matches every folder on the way, whose files other matches bring.
            let mut folders = listed.match_indices('/').filter(|_| !key.contains("**"));
            folders.any(|(at, _)| matched(&listed[..at]) && self.is_wanted(&listed[at + 1..]))
        }))
    }

    /// Those of the `listed` objects that are `wanted`, ordered by path, with the partitions below `base`.
    fn found(&self, base: &str, mut listed: Vec<ObjectMeta>, wanted: impl Fn(&str) -> bool) -> Vec<Found> {
        listed.retain(|object| wanted(object.location.as_ref()));
        listed.sort_by(|one, other| file_path(one).cmp(file_path(other)));
        let found = listed.into_iter().map(|object| {
            let key = object.location.as_ref();
            let partitions = partitions(base, key);
            let name = self.address.name(key).into();
            let store = self.store.clone();
            Found::in_store(
                partitions,
                Object { store, name, path: object.location, size: object.size, in_parts: true },
            )
        });
        found.collect()
    }

    /// The objects below a folder, without those that stand for folders.
    async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>, Error> {
        let path = self.address.path(folder)?;
        let prefix = (!folder.is_empty()).then_some(&path);
        let name = self.address.name(folder);
        let listed = self.store.objects.list(prefix).try_collect::<Vec<ObjectMeta>>();
        let mut listed = listed.await.map_err(|cause| fault::explain(&name, &cause))?;
        let folders: BTreeSet<String> =
            listed.iter().map(|object| folder_of(object.location.as_ref()).to_owned()).collect();
        let is_folder = |object: &ObjectMeta| object.size == 0 && folders.contains(object.location.as_ref());
        listed.retain(|object| object.location != path && !is_folder(object));
        Ok(listed)
    }

    /// The error for a key that nothing has, with what stands where it was expected.
    async fn nearby(&self, key: &str) -> Error {
        let error = missing(&self.address.name(key));
        let folder = folder_of(key);
        let Ok(path) = self.address.path(folder) else { return error };
        let shown = self.address.name(folder);
        let Ok(listed) = self.store.objects.list_with_delimiter((!folder.is_empty()).then_some(&path)).await else {
            return error;
        };
        let paths = listed.objects.iter().map(|object| &object.location).chain(&listed.common_prefixes);
        let names: BTreeSet<&str> = paths.filter_map(Path::filename).filter(|name| !name.starts_with('.')).collect();
        let join = |name: &str| format!("{}/{name}", shown.trim_end_matches('/'));
        let wanted = &key[folder.len()..].trim_start_matches('/');
        match closest(wanted, names.iter().copied()) {
            Some(name) => error.help(format!("did you mean {}?", join(name))),
            None if names.is_empty() && !folder.is_empty() => {
                error.help(format!("the folder {shown} does not exist either"))
            }
            None if names.is_empty() => error.help(format!("{} holds nothing", self.address.root)),
            None => {
                error.help(format!("{shown} holds {}", names.iter().take(8).copied().collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// Whether a path below a folder that is read whole is one of its files.
    fn is_wanted(&self, below: &str) -> bool {
        let name = below.rsplit('/').next().unwrap_or(below);
        (self.handles)(name) && !below.split('/').any(is_hidden)
    }
}

/// Whether the last part of `path` is one that readers leave out.
fn is_hidden(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(['.', '_']))
}

fn folder_of(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folders of a glob before its first wildcard.
fn fixed_part(key: &str) -> &str {
    let wild = key.find(['*', '?', '[']).unwrap_or(key.len());
    folder_of(&key[..wild])
}

fn partitions(base: &str, key: &str) -> Partitions {
    Partitions::below(FilePath::new(base), FilePath::new(key))
}

/// A key in the order of files of this machine: by folder, then by name.
fn file_path(object: &ObjectMeta) -> &FilePath {
    FilePath::new(object.location.as_ref())
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Source, "source::file_missing", format!("no such file: {name}"))
}
