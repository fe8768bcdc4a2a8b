//! The address of somebody who wants to be told.

use secrecy::{ExposeSecret, SecretString};

/// A URL that runs are reported to. The whole of it may be a secret, as that of a chat's hook is: only its host shows.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: SecretString,
    host: String,
    loopback: bool,
}

impl Endpoint {
    /// Reads `https://…`, or `http://…` on this machine.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = || "write https://HOST/PATH, or http://127.0.0.1:PORT/PATH for this machine".to_owned();
        let url: http::Uri = text.parse().map_err(|_| wanted())?;
        let authority = url.authority().ok_or_else(wanted)?;
        if authority.as_str().contains('@') {
            return Err("write it without user and password".to_owned());
        }
        if authority.port_u16().unwrap_or(0) == 0 && authority.as_str() != authority.host() {
            return Err("write a port from 1 to 65535, or none".to_owned());
        }
        let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&authority.host());
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if loopback => {}
            _ => return Err(wanted()),
        }
        Ok(Self { url: SecretString::from(text), host: authority.host().to_owned(), loopback })
    }

    /// The endpoint at `path` below this one, as OTLP derives its endpoints from one.
    ///
    /// # Errors
    /// When the two make no URL.
    pub fn join(&self, path: &str) -> Result<Self, String> {
        Self::parse(&format!("{}{path}", self.url().trim_end_matches('/')))
    }

    /// All of it.
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Its host, which may be shown.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (url, host) in [
            ("https://hooks.example.com/services/T0/s3cret", "hooks.example.com"),
            ("https://hooks.example.com:8443?token=s3cret", "hooks.example.com"),
            ("http://127.0.0.1:9000/s3cret", "127.0.0.1"),
            ("http://localhost:9000/s3cret", "localhost"),
            ("http://[::1]:9000/s3cret", "[::1]"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.host(), endpoint.url()), (host, url));
            assert_eq!(endpoint.is_loopback(), url.starts_with("http:"), "{url}");
            assert!(!format!("{endpoint:?}").contains("s3cret"), "{endpoint:?}");
        }
        for url in [
            "http://hooks.example.com/x",
            "http://localhost.example.com/x",
            "http://127.0.0.1.example.com/x",
            "https://user:s3cret@hooks.example.com/x",
            "http://localhost@hooks.example.com/x",
            "https://hooks.example.com:65536/s3cret",
            "https://hooks.example.com:0/s3cret",
            "https://hooks.example.com:/s3cret",
            "http://127.0.0.1:99999/s3cret",
            "ftp://hooks.example.com/x",
            "hooks.example.com",
            "hooks.example.com/x",
            "https://",
            "https:///x",
            "/x",
            "on",
        ] {
            let help = Endpoint::parse(url).unwrap_err();
            assert!(help.starts_with("write ") && !help.contains("s3cret"), "{url}: {help}");
        }
    }
}
