//! How a database is reached.

use std::path::PathBuf;

use enlist_core::{Error, ErrorKind};
use secrecy::SecretString;

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What messages call it: its name in the configuration.
    pub name: String,
    /// Where it is, without a password, for example `postgres://reader@db.example.com/shop`.
    pub url: String,
    /// The password; without one, what the database's own tools would use (environment, password file).
    pub password: Option<SecretString>,
    /// How the connection is protected; without it what the URL says (`?sslmode=`), else nothing on this
    /// machine and [`Tls::VerifyFull`] elsewhere.
    pub tls: Option<Tls>,
    /// Certificates (PEM) that are trusted in place of those of the system.
    pub ca_file: Option<PathBuf>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Disable,
    /// Encrypted; whoever answers is believed.
    Require,
    /// The server's certificate must be trusted, whatever host it names.
    VerifyCa,
    /// The server's certificate must be trusted and name the host.
    VerifyFull,
}

impl Tls {
    /// By the words of PostgreSQL's `sslmode`.
    ///
    /// # Errors
    /// `sql::tls_mode` (configuration) for any other word; so for `allow` and `prefer`, which fall back to plain text
    /// without a word.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "disable" => Ok(Self::Disable),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            other => Err(Error::new(
                ErrorKind::Config,
                "sql::tls_mode",
                format!("there is no way \"{other}\" to protect a connection"),
            )
            .help("disable, require, verify-ca or verify-full")),
        }
    }

    /// What protects the connection to a `host` when nothing is said: nothing on this machine, else
    /// [`VerifyFull`](Self::VerifyFull).
    pub(crate) fn default_for(host: &str) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let here = host.is_empty()
            || host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if here { Self::Disable } else { Self::VerifyFull }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_host_is_verified_and_this_machine_is_not_unless_told() {
        for host in ["", "/run/postgresql", "localhost", "127.0.0.1", "::1", "[::1]"] {
            assert_eq!(Tls::default_for(host), Tls::Disable, "{host}");
        }
        for host in ["db.example.com", "10.0.0.7", "localhost.example.com", "2001:db8::1"] {
            assert_eq!(Tls::default_for(host), Tls::VerifyFull, "{host}");
        }
    }

    #[test]
    fn modes_that_may_fall_back_to_plain_text_are_refused() {
        assert_eq!(Tls::from_name("verify-ca").unwrap(), Tls::VerifyCa);
        for mode in ["prefer", "allow", "", "VERIFY-FULL"] {
            assert_eq!(Tls::from_name(mode).unwrap_err().code(), "sql::tls_mode");
        }
    }
}
