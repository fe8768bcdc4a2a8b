//! Arguments of commands about accounts: the demo, the connection, the simulator.

use std::path::PathBuf;

use clap::Args;

use super::parse::{parse_pair, parse_person};

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
    /// A connection of the configuration; one that is not there is added
    #[arg(value_name = "CONNECTION")]
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
    #[arg(long, value_name = "X", value_parser = parse_speed)]
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

/// How many times faster: any number above 0.
fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed > 0.0);
    speed.ok_or_else(|| "write a number above 0, for example 60 or 0.5".to_owned())
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only this export
    #[arg(value_name = "EXPORT")]
    pub export: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::parse_speed;

    #[test]
    fn time_passes_in_every_time_lapse() {
        assert_eq!((parse_speed("60"), parse_speed("0.5")), (Ok(60.0), Ok(0.5)));
        for none in ["0", "-1", "nan", "inf", "fast", ""] {
            assert!(parse_speed(none).unwrap_err().contains("above 0"), "{none}");
        }
    }
}
