//! What can be wrong with a store, in plain words.
//!
//! The client's own words are never passed on: they may quote a signed URL.

use std::error::Error as StdError;

use enlist_core::{Error, ErrorKind};
use object_store::client::{HttpError, HttpErrorKind};

/// The error for a request about `name` that failed: `source::file_missing`, `source::changed`, `source::unreadable` or
/// one of `store::…`, without a word of the client.
pub fn explain(name: &str, cause: &object_store::Error) -> Error {
    let answer = Answer::of(cause);
    let code = answer.code.as_deref().unwrap_or_default();
    match code {
        "NoSuchBucket" | "ContainerNotFound" => {
            return error("store::bucket", format!("no such bucket or container: {}", bucket(name)))
                .help("check its name, the account or endpoint, and the region");
        }
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException" => {
            return region(name, answer.region.as_deref());
        }
        _ => {}
    }
    match cause {
        object_store::Error::NotFound { .. } => error("source::file_missing", format!("no such file: {name}")),
        object_store::Error::Precondition { .. } => changed(name),
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            denied(name, code)
        }
        object_store::Error::InvalidPath { .. } => {
            error("source::unreadable", format!("{} holds keys with empty or dotted parts", bucket(name)))
                .help("name a folder without them")
        }
        _ if answer.says("Range request not supported") || answer.says("non-partial response") => no_ranges(name),
        _ if answer.says("without LOCATION") => region(name, None),
        _ if answer.says("Content-Length Header missing") => {
            error("store::failed", format!("the server of {name} does not say how long the file is"))
                .help("download the file and read it from disk")
        }
        _ => match (answer.status, http(cause)) {
            (Some(416), _) => changed(name),
            (Some(400), _) if code.contains("Token") => denied(name, code),
            (Some(401 | 403), _) => denied(name, code),
            (Some(301 | 307), _) => region(name, answer.region.as_deref()),
            (Some(status), _) => {
                let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
                error("store::failed", format!("cannot read {name}: the store answers with status {status}{code}"))
                    .help(if status >= 500 || status == 429 {
                        "run again later"
                    } else {
                        "check the URL and the settings of the store"
                    })
            }
            (None, Some(fault)) => unanswered(name, fault),
            (None, None) => {
                error("store::failed", format!("cannot read {name}: the answer of the store makes no sense"))
            }
        },
    }
}

/// The error for a store whose requests cannot be signed.
pub(crate) fn credentials(store: &str, cause: &object_store::Error) -> Error {
    let answer = Answer::of(cause);
    let why = match (answer.status, http(cause)) {
        (Some(status), _) => format!("they were refused with status {status}"),
        (None, Some(_)) => "none are set, and no role is attached to this machine".to_owned(),
        (None, None) => "those that are set cannot be used".to_owned(),
    };
    Error::new(ErrorKind::Access, "store::credentials", format!("no credentials for {store}: {why}"))
}

/// The error for settings that no client can be made of.
pub(crate) fn settings(store: &str, cause: &object_store::Error) -> Error {
    let error = |why: String| Error::new(ErrorKind::Config, "store::options", format!("the settings of {store} {why}"));
    let words = words(cause);
    match () {
        () if words.contains("URL scheme is not allowed") => error("lead to an endpoint without encryption".into()),
        () if words.contains("not recognised") || words.contains("unrecognised") || words.contains("not match") => {
            error("name no account or bucket that is known".into())
                .help("abfss:// needs CONTAINER@ACCOUNT.dfs.core.windows.net; another host is azure_storage_endpoint with az://CONTAINER")
        }
        () if words.contains("AccessKeyId") || words.contains("SecretAccessKey") || words.contains("secret access key") => {
            error("hold one half of an access key".into()).help("set aws_access_key_id and aws_secret_access_key")
        }
        () => error("are not complete or not valid".into())
            .help("true or false for switches, `30s` for times, Base64 for keys, a whole URL for an endpoint"),
    }
}

