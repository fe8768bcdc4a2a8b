//! Who may see and use the page. There is no key: it is for browsers on this machine, and for its own origin.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// On every answer. The page needs nothing but its own files, and no page may put it into a frame: its buttons act.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Refuses what another site makes a browser send, and says with every answer what a browser may do with it.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.headers()) {
        Some(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// Why a request is refused. A POST without an `Origin` is from no browser and may pass.
fn refusal(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let Some(host) = only(headers, &header::HOST).filter(|host| is_loopback(host)) else {
        return Some("The simulator's page is for this machine: ask for it by localhost or 127.0.0.1.");
    };
    if [Method::GET, Method::HEAD].contains(method) || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let own = only(headers, &header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    let is_own = own.is_some_and(|own| own.eq_ignore_ascii_case(host));
    (!is_own).then_some("Only the simulator's own page may do this.")
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// Whether a `Host` names this machine. A name that somebody else's DNS leads here does not.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "LOCALHOST:8025", "127.0.0.1", "127.0.0.1:8025", "127.8.8.8:1", "[::1]:8025", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        let foreign = [
            "",
            "example.com",
            "localhost.example.com:8025",
            "127.0.0.1.example.com",
            "127.0.0.1@example.com",
            "example.com@127.0.0.1",
            "192.168.0.1:8025",
            "0.0.0.0:8025",
            "[::]:8025",
            "sim",
            "127.0.0.1/",
        ];
        for host in foreign {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
