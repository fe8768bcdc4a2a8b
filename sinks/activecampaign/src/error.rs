//! The errors that end a run, in one place so that their codes and advice stay consistent.

use enlist_core::{Error, ErrorKind, SendError};

fn fatal(error: Error) -> SendError {
    SendError::Fatal(error)
}

/// A `host` that cannot be used.
pub(crate) fn host(problem: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::Config, "ac::host", format!("host {}", problem.as_ref()))
        .help("copy the URL shown in ActiveCampaign under Settings > Developer, for example acme.api-us1.com")
}

/// A host outside ActiveCampaign's known domains.
pub(crate) fn host_not_allowed(host: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        "ac::host_not_allowed",
        format!("host {host:?} is not on a known ActiveCampaign domain"),
    )
    .help("if this is what ActiveCampaign shows under Settings > Developer, set `allow_host: true`; the API key is sent to this host")
}

/// A key that cannot be an API key.
pub(crate) fn key(problem: &str) -> Error {
    Error::new(ErrorKind::Config, "ac::key", format!("the API key {problem}"))
        .help("copy the key shown in ActiveCampaign under Settings > Developer")
}

/// A list id that cannot exist.
pub(crate) fn list_id() -> Error {
    Error::new(ErrorKind::Config, "ac::list", "list 0 does not exist")
        .help("the id is the number in the address of the list's page in ActiveCampaign")
}

/// A tag that cannot be sent.
pub(crate) fn tag() -> Error {
    Error::new(ErrorKind::Config, "ac::tag", "a tag is empty or starts or ends with white space")
        .help("remove the tag or write it as it is named in ActiveCampaign")
}

/// A `ca_file` that cannot be used.
pub(crate) fn ca_file(problem: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Config, "ac::ca_file", format!("ca_file cannot be used: {problem}"))
        .help("name a readable file with one or more certificates in PEM form")
}

/// The HTTP client cannot be built.
pub(crate) fn client(problem: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Access, "ac::client", format!("cannot set up HTTPS: {problem}"))
        .help("install the system's CA certificates (package ca-certificates) or name them with `ca_file`")
}

/// More payload bytes than one Arrow array holds.
pub(crate) fn batch_too_large() -> Error {
    Error::new(ErrorKind::Bug, "bug::batch_size", "the payloads of one batch exceed 2 GiB")
}

/// A payload or a record that this sink cannot have made.
pub(crate) fn record() -> Error {
    Error::new(ErrorKind::Bug, "bug::record", "a contact that was kept for comparison cannot be read back")
}

/// The server's certificate is not trusted.
pub(crate) fn certificate(problem: &str) -> SendError {
    fatal(
        Error::new(
            ErrorKind::Access,
            "ac::certificate",
            format!("the certificate of the host is not trusted: {problem}"),
        )
        .help("behind a company proxy, name its CA certificate with `ca_file`; otherwise check `host`"),
    )
}

/// The host answers with a redirect, which is never followed.
pub(crate) fn redirected(to: Option<&str>) -> SendError {
    let target = to.map_or(String::new(), |host| format!(" to {host}"));
    fatal(
        Error::new(ErrorKind::Access, "ac::redirect", format!("unexpected redirect{target}"))
            .help("the key was not sent on; set `host` to what Settings > Developer shows"),
    )
}

/// A proxy on the way wants a log-in.
pub(crate) fn proxy() -> SendError {
    fatal(
        Error::new(ErrorKind::Access, "ac::proxy", "the proxy asks for authentication (407)")
            .help("put the proxy's user and password into HTTPS_PROXY"),
    )
}

/// The account is not paid for.
pub(crate) fn unpaid() -> SendError {
    fatal(
        Error::new(
            ErrorKind::Destination,
            "ac::unpaid",
            "ActiveCampaign refuses calls because the account is unpaid (402)",
        )
        .help("settle the account's billing in ActiveCampaign, then run again"),
    )
}

/// The host knows no such API address.
pub(crate) fn not_found(status: u16) -> SendError {
    fatal(
        Error::new(
            ErrorKind::Config,
            "ac::not_found",
            format!("the host does not answer as an ActiveCampaign API ({status})"),
        )
        .help("set `host` to the API URL that Settings > Developer shows"),
    )
}

/// The key's user lacks a permission. `words` are the destination's, safe to show.
pub(crate) fn permission(action: &str, words: &str) -> SendError {
    fatal(Error::new(ErrorKind::Access, "ac::permission", format!("the API key may not {action} ({words})")).help(
        format!("a key may do what its user may: put the user into a group that may {action} (Settings > Groups)"),
    ))
}

/// The list is not there. `usable` is a ready-made enumeration of lists, or empty.
pub(crate) fn list_missing(list: u64, usable: &str) -> SendError {
    let help = if usable.is_empty() {
        "the key sees no list; create one in ActiveCampaign or use another key".to_owned()
    } else {
        format!("lists you can use: {usable}")
    };
    fatal(Error::new(ErrorKind::Destination, "ac::list_missing", format!("list {list} not found")).help(help))
}
