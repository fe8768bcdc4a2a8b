//! Several sources read as one segment, one after the other.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_files::missing;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

/// The rows of several sources in their order, each row with the place that its own source gives it.
///
/// Columns are found by name. All sources have those that are asked for, of one type; widths of text and of whole numbers
/// are made one. They may differ in columns that nobody asks for.
pub struct Together {
    name: String,
    parts: Vec<Part>,
    columns: Vec<Column>,
}

struct Part {
    name: String,
    source: Arc<dyn Source>,
}

/// A column of any of the sources.
struct Column {
    name: String,
    kind: DataType,
    /// The source that it was first found in.
    first: String,
    /// Why it cannot be asked for.
    flaw: Option<Error>,
}

impl Together {
    /// One segment of `sources`, each with what people call it.
    ///
    /// # Errors
    /// Those of asking each for its columns.
    pub async fn new(sources: Vec<(String, Arc<dyn Source>)>) -> Result<Self, Error> {
        let mut columns: Vec<Column> = Vec::new();
        let mut parts: Vec<Part> = Vec::with_capacity(sources.len());
        for (name, source) in sources {
            let schema = source.schema().await?;
            for column in &mut columns {
                column.meet(&name, &schema);
            }
            for field in schema.fields() {
                if columns.iter().all(|column| column.name != *field.name()) {
                    // Those before this one lack it.
                    let flaw = parts.first().map(|part| absent(field.name(), &part.name, &name));
                    let (column, kind) = (field.name().clone(), field.data_type().clone());
                    columns.push(Column { name: column, kind, first: name.clone(), flaw });
                }
            }
            parts.push(Part { name, source });
        }
        let name = parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(" + ");
        Ok(Self { name, parts, columns })
    }

    /// The columns asked for, each once, of one type.
    fn pick(&self, columns: &[String]) -> Result<SchemaRef, Error> {
        let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
        for name in columns {
            let Some(column) = self.columns.iter().find(|column| column.name == *name) else {
                let offered: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                return Err(missing(name, &offered, &self.name));
            };
            if let Some(flaw) = &column.flaw {
                return Err(flaw.clone());
            }
            if fields.iter().all(|field| field.name() != name) {
                fields.push(column.field());
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }
}

impl Column {
    fn field(&self) -> Field {
        Field::new(&self.name, self.kind.clone(), true)
    }

    /// Compares the column with what another source has under its name.
    fn meet(&mut self, source: &str, schema: &Schema) {
        let flaw = match schema.field_with_name(&self.name).map(Field::data_type) {
            Err(_) => absent(&self.name, source, &self.first),
            Ok(other) => match unify(&self.kind, other) {
                Some(kind) => {
                    self.kind = kind;
                    return;
                }
                None => Error::new(
                    ErrorKind::Source,
                    "source::column_type",
                    format!("column \"{}\" is {} in {} but {other} in {source}", self.name, self.kind, self.first),
                )
                .help("put the segments together with sql: union all, and a CAST in one of them"),
            },
        };
        self.flaw.get_or_insert(flaw);
    }
}

fn absent(column: &str, lacking: &str, having: &str) -> Error {
    let message = format!("column \"{column}\" not found in {lacking}, but in {having}");
    Error::new(ErrorKind::Source, "source::column_missing", message).help(
        "every segment needs the columns that are sent or in rejects.columns; sql: union all can add one: null as NAME",
    )
}

/// The type that holds both, where that needs no judgement.
fn unify(one: &DataType, other: &DataType) -> Option<DataType> {
    let whole = |kind: &DataType| kind.primitive_width().filter(|_| kind.is_integer());
    match (one, other) {
        _ if one == other => Some(one.clone()),
        (DataType::Null, kind) | (kind, DataType::Null) => Some(kind.clone()),
        _ if is_text(one) && is_text(other) => Some(DataType::Utf8),
        _ => {
            let (narrow, wide) = if whole(one)? <= whole(other)? { (one, other) } else { (other, one) };
            // A number without sign fits a wider one with sign, and no number with sign fits one without.
            let same = narrow.is_signed_integer() == wide.is_signed_integer();
            let fits = same || (wide.is_signed_integer() && whole(narrow)? < whole(wide)?);
            fits.then(|| wide.clone())
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

#[async_trait]
impl Source for Together {
    fn name(&self) -> &str {
        &self.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::new(Schema::new(self.columns.iter().map(Column::field).collect::<Vec<_>>())))
    }

    async fn rows(&self) -> Result<Rows, Error> {
        let mut all = Rows::Exactly(0);
        for part in &self.parts {
            all = match (all, part.source.rows().await?) {
                (Rows::Exactly(sum), Rows::Exactly(rows)) => Rows::Exactly(sum.saturating_add(rows)),
                (Rows::Unknown, _) | (_, Rows::Unknown) => Rows::Unknown,
                (Rows::Exactly(sum) | Rows::About(sum), Rows::Exactly(rows) | Rows::About(rows)) => {
                    Rows::About(sum.saturating_add(rows))
                }
            };
        }
        Ok(all)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.pick(columns)?;
        let mut origins: Vec<String> = Vec::new();
        let mut streams = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let stream = part.source.scan(columns).await?;
            let first = u32::try_from(origins.len()).map_err(|_| too_many())?;
            origins.extend(stream.origins.iter().cloned());
            let (wanted, name) = (Arc::clone(&schema), part.name.clone());
            streams.push(stream.batches.map(move |batch| placed(batch?, first, &wanted, &name)).boxed());
        }
        u32::try_from(origins.len()).map_err(|_| too_many())?;
        Ok(SegmentStream { schema, origins: origins.into(), batches: in_order(streams) })
    }
}

/// A batch with the place and the types of the whole segment.
fn placed(batch: SegmentBatch, first: u32, wanted: &SchemaRef, part: &str) -> Result<SegmentBatch, Error> {
    let column = |field: &Arc<Field>| -> Result<ArrayRef, Error> {
        let offered: Vec<_> = batch.rows.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        let found = batch.rows.column_by_name(field.name()).ok_or_else(|| missing(field.name(), &offered, part))?;
        cast(found, field.data_type()).map_err(|_| changed(field.name(), part))
    };
    let columns = wanted.fields().iter().map(column).collect::<Result<Vec<_>, Error>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.rows.num_rows()));
    let rows = RecordBatch::try_new_with_options(Arc::clone(wanted), columns, &options)
        .map_err(|_| changed("of the segment", part))?;
    Ok(SegmentBatch { rows, origin: batch.origin + first, first_row: batch.first_row })
}

/// The streams one after the other. The first error is the last item.
fn in_order(
    streams: Vec<BoxStream<'static, Result<SegmentBatch, Error>>>,
) -> BoxStream<'static, Result<SegmentBatch, Error>> {
    let rows = stream::iter(streams.into_iter().map(Ok::<_, Error>)).try_flatten().boxed();
    stream::unfold(Some(rows), |rows| async move {
        let mut rows = rows?;
        match rows.next().await? {
            Ok(batch) => Some((Ok(batch), Some(rows))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

fn changed(column: &str, part: &str) -> Error {
    let message = format!("column \"{column}\" of {part} is not of the type that was announced");
    Error::new(ErrorKind::Source, "source::column_type", message)
}

fn too_many() -> Error {
    Error::new(ErrorKind::Source, "source::column_type", "the segments have more files than can be counted")
}

#[cfg(test)]
mod tests;
