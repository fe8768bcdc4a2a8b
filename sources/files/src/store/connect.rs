//! From an address and settings to the client of a store.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as S3Key};
use object_store::azure::{AzureConfigKey as AzureKey, MicrosoftAzureBuilder};
use object_store::client::{HttpClient, HttpConnector, SpawnedReqwestConnector};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey as GoogleKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::location::Location;
use crate::store::address::{Address, Kind, is_loopback};
use crate::store::client::{Signer, Store};
use crate::store::families::{AZURE, GOOGLE, S3, WEB};
use crate::store::profile;
use crate::store::settings::{Environment, Settings, environment};
use crate::store::{fault, io};

/// How often a request is repeated when the store answers with a fault of its own or not at all. With the time-outs of
/// the client (5 s to connect, 30 s to answer) an endpoint that is dead fails within 40 s.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(20),
    }
}

/// The stores of this process: connections are shared by all that ask for the same one in the same way.
static STORES: LazyLock<Mutex<HashMap<String, Store>>> = LazyLock::new(Mutex::default);

/// The store that `location` leads to.
///
/// # Errors
/// `store::url`, `store::options` and `store::profile` (configuration).
pub(crate) fn connect(location: &Location, address: &Address) -> Result<Store, Error> {
    let environment = environment();
    // What is said of a store in the environment does not change while a process lives.
    let said = location.options.0.iter().map(|(name, value)| format!("\n{name}={value}"));
    let identity = address.root.clone() + &address.request + &said.collect::<String>();
    if let Some(store) = stores().get(&identity) {
        return Ok(store.clone());
    }
    let store = match address.kind {
        Kind::S3 => s3(address, Settings::merge(&S3, &location.options, &environment)?, &environment)?,
        Kind::Azure => azure(address, &Settings::merge(&AZURE, &location.options, &environment)?)?,
        Kind::Google => google(address, &Settings::merge(&GOOGLE, &location.options, &environment)?)?,
        // A signed address is a store of its own and soon expires: only its connections are kept.
        Kind::Web => return web(location, address),
    };
    stores().insert(identity, store.clone());
    Ok(store)
}

fn stores() -> std::sync::MutexGuard<'static, HashMap<String, Store>> {
    STORES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn s3(address: &Address, mut settings: Settings<S3Key>, environment: &Environment) -> Result<Store, Error> {
    profile::complete(&mut settings, environment)?;
    let endpoint = settings.get(S3Key::S3Endpoint).or(settings.get(S3Key::Endpoint)).map(str::to_owned);
    if encryption(endpoint.as_deref(), settings.get(S3Key::Client(ClientConfigKey::AllowHttp)), "aws")? {
        settings.default_to(S3Key::Client(ClientConfigKey::AllowHttp), "true");
    }
    let mut builder = AmazonS3Builder::new().with_retry(retries()).with_http_connector(connector()?);
    for (key, value) in settings.iter() {
        builder = builder.with_config(key, value);
    }
    let store = builder.with_url(&address.root).build().map_err(|cause| fault::settings(&address.root, &cause))?;
    let store = Arc::new(store);
    let signer =
        if is_true(settings.get(S3Key::SkipSignature)) { Signer::Nobody } else { Signer::S3(Arc::clone(&store)) };
    Ok(Store { signer, ..Store::open(store, &address.root) })
}

fn azure(address: &Address, settings: &Settings<AzureKey>) -> Result<Store, Error> {
    let allowed = settings.get(AzureKey::Client(ClientConfigKey::AllowHttp));
    let loopback = encryption(settings.get(AzureKey::Endpoint), allowed, "azure")?;
    let named = address.bucket.contains('@') || is_true(settings.get(AzureKey::UseEmulator));
    if !named && settings.get(AzureKey::AccountName).is_none() {
        return Err(Error::new(
            ErrorKind::Config,
            "store::options",
            format!("{} is a container, but of which storage account?", address.root),
        )
        .help("set azure_storage_account_name, or write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/…"));
    }
    let mut builder = MicrosoftAzureBuilder::new().with_retry(retries()).with_http_connector(connector()?);
    for (key, value) in settings.iter() {
        builder = builder.with_config(key, value);
    }
    if loopback && allowed.is_none() {
        builder = builder.with_allow_http(true);
    }
    let store = builder.with_url(&address.root).build().map_err(|cause| fault::settings(&address.root, &cause))?;
    let store = Arc::new(store);
    let unsigned = is_true(settings.get(AzureKey::SkipSignature));
    let signer = if unsigned { Signer::Nobody } else { Signer::Azure(Arc::clone(&store)) };
    Ok(Store { signer, ..Store::open(store, &address.root) })
}

fn google(address: &Address, settings: &Settings<GoogleKey>) -> Result<Store, Error> {
    let allowed = settings.get(GoogleKey::Client(ClientConfigKey::AllowHttp));
    let loopback = encryption(settings.get(GoogleKey::BaseUrl), allowed, "google")?;
    let mut builder = GoogleCloudStorageBuilder::new().with_retry(retries()).with_http_connector(connector()?);
    for (key, value) in settings.iter() {
        builder = builder.with_config(key, value);
    }
    if loopback && allowed.is_none() {
        builder = builder.with_config(GoogleKey::Client(ClientConfigKey::AllowHttp), "true");
    }
    // What the client says of a key file it cannot read may quote the key.
    let store = builder.with_url(&address.root).build().map_err(|_| {
        Error::new(
            ErrorKind::Config,
            "store::options",
            format!("the settings of {} are not complete or not valid", address.root),
        )
        .help(
            "check that the key file of GOOGLE_APPLICATION_CREDENTIALS or google_service_account is there and is JSON",
        )
    })?;
    let store = Arc::new(store);
    let unsigned = is_true(settings.get(GoogleKey::SkipSignature));
    let signer = if unsigned { Signer::Nobody } else { Signer::Google(Arc::clone(&store)) };
    Ok(Store { signer, ..Store::open(store, &address.root) })
}

