//! Arguments as typed. What they mean together is checked in [`spec`](crate::spec).

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::spec::scalar::{Percent, parse_duration, parse_percent};

/// Examples come before the lists of options: most readers need no more.
const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}\n\n{all-args}";

const ROOT: &str = "\
Examples:
  enlist demo                                the first five minutes in one command
  enlist plan people.parquet --list 7        what would be sent, without sending it
  enlist run vip_customers                   send what changed since the last run

Options of every command:
  -c, --config FILE          the configuration [default: ./enlist.yaml]
      --json                 results as JSON, one document on the last line
  -q, -v, -vv                errors only; log more; log everything
      --log-format FORMAT    text or json
      --progress KIND        auto, bar, log (a line --progress-every 30s) or none
      --color WHEN           auto, always or never
      --no-input             never ask";

const PLAN: &str = "\
Examples:
  enlist plan                                every export of enlist.yaml
  enlist plan people.parquet                 what a source holds, without a list
  enlist plan people.parquet --list 7 --host acme.api-us1.com --key-file key";

const RUN: &str = "\
Examples:
  enlist run vip_customers
  enlist run people.csv --list 7 --host acme.api-us1.com --key-file key";

const CONNECT: &str = "\
Examples:
  enlist connect marketing                   read what will be sent to whom, agree, test the key
  enlist connect --agree --by Ada            the same without a terminal
  enlist connect --check                     what is recorded";

const SIM: &str = "\
Examples:
  enlist sim                                 ActiveCampaign's real limits on 127.0.0.1:8025
  enlist sim --speed 60 --fault throttle=0.2";

/// Carries audience segments into ActiveCampaign lists.
#[derive(Debug, Parser)]
#[command(name = "enlist", version, after_help = ROOT, help_template = TEMPLATE)]
#[command(arg_required_else_help = true, disable_help_subcommand = true, infer_subcommands = false)]
pub struct Cli {
    /// Options every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options every command takes; the root's help lists them once.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration
    #[arg(short, long, value_name = "FILE", global = true, hide = true, env = "ENLIST_CONFIG")]
    pub config: Option<PathBuf>,
    /// Results as JSON
    #[arg(long, global = true, hide = true)]
    pub json: bool,
    /// Errors only
    #[arg(short, long, global = true, hide = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more
    #[arg(short, long, global = true, hide = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How log lines are written
    #[arg(long, value_name = "FORMAT", global = true, hide = true, hide_possible_values = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How progress is shown
    #[arg(long, value_name = "KIND", global = true, hide = true, hide_possible_values = true, value_enum, default_value_t = ProgressKind::Auto)]
    pub progress: ProgressKind,
    /// Time between two progress lines
    #[arg(long, value_name = "TIME", global = true, hide = true, value_parser = parse_duration, default_value = "30s")]
    pub progress_every: Duration,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, hide = true, hide_possible_values = true, value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Never ask
    #[arg(long, global = true, hide = true)]
    pub no_input: bool,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A live block on a terminal, lines elsewhere.
    Auto,
    /// A live block.
    Bar,
    /// One logfmt line from time to time.
    Log,
    /// Nothing.
    None,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try it: made-up people, a plan and a run against a simulated ActiveCampaign
    #[command(help_template = TEMPLATE, after_help = "Example:\n  enlist demo")]
    Demo(DemoArgs),
    /// Write an annotated enlist.yaml; never overwrites
    #[command(help_template = TEMPLATE, after_help = "Examples:\n  enlist init --demo\n  enlist init --from people.parquet")]
    Init(InitArgs),
    /// Agree that people's data goes to an account, and test its key
    #[command(help_template = TEMPLATE, after_help = CONNECT)]
    Connect(ConnectArgs),
    /// Show what a run would send, without sending it
    #[command(help_template = TEMPLATE, after_help = PLAN)]
    Plan(PlanArgs),
    /// Send what changed
    #[command(help_template = TEMPLATE, after_help = RUN)]
    Run(RunArgs),
    /// Serve a faithful ActiveCampaign on this machine
    #[command(help_template = TEMPLATE, after_help = SIM)]
    Sim(SimArgs),
    /// Check configuration, source, key, list, fields and state
    #[command(help_template = TEMPLATE, after_help = "Examples:\n  enlist doctor\n  enlist doctor vip_customers")]
    Doctor(DoctorArgs),
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder of the demo
    #[arg(long, value_name = "DIR", default_value = "enlist-demo")]
    pub dir: PathBuf,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder to write to
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Also write data/people.parquet: 5,000 made-up people, some broken on purpose
    #[arg(long)]
    pub demo: bool,
    /// Read the columns of this file and propose the mapping
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    pub from: Option<PathBuf>,
}

