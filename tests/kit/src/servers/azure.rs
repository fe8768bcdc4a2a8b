//! Azure Blob Storage, as Azurite has it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::http::{escape, printed_port, put};
use super::process::{Server, find, folder, words};

/// An account made for the tests, and its key: "only-for-tests" in Base64.
const ACCOUNT: &str = "enlisttest";
const KEY: &str = "b25seS1mb3ItdGVzdHM=";

/// A shared access signature of the account that allows everything until 2099. Its last part is the HMAC-SHA256 of the
/// parts before, under the key.
const SIGNATURE: &str = "sv=2020-08-04&ss=b&srt=sco&sp=rwdlac&st=2020-01-01&se=2099-01-01&spr=http,https\
    &sig=QOBr8Q1wOhMOJM%2BLGiuCjhpqpmLCSX1JXylubrdOmT0%3D";

/// An Azure Blob Storage server.
pub struct Azure {
    server: Server,
    port: u16,
    containers: AtomicU32,
}

/// A container that a test has for itself.
#[derive(Clone, Debug)]
pub struct Container {
    port: u16,
    name: String,
}

impl Azure {
    /// Starts one.
    ///
    /// # Panics
    /// When neither the variable `ENLIST_TEST_AZURITE` nor the path leads to Azurite's `azurite-blob`.
    pub fn start() -> Self {
        let program = std::env::var("ENLIST_TEST_AZURITE");
        let program = program.unwrap_or_else(|_| find("azurite-blob", &[], "azurite by npm").display().to_string());
        let mut command = vec![program];
        command.extend(words(["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", "data"]));
        command.extend(words(["--skipApiVersionCheck", "--disableTelemetry", "--debug", "requests.log"]));
        let account = format!("{ACCOUNT}:{KEY}");
        let server = Server::start(folder(), "KILL", &command, &[("AZURITE_ACCOUNTS", &account)]);
        let port = server.wait_for(|| printed_port(&server.printed()));
        let port = port.unwrap_or_else(|said| {
            panic!("Azurite does not start; tests/run installs it (npm install azurite). It printed:\n{said}");
        });
        Self { server, port, containers: AtomicU32::new(0) }
    }

    /// The server that all tests of a binary share.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Azure> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// An empty container.
    ///
    /// # Panics
    /// When the server is gone.
    pub fn container(&self) -> Container {
        let name = format!("container-{}", self.containers.fetch_add(1, Ordering::Relaxed));
        put(self.port, &format!("/{ACCOUNT}/{name}?restype=container&{SIGNATURE}"), &[], b"");
        Container { port: self.port, name }
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

impl Container {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of `key` in it.
    pub fn url(&self, key: &str) -> String {
        format!("az://{}/{key}", self.name)
    }

    /// Where the account answers.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// The settings of the store, by the names that the environment has for them, in lower case.
    pub fn options(&self) -> BTreeMap<String, String> {
        let endpoint = self.endpoint();
        let options = [
            ("azure_storage_account_name", ACCOUNT),
            ("azure_storage_account_key", KEY),
            ("azure_storage_endpoint", &endpoint),
            ("azure_allow_http", "true"),
        ];
        options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Stores a blob.
    ///
    /// # Panics
    /// When the server refuses or is gone.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        let path = format!("/{ACCOUNT}/{}/{}?{SIGNATURE}", self.name, escape(key));
        put(self.port, &path, &[("x-ms-blob-type", "BlockBlob")], bytes);
    }
}
