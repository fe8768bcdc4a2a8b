//! Arguments as typed. What they mean together is checked in [`spec`](crate::spec).

mod account;
mod answers;
mod export;
mod parse;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use account::{ConnectArgs, DemoArgs, DoctorArgs, InitArgs, SimArgs};
pub use answers::{AuditArgs, GenerateArgs, Recipe, ScheduleArgs, StateArgs, StateCommand, StatusArgs};
pub use export::{ExportArgs, PlanArgs, RunArgs};
pub use parse::parse_person;

use crate::spec::scalar::parse_duration;

/// Examples come before the lists of options: most readers need no more.
const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}\n\n{all-args}";

/// The root's own options stand among those of every command.
const ROOT_TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}\n\nCommands:\n{subcommands}";

const ROOT: &str = "\
Examples:
  enlist demo                                the first five minutes in one command
  enlist plan people.parquet                 what a file holds, and what would become of it
  enlist run vip_customers                   send what changed since the last run

Options of every command:
  -c, --config FILE          the configuration [default: ./enlist.yaml]
      --json[=lines]         results as JSON on the last line; with lines, the steps of a run before it
  -q, -v, -vv                errors only; log more; log everything (--log-format text or json)
      --progress KIND        auto, bar, log (a line --progress-every 30s) or none
      --color WHEN           auto, always or never
  -h, -V, --no-input         help; version; never ask";

const PLAN: &str = "\
Examples:
  enlist plan                                every export of enlist.yaml
  enlist plan people.parquet                 what a source holds, without a list
  enlist plan people.parquet --list 7 --host acme.api-us1.com --key-file key

Without a configuration:
  --list ID  --host HOST  --key-file FILE  --allow-host  --state DIR  --automations on|off
  --map PART=COLUMN,…  --field FIELD=COLUMN  --tag TAG  --sql SELECT  --phone-region CC";

const RUN: &str = "\
Examples:
  enlist run vip_customers
  enlist run --all                           every export of enlist.yaml
  enlist run people.csv --list 7 --host acme.api-us1.com --key-file key

Without a configuration:
  --list ID  --host HOST  --key-file FILE  --allow-host  --state DIR  --automations on|off
  --map PART=COLUMN,…  --field FIELD=COLUMN  --tag TAG  --sql SELECT  --phone-region CC";

const CONNECT: &str = "\
Examples:
  enlist connect marketing                   read what will be sent to whom, agree, test the key
  enlist connect eu --host acme.api-us1.com  the same for an account that is not in enlist.yaml
  enlist connect --agree --by Ada            the same without a terminal
  enlist connect --check                     what is recorded";

const SIM: &str = "\
Examples:
  enlist sim                                 ActiveCampaign's real limits on 127.0.0.1:8025
  enlist sim --speed 60 --fault throttle=0.2";

const STATUS: &str = "\
Examples:
  enlist status                              the last runs
  enlist status vip_customers --find ada@example.com
  enlist status vip_customers --html report.html";

const STATE: &str = "\
Examples:
  enlist state show                          what is remembered, and how much
  enlist state forget < emails.txt           erase people, and never send them again
  enlist state verify                        read every record of the ledger";

const GENERATE: &str = "\
Examples:
  enlist generate systemd vip_customers
  enlist generate completions bash > /etc/bash_completion.d/enlist
  enlist generate schema > enlist.schema.json";

/// Carries audience segments into ActiveCampaign lists.
#[derive(Debug, Parser)]
#[command(name = "enlist", version, after_help = ROOT, help_template = ROOT_TEMPLATE)]
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
    #[arg(long, global = true, hide = true, hide_possible_values = true, value_name = "KIND", value_enum)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "document")]
    pub json: Option<JsonKind>,
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

/// How results are written for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JsonKind {
    /// One document on the last line.
    Document,
    /// The same, and before it a line with each step of a run.
    Lines,
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
    /// Tell what runs came to, and what happened to somebody
    #[command(help_template = TEMPLATE, after_help = STATUS)]
    Status(StatusArgs),
    /// Read the list back and compare it with what was confirmed
    #[command(help_template = TEMPLATE, after_help = "Examples:\n  enlist audit vip_customers\n  enlist audit vip_customers --out findings.jsonl")]
    Audit(AuditArgs),
    /// Stay in the foreground and run each export when it is due
    #[command(help_template = TEMPLATE, after_help = "Example:\n  enlist schedule --jitter 2m")]
    Schedule(ScheduleArgs),
    /// Look at what is remembered, and forget it
    #[command(help_template = TEMPLATE, after_help = STATE)]
    State(StateArgs),
    /// Write recipes for cron, systemd, Airflow, Dagster, GitHub and dbt; completions, man pages, a schema
    #[command(help_template = TEMPLATE, after_help = GENERATE)]
    Generate(GenerateArgs),
    /// Serve a faithful ActiveCampaign on this machine
    #[command(help_template = TEMPLATE, after_help = SIM)]
    Sim(SimArgs),
    /// Check configuration, source, key, list, fields and state
    #[command(help_template = TEMPLATE, after_help = "Examples:\n  enlist doctor\n  enlist doctor vip_customers")]
    Doctor(DoctorArgs),
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
        for verb in [
            "", "demo", "init", "connect", "plan", "run", "status", "audit", "schedule", "state", "generate", "sim",
            "doctor",
        ] {
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
    fn a_key_file_goes_with_a_host() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["enlist", "connect"], words].concat());
        assert!(parse(&["--host", "acme.api-us1.com", "--key-file", "key"]).is_ok());
        assert!(parse(&["eu", "--host", "acme.api-us1.com", "--key-file", "key"]).is_ok());
        for words in [
            &["connect", "--key-file", "key"][..],
            &["connect", "eu", "--key-file", "key"],
            &["run", "vip", "--key-file", "key"],
        ] {
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
