//! Values in the places that a statement leaves open.

use std::collections::HashMap;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ParamValues;
use datafusion::common::ScalarValue;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::logical_expr::LogicalPlan;
use enlist_core::{Error, ErrorKind};

use crate::fault;

/// The plan with `params` in the places of `$name`, as literals of the types that these places have.
///
/// # Errors
/// `query::param`: a place without a value, and a value that the type of its place cannot hold.
pub(crate) fn bind(plan: LogicalPlan, params: &[(String, String)]) -> Result<LogicalPlan, Error> {
    let places = plan.get_parameter_types().map_err(|_| {
        refused("a parameter of the query would have to be of two types").help("use two parameters, or CAST one")
    })?;
    if places.is_empty() {
        return Ok(plan);
    }
    let mut values = HashMap::with_capacity(places.len());
    for (place, kind) in &places {
        let name = place.trim_start_matches('$');
        let Some((_, text)) = params.iter().find(|(param, _)| param == name) else {
            return Err(refused(&format!("there is no value for {place} of the query")));
        };
        values.insert(name.to_owned(), ScalarAndMetadata::from(literal(place, text, kind.as_ref())?));
    }
    plan.with_param_values(ParamValues::Map(values)).map_err(|fault| fault::planning(&fault, &[]))
}

/// The text as a value of this type; none: as text.
fn literal(place: &str, text: &str, kind: Option<&DataType>) -> Result<ScalarValue, Error> {
    let kind = kind.filter(|kind| **kind != DataType::Null).unwrap_or(&DataType::Utf8);
    // The value is not repeated: it may be a person's.
    ScalarValue::try_from_string(text.to_owned(), kind).map_err(|_| {
        refused(&format!("the value for {place} is not a {kind}, which it is compared with"))
            .help("write numbers plainly, dates as 2026-01-31, times as 2026-01-31T06:00:00Z; or CAST it in the query")
    })
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Config, "query::param", message)
}