/// Arguments of `connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// A connection of the configuration
    #[arg(value_name = "CONNECTION", conflicts_with_all = ["host", "key_file"])]
    pub connection: Option<String>,
    /// Agree to the text that is shown, without being asked
    #[arg(long, conflicts_with_all = ["check", "revoke"])]
    pub agree: bool,
    /// Who agrees or revokes [default on a terminal: the user]
    #[arg(long, value_name = "NAME", value_parser = parse_person, conflicts_with = "check")]
    pub by: Option<String>,
    /// Only tell what is recorded
    #[arg(long, conflicts_with = "revoke")]
    pub check: bool,
    /// Revoke what was agreed to
    #[arg(long)]
    pub revoke: bool,
    /// Host of the account, as in Settings → Developer
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// File that holds the API key [else: ACTIVECAMPAIGN_API_KEY]
    #[arg(long, value_name = "FILE", requires = "host")]
    pub key_file: Option<PathBuf>,
    /// Accept a host outside api-us1.com and activehosted.com
    #[arg(long)]
    pub allow_host: bool,
    /// Folder of the state
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// An export of the configuration, a file, glob, folder or URL, a database, or - (Arrow on standard input)
    #[arg(value_name = "EXPORT|SOURCE")]
    pub target: Option<String>,
    /// What the export is.
    #[command(flatten)]
    pub export: ExportArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// An export of the configuration, a file, glob, folder or URL, a database, or - (Arrow on standard input)
    #[arg(value_name = "EXPORT|SOURCE")]
    pub target: Option<String>,
    /// Send everything again, not only what changed
    #[arg(long)]
    pub full: bool,
    /// Run although this guard objects (repeatable)
    #[arg(long, value_name = "GUARD")]
    pub allow: Vec<String>,
    /// Stop in time and leave the rest to the next run, for example 90m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub deadline: Option<Duration>,
    /// Most rejected rows, for example 1%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub max_rejects: Option<Percent>,
    /// Send to the simulator instead; the state is kept apart
    #[arg(long)]
    pub sim: bool,
    /// What the export is.
    #[command(flatten)]
    pub export: ExportArgs,
}

/// What an export is: alone for a file without configuration, otherwise in place of what the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Id of the list
    #[arg(long, value_name = "ID")]
    pub list: Option<u64>,
    /// Host of the account, as in Settings → Developer
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// File that holds the API key [else: ACTIVECAMPAIGN_API_KEY]
    #[arg(long, value_name = "FILE", requires = "host")]
    pub key_file: Option<PathBuf>,
    /// Accept a host outside api-us1.com and activehosted.com
    #[arg(long)]
    pub allow_host: bool,
    /// Columns of the contact, for example email=EMail,first_name=Given
    #[arg(long, value_name = "PART=COLUMN", value_delimiter = ',', value_parser = parse_pair)]
    pub map: Vec<(String, String)>,
    /// Column of a custom field, by id or title (repeatable)
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = parse_pair)]
    pub field: Vec<(String, String)>,
    /// Tag for every contact (repeatable)
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// SELECT that makes the segment out of the source
    #[arg(long, value_name = "SELECT")]
    pub sql: Option<String>,
    /// Country of phone numbers without prefix, for example FI
    #[arg(long, value_name = "CC")]
    pub phone_region: Option<String>,
    /// Whether automations may start (and send mail)
    #[arg(long, value_name = "on|off", value_parser = parse_switch)]
    pub automations: Option<bool>,
    /// Folder of the state
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Arguments of `sim`.
#[derive(Debug, Args)]
pub struct SimArgs {
    /// Port on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 8025)]
    pub port: u16,
    /// Seed of everything random [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many times faster than ActiveCampaign [default: 1]
    #[arg(long, value_name = "X")]
    pub speed: Option<f64>,
    /// Keep the account in this file
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// A fault and its probability, for example throttle=0.2 (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub fault: Vec<(String, String)>,
    /// All settings as JSON
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only this export
    #[arg(value_name = "EXPORT")]
    pub export: Option<String>,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// The name of a person, as it is put on record.
pub fn parse_person(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.contains(char::is_control) {
        return Err("write a name without control characters".to_owned());
    }
    let sound = (1..=100).contains(&name.chars().count());
    if sound { Ok(name.to_owned()) } else { Err("write a name of at most 100 characters".to_owned()) }
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_help_is_longer_than_a_screen() {
        for verb in ["", "demo", "init", "connect", "plan", "run", "sim", "doctor"] {
            let words = ["enlist", verb, "--help"].into_iter().filter(|word| !word.is_empty());
            let help = Cli::try_parse_from(words).unwrap_err().to_string();
            assert!(help.lines().count() <= 30, "{help}");
        }
    }

    #[test]
    fn a_mapping_is_typed_in_one_go_or_in_parts() {
        let one = Cli::try_parse_from(["enlist", "plan", "p.csv", "--map", "email=EMail,first_name=Given"]).unwrap();
        let two = Cli::try_parse_from(["enlist", "plan", "p.csv", "--map", "email=EMail", "--map", "first_name=Given"])
            .unwrap();
        let map = |cli: Cli| match cli.command {
            Command::Plan(plan) => plan.export.map,
            other => panic!("{other:?}"),
        };
        assert_eq!(map(one), map(two));
    }

    #[test]
    fn a_person_has_a_name_that_a_screen_can_show() {
        assert_eq!(parse_person(" Ada Example ").as_deref(), Ok("Ada Example"));
        assert!(parse_person("Ada\u{1b}[2J").unwrap_err().contains("control characters"));
        for name in ["", "  ", "x".repeat(101).as_str()] {
            assert!(parse_person(name).unwrap_err().contains("at most 100"), "{name}");
        }
    }

    #[test]
    fn a_key_file_goes_with_a_host_and_not_with_a_connection() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["enlist", "connect"], words].concat());
        assert!(parse(&["--host", "acme.api-us1.com", "--key-file", "key"]).is_ok());
        let message = parse(&["marketing", "--key-file", "key"]).unwrap_err().to_string();
        assert!(message.contains("cannot be used with '--key-file"), "{message}");
        for words in [&["connect", "--key-file", "key"][..], &["run", "vip", "--key-file", "key"]] {
            let message = Cli::try_parse_from([&["enlist"], words].concat()).unwrap_err().to_string();
            assert!(message.contains("--host <HOST>"), "{message}");
        }
    }

    #[test]
    fn a_slip_in_a_verb_is_answered_with_the_verb() {
        let message = Cli::try_parse_from(["enlist", "pln"]).unwrap_err().to_string();
        assert!(message.contains("'plan'"), "{message}");
    }
}
