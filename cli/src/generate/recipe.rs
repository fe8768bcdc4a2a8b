//! Recipes: how other systems run an export. Plain templates, filled in; no secret is ever part of one.

use super::calendar::Posix;
use super::job::{Carried, Job};
use super::quote::{comment, json, shell, systemd, systemd_word};
use super::template::fill;
use crate::args::Recipe;
use crate::failure::Failure;
use crate::spec::DEFAULT_FILE;

const CRONJOB: &str = include_str!("templates/cronjob.yaml");
const SYSTEMD: &str = include_str!("templates/systemd.ini");
const AIRFLOW: &str = include_str!("templates/airflow.py");
const DAGSTER: &str = include_str!("templates/dagster.py");
const GITHUB: &str = include_str!("templates/github.yaml");
const DBT: &str = include_str!("templates/dbt.yaml");
const EXPOSURE: &str = include_str!("templates/exposure.yaml");

/// Longest name of a CronJob: Kubernetes adds 11 characters for each job, and 63 is the most it takes.
pub const LONGEST_CRONJOB: usize = 52;

/// Longest name of what Dagster and dbt know: none of theirs, but nobody reads more.
const LONGEST_NAME: usize = 100;

/// The exit code by which Airflow skips a task.
const SKIP: &str = "99";

/// Where the volume of a CronJob is, and the configuration on it.
const VOLUME_CONFIG: &str = "/var/lib/enlist/enlist.yaml";

/// The text of a recipe for `job`.
///
/// # Errors
/// `bug::template`.
pub fn recipe(recipe: Recipe, job: &Job) -> Result<String, Failure> {
    match recipe {
        Recipe::Cronjob => cronjob(job),
        Recipe::Systemd => in_systemd(job),
        Recipe::Airflow => airflow(job),
        Recipe::Dagster => dagster(job),
        Recipe::Github => github(job),
        Recipe::Dbt => dbt(job),
        Recipe::Completions | Recipe::Man | Recipe::Schema => Ok(String::new()),
    }
}

fn cronjob(job: &Job) -> Result<String, Failure> {
    let spell = |export: &str| format!("enlist-{}", export.replace('_', "-"));
    let name = match &job.export {
        Some(export) => job.called(export, '-', LONGEST_CRONJOB, spell),
        None => job.name('-'),
    };
    let (schedule, schedule_notes) = posix(job);
    let account = job.connection.iter().map(String::as_str);
    let consent = ["connect"].into_iter().chain(account);
    let consent = consent.chain(["--agree", "--by", "NAME", "-c", VOLUME_CONFIG]).collect::<Vec<_>>().join(", ");
    let values = [
        ("title", job.title().to_owned()),
        ("notes", comment(&job.notes)),
        ("name", name),
        ("consent", format!("[{consent}]")),
        ("schedule_notes", comment(&schedule_notes)),
        ("schedule", json(&schedule)),
        ("time_zone", json(job.time_zone())),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("target", json(job.target())),
    ];
    fill(CRONJOB, &values)
}

fn in_systemd(job: &Job) -> Result<String, Failure> {
    let config = job.config_path();
    let written: Vec<String> = job.written().iter().map(|folder| systemd(folder)).collect();
    let values = [
        ("notes", comment(&job.notes)),
        ("name", job.name('-')),
        ("export", job.export.clone().unwrap_or_default()),
        ("title", job.title().to_owned()),
        ("target", job.target().to_owned()),
        ("config_word", systemd_word(&config)),
        ("config", systemd(&config)),
        ("user", job.user.clone()),
        ("written", written.join(" ")),
        ("calendar", calendar(job)),
    ];
    fill(SYSTEMD, &values)
}

fn airflow(job: &Job) -> Result<String, Failure> {
    let config = shell(&job.config_path().display().to_string());
    let target = job.target();
    let command =
        format!("enlist run {target} -c {config} --json --no-input --progress log --unchanged-exit-code {SKIP}");
    let values = [
        ("title", job.title().to_owned()),
        ("notes", comment(&job.notes)),
        ("command", json(&command)),
        ("dag", json(&job.name('_'))),
        ("schedule", json(&job.schedule.cron)),
        ("time_zone", json(job.time_zone())),
    ];
    fill(AIRFLOW, &values)
}