/// Whether a store was asked for bytes behind the end of an object: for the first byte, it is empty.
pub(crate) fn is_beyond_end(cause: &object_store::Error) -> bool {
    let answer = Answer::of(cause);
    answer.status == Some(416) || answer.says("object was only 0 bytes long")
}

/// Whether there was an answer that the client could make nothing of.
pub(crate) fn is_senseless(cause: &object_store::Error) -> bool {
    matches!(cause, object_store::Error::Generic { .. }) && Answer::of(cause).status.is_none() && http(cause).is_none()
}

/// The error for an object that is another than when it was opened.
pub(crate) fn changed(name: &str) -> Error {
    error("source::changed", format!("{name} was replaced while it was read"))
        .help("run again when the file is complete")
}

/// The error for a server that answers with another part of the file than it was asked for.
pub(crate) fn no_ranges(name: &str) -> Error {
    error("store::no_ranges", format!("the server of {name} sends whole files only, and this format needs parts"))
        .help("download the file and read it from disk, or serve it from an object store")
}

/// The error for a store that says nothing for too long.
pub(crate) fn late(name: &str) -> Error {
    error("store::timeout", format!("no answer in time for {name}")).help("check the network and run again")
}

/// The error for an answer that ends before it is complete.
pub(crate) fn short(name: &str) -> Error {
    error("store::failed", format!("the answer for {name} ended too early")).help("run again")
}

fn denied(name: &str, code: &str) -> Error {
    let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
    Error::new(ErrorKind::Access, "store::denied", format!("not allowed to read {name}{code}"))
        .help("the credentials need permission to list the bucket and to read its objects; they may also have expired")
}

fn region(name: &str, right: Option<&str>) -> Error {
    let error = error("store::region", format!("{} lies in another region than the one asked", bucket(name)));
    match right {
        Some(region) => error.help(format!("set AWS_REGION={region}")),
        None => {
            error.help("set AWS_REGION to the region of the bucket: aws s3api head-bucket --bucket BUCKET shows it")
        }
    }
}

fn unanswered(name: &str, fault: &HttpError) -> Error {
    match fault.kind() {
        HttpErrorKind::Timeout => late(name),
        HttpErrorKind::Connect => {
            error("store::unreachable", format!("cannot reach {}: {}", bucket(name), deepest(fault)))
                .help("check the endpoint, the network, proxy and certificates")
        }
        _ => error("store::failed", format!("the connection broke while {name} was read: {}", deepest(fault)))
            .help("run again"),
    }
}

/// What a store answered, as far as it tells more than the kind of the error.
struct Answer {
    words: String,
    status: Option<u16>,
    /// The store's own word for the fault.
    code: Option<String>,
    /// The region in which a bucket lies.
    region: Option<String>,
}

impl Answer {
    fn of(cause: &object_store::Error) -> Self {
        let words = words(cause);
        let element = |name: &str| {
            let (_, rest) = words.split_once(&format!("<{name}>"))?;
            let (text, _) = rest.split_once('<')?;
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            (plain && !text.is_empty() && text.len() < 64).then(|| text.to_owned())
        };
        let status = words.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        let (code, region) = (element("Code"), element("Region"));
        Self { words, status, code, region }
    }

    fn says(&self, words: &str) -> bool {
        self.words.contains(words)
    }
}

/// An error and its causes, the innermost last.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// All that an error and its causes say; not for people.
fn words(error: &object_store::Error) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The failure of the connection behind an error.
fn http(error: &object_store::Error) -> Option<&HttpError> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The innermost cause of a failed connection, from which the client has taken the URL.
fn deepest(fault: &HttpError) -> String {
    causes(fault).last().map(ToString::to_string).unwrap_or_default()
}

/// `s3://bucket` of `s3://bucket/key`.
fn bucket(name: &str) -> &str {
    let start = name.find("://").map_or(0, |at| at + 3);
    name[start..].find('/').map_or(name, |at| &name[..start + at])
}

fn error(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Source, code, message)
}