fn web(location: &Location, address: &Address) -> Result<Store, Error> {
    Settings::<ClientConfigKey>::merge(&WEB, &location.options, &Environment::new())?;
    let build = |client: &Result<HttpClient, Error>| {
        let store = HttpBuilder::new()
            .with_url(&address.request)
            .with_retry(retries())
            .with_http_connector(Kept(client.clone()?))
            .build()
            .map_err(|cause| fault::settings(&address.root, &cause))?;
        Ok::<_, Error>(Arc::new(store) as Arc<dyn ObjectStore>)
    };
    let [hurried, unhurried] = if address.request.starts_with("https:") { &ENCRYPTED } else { &PLAIN };
    let unhurried = build(unhurried)?;
    Ok(Store { unhurried: Some(unhurried), ..Store::open(build(hurried)?, &address.root) })
}

type Client = LazyLock<Result<HttpClient, Error>>;

/// Connections to web servers with encryption, which no redirect can take off: those whose answers must be complete
/// within 30 s, and those that send whole files.
static ENCRYPTED: [Client; 2] = [LazyLock::new(|| client(false, true)), LazyLock::new(|| client(false, false))];
/// The same without encryption, for this machine alone.
static PLAIN: [Client; 2] = [LazyLock::new(|| client(true, true)), LazyLock::new(|| client(true, false))];

fn client(plain: bool, hurried: bool) -> Result<HttpClient, Error> {
    let options = ClientOptions::new().with_allow_http(plain);
    let options = if hurried { options } else { options.with_timeout_disabled() };
    connector()?.connect(&options).map_err(|cause| fault::settings("the web", &cause))
}

/// Hands out connections that are there.
#[derive(Debug)]
struct Kept(HttpClient);

impl HttpConnector for Kept {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

fn connector() -> Result<SpawnedReqwestConnector, Error> {
    Ok(SpawnedReqwestConnector::new(io::runtime()?.clone()))
}

/// Whether `endpoint` is one of this machine without encryption.
///
/// # Errors
/// `store::options` (configuration) for any other endpoint without encryption, unless that is `allowed`.
fn encryption(endpoint: Option<&str>, allowed: Option<&str>, prefix: &str) -> Result<bool, Error> {
    let Some(url) = endpoint.and_then(|endpoint| Url::parse(endpoint).ok()).filter(|url| url.scheme() == "http") else {
        return Ok(false);
    };
    let loopback = is_loopback(&url);
    if !loopback && !is_true(allowed) {
        let host = url.host_str().unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Config,
            "store::options",
            format!("the endpoint at {host} would be read without encryption"),
        )
        .help(format!("write https://, or set {prefix}_allow_http: true")));
    }
    Ok(loopback)
}

fn is_true(setting: Option<&str>) -> bool {
    setting.is_some_and(|value| ["1", "true", "on", "yes", "y"].iter().any(|yes| value.eq_ignore_ascii_case(yes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::StoreOptions;

    fn location(pattern: &str, options: &[(&str, &str)]) -> Location {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Location { pattern: pattern.to_owned(), options: StoreOptions(options) }
    }

    fn refused(pattern: &str, options: &[(&str, &str)]) -> Error {
        let location = location(pattern, options);
        connect(&location, &Address::of(&location).unwrap()).err().unwrap()
    }

    #[test]
    fn settings_that_lead_nowhere_are_refused_before_anything_is_asked() {
        let key = ("aws_access_key_id", "hush");
        for (pattern, options, said) in [
            ("s3://cdp/a.csv", vec![("aws_endpoint", "http://minio.example.com"), key], "minio.example.com"),
            ("s3://cdp/a.csv", vec![key], "one half of an access key"),
            ("s3://cdp/a.csv", vec![("aws_skip_signature", "hush")], "valid"),
            ("az://cdp/a.csv", vec![("azure_storage_account_key", "hush")], "which storage account"),
            (
                "az://cdp/a.csv",
                vec![("azure_storage_account_name", "a"), ("azure_storage_account_key", "hush!")],
                "valid",
            ),
            ("abfss://cdp@acme.example.com/a.csv", vec![], "no account or bucket"),
            ("gs://cdp/a.csv", vec![("google_service_account_key", "{\"hush\":1}")], "valid"),
        ] {
            let error = refused(pattern, &options);
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "store::options"), "{error}");
            assert!(error.to_string().contains(said), "{error}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn a_store_is_opened_once_for_the_same_options() {
        let same = |one: &Store, other: &Store| Arc::ptr_eq(&one.objects, &other.objects);
        let open = |region| {
            let location = location("s3://shared/a.csv", &[("aws_skip_signature", "true"), ("aws_region", region)]);
            connect(&location, &Address::of(&location).unwrap()).unwrap()
        };
        assert!(same(&open("eu-north-1"), &open("eu-north-1")));
        assert!(!same(&open("eu-north-1"), &open("eu-west-1")));
    }
}
