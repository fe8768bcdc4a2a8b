//! Settings as written, and what they become once checked.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use enlist_core::Error;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::{error, limits};

/// How to reach a list, as the user wrote it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host of the account as ActiveCampaign shows it under Settings > Developer; `https://` and `/api/3` may be
    /// left on. `localhost`, `127.0.0.1` and `[::1]` with a port are reached over plain HTTP.
    pub host: String,
    /// Accept a host outside ActiveCampaign's known domains.
    pub allow_host: bool,
    /// API key of a user of the account.
    pub key: SecretString,
    /// Id of the list contacts are added to.
    pub list: u64,
    /// Tags the export adds, to be looked up by the check. What is sent comes from the contacts' shape.
    pub tags: Vec<String>,
    /// Let imports start automations. They may send mail to every contact.
    pub automations: bool,
    /// Certificates to trust beside the system's, in PEM form.
    pub ca_file: Option<PathBuf>,
}

impl Settings {
    /// Checks everything that can be checked without a call.
    pub(crate) fn check(&self) -> Result<(Host, Credentials), Error> {
        if self.list == 0 {
            return Err(error::list_id());
        }
        if self.tags.iter().any(|tag| tag.is_empty() || tag.trim() != tag) {
            return Err(error::tag());
        }
        Ok((Host::parse(&self.host, self.allow_host)?, Credentials::check(&self.key)?))
    }
}

/// A host that the key may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// `https`, or `http` on the loopback interface.
    pub(crate) scheme: &'static str,
    /// Lower-case name, with the port where one is written.
    pub(crate) name: String,
    /// Whether it is this very machine.
    pub(crate) loopback: bool,
}

impl Host {
    /// Reads a host as people paste it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](enlist_core::ErrorKind::Config): `ac::host` when it cannot be an account's host,
    /// `ac::host_not_allowed` when it is outside ActiveCampaign's known domains and `allow_host` is not set.
    pub fn parse(written: &str, allow_host: bool) -> Result<Self, Error> {
        let lower = written.trim().to_ascii_lowercase();
        let (scheme, rest) = match lower.split_once("://") {
            None => (None, lower.as_str()),
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
            Some(_) => return Err(error::host("must be reached over https")),
        };
        let name = bare(rest)?;
        if let Some(port) = loopback_port(name) {
            return match port.parse::<u16>() {
                Ok(1..) => Ok(Self {
                    scheme: if scheme == Some("https") { "https" } else { "http" },
                    name: name.to_owned(),
                    loopback: true,
                }),
                _ => Err(error::host("on this machine needs a port, for example localhost:8080")),
            };
        }
        if scheme == Some("http") {
            return Err(error::host("must be reached over https, not http"));
        }
        check_name(name)?;
        let known = limits::DOMAINS
            .iter()
            .any(|domain| name.strip_suffix(domain).is_some_and(|account| account.ends_with('.')));
        if !known && !allow_host {
            return Err(error::host_not_allowed(name));
        }
        Ok(Self { scheme: "https", name: name.to_owned(), loopback: false })
    }

    /// Its name in lower case, with the port where one is written: the account of a sink.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

/// Strips what Settings > Developer puts around the host, and refuses anything else around it.
fn bare(rest: &str) -> Result<&str, Error> {
    let rest = rest.trim_end_matches('/');
    let name = rest.strip_suffix("/api/3").unwrap_or(rest).trim_end_matches('/');
    match name.find(['/', '?', '#', '@', '\\']).map(|at| name.as_bytes()[at]) {
        None => Ok(name),
        Some(b'@') => Err(error::host("must not contain a user or a password")),
        Some(b'?') => Err(error::host("must not contain a query")),
        Some(_) => Err(error::host("must not contain a path other than /api/3")),
    }
}

/// The port (may be empty) of a name of the loopback interface; `None` for every other host.
pub(crate) fn loopback_port(name: &str) -> Option<&str> {
    ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|own| {
        let rest = name.strip_prefix(own)?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix(':') }
    })
}

/// Accepts names of the public DNS only: an address, a port or a single label cannot be an account's host.
fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(error::host("is empty"));
    }
    if name.starts_with('[') || name.matches(':').count() > 1 || name.parse::<Ipv4Addr>().is_ok() {
        return Err(error::host("must be a name, not an IP address"));
    }
    if name.contains(':') {
        return Err(error::host("must not contain a port"));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (_, top) = name.rsplit_once('.').unwrap_or(("", ""));
    // "0x7f.1" and the like are addresses to some resolvers: the last label of a public name starts with a letter.
    let public = top.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if name.len() > 253 || !public || !name.split('.').all(label) {
        return Err(error::host("is not a host name"));
    }
    Ok(())
}

/// The API key, ready to be sent, and a name for it that gives nothing away.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// Value of the header `Api-Token`; marked sensitive, so that no HTTP layer prints it.
    pub(crate) header: HeaderValue,
    /// The first 8 hex digits of the key's BLAKE3 hash: tells keys apart, useless for guessing one.
    pub(crate) id: String,
}

