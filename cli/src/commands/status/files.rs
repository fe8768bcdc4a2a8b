//! What `status` writes: a page for people, a table for a warehouse.

use std::fs;
use std::io::Write;
use std::path::Path;

use enlist_core::{Error, ErrorKind};
use enlist_history::RunDocument;
use serde_json::json;

use crate::args::StatusArgs;
use crate::exit::Exit;
use crate::failure::{Failure, cause};
use crate::output::Screen;
use crate::{rejects, table};

/// Whether a file is asked for.
pub fn wanted(args: &StatusArgs) -> bool {
    args.html.is_some() || args.parquet.is_some()
}

/// The page of `run` with the trend of those of the same export before it. It may be mailed, so it names the reject file
/// as it is named from here.
pub fn report(run: &RunDocument, runs: &[RunDocument]) -> String {
    let earlier = runs.iter().filter(|it| it.export == run.export && it.run_id < run.run_id);
    let mut shown = run.clone();
    shown.rejects_file = shown.rejects_file.as_deref().map(rejects::name);
    enlist_report::run_page(&shown, &earlier.cloned().collect::<Vec<_>>())
}

/// Writes the files that are asked for: `report`, and `runs` as a table.
///
/// # Errors
/// [`ErrorKind::Config`] with `status::write`.
pub fn write(args: &StatusArgs, report: &str, runs: &[RunDocument], screen: &Screen) -> Result<Exit, Failure> {
    if let Some(file) = &args.html {
        whole(file, report.as_bytes(), screen)?;
    }
    if let Some(file) = &args.parquet {
        whole(file, &table::parquet(runs)?, screen)?;
    }
    Ok(Exit::Done)
}

/// Writes a file as a whole or not at all, readable by its owner alone; a link at its place is replaced, not followed.
fn whole(file: &Path, bytes: &[u8], screen: &Screen) -> Result<(), Failure> {
    let failed = |cause: String| {
        Error::new(ErrorKind::Config, "status::write", format!("{}: {cause}", file.display()))
            .help("name a file in a folder that is there and yours")
    };
    if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Err(failed("there is something else than a file".to_owned()).into());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let persist = || {
        let mut temporary = tempfile::Builder::new().prefix(".enlist-").tempfile_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.persist(file).map_err(|e| e.error)
    };
    persist().map_err(|e| failed(cause(&e)))?;
    let name = file.display().to_string();
    let document = json!({ "schema": "enlist.file/1", "file": name, "bytes": bytes.len() });
    screen.result(&format!("Wrote {}\n", crate::render::clean(&name)), &document);
    Ok(())
}
