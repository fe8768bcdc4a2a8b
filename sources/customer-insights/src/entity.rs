//! A table of a folder as a source.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_csv::{CsvFiles, CsvOptions};
use enlist_source_files::{Location, blocking, changed, pick};
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt};

use crate::cells::{Cells, Odd};
use crate::folder::Types;
use crate::model::{Attribute, EntityModel, Format, Model};
use crate::partitions::{Partition, partitions};

/// One table of a [`Folder`](crate::Folder).
///
/// Each partition is an origin, in the order of the model; its rows are numbered from 1. The model is read once more
/// at the start and at the end of a scan: a folder that is written to meanwhile is an error.
#[derive(Clone)]
pub struct Entity(Arc<Inner>);

struct Inner {
    /// The folder and the table.
    name: String,
    model: Arc<Model>,
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Whether dates of the form 5/27/2021 are understood.
    american: bool,
    files: Vec<CsvFiles>,
}

impl Entity {
    /// Finds the files of the table `name` of a folder, and reads the start of each. Blocks meanwhile.
    pub(crate) fn open(folder: &Location, model: Arc<Model>, name: &str, types: Types) -> Result<Self, Error> {
        let entity = model.entity(name)?;
        let place = format!("{}: entity \"{name}\"", model.name);
        let cells: Vec<Cells> = match types {
            Types::Text => vec![Cells::Text; entity.attributes.len()],
            Types::Model => entity.attributes.iter().map(|one| typed(one, &place)).collect::<Result<_, _>>()?,
        };
        let columns = entity.attributes.iter().zip(&cells);
        let fields: Vec<Field> = columns.map(|(one, cells)| Field::new(&one.name, cells.data_type(), true)).collect();
        let files = partitions(folder, entity, &model.name)?;
        let files = files.into_iter().map(|file| csv(file, entity, &place)).collect::<Result<_, Error>>()?;
        let american = model.culture.as_deref().is_none_or(|culture| culture.eq_ignore_ascii_case("en-US"));
        let (name, schema) = (format!("{}/{name}", folder.pattern), Arc::new(Schema::new(fields)));
        Ok(Self(Arc::new(Inner { name, model, schema, cells, american, files })))
    }
}

#[async_trait]
impl Source for Entity {
    fn name(&self) -> &str {
        &self.0.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::clone(&self.0.schema))
    }

    /// About as many as the size of the files tells; compressed files do not tell.
    async fn rows(&self) -> Result<Rows, Error> {
        let mut about = 0;
        for file in &self.0.files {
            match file.rows().await? {
                Rows::Exactly(rows) | Rows::About(rows) => about += rows,
                Rows::Unknown => return Ok(Rows::Unknown),
            }
        }
        Ok(Rows::About(about))
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let inner = &self.0;
        let picked: Arc<[usize]> = pick(&inner.schema, columns, &inner.name)?.into();
        let fields: Vec<_> = picked.iter().map(|index| Arc::clone(&inner.schema.fields()[*index])).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let origins: Arc<[String]> = inner.files.iter().map(|file| file.name().to_owned()).collect();
        unchanged(inner).await?;
        let reader = Arc::new(Reader { inner: Arc::clone(inner), picked, schema: Arc::clone(&schema) });
        let last = Arc::clone(inner);
        let parts = stream::iter(0..inner.files.len()).then(move |origin| Arc::clone(&reader).part(origin)).flatten();
        let end = stream::once(async move { unchanged(&last).await.err().map(Err) }).filter_map(ready);
        // The first error is the last item: what comes after it is not part of any whole.
        let batches = parts.chain(end).scan(false, |failed, item| {
            let next = (!*failed).then_some(item);
            *failed |= next.as_ref().is_some_and(Result::is_err);
            ready(next)
        });
        Ok(SegmentStream { schema, origins, batches: batches.boxed() })
    }
}

async fn unchanged(inner: &Arc<Inner>) -> Result<(), Error> {
    let model = Arc::clone(&inner.model);
    blocking(move || model.unchanged()).await
}

/// What makes typed rows of the texts of a file.
struct Reader {
    inner: Arc<Inner>,
    picked: Arc<[usize]>,
    schema: SchemaRef,
}