impl Credentials {
    fn check(key: &SecretString) -> Result<Self, Error> {
        let key = key.expose_secret().trim();
        if key.is_empty() {
            return Err(error::key("is empty"));
        }
        if !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(error::key("contains white space or characters that no API key has"));
        }
        let mut header =
            HeaderValue::from_str(key).map_err(|_| error::key("contains characters that no API key has"))?;
        header.set_sensitive(true);
        let mut id = blake3::hash(key.as_bytes()).to_hex().to_string();
        id.truncate(8);
        Ok(Self { header, id })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use enlist_core::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn settings(key: &str) -> Settings {
        Settings {
            host: "acme.api-us1.com".into(),
            allow_host: false,
            key: key.to_owned().into(),
            list: 7,
            tags: vec![],
            automations: false,
            ca_file: None,
        }
    }

    #[test]
    fn a_host_is_accepted_in_every_form_it_is_shown_in() {
        for written in [
            "acme.api-us1.com",
            " ACME.api-us1.com\n",
            "https://acme.api-us1.com",
            "HTTPS://acme.api-us1.com/",
            "https://acme.api-us1.com/api/3",
            "acme.api-us1.com/api/3/",
        ] {
            let host = Host::parse(written, false).unwrap();
            assert_eq!((host.scheme, host.name.as_str()), ("https", "acme.api-us1.com"), "{written}");
            assert!(!host.loopback);
        }
        assert!(Host::parse("acme.activehosted.com", false).is_ok());
    }

    #[test]
    fn a_host_that_could_receive_the_key_by_mistake_is_refused() {
        for written in [
            "",
            "https://",
            "http://acme.api-us1.com",
            "ftp://acme.api-us1.com",
            "user:pw@acme.api-us1.com",
            "acme.api-us1.com@evil.example",
            "acme.api-us1.com/admin",
            "acme.api-us1.com?x=1",
            "acme.api-us1.com#x",
            "acme.api-us1.com\\x",
            "acme.api-us1.com:8443",
            "10.0.0.1",
            "127.0.0.2:80",
            "[fe80::1]",
            "::1",
            "[::1]",
            "localhost",
            "localhost:0",
            "localhost:99999",
            "localhost:80x",
            "2130706433",
            "0x7f.1",
            "acme",
            "-a.api-us1.com",
            "a..api-us1.com",
            "acme.api-us1.com.",
            "ac me.api-us1.com",
            "äcme.api-us1.com",
        ] {
            let error = Host::parse(written, true).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{written}");
            assert!(error.help_text().is_some(), "{written}");
        }
    }

    #[test]
    fn a_host_of_another_domain_needs_consent() {
        for written in ["crm.example.com", "api-us1.com", "evilapi-us1.com", "acme.api-us1.com.example.com"] {
            assert_eq!(Host::parse(written, false).unwrap_err().code(), "ac::host_not_allowed", "{written}");
            assert!(Host::parse(written, true).is_ok(), "{written}");
        }
    }

    #[test]
    fn plain_http_is_for_the_loopback_interface_only() {
        for written in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "http://localhost:8080/api/3"] {
            let host = Host::parse(written, false).unwrap();
            assert_eq!(host.scheme, "http", "{written}");
            assert!(host.loopback && host.name.ends_with(":8080"), "{written}");
        }
        assert_eq!(Host::parse("https://localhost:8080", false).unwrap().scheme, "https");
        assert!(Host::parse("localhost.example.com:8080", true).is_err());
    }

    #[test]
    fn a_key_is_trimmed_and_checked() {
        assert_eq!(Credentials::check(&" abc123\n".to_owned().into()).unwrap().header, "abc123");
        for bad in ["", " \n", "abc 123", "abc\n123", "abc\u{0}", "schlüssel"] {
            assert_eq!(Credentials::check(&bad.to_owned().into()).unwrap_err().code(), "ac::key");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let settings = settings("c4n4ry-key-of-the-account");
        let (host, credentials) = settings.check().unwrap();
        let printed = format!("{settings:?} {host:?} {credentials:?} {:?}", credentials.header);
        assert!(!printed.contains("c4n4ry"), "{printed}");
        assert!(!credentials.id.contains("c4n4ry") && credentials.id.len() == 8);
    }

    #[test]
    fn a_list_and_its_tags_must_be_possible() {
        assert_eq!(Settings { list: 0, ..settings("k") }.check().unwrap_err().code(), "ac::list");
        for tag in ["", " vip", "vip\n"] {
            let tags = vec![tag.to_owned()];
            assert_eq!(Settings { tags, ..settings("k") }.check().unwrap_err().code(), "ac::tag");
        }
    }

    proptest! {
        #[test]
        fn a_host_that_passes_is_a_plain_authority(written in "\\PC{0,40}|[a-z0-9.:/@\\[\\]-]{0,24}") {
            if let Ok(host) = Host::parse(&written, true) {
                let uri: http::Uri = format!("{}://{}/api/3/x", host.scheme, host.name).parse().unwrap();
                prop_assert_eq!(uri.authority().unwrap().as_str(), host.name.as_str());
                prop_assert!(host.scheme == "https" || host.loopback);
                prop_assert!(!host.name.contains('@'));
            }
        }
    }
}
