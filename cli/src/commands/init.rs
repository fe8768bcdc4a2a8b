//! `init`: writes an annotated configuration, and never over one that is there.

mod template;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use enlist_core::{Error, ErrorKind};
use serde_json::json;

use crate::args::InitArgs;
use crate::connectors::{self, KINDS};
use crate::demo_data;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::count;
use crate::spec::{DEFAULT_FILE, source_named};

/// Where the people of the demo go, seen from the configuration.
const PEOPLE_FILE: &str = "data/people.parquet";

/// Writes the configuration, with `--demo` the people too.
pub async fn init(args: &InitArgs, screen: &Screen) -> Result<Exit, Failure> {
    let config = args.dir.join(DEFAULT_FILE);
    let text = match &args.from {
        Some(file) => {
            let path = file.display().to_string();
            let source = source_named(&path, None)?.ok_or_else(|| {
                Failure::config("config::bad_value", format!("{path} names no file")).help(format!("name {KINDS}"))
            })?;
            let schema = connectors::open(&source).await?.schema().await?;
            template::proposed(&path, &schema)
        }
        None if args.demo => template::DEMO.to_owned(),
        None => template::blank(),
    };
    fs::create_dir_all(&args.dir).map_err(|e| unwritable(&args.dir, &e))?;
    write_once(&config, &text)?;
    let mut wrote = shown(&config);
    let people = args.demo.then(|| args.dir.join(PEOPLE_FILE));
    if let Some(people) = &people {
        fs::create_dir_all(args.dir.join("data")).map_err(|e| unwritable(people, &e))?;
        demo_data::write(people)?;
        let broken = demo_data::MALFORMED + demo_data::DUPLICATES;
        let total = count(demo_data::PEOPLE as u64);
        wrote.push_str(&format!(", {} ({total} people, {broken} of them broken on purpose)", people.display()));
    }
    let next = next(&args.dir);
    let document = json!({
        "schema": "enlist.init/1", "config": shown(&config), "people": people.as_deref().map(shown), "next": next,
    });
    screen.result(&format!("Wrote {wrote}\nNext: {next}\n"), &document);
    Ok(Exit::Done)
}

fn next(folder: &Path) -> String {
    let config = folder.join(DEFAULT_FILE);
    if folder == Path::new(".") { "enlist plan".to_owned() } else { format!("enlist plan -c {}", config.display()) }
}

/// A path as people write it.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn write_once(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = File::create_new(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::config("init::exists", format!("{} is there", path.display()))
            .help("init never overwrites: name another folder, or move the file away"),
        _ => unwritable(path, &e),
    })?;
    file.write_all(text.as_bytes()).map_err(|e| unwritable(path, &e))
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Failure {
    Error::new(ErrorKind::Config, "init::write", format!("{}: {cause}", path.display())).into()
}
