//! What a URL names: a kind of store, a bucket and a key.

use std::net::IpAddr;

use enlist_core::{Error, ErrorKind};
use object_store::path::Path;
use url::{Host, Url};

use crate::columns::closest;
use crate::location::Location;

/// The kinds of store, by the scheme of their URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    S3,
    Azure,
    Google,
    /// A web server, which serves objects and lists none.
    Web,
}

/// Schemes and the stores they lead to. The longer ones of Azure and S3 are Hadoop's.
const SCHEMES: [(&str, Kind); 8] = [
    ("s3", Kind::S3),
    ("s3a", Kind::S3),
    ("az", Kind::Azure),
    ("abfs", Kind::Azure),
    ("abfss", Kind::Azure),
    ("gs", Kind::Google),
    ("https", Kind::Web),
    ("http", Kind::Web),
];

/// A URL taken apart.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) kind: Kind,
    /// Scheme and bucket as the pattern spells them, for example `s3://cdp`; for the web the whole URL without its query.
    pub(crate) root: String,
    /// The bucket, container or host.
    pub(crate) bucket: String,
    /// The rest, which may be a key, a prefix or a glob, exactly as written: keys are not percent-encoded.
    pub(crate) key: String,
    /// For the web: what to ask for, with a query that may be a signature.
    pub(crate) request: String,
}

impl Address {
    /// Takes `location` apart.
    ///
    /// # Errors
    /// `store::url` (configuration) for a scheme that no store has and for a URL that cannot be asked for.
    pub(crate) fn of(location: &Location) -> Result<Self, Error> {
        let pattern = &location.pattern;
        let (scheme, rest) = pattern.split_once("://").unwrap_or(("", pattern));
        let Some((_, kind)) = SCHEMES.iter().find(|(known, _)| *known == scheme) else {
            let meant = closest(scheme, SCHEMES.iter().map(|(known, _)| *known));
            let meant = meant.map(|known| format!("did you mean {known}://? ")).unwrap_or_default();
            return Err(wrong(format!("no store is known by {scheme}://"))
                .help(format!("{meant}there are s3://, az://, abfss://, gs:// and https://")));
        };
        if *kind == Kind::Web {
            return web(location);
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong(format!("{pattern} names no bucket")).help(format!("write {scheme}://BUCKET/KEY")));
        }
        Ok(Self {
            kind: *kind,
            root: format!("{scheme}://{bucket}"),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            request: String::new(),
        })
    }

    /// What messages call the object of `key`.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.kind == Kind::Web { self.root.clone() } else { format!("{}/{key}", self.root) }
    }

    /// `key` as the store has it.
    ///
    /// # Errors
    /// `store::url` (configuration) for a key that no reader of stores accepts.
    pub(crate) fn path(&self, key: &str) -> Result<Path, Error> {
        Path::parse(key).map_err(|_| {
            wrong(format!("{} cannot be read: its key has an empty or dotted part", self.name(key)))
                .help("give the object a name without //, /./ and /../")
        })
    }
}

fn web(location: &Location) -> Result<Address, Error> {
    let shown = location.name();
    let url = Url::parse(&location.pattern).map_err(|fault| wrong(format!("{shown} is not a URL: {fault}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!("{shown} carries a user or password"))
            .help("sign the URL instead, or use s3://, az:// or gs://"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(wrong(format!("{shown} would be read without encryption")).help("write https://"));
    }
    if url.path().contains('*') || url.path().ends_with('/') {
        return Err(wrong(format!("{shown} names no single file, and a web server does not list its files"))
            .help("name one file, or read the store behind it by s3://, az:// or gs://"));
    }
    Ok(Address {
        kind: Kind::Web,
        root: shown.to_owned(),
        bucket: url.host_str().unwrap_or_default().to_owned(),
        key: String::new(),
        request: url.into(),
    })
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, "store::url", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pattern: &str) -> Result<Address, Error> {
        Address::of(&pattern.into())
    }

    #[test]
    fn a_url_is_a_kind_of_store_a_bucket_and_a_key_as_written() {
        let address = address("s3://cdp/dt=2026-01-01 00%3A00/*.csv").unwrap();
        assert_eq!((address.kind, address.bucket.as_str()), (Kind::S3, "cdp"));
        assert_eq!(address.key, "dt=2026-01-01 00%3A00/*.csv");
        assert_eq!(address.name("a.csv"), "s3://cdp/a.csv");
    }

    #[test]
    fn the_containers_of_azure_are_named_in_both_ways() {
        assert_eq!(address("az://c/a.csv").unwrap().root, "az://c");
        let long = address("abfss://c@acme.dfs.core.windows.net/x/a.csv").unwrap();
        assert_eq!((long.kind, long.key.as_str()), (Kind::Azure, "x/a.csv"));
    }

    #[test]
    fn the_query_of_a_web_address_is_asked_for_and_never_shown() {
        let address = address("https://example.com/a.csv?X-Amz-Signature=hush").unwrap();
        assert_eq!(address.name(""), "https://example.com/a.csv");
        assert!(address.request.ends_with("?X-Amz-Signature=hush"));
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused_without_its_secrets() {
        for pattern in [
            "http://example.com/a.csv",
            "https://example.com/*.csv",
            "https://example.com/folder/",
            "https://ada:hush@example.com/a.csv?hush",
            "s4://cdp/a.csv",
            "s3:///a.csv",
            "file:///a.csv",
        ] {
            let error = address(pattern).err().unwrap();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "store::url"), "{pattern}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        for pattern in ["http://127.0.0.1:9000/a.csv", "http://localhost/a.csv", "http://[::1]:9/a.csv"] {
            address(pattern).unwrap();
        }
    }
}
