//! Arguments of commands that carry exports.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::parse::{parse_pair, parse_switch};
use crate::spec::scalar::{Percent, parse_duration, parse_percent};

/// Arguments of `plan`.
#[derive(Debug, Default, Args)]
pub struct PlanArgs {
    /// Exports of the configuration; or a file, glob, folder or URL, a database, or - (Arrow on standard input)
    #[arg(value_name = "EXPORT|SOURCE")]
    pub targets: Vec<String>,
    /// End with 9 when a run would send something
    #[arg(long)]
    pub exit_code: bool,
    /// What the export is.
    #[command(flatten)]
    pub export: ExportArgs,
}

/// Arguments of `run`.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// Exports of the configuration; or a file, glob, folder or URL, a database, or - (Arrow on standard input)
    #[arg(value_name = "EXPORT|SOURCE")]
    pub targets: Vec<String>,
    /// Every export of the configuration
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
    /// Only show what would be sent, like plan
    #[arg(short = 'n', long, hide = true, conflicts_with_all = ["full", "only_rejects", "limit", "sim"])]
    pub dry_run: bool,
    /// Send everything again, not only what changed
    #[arg(long)]
    pub full: bool,
    /// Only what was rejected before
    #[arg(long, conflicts_with = "full")]
    pub only_rejects: bool,
    /// At most so many contacts; the rest stays for later runs
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Run although this guard objects (repeatable)
    #[arg(long, value_name = "GUARD")]
    pub allow: Vec<String>,
    /// Stop in time and leave the rest to the next run, for example 90m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub deadline: Option<Duration>,
    /// Wait so long for another run of the export to end, for example 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lock_timeout: Option<Duration>,
    /// Most rejected rows, for example 1%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub max_rejects: Option<Percent>,
    /// Send to the simulator instead; the state is kept apart
    #[arg(long)]
    pub sim: bool,
    /// End with this code instead of 0 when there was nothing to send
    #[arg(long, value_name = "CODE")]
    pub unchanged_exit_code: Option<u8>,
    /// What the export is.
    #[command(flatten)]
    pub export: ExportArgs,
}

/// What an export is: alone for a file without configuration, otherwise in place of what the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Id of the list
    #[arg(long, hide = true, value_name = "ID")]
    pub list: Option<u64>,
    /// Host of the account, as in Settings → Developer
    #[arg(long, hide = true, value_name = "HOST")]
    pub host: Option<String>,
    /// File that holds the API key [else: ACTIVECAMPAIGN_API_KEY]
    #[arg(long, hide = true, value_name = "FILE", requires = "host")]
    pub key_file: Option<PathBuf>,
    /// Accept a host outside api-us1.com and activehosted.com
    #[arg(long, hide = true)]
    pub allow_host: bool,
    /// Columns of the contact, for example email=EMail,first_name=Given
    #[arg(long, hide = true, value_name = "PART=COLUMN", value_delimiter = ',', value_parser = parse_pair)]
    pub map: Vec<(String, String)>,
    /// Column of a custom field, by id or title (repeatable)
    #[arg(long, hide = true, value_name = "FIELD=COLUMN", value_parser = parse_pair)]
    pub field: Vec<(String, String)>,
    /// Tag for every contact (repeatable)
    #[arg(long, hide = true, value_name = "TAG")]
    pub tag: Vec<String>,
    /// SELECT that makes the segment out of the source
    #[arg(long, hide = true, value_name = "SELECT")]
    pub sql: Option<String>,
    /// Country of phone numbers without prefix, for example FI
    #[arg(long, hide = true, value_name = "CC")]
    pub phone_region: Option<String>,
    /// Whether automations may start (and send mail)
    #[arg(long, hide = true, value_name = "on|off", value_parser = parse_switch)]
    pub automations: Option<bool>,
    /// Folder of the state
    #[arg(long, hide = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
}
