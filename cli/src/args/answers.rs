//! Arguments of commands that answer questions and write for other systems.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::spec::scalar::parse_duration;

/// Arguments of `status`.
#[derive(Clone, Debug, Default, Args)]
pub struct StatusArgs {
    /// Only this export
    #[arg(value_name = "EXPORT")]
    pub export: Option<String>,
    /// One run of it, whole
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// How many runs [default: 10]
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
    /// What happened to this person; - reads the email from standard input
    #[arg(long, value_name = "EMAIL", conflicts_with_all = ["html", "parquet", "watch", "run"])]
    pub find: Option<String>,
    /// Write the report as one page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the runs as a Parquet table
    #[arg(long, value_name = "FILE")]
    pub parquet: Option<PathBuf>,
    /// Follow the runs that are under way
    #[arg(long, conflicts_with_all = ["html", "parquet"])]
    pub watch: bool,
    /// Folder of the state
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only this export
    #[arg(value_name = "EXPORT")]
    pub export: Option<String>,
    /// Write each contact that differs as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// End with 3 when a contact differs
    #[arg(long)]
    pub exit_code: bool,
}

/// Arguments of `schedule`.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// Start each run up to this much later, by chance, so that many do not start at once
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub jitter: Option<Duration>,
    /// Most runs at the same time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub parallel: usize,
    /// Do not catch up on what was missed while nothing ran here
    #[arg(long)]
    pub no_catch_up: bool,
}

/// Arguments of `state`.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StateCommand,
    /// Folder of the state
    #[arg(long, value_name = "DIR", global = true)]
    pub state: Option<PathBuf>,
}

/// What to do with the state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// What is remembered of each export, and what is kept beside it
    Show,
    /// Read every record of the ledger
    Verify,
    /// Write what is remembered of each contact as lines of JSON, without emails
    Export {
        /// Only this export
        #[arg(value_name = "EXPORT")]
        export: Option<String>,
    },
    /// Erase the people whose emails come on standard input, one a line, and never send them again
    Forget,
    /// Forget everything about an export: its next run sends everybody again
    Reset {
        /// The export
        #[arg(value_name = "EXPORT")]
        export: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Tell who holds an export, and remove what a dead run left
    Unlock {
        /// The export
        #[arg(value_name = "EXPORT")]
        export: String,
    },
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// What to write
    #[arg(value_name = "WHAT", value_enum)]
    pub recipe: Recipe,
    /// The export that the recipe runs [default: all]; for completions the shell; for man pages the folder
    #[arg(value_name = "EXPORT|SHELL|DIR")]
    pub subject: Option<String>,
}

/// What `generate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Recipe {
    /// A Kubernetes CronJob.
    Cronjob,
    /// A systemd service with its timer.
    Systemd,
    /// An Airflow DAG.
    Airflow,
    /// A Dagster asset.
    Dagster,
    /// A GitHub workflow.
    Github,
    /// Exposures of dbt, for its lineage.
    Dbt,
    /// Completions for a shell.
    Completions,
    /// Man pages.
    Man,
    /// The JSON Schema of the configuration.
    Schema,
}
