//! The configuration as checked: what commands work with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::Schema;
use enlist_core::{EmptyValues, Error, Keep, Leavers, Mapping};
use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::scalar::Percent;
use super::source::SourceSpec;

/// The host that stands for the simulator that comes with the tool.
pub const SIMULATOR: &str = "simulator";

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Accounts.
    pub connections: Vec<Connection>,
    /// Sources with a name.
    pub sources: Arc<[SourceSpec]>,
    /// Exports, in the order they are written.
    pub exports: Vec<Export>,
    /// The connection of exports that name none.
    pub default_connection: Option<String>,
    /// Where runs are told of that say nothing else.
    pub default_notify: Vec<Notify>,
    /// Folder of the state.
    pub state: PathBuf,
    /// User id of the owner of the file; none for one that was never a file.
    pub owner: Option<u32>,
    /// Where metrics and lineage go.
    pub telemetry: Telemetry,
}

/// Where metrics and lineage go.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// A file in Prometheus' text format.
    pub metrics_file: Option<PathBuf>,
    /// An address to serve the same at, while a command of runs lasts.
    pub metrics_addr: Option<SocketAddr>,
    /// An OTLP/HTTP endpoint.
    pub otlp: Option<Endpoint>,
    /// An OpenLineage endpoint.
    pub openlineage: Option<Endpoint>,
}

/// When an export is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Five fields of cron.
    pub cron: String,
    /// IANA name of the time zone; none: UTC.
    pub time_zone: Option<String>,
}

/// Where a run is told of, and when.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Where.
    pub endpoint: Endpoint,
    /// Whether of runs that went well too.
    pub ok: bool,
    /// Whether of runs that went less than well: rejects, work left, slow, empty.
    pub degraded: bool,
    /// Whether of runs that failed.
    pub failed: bool,
}

/// Host and key of an account.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What the configuration calls it.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// Host as given; `simulator` is the one that comes with the tool.
    pub host: String,
    /// The API key; none for the simulator.
    pub api_key: Option<SecretString>,
    /// Whether the key itself stands in the file instead of a reference.
    pub key_written_out: bool,
    /// A certificate authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
    /// Whether a host outside ActiveCampaign's own domains is meant.
    pub allow_host: bool,
    /// Who may run exports on it, as users of this machine; none named: the owner of the configuration.
    pub allowed_users: Vec<String>,
}

impl Connection {
    /// An account named on the command line.
    pub fn typed(host: &str, api_key: Option<SecretString>) -> Self {
        Self {
            name: host.to_owned(),
            display_name: None,
            host: host.to_owned(),
            api_key,
            key_written_out: false,
            ca_file: None,
            allow_host: false,
            allowed_users: Vec::new(),
        }
    }

    /// Whether this is the simulator that comes with the tool.
    pub fn is_simulator(&self) -> bool {
        self.host == SIMULATOR
    }

    /// Whether it was named by its host on the command line.
    pub fn is_typed(&self) -> bool {
        self.name == self.host
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        self.display_name.as_ref().unwrap_or(&self.name)
    }
}

