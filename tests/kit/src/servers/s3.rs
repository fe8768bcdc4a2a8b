//! Amazon S3, as moto has it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::http::{escape, printed_port, put};
use super::process::{Server, folder, words};

/// Credentials that moto takes, as it takes any.
const KEY_ID: &str = "test-key";
const SECRET: &str = "only-for-tests";
const REGION: &str = "us-east-1";

/// A request that names somebody; moto does not check signatures.
const SIGNED: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=test-key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
);

/// An S3 server.
pub struct S3 {
    server: Server,
    port: u16,
    buckets: AtomicU32,
}

/// A bucket that a test has for itself.
#[derive(Clone, Debug)]
pub struct Bucket {
    port: u16,
    name: String,
}

impl S3 {
    /// Starts one.
    ///
    /// # Panics
    /// When the variable `ENLIST_TEST_PYTHON` does not name a Python that has moto.
    pub fn start() -> Self {
        let python = std::env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| {
            panic!("this test needs moto: run tests/run, or pip install 'moto[server]' and set ENLIST_TEST_PYTHON to that python");
        });
        let mut command = vec![python];
        command.extend(words(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]));
        let server = Server::start(folder(), "KILL", &command, &[]);
        let port = server.wait_for(|| printed_port(&server.printed()));
        let port = port.unwrap_or_else(|said| {
            panic!("moto does not start; tests/run installs it (pip install 'moto[server]'). It printed:\n{said}");
        });
        Self { server, port, buckets: AtomicU32::new(0) }
    }

    /// The server that all tests of a binary share.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<S3> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// An empty bucket.
    ///
    /// # Panics
    /// When the server is gone.
    pub fn bucket(&self) -> Bucket {
        let name = format!("bucket-{}", self.buckets.fetch_add(1, Ordering::Relaxed));
        put(self.port, &format!("/{name}"), &[SIGNED], b"");
        Bucket { port: self.port, name }
    }

    /// Kills it at once and for good.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// One line for every request it received.
    pub fn log(&self) -> String {
        self.server.printed()
    }
}

impl Bucket {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of `key` in it.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    /// Where the server answers.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The settings of the store, by the names that the environment has for them, in lower case.
    pub fn options(&self) -> BTreeMap<String, String> {
        let endpoint = self.endpoint();
        let options = [
            ("aws_access_key_id", KEY_ID),
            ("aws_secret_access_key", SECRET),
            ("aws_region", REGION),
            ("aws_endpoint", &endpoint),
            ("aws_allow_http", "true"),
        ];
        options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Stores an object.
    ///
    /// # Panics
    /// When the server refuses or is gone.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        put(self.port, &format!("/{}/{}", self.name, escape(key)), &[SIGNED], bytes);
    }
}
