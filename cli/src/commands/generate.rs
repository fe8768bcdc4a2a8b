//! `generate`: writes what other systems, shells, readers and editors need, to standard output. With `--json` the text
//! stands in a document.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Value, json};

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
            let text = format!("Wrote {} and a page for each command\n", first.display());
            screen.result(&text, &document(args.recipe, Some(&first), None));
            return Ok(Exit::Done);
        }
        (Recipe::Schema, None) => schema(),
        (Recipe::Schema, Some(_)) => {
            let failure = Failure::config("generate::subject", "the schema is that of every configuration");
            return Err(failure.help("enlist generate schema > enlist.schema.json"));
        }
        (wanted, export) => {
            let spec = spec::load_without_secrets(global.config.as_deref())?;
            let mut job = Job::of(export, spec.as_ref())?;
            if wanted == Recipe::Dbt {
                // They are about schedules, which lineage knows nothing of.
                job.notes.clear();
            }
            recipe(wanted, &job)?.into_bytes()
        }
    };
    if screen.json {
        screen.result("", &document(args.recipe, None, Some(&text)));
    } else {
        write(&text)?;
    }
    Ok(Exit::Done)
}

/// What was written, or the text that would be.
fn document(recipe: Recipe, file: Option<&Path>, text: Option<&[u8]>) -> Value {
    let what = recipe.to_possible_value().map(|value| value.get_name().to_owned());
    json!({
        "schema": "enlist.generate/1",
        "what": what,
        "file": file.map(|file| file.display().to_string()),
        "text": text.map(String::from_utf8_lossy),
    })
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
