//! Messages to Dagster, where it started this process and listens: the whole process is one step of it.

use std::cell::RefCell;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use enlist_history::{RunDocument, RunError};
use enlist_signals::dagster::{self, Channel, Context};

use crate::failure::Failure;
use crate::output::Screen;

/// Where Dagster describes the step.
const CONTEXT: &str = "DAGSTER_PIPES_CONTEXT";

/// Where it says how it listens.
const MESSAGES: &str = "DAGSTER_PIPES_MESSAGES";

/// Tells Dagster of the runs of this process; nobody, where it did not ask.
pub struct Pipes<'a> {
    screen: &'a Screen,
    step: Option<Step>,
}

struct Step {
    channel: Channel,
    /// The assets that nothing was reported of.
    assets: RefCell<Vec<String>>,
    /// Of the first run that failed.
    error: RefCell<Option<RunError>>,
}

impl<'a> Pipes<'a> {
    /// Says that this process is there. What cannot be understood is a warning, and nothing is said.
    pub fn open(screen: &'a Screen) -> Self {
        let variable = |name| env::var(name).ok();
        let step = variable(CONTEXT).map(|context| Step::read(&context, variable(MESSAGES).as_deref())).transpose();
        let step = step.unwrap_or_else(|cause| {
            screen.warning(&format!("Dagster is not told of this run: {cause}"));
            None
        });
        let pipes = Self { screen, step };
        pipes.say(|_| Some(dagster::opened()));
        pipes
    }

    /// Says what became of the asset that `run` makes: the one that is called like its export, or the only one of the
    /// step where the run is `alone`.
    pub fn ended(&self, run: &RunDocument, alone: bool) {
        self.say(|step| {
            if !["ok", "rejects"].contains(&run.status.as_str()) {
                let error = run.error.clone();
                step.error.borrow_mut().get_or_insert_with(|| error.unwrap_or_default());
                return None;
            }
            let asset = take(&mut step.assets.borrow_mut(), &run.export, alone)?;
            Some(dagster::materialization(run, &asset))
        });
    }

    /// Says that this process is done, and what it failed with.
    pub fn close(self, failure: Option<&Failure>) {
        self.say(|step| {
            let error = failure.map(|failure| RunError {
                code: failure.error.code().to_owned(),
                message: failure.error.to_string(),
                ..RunError::default()
            });
            Some(dagster::closed(step.error.borrow().as_ref().or(error.as_ref())))
        });
    }

    fn say(&self, message: impl FnOnce(&Step) -> Option<String>) {
        let Some(step) = &self.step else { return };
        if let Some(message) = message(step)
            && let Err(cause) = send(&step.channel, &format!("{message}\n"))
        {
            self.screen.warning(&format!("Dagster was not told: {cause}"));
        }
    }
}

impl Step {
    fn read(context: &str, messages: Option<&str>) -> Result<Self, String> {
        let channel = dagster::channel(messages.ok_or_else(|| format!("{MESSAGES} is not set"))?)?;
        let assets = match dagster::context(context)? {
            Context::Here(assets) => assets,
            Context::File(path) => {
                let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                dagster::assets(&text)?
            }
        };
        Ok(Self { channel, assets: RefCell::new(assets), error: RefCell::default() })
    }
}

/// Takes the asset of `export` out of `assets`: Dagster hears of each once. Parts of its name are divided by `/`, and it
/// has no `-`.
fn take(assets: &mut Vec<String>, export: &str, alone: bool) -> Option<String> {
    let called = |asset: &String| asset.rsplit('/').next().is_some_and(|last| last == export.replace('-', "_"));
    let only = (alone && assets.len() == 1).then_some(0);
    let at = assets.iter().position(called).or(only)?;
    Some(assets.remove(at))
}

fn send(channel: &Channel, line: &str) -> io::Result<()> {
    match channel {
        Channel::File(path) => OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes()),
        Channel::Stderr => io::stderr().lock().write_all(line.as_bytes()),
        Channel::Stdout => io::stdout().lock().write_all(line.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_makes_the_asset_that_is_called_like_its_export_and_each_is_made_once() {
        let mut assets = vec!["crm/vip_customers".to_owned(), "crm/newsletter".to_owned()];
        assert_eq!(take(&mut assets, "vip-customers", false).as_deref(), Some("crm/vip_customers"));
        assert_eq!(take(&mut assets, "vip-customers", false), None);
        assert_eq!(take(&mut assets, "people", false), None, "one of several runs may not speak for the asset");
        assert_eq!(take(&mut assets, "people", true).as_deref(), Some("crm/newsletter"));
        assert_eq!(take(&mut assets, "people", true), None);
    }
}
