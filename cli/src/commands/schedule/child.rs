//! A run as a process of its own: its memory goes back when it ends, a defect ends it alone, and it reads the
//! configuration as it is by then.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use clap::ValueEnum;
use enlist_core::{Error, ErrorKind};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::args::{ColorChoice, Global, LogFormat, ProgressKind};
use crate::failure::Failure;
use crate::signals::SERVED;

/// This executable, to run exports of one configuration.
pub struct Program {
    path: PathBuf,
    words: Vec<OsString>,
    /// Whether metrics of its runs are served by this process.
    served: bool,
}

impl Program {
    /// The executable of this process, looked up once: where another version was put in its place, that one is started.
    /// `served` says that this process serves the metrics of its runs, so that they need not.
    ///
    /// # Errors
    /// `bug::executable` when the system does not tell where it is.
    pub fn this(config: &Path, global: &Global, served: bool) -> Result<Self, Failure> {
        let path = std::env::current_exe().map_err(|e| {
            Failure::from(Error::new(ErrorKind::Bug, "bug::executable", format!("where is this program? {e}")))
                .help("let cron or systemd start the runs: enlist generate systemd")
        })?;
        Ok(Self { path, words: handed_on(config, global), served })
    }

    /// Runs `export` to its end and returns its exit code, as a shell tells it. `stop` lets it end well, `kill` ends it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn run(
        &self,
        export: &str,
        mut stop: watch::Receiver<bool>,
        mut kill: watch::Receiver<bool>,
    ) -> io::Result<i32> {
        // Before the start, so that no end goes unheard.
        let mut ends = signal(SignalKind::child())?;
        let mut command = Command::new(&self.path);
        if self.served {
            command.env(SERVED, "schedule");
        }
        // In a group of its own: Ctrl-C in a terminal reaches this process alone, and the run gets one signal, not two.
        let mut child =
            command.arg("run").arg(export).args(&self.words).stdin(Stdio::null()).process_group(0).spawn()?;
        let (mut stopping, mut killing) = (false, false);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(code(status));
            }
            // It has not been waited for, so its number is still its own.
            let send = |signal| kill_process(Pid::from_child(&child), signal);
            tokio::select! {
                _ = ends.recv() => {}
                () = told(&mut stop), if !stopping => {
                    stopping = true;
                    send(Signal::TERM)?;
                }
                () = told(&mut kill), if !killing => {
                    killing = true;
                    send(Signal::KILL)?;
                }
            }
        }
    }
}

/// What a run is told besides its export. It never asks: nobody answers here.
fn handed_on(config: &Path, global: &Global) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--config".into(), config.into(), "--no-input".into()];
    let mut hand_on = |option: &str, value: OsString| words.extend([OsString::from(option), value]);
    // A block that is drawn over again is for one run that somebody looks at.
    let progress = if global.progress == ProgressKind::None { ProgressKind::None } else { ProgressKind::Log };
    hand_on("--progress", word(progress));
    hand_on("--progress-every", format!("{}s", global.progress_every.as_secs()).into());
    if global.log_format != LogFormat::Text {
        hand_on("--log-format", word(global.log_format));
    }
    if global.color != ColorChoice::Auto {
        hand_on("--color", word(global.color));
    }
    if let Some(kind) = global.json {
        let mut option = OsString::from("--json=");
        option.push(word(kind));
        words.push(option);
    }
    words.extend(global.quiet.then(|| "--quiet".into()));
    words.extend((0..global.verbose).map(|_| "--verbose".into()));
    words
}

/// A value as it is typed.
fn word(value: impl ValueEnum) -> OsString {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default().into()
}

/// Returns when `flag` is true; never, when nobody can say so any more.
async fn told(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|told| *told).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The exit code; of a process that a signal ended, the one a shell gives it.
fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command as Verb, JsonKind};

    #[test]
    fn a_run_is_told_what_the_schedule_was_told() {
        let typed = [
            "enlist",
            "schedule",
            "--json=lines",
            "-vv",
            "--log-format",
            "json",
            "--progress",
            "none",
            "--color",
            "never",
        ];
        let global = Cli::try_parse_from(typed).unwrap().global;
        let words = handed_on(Path::new("my config.yaml"), &global);
        let run = ["enlist".into(), "run".into(), "vip".into()].into_iter().chain(words);
        let run = Cli::try_parse_from(run).unwrap();
        assert!(matches!(&run.command, Verb::Run(args) if args.targets == ["vip"]), "{run:?}");
        assert_eq!(run.global.config.as_deref(), Some(Path::new("my config.yaml")));
        assert_eq!(
            (run.global.json, run.global.verbose, run.global.log_format, run.global.progress, run.global.color),
            (Some(JsonKind::Lines), 2, LogFormat::Json, ProgressKind::None, ColorChoice::Never)
        );
        assert!(run.global.no_input && run.global.progress_every == global.progress_every);
    }

    #[test]
    fn a_run_draws_no_block_over_the_lines_of_others() {
        for typed in [&["enlist", "schedule"][..], &["enlist", "schedule", "--progress", "bar", "-q"]] {
            let global = Cli::try_parse_from(typed).unwrap().global;
            let run = [OsString::from("enlist"), "run".into()].into_iter().chain(handed_on(Path::new("c"), &global));
            let run = Cli::try_parse_from(run).unwrap().global;
            assert_eq!((run.progress, run.quiet), (ProgressKind::Log, global.quiet));
        }
    }
}
