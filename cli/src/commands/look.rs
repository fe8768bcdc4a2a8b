//! `plan SOURCE` without a list: what the source is and what would become of it.

use enlist_core::{Destination, Mapping, Rows, Source};

use crate::args::ExportArgs;
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
    args: &ExportArgs,
    config: Option<&Spec>,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let sources = config.map(|config| &*config.sources).unwrap_or_default();
    let source = connectors::read(Some(spec), args.sql.as_deref(), sources).await?;
    let view = view(spec, &*source).await?;
    screen.result(&page(&view, &screen.out), &document(&view));
    Ok(Exit::Done)
}

async fn view(spec: &SourceSpec, source: &dyn Source) -> Result<SourceView, Failure> {
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
        next: format!("enlist plan {} --list 7 --host acme.api-us1.com --key-file key", spec.shown()),
    })
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
