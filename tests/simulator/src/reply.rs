//! A call taken apart and an answer put together.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};

/// A call as the routes see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path below `/api/3`, without slashes at its ends.
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    pub(crate) token: Option<HeaderValue>,
}

impl Call {
    /// Takes a request apart; the path is empty if it is not below `/api/3`.
    pub(crate) fn new(request: http::Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        let below = parts.uri.path().strip_prefix("/api/3/").unwrap_or_default();
        Self {
            method: parts.method,
            path: below.trim_matches('/').to_owned(),
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            body,
            token: parts.headers.get("api-token").cloned(),
        }
    }

    pub(crate) fn is_import(&self) -> bool {
        self.method == Method::POST && self.path == "import/bulk_import"
    }

    /// The body as JSON; null if it is not.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The parameters of a query, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// `limit` and `offset`.
    pub(crate) fn page(&self, default: usize, most: usize) -> Page {
        let limit = self.number("limit").filter(|&limit| limit > 0).unwrap_or(default).min(most);
        Page { limit, offset: self.number("offset").unwrap_or(0) }
    }
}

/// A part of a listing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

impl Page {
    pub(crate) fn cut<T>(self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.skip(self.offset).take(self.limit)
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (&byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, headers: Vec::new(), content_type: "application/json", body: body.to_string().into() }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// `{"errors":[…]}` with one error.
    pub(crate) fn error(status: StatusCode, title: &str, code: &str) -> Self {
        Self::json(status, &json!({ "errors": [{ "title": title, "detail": "", "code": code }] }))
    }

    pub(crate) fn html(status: StatusCode, title: &str) -> Self {
        let body = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>");
        Self { status, headers: Vec::new(), content_type: "text/html; charset=UTF-8", body: body.into() }
    }

    pub(crate) fn missing(kind: &str, id: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, &format!("No Result found for {kind} with id {id}"))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let length = self.body.len();
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let query =
            Query::parse("limit=100&orders%5Bid%5D=ASC&email=a%2Bb%40example.com&q=a+b&ids[]=1&ids[]=2&bad=%zz");
        assert_eq!(query.get("orders[id]"), Some("ASC"));
        assert_eq!(query.get("email"), Some("a+b@example.com"));
        assert_eq!(query.get("q"), Some("a b"));
        assert_eq!(query.all("ids[]").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("bad"), Some("%zz"));
        assert_eq!(query.page(20, 50).limit, 50);
    }
}
