//! An ActiveCampaign list as a [`Sink`].

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use enlist_core::{
    Compare, Destination, Encode, Error, JobId, JobState, Limits, Page, Quota, Receipt, Request, SendError, Sink, Turn,
};
use serde_json::Value;

use crate::check::{Check, permitted, probe_answer};
use crate::client::{Client, HttpSettings, HttpTransport, Transport};
use crate::compare::Comparer;
use crate::config::{Host, Settings};
use crate::encode::Encoder;
use crate::{answer, limits};

/// The importer: `POST` sends a request, `GET` tells the backlog.
const IMPORT: &str = "/import/bulk_import";

/// A list of an ActiveCampaign account.
pub struct ActiveCampaign {
    client: Client,
    list: u64,
    tags: Vec<String>,
    automations: bool,
}

impl ActiveCampaign {
    /// The list that `settings` name, reached over `transport`. Nothing is called yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) when a setting cannot be right.
    pub fn new(settings: Settings, transport: Arc<dyn Transport>) -> Result<Self, Error> {
        let (host, credentials) = settings.check()?;
        Ok(Self {
            client: Client::new(host, credentials, transport),
            list: settings.list,
            tags: settings.tags,
            automations: settings.automations,
        })
    }

    /// The list that `settings` name, reached over HTTPS. Nothing is called yet.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when `ca_file` or the system's certificates cannot be used.
    pub fn over_http(settings: Settings) -> Result<Self, Error> {
        let http = HttpSettings {
            ca_file: settings.ca_file.clone(),
            loopback: Host::parse(&settings.host, settings.allow_host)?.loopback,
            ..HttpSettings::default()
        };
        Self::new(settings, Arc::new(HttpTransport::new(&http)?))
    }
}

impl ActiveCampaign {
    /// A page of the list's contacts, of whatever status.
    async fn contacts(&self, query: &[(&str, &str)]) -> Result<Value, SendError> {
        let list = self.list.to_string();
        let query = [&[("listid", list.as_str()), ("status", "-1")][..], query].concat();
        let answer = self.client.get_contacts("/contacts", &query).await?;
        permitted(answer::json(&answer), "view contacts")
    }
}

impl fmt::Debug for ActiveCampaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActiveCampaign({}, list {})", self.client.host(), self.list)
    }
}

#[async_trait]
impl Sink for ActiveCampaign {
    fn account(&self) -> &str {
        self.client.host()
    }

    fn list(&self) -> u64 {
        self.list
    }

    /// Whether automations run, and which key is used: another key may be another user with other permissions.
    fn identity(&self) -> String {
        let automations = if self.automations { "on" } else { "off" };
        format!("automations={automations} key={}", self.client.key_id())
    }

    fn limits(&self) -> Limits {
        limits::REQUEST
    }

    fn quotas(&self) -> Vec<Quota> {
        limits::QUOTAS.to_vec()
    }

    fn encoder(&self) -> Arc<dyn Encode> {
        Arc::new(Encoder::new(self.list, self.automations))
    }

    async fn check(&self, turn: &dyn Turn) -> Result<Destination, SendError> {
        let check = Check { client: &self.client, turn };
        check.run(self.list, &self.tags).await
    }

    async fn probe(&self) -> Result<(), SendError> {
        probe_answer(&self.client.get("/users/me", &[]).await?)
    }

    async fn send(&self, request: &Request) -> Result<Receipt, SendError> {
        let answer = self.client.post(IMPORT, request.body.clone()).await?;
        answer::receipt(&answer).map_err(|error| match error {
            SendError::Malformed(text) => SendError::Malformed(format!("{text} ({})", named(&request.body))),
            other => other,
        })
    }

    async fn outcome(&self, job: &JobId) -> Result<JobState, SendError> {
        answer::job_state(&self.client.get("/import/info", &[("batchId", &job.0)]).await?)
    }

    async fn backlog(&self) -> Result<u64, SendError> {
        answer::backlog(&self.client.get(IMPORT, &[]).await?)
    }

    /// In the order of ids from a given one on, which is the documented way through many contacts. With their
    /// memberships and custom fields, which spares a call for each contact.
    async fn members(&self, after: u64) -> Result<Page, SendError> {
        let (limit, after) = (limits::PAGE.to_string(), after.to_string());
        let query = [
            ("limit", limit.as_str()),
            ("orders[id]", "ASC"),
            ("id_greater", after.as_str()),
            ("include", "contactLists,fieldValues"),
        ];
        answer::page(&self.contacts(&query).await?, self.list)
    }

    async fn newest_member(&self) -> Result<Option<u64>, SendError> {
        answer::newest(&self.contacts(&[("limit", "1"), ("orders[id]", "DESC")]).await?)
    }

    fn compare(&self, destination: &Destination) -> Result<Arc<dyn Compare>, Error> {
        Ok(Arc::new(Comparer::new(&destination.fields)))
    }
}

/// What a report of a defect can say of a body, which is personal data.
fn named(body: &[u8]) -> String {
    format!("body {}, {} bytes", &blake3::hash(body).to_hex()[..8], body.len())
}