/// One configured or typed export, complete.
#[derive(Clone, Debug)]
pub struct Export {
    /// Name: lower-case letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// Whether `run` without a name and `schedule` run it.
    pub enabled: bool,
    /// Where to.
    pub connection: Connection,
    /// Id of the list.
    pub list: u64,
    /// Where from; none: `sql` or `segments` say so.
    pub source: Option<SourceSpec>,
    /// Several sources that make up the segment together, in this order; empty: `source` is all.
    pub segments: Vec<SourceSpec>,
    /// A SELECT: for the database that the source is, else over the source and all others of the configuration.
    pub sql: Option<String>,
    /// Values for `$name` in the SELECT.
    pub params: Vec<(String, String)>,
    /// What the SELECT may read besides the source.
    pub sources: Arc<[SourceSpec]>,
    /// Columns of the contact.
    pub map: MapSpec,
    /// Tags every contact gets.
    pub tags: Vec<String>,
    /// Which of two rows with the same email wins.
    pub keep: Keep,
    /// What happens to contacts that left the segment.
    pub leavers: Leavers,
    /// Sources of people who are never sent: their first column holds emails or hashes of them.
    pub suppress: Vec<SourceSpec>,
    /// When `schedule` runs it.
    pub schedule: Option<Schedule>,
    /// What an empty value means.
    pub empty_values: EmptyValues,
    /// Country of phone numbers without prefix.
    pub phone_region: Option<String>,
    /// Whether automations may start.
    pub automations: bool,
    /// What stops a run before it sends anything.
    pub guards: Guards,
    /// When to stop and leave the rest to the next run.
    pub deadline: Option<Duration>,
    /// Reject files.
    pub rejects: RejectFiles,
    /// Where a run is told of.
    pub notify: Vec<Notify>,
    /// Where metrics and lineage go.
    pub telemetry: Telemetry,
    /// Folder of the state.
    pub state: PathBuf,
}

impl Export {
    /// What people call where it comes from.
    pub fn source_name(&self) -> String {
        match (&self.source, self.segments.as_slice()) {
            (Some(source), _) => source.name.clone(),
            (None, []) => "query".to_owned(),
            (None, segments) => segments.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(" + "),
        }
    }

    /// The same export to the simulator that comes with the tool: the real key is not taken along, what is remembered
    /// is kept apart, no file of real runs is removed, and nobody is told.
    #[must_use]
    pub fn simulated(mut self) -> Self {
        self.connection.host = SIMULATOR.to_owned();
        self.connection.api_key = None;
        self.notify = Vec::new();
        self.telemetry = Telemetry::default();
        self.rejects.keep_days = None;
        self.state = self.state.join(SIMULATOR);
        self
    }

    /// The mapping for a segment with these columns.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) when no email column is named and none, or more than
    /// one, can be told by its name.
    pub fn mapping(&self, schema: &Schema) -> Result<Mapping, Error> {
        let named = self.map.clone();
        let (email, first_name, last_name, phone) = match named.email {
            Some(email) => (email, named.first_name, named.last_name, named.phone),
            None => {
                let found = Mapping::automatic(schema)?.mapping;
                let first_name = named.first_name.or(found.first_name);
                (found.email, first_name, named.last_name.or(found.last_name), named.phone.or(found.phone))
            }
        };
        Ok(Mapping {
            email,
            first_name,
            last_name,
            phone,
            fields: named.fields,
            tags: self.tags.clone(),
            empty_values: self.empty_values,
            phone_region: self.phone_region.clone(),
            keep: self.keep.clone(),
            leavers: self.leavers.clone(),
        })
    }
}

/// Which column becomes what. Without an email, the parts that are not named are found by the names of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapSpec {
    /// Column of the email.
    pub email: Option<String>,
    /// Column of the first name.
    pub first_name: Option<String>,
    /// Column of the last name.
    pub last_name: Option<String>,
    /// Column of the phone number.
    pub phone: Option<String>,
    /// Custom fields, by id or title, and their columns.
    pub fields: Vec<(String, String)>,
}

/// Where reject files lie, what is in them besides places and reasons, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectFiles {
    /// Their folder.
    pub folder: PathBuf,
    /// Columns of the source whose cells stand beside each rejected row.
    pub columns: Vec<String>,
    /// Days after which a run removes them; none: they stay.
    pub keep_days: Option<u32>,
}

impl RejectFiles {
    /// Those of an export that says nothing of them.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder, columns: Vec::new(), keep_days: None }
    }
}

/// Bounds that stop a run before it sends anything; none: the default of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guards {
    /// Most contacts added and updated, as a share of those confirmed before.
    pub max_change: Option<Percent>,
    /// Most rejected rows.
    pub max_rejects: Option<Percent>,
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most contacts added.
    pub max_adds: Option<u64>,
    /// Most contacts told that they left, as a share of those confirmed before.
    pub max_leave: Option<Percent>,
}
