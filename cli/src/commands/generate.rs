//! `generate`: writes what other systems, shells, readers and editors need, to standard output.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::args::{GenerateArgs, Global, Recipe};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::generate::{Job, completions, man_page, man_pages, recipe, schema};
use crate::output::Screen;
use crate::spec;

/// Writes what was asked for.
pub fn generate(args: &GenerateArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let subject = args.subject.as_deref();
    let text = match (args.recipe, subject) {
        (Recipe::Completions, shell) => completions(shell)?,
        (Recipe::Man, None) => man_page()?,
        (Recipe::Man, Some(folder)) => {
            let first = man_pages(Path::new(folder))?;
            screen.text(&format!("Wrote {} and a page for each command\n", first.display()));
            return Ok(Exit::Done);
        }
        (Recipe::Schema, None) => schema(),
        (Recipe::Schema, Some(_)) => {
            let failure = Failure::config("generate::subject", "the schema is that of every configuration");
            return Err(failure.help("enlist generate schema > enlist.schema.json"));
        }
        (wanted, export) => {
            let spec = spec::load_without_secrets(global.config.as_deref())?;
            recipe(wanted, &Job::of(export, spec.as_ref())?)?.into_bytes()
        }
    };
    write(&text)?;
    Ok(Exit::Done)
}

/// Writes every byte as it is: the text is for programs. A reader that went away is not an error, a full disk is.
fn write(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::config("generate::write", format!("standard output: {e}")).help("write to another place"))
        }
        _ => Ok(()),
    }
}