impl Reader {
    /// The rows of one file. It is opened only now.
    async fn part(self: Arc<Self>, origin: usize) -> BoxStream<'static, Result<SegmentBatch, Error>> {
        let names: Vec<String> = self.schema.fields().iter().map(|field| field.name().clone()).collect();
        match self.inner.files[origin].scan(&names).await {
            Err(error) => stream::once(ready(Err(self.explained(error)))).boxed(),
            Ok(texts) => {
                texts.batches.map(move |batch| self.rows(batch.map_err(|error| self.explained(error))?, origin)).boxed()
            }
        }
    }

    fn rows(&self, texts: SegmentBatch, origin: usize) -> Result<SegmentBatch, Error> {
        let (file, first_row) = (self.inner.files[origin].name(), texts.first_row);
        let columns =
            self.schema.fields().iter().map(|field| texts.rows.column_by_name(field.name())?.as_string_opt::<i32>());
        let columns = columns.collect::<Option<Vec<&StringArray>>>().ok_or_else(|| changed(file))?;
        if first_row == 1 && self.is_header(&columns) {
            return Err(error(
                "insights::columns",
                format!("{file} has a header row, but model.json says that it has none"),
            )
            .help("run the export again"));
        }
        let typed = self.picked.iter().zip(columns).map(|(index, cells)| {
            let kind = self.inner.cells[*index];
            kind.read(cells, self.inner.american).map_err(|Odd(row)| {
                let (row, column) = (first_row + row as u64, self.inner.schema.field(*index).name());
                error("insights::cell", format!("{file}, row {row}: column \"{column}\" is not {}", kind.article()))
                    .help("the type comes from model.json; read the folder with its types as text to take cells as they are")
            })
        });
        let options = RecordBatchOptions::new().with_row_count(Some(texts.rows.num_rows()));
        let rows =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), typed.collect::<Result<_, _>>()?, &options);
        Ok(SegmentBatch { rows: rows.map_err(|_| changed(file))?, origin: origin as u32, first_row })
    }

    /// Whether the first row holds the names of the columns.
    fn is_header(&self, columns: &[&StringArray]) -> bool {
        let mut cells = self.schema.fields().iter().zip(columns);
        !columns.is_empty() && cells.all(|(field, cells)| cells.is_valid(0) && cells.value(0) == field.name())
    }

    fn explained(&self, error: Error) -> Error {
        if error.code() != "csv::row_shape" {
            return error;
        }
        let (model, expected) = (&self.inner.model.name, self.inner.schema.fields().len());
        error.help(format!("{model} gives the table {expected} columns: model and files are of different exports, or a quote is missing"))
    }
}

/// What the cells of a column are.
fn typed(attribute: &Attribute, place: &str) -> Result<Cells, Error> {
    Cells::of(attribute).ok_or_else(|| {
        let (column, kind) = (&attribute.name, &attribute.kind);
        error("insights::type", format!("{place}: column \"{column}\" is of a type that is not known: {kind}"))
            .help("read the folder with its types as text")
    })
}

/// The reader of one partition.
fn csv(file: Partition, entity: &EntityModel, place: &str) -> Result<CsvFiles, Error> {
    let delimiter = delimiter(&file.format).map_err(|what| {
        error("insights::format", format!("{place} has a file that is not CSV in UTF-8: {what}"))
            .help("export it as CSV in UTF-8, with quotes")
    })?;
    let names: Vec<String> = entity.attributes.iter().map(|attribute| attribute.name.clone()).collect();
    let headed = file.format.column_headers;
    let options = CsvOptions { delimiter: Some(delimiter), names: (!headed).then(|| names.clone()) };
    let files = CsvFiles::open(&file.location, options)?;
    if headed {
        let found = futures::executor::block_on(files.schema())?;
        let same = found.fields().len() == names.len() && names.iter().all(|name| found.field_with_name(name).is_ok());
        if !same {
            let name = files.name();
            return Err(error(
                "insights::columns",
                format!("{name} has other columns than model.json gives the table"),
            )
            .help("model and files are of different exports: run the export again, or copy the whole folder"));
        }
    }
    Ok(files)
}

/// The byte between fields, or what about the format is not supported.
fn delimiter(format: &Format) -> Result<u8, String> {
    let encoding = format.encoding.as_deref().unwrap_or("UTF-8");
    // 65001 is the code page of UTF-8.
    if !["utf-8", "utf8", "us-ascii", "65001", ""].contains(&encoding.to_ascii_lowercase().as_str()) {
        return Err(format!("its encoding is {encoding}"));
    }
    if format.quote_style.as_deref().is_some_and(|style| style.eq_ignore_ascii_case("QuoteStyle.None")) {
        return Err("its quote style is QuoteStyle.None".to_owned());
    }
    match format.delimiter.as_deref().unwrap_or(",").as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("its delimiter is not one character of ASCII".to_owned()),
    }
}

fn error(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Source, code, message)
}
