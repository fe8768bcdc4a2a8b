//! The command line and the configuration, for shells, readers and editors.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::Failure;
use crate::spec;

/// The completions for a shell.
///
/// # Errors
/// `generate::shell` for a shell that there are none for.
pub fn completions(shell: Option<&str>) -> Result<Vec<u8>, Failure> {
    let names: Vec<String> = Shell::value_variants().iter().map(Shell::to_string).collect();
    let known = shell.and_then(|shell| Shell::from_str(shell, true).ok()).ok_or_else(|| {
        let message = match shell {
            Some(shell) => format!("there are no completions for {shell}"),
            None => "completions are for a shell".to_owned(),
        };
        Failure::config("generate::shell", message).help(format!("one of {}", names.join(", ")))
    })?;
    let mut script = Vec::new();
    clap_complete::generate(known, &mut Cli::command(), "enlist", &mut script);
    Ok(script)
}

/// The man page of the command line as a whole.
///
/// # Errors
/// `generate::write`, which does not happen in memory.
pub fn man_page() -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    Man::new(shown(Cli::command())).render(&mut page).map_err(|e| unwritable(Path::new("the man page"), &e))?;
    Ok(page)
}

/// Writes a man page for each command into `folder`, which is made if it is not there.
///
/// # Errors
/// `generate::write`.
pub fn man_pages(folder: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(shown(Cli::command()), folder))
        .map_err(|e| unwritable(folder, &e))?;
    Ok(folder.join("enlist.1"))
}

/// The JSON Schema of the configuration.
pub fn schema() -> Vec<u8> {
    format!("{:#}\n", spec::schema()).into_bytes()
}

/// A command with the options that its help leaves to the help of the root: a page has room for them.
fn shown(command: Command) -> Command {
    command.mut_args(|argument| argument.hide(false)).mut_subcommands(shown)
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::config("generate::write", format!("{}: {cause}", path.display())).help("name a folder that can be written")
}
