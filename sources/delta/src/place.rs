//! Where a table lies.

use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use delta_kernel::{Engine, KernelError};
use delta_kernel_default_engine::DefaultEngineBuilder;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Location, unreadable};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

use crate::fault::Fault;

/// The folder of the log, by the protocol.
const LOG: &str = "_delta_log";

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: NonZero<usize> = NonZero::new(8_192).unwrap();

/// Files of the log read at once; data files are read one after the other.
const READ_AHEAD: NonZero<usize> = NonZero::new(16).unwrap();

/// Names that a message lists before it stops.
const LISTED: usize = 8;

/// Whether `path` is a folder of this machine that holds a Delta table.
pub fn handles(path: &str) -> bool {
    Path::new(path).join(LOG).is_dir()
}

/// A table's folder, and what reads it.
pub(crate) struct Place {
    /// As the location spells it, without a slash at its end.
    pub(crate) name: String,
    /// As the kernel names it: the path within the store, behind the scheme and host of the location.
    pub(crate) root: Url,
    pub(crate) engine: Arc<dyn Engine>,
}

impl Place {
    /// # Errors
    /// `delta::not_a_table`, `source::file_missing`, `source::unreadable`, and those of the store.
    pub(crate) fn find(location: &Location) -> Result<Self, Error> {
        let name = location.pattern.trim_end_matches('/').to_owned();
        if !location.is_url() {
            return Self::local(location, name);
        }
        let (store, path) = enlist_source_files::store(location)?;
        let place = Self { root: root(&name, &path)?, engine: engine(store), name };
        let log = place.list(&place.log()?, 1)?;
        if log.is_empty() {
            let files = place.list(&place.root, LISTED)?;
            return Err(not_a_table(&place.name, &files));
        }
        Ok(place)
    }

    fn local(location: &Location, name: String) -> Result<Self, Error> {
        let folder = Path::new(&location.pattern);
        let closed = |cause: io::Error| unreadable(&location.pattern, &cause);
        let path = fs::canonicalize(folder).map_err(closed)?;
        if !path.join(LOG).is_dir() {
            return Err(not_a_table(&name, &entries(&path).map_err(closed)?));
        }
        let root = Url::from_directory_path(&path)
            .map_err(|()| closed(io::Error::new(io::ErrorKind::InvalidInput, "its path cannot be written as a URL")))?;
        Ok(Self { name, root, engine: engine(Arc::new(LocalFileSystem::new())) })
    }

    /// The folder of the log.
    pub(crate) fn log(&self) -> Result<Url, Error> {
        self.join(&format!("{LOG}/"))
    }

    /// What messages call the data file that the log calls `path`.
    pub(crate) fn file(&self, path: &str) -> String {
        if is_absolute(path) { path.to_owned() } else { format!("{}/{path}", self.name) }
    }

    /// Where the data file lies that the log calls `path`.
    ///
    /// # Errors
    /// `delta::elsewhere` for a file in another store: the kernel would look for it in this one.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        if !is_absolute(path) || (self.root.scheme() == "file" && path.starts_with("file:")) {
            return self.join(path);
        }
        match path.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('/')) {
            Some(inside) => self.join(inside),
            None => Err(Error::new(
                ErrorKind::Source,
                "delta::elsewhere",
                format!("{} counts on a file outside of its folder: {path}", self.name),
            )
            .help("it is a shallow clone: read the table it was cloned from, or clone it deeply")),
        }
    }

    /// Whether there is nothing at `url`.
    pub(crate) fn lacks(&self, url: &Url) -> bool {
        matches!(self.engine.storage_handler().head(url), Err(KernelError::FileNotFound(_)))
    }

    fn join(&self, path: &str) -> Result<Url, Error> {
        self.root.join(path).map_err(|cause| unnamed(&self.name, &cause.to_string()))
    }

    /// The first `most` names below `url`.
    fn list(&self, url: &Url, most: usize) -> Result<Vec<String>, Error> {
        let start = url.path().len();
        let name = |file: delta_kernel::FileMeta| file.location.path().get(start..).unwrap_or_default().to_owned();
        let listed = self.engine.storage_handler().list_from(url);
        listed.and_then(|files| files.take(most).map(|file| file.map(name)).collect()).map_err(
            |cause| match Fault::from(cause) {
                // A folder of a store that has nothing in it is no error: there are no folders.
                Fault::Missing => {
                    let message = format!("no such bucket or container: {}", self.name);
                    Error::new(ErrorKind::Source, "store::bucket", message)
                        .help("check its name, the account or endpoint, and the region")
                }
                fault => fault.opening(&self.name),
            },
        )
    }
}

fn engine(store: Arc<dyn ObjectStore>) -> Arc<dyn Engine> {
    Arc::new(DefaultEngineBuilder::new(store).with_batch_size(BATCH_ROWS).with_buffer_size(READ_AHEAD).build())
}

/// The URL of `path` in the store of `name`. Scheme and host stay, since some kinds of bucket are known by them.
fn root(name: &str, path: &object_store::path::Path) -> Result<Url, Error> {
    let mut url = Url::parse(name).map_err(|cause| unnamed(name, &cause.to_string()))?;
    url.set_query(None);
    url.set_fragment(None);
    match url.path_segments_mut() {
        Ok(mut segments) => segments.clear().extend(path.parts().map(|part| part.as_ref().to_owned())).push(""),
        Err(()) => return Err(unnamed(name, "it has no path")),
    };
    Ok(url)
}

fn unnamed(name: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Source, "source::unreadable", format!("cannot read {name}: {cause}"))
}

/// Whether the log names a file by URL rather than by its path below the table.
fn is_absolute(path: &str) -> bool {
    Url::parse(path).is_ok()
}

fn not_a_table(name: &str, holds: &[String]) -> Error {
    let error = Error::new(
        ErrorKind::Source,
        "delta::not_a_table",
        format!("{name} is no Delta table: it has no {LOG} folder"),
    );
    let tables: Vec<&str> =
        holds.iter().filter_map(|path| path.split_once(&format!("/{LOG}"))).map(|(at, _)| at).collect();
    error.help(match (tables.first(), name.strip_suffix(LOG), holds) {
        (_, Some(above), _) => format!("name the folder of the table: {above}"),
        (Some(table), ..) => format!("there are tables below it, for example {name}/{table}"),
        (None, None, []) => "there is nothing below it".to_owned(),
        (None, None, holds) => format!("it holds {}", holds.join(", ")),
    })
}

/// What a folder holds: the tables in it, or else its first names.
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.push(if entry.path().join(LOG).is_dir() { format!("{name}/{LOG}") } else { name });
    }
    names.sort_by_key(|name| (!name.ends_with(LOG), name.clone()));
    names.truncate(LISTED);
    Ok(names)
}
