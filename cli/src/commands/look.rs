//! `plan SOURCE` without a list: what the source is and what would become of it.

use enlist_core::{Destination, Mapping, Rows, Source};

use crate::args::{Global, PlanArgs};
use crate::connectors;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::source::{ColumnView, SourceView, document, screen as page};
use crate::sample;
use crate::spec::{SourceSpec, Spec};

/// Looks at the source and shows it.
pub async fn look(
    spec: &SourceSpec,
    args: &PlanArgs,
    global: &Global,
    config: Option<&Spec>,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let sources = config.map(|config| &*config.sources).unwrap_or_default();
    let source = connectors::read(Some(spec), args.export.sql.as_deref(), &[], sources).await?;
    let view = view(spec, &*source, next(args, global)).await?;
    screen.result(&page(&view, &screen.out), &document(&view));
    Ok(Exit::Done)
}

async fn view(spec: &SourceSpec, source: &dyn Source, next: String) -> Result<SourceView, Failure> {
    let schema = source.schema().await?;
    let rows = source.rows().await?;
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let sampled = sample::first_rows(source, &names).await?;
    let mapping = Mapping::automatic(&schema).and_then(|found| found.mapping.bind(&schema, &nowhere()));
    let parts = mapping.as_ref().map(|mapping| mapping.describe()).unwrap_or_default();
    let looked = sample::count(&sampled);
    let seen = sample::columns(&sampled);
    let column = |field: &arrow::datatypes::FieldRef| {
        let seen = seen.iter().find(|column| column.name == *field.name());
        ColumnView {
            name: field.name().clone(),
            kind: field.data_type().to_string(),
            becomes: parts.iter().find(|(_, column)| column == field.name()).map(|(part, _)| part.clone()),
            filled: seen.filter(|_| looked > 0).map(|column| column.filled as f64 / looked as f64),
            looks: seen.and_then(|column| column.looks.clone()),
        }
    };
    let sample = match mapping {
        Ok(mapping) => {
            let mapped = sample::mapped(&sampled, &mapping)?;
            Ok((mapped.contacts, mapped.rejected.into_iter().collect()))
        }
        Err(error) => Err(error.to_string()),
    };
    Ok(SourceView {
        name: spec.name.clone(),
        rows: known(rows),
        columns: schema.fields().iter().map(column).collect(),
        sampled: looked as u64,
        sample,
        next,
    })
}

/// The command that plans what is looked at: as typed, with a list and an account.
fn next(args: &PlanArgs, global: &Global) -> String {
    let target = args.targets.first().map(String::as_str).unwrap_or_default();
    let shown = connectors::shown(target);
    let mut words = vec!["enlist plan".to_owned(), quoted(shown)];
    words.extend(global.config.iter().map(|file| format!("-c {}", quoted(&file.display().to_string()))));
    words.extend(args.export.sql.iter().map(|sql| format!("--sql {}", quoted(sql))));
    words.push("--list 7 --host acme.api-us1.com --key-file key".to_owned());
    words.join(" ")
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A number of rows, and whether it is exact.
pub fn known(rows: Rows) -> Option<(u64, bool)> {
    match rows {
        Rows::Exactly(rows) => Some((rows, true)),
        Rows::About(rows) => Some((rows, false)),
        Rows::Unknown => None,
    }
}

/// A destination without custom fields, for a mapping that has none.
fn nowhere() -> Destination {
    Destination {
        host: String::new(),
        list: 0,
        list_name: String::new(),
        fields: Vec::new(),
        unknown_tags: Vec::new(),
        headroom: None,
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_survives_the_shell() {
        for (word, shown) in [("people.csv", "people.csv"), ("in/*.csv", "'in/*.csv'"), ("it's", r"'it'\''s'")] {
            assert_eq!(quoted(word), shown);
        }
    }
}
