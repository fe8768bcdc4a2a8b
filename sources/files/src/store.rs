//! Files in object stores.

mod address;
mod blocks;
mod client;
mod connect;
mod families;
mod fault;
#[cfg(test)]
mod faulty;
mod io;
mod object;
mod onward;
mod profile;
mod search;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use enlist_core::{Error, ErrorKind};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::found::Found;
use crate::location::Location;
use crate::store::address::{Address, Kind};
pub(crate) use crate::store::blocks::Blocks;
pub use crate::store::fault::explain as store_error;
pub(crate) use crate::store::fault::no_ranges;
pub(crate) use crate::store::object::Object;
pub(crate) use crate::store::onward::read;

/// The files of a URL, ordered by path. Blocks.
///
/// # Errors
/// As [`find`](crate::find).
pub(crate) fn find(location: &Location, handles: fn(&str) -> bool) -> Result<Vec<Found>, Error> {
    let address = Address::of(location)?;
    let store = connect::connect(location, &address)?;
    io::wait(search::search(store, address, handles))
}

/// The store that a URL leads to, and the key in it.
///
/// Its requests run on threads of their own, so that any runtime may wait for them, and its connections are shared with
/// everything that reads from the same store with the same options.
///
/// # Errors
/// `store::url` and `store::options` (configuration); `store::profile`. Nothing is asked of the store.
pub fn store(location: &Location) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    let address = Address::of(location)?;
    if address.kind == Kind::Web {
        return Err(Error::new(
            ErrorKind::Config,
            "store::url",
            format!("{} is a web server, which lists no files", address.root),
        )
        .help("read the store behind it by s3://, az:// or gs://"));
    }
    let store = connect::connect(location, &address)?;
    Ok((store.objects, address.path(address.key.trim_end_matches('/'))?))
}
