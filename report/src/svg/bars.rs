//! A column for each of a few runs.

use super::axis::Axis;
use super::{HEIGHT, WIDTH, at};
use crate::html::{Html, tag};

/// Columns on `axis`: what each says when it is pointed at, and its value. The last one stands out.
pub(crate) fn columns(columns: &[(String, Option<f64>)], axis: &Axis) -> Html {
    let slots = columns.len().max(SLOTS);
    #[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
    let (slot, first) = (WIDTH / slots as f64, (slots - columns.len()) as f64);
    #[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
    let column = |(n, (says, value)): (usize, &(String, Option<f64>))| {
        let value = (*value)?;
        // What is there is seen, however little it is.
        let top = if value > 0.0 { axis.y(value).min(HEIGHT - 1.5) } else { HEIGHT - 0.5 };
        let class = if n + 1 == columns.len() { "column last" } else { "column" };
        let rect = tag("rect")
            .class(class)
            .attr("x", at((first + n as f64 + 0.14) * slot))
            .attr("y", at(top))
            .attr("width", at(slot * 0.72))
            .attr("height", at(HEIGHT - top));
        Some(rect.with(tag("title").with(says.as_str())))
    };
    columns.iter().enumerate().map(column).collect()
}

/// Fewer columns than this are not made broader.
const SLOTS: usize = 12;