fn dagster(job: &Job) -> Result<String, Failure> {
    let config = job.config_path().display().to_string();
    let command = ["enlist", "run", job.target(), "-c", &config, "--json", "--no-input", "--progress", "log"];
    // Names of assets take no `-`.
    let asset = job.export.as_deref().map(|export| job.called(export, '_', LONGEST_NAME, in_python));
    let schedule_name = asset.as_ref().map_or_else(|| job.name('_'), |asset| format!("enlist_{asset}"));
    let values = [
        ("title", job.title().to_owned()),
        ("notes", comment(&job.notes)),
        ("command", format!("[{}]", command.map(json).join(", "))),
        ("schedule_name", json(&format!("{schedule_name}_schedule"))),
        ("asset", json(asset.as_deref().unwrap_or("enlist"))),
        ("schedule", json(&job.schedule.cron)),
        ("time_zone", json(job.time_zone())),
    ];
    fill(DAGSTER, &values)
}

fn github(job: &Job) -> Result<String, Failure> {
    // A path from the root of one machine leads nowhere in a checkout.
    let inside = |path: &std::path::Path, otherwise: &str| {
        if path.is_relative() { path.display().to_string() } else { otherwise.to_owned() }
    };
    let config = shell(&inside(&job.config, DEFAULT_FILE));
    let (schedule, schedule_notes) = posix(job);
    let account = job.connection.as_ref().map(|connection| format!(" {connection}")).unwrap_or_default();
    let consent = format!("enlist connect{account} --agree --by \"$AGREED_BY\" -c {config}");
    let values = [
        ("title", job.title().to_owned()),
        ("notes", comment(&job.notes)),
        ("name", job.name('-')),
        ("schedule_notes", comment(&schedule_notes)),
        ("schedule", json(&schedule)),
        ("time_zone", json(job.time_zone())),
        ("state", json(&inside(&job.state, ".enlist"))),
        ("rejects", json(&inside(&job.rejects, "rejects"))),
        ("consent", json(&consent)),
        ("command", json(&format!("enlist run {} -c {config} --no-input --progress log", job.target()))),
    ];
    fill(GITHUB, &values)
}

fn dbt(job: &Job) -> Result<String, Failure> {
    let exposures = job.carried.iter().map(|it| exposure(job, it)).collect::<Result<Vec<_>, _>>()?;
    let title = format!("{} in the lineage of dbt", job.title());
    fill(DBT, &[("title", title), ("notes", comment(&job.notes)), ("exposures", exposures.concat())])
}

fn exposure(job: &Job, it: &Carried) -> Result<String, Failure> {
    let name = |export: &str| format!("enlist_{}", in_python(export));
    let url = list_page(it).map(|page| format!("url: {}", json(&page))).unwrap_or_default();
    let description = format!("Carried from {} into list {} at {} by enlist.", it.source, it.list, it.host);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let values = [
        ("name", job.called(&it.export, '_', LONGEST_NAME, name)),
        ("label", json(&format!("{} to ActiveCampaign", it.export))),
        ("description", json(&description)),
        ("url", url),
        ("model", it.source.chars().map(plain).collect()),
        ("owner", json(&job.user)),
    ];
    fill(EXPOSURE, &values)
}

/// The page of a list, where the host tells the account.
fn list_page(it: &Carried) -> Option<String> {
    let account = ["api-us1.com", "activehosted.com"].into_iter().find_map(|domain| it.host.strip_suffix(domain))?;
    let account = account.strip_suffix('.')?;
    Some(format!("https://{account}.activehosted.com/app/contacts/?listid={}", it.list))
}

/// An export as a name of Python's.
fn in_python(export: &str) -> String {
    export.replace('-', "_")
}

/// The schedule in the words of POSIX; every day at six, with a note, where it says more.
fn posix(job: &Job) -> (String, Vec<String>) {
    match Posix::parse(&job.schedule.cron) {
        Some(posix) => (posix.line(), Vec::new()),
        None => ("0 6 * * *".to_owned(), vec![unsaid(job, "cannot be said here")]),
    }
}

fn unsaid(job: &Job, why: &str) -> String {
    format!("`{}` {why}: every day at six is written here. `enlist schedule` knows it.", job.schedule.cron)
}

/// Calendar events of systemd, a line each.
fn calendar(job: &Job) -> String {
    let zone = job.time_zone();
    let events = Posix::parse(&job.schedule.cron).and_then(|posix| posix.events(zone));
    match events {
        Some(events) => events.iter().map(|event| format!("OnCalendar={event}\n")).collect(),
        None => {
            let note = comment(&[unsaid(job, "has no like in systemd")]);
            format!("{note}OnCalendar=*-*-* 06:00:00 {zone}\n")
        }
    }
}
