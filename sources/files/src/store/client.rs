//! A store, and who signs what is asked of it.

use std::sync::Arc;

use enlist_core::Error;
use object_store::ObjectStore;
use object_store::aws::AmazonS3;
use object_store::azure::MicrosoftAzure;
use object_store::gcp::GoogleCloudStorage;

use crate::store::fault;

/// A store that objects can be read from. Copies share its connections.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// For a web server: the same without a limit on the time of an answer, for files that are read in one go.
    pub(crate) unhurried: Option<Arc<dyn ObjectStore>>,
    pub(super) signer: Signer,
    /// What messages call it, for example `s3://cdp`.
    pub(crate) name: Arc<str>,
}

/// Who signs the requests of a store.
#[derive(Clone)]
pub(super) enum Signer {
    S3(Arc<AmazonS3>),
    Azure(Arc<MicrosoftAzure>),
    Google(Arc<GoogleCloudStorage>),
    Nobody,
}

impl Store {
    /// A store that needs no credentials.
    pub(crate) fn open(objects: Arc<dyn ObjectStore>, name: &str) -> Self {
        Self { objects, unhurried: None, signer: Signer::Nobody, name: name.into() }
    }

    /// Obtains what requests are signed with, which is kept until it expires, so that a failure to obtain it is not
    /// taken for a failure of the store.
    ///
    /// # Errors
    /// `store::credentials`
    pub(crate) async fn sign(&self) -> Result<(), Error> {
        let outcome = match &self.signer {
            Signer::S3(store) => store.credentials().get_credential().await.map(drop),
            Signer::Azure(store) => store.credentials().get_credential().await.map(drop),
            Signer::Google(store) => store.credentials().get_credential().await.map(drop),
            Signer::Nobody => Ok(()),
        };
        outcome.map_err(|cause| {
            let error = fault::credentials(&self.name, &cause);
            match &self.signer {
                Signer::S3(_) => error.help("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of ~/.aws"),
                Signer::Azure(_) => error.help(
                    "set AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID with AZURE_CLIENT_SECRET and \
                     AZURE_TENANT_ID; AZURE_USE_AZURE_CLI=true takes the login of `az login`",
                ),
                _ => error.help("set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run `gcloud auth application-default login`"),
            }
        })
    }
}
