//! Columns as the table declares them, without what only the kernel needs to know of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use delta_kernel::KernelError;
use delta_kernel::engine::arrow_conversion::TryIntoArrow;
use delta_kernel::schema::StructType;
use enlist_core::Error;

use crate::fault::Fault;

/// The columns of `table`, each nullable: a file that was written before a column came has none of it.
///
/// # Errors
/// `delta::unsupported` for a column of a type without a counterpart in Arrow.
pub(crate) fn columns(table: &StructType, name: &str) -> Result<SchemaRef, Error> {
    let declared: Schema =
        table.try_into_arrow().map_err(|cause| Fault::from(KernelError::from(cause)).opening(name))?;
    Ok(Arc::new(Schema::new(declared.fields().iter().map(|field| bare(field, true)).collect::<Fields>())))
}

/// The field without the ids and physical names that its metadata holds.
fn bare(field: &Field, nullable: bool) -> FieldRef {
    let inner = |field: &FieldRef| bare(field, field.is_nullable());
    let kind = match field.data_type() {
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), kind, nullable))
}
