//! Writes pages of made-up runs into the folder that is named: `cargo run -p enlist-report --example page -- FOLDER`.
//!
//! `run.html` and `export.html` are a usual run and a usual export; the others are ends and sizes that differ from them.

mod made_up;

use std::io;
use std::path::PathBuf;

use enlist_report::{export_page, run_page};

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "name the folder to write to"))?;
    std::fs::create_dir_all(&folder)?;
    let earlier = made_up::earlier();
    let runs: Vec<_> = earlier.iter().skip(5).cloned().chain([made_up::changes()]).collect();
    for (name, page) in [
        ("run.html", run_page(&made_up::first_load(), &earlier)),
        ("export.html", export_page(&runs)),
        ("stopped.html", run_page(&made_up::stopped(), &earlier)),
        ("changes.html", run_page(&made_up::changes(), &earlier)),
        ("demo.html", run_page(&made_up::demo(), &[])),
        ("idle.html", run_page(&made_up::idle(), &earlier[..1])),
        ("failed.html", run_page(&made_up::failed(), &earlier)),
        ("hostile.html", run_page(&made_up::hostile(), &[made_up::hostile()])),
        ("empty.html", export_page(&[])),
    ] {
        std::fs::write(folder.join(name), page)?;
    }
    Ok(())
}
