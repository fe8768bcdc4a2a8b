//! The drawings over time as a table.

use super::Over;
use crate::html::Html;
use crate::page::{Column, table};
use crate::svg::length;
use crate::words::{count, time};

impl Over<'_> {
    /// A row for each step that is drawn.
    pub(super) fn numbers(&self) -> Html {
        use Column::{Number, Text};
        let per = if self.rates { " a minute" } else { "" };
        let heads = [
            ("from".to_owned(), Text),
            (format!("accepted{per}"), Number),
            (format!("confirmed{per}"), Number),
            (format!("imports{per}"), Number),
            ("waiting".to_owned(), Number),
            ("slowest, ms".to_owned(), Number),
            ("throttled".to_owned(), Number),
            ("retries".to_owned(), Number),
        ];
        let heads: Vec<(&str, Column)> = heads.iter().map(|(name, column)| (name.as_str(), *column)).collect();
        let rows = self.bins.iter().map(|bin| {
            let slowest = if bin.latency_ms == 0 { "–".to_owned() } else { count(bin.latency_ms) };
            let numbers = [bin.accepted, bin.confirmed, bin.imports].map(|number| count(self.rate(bin, number)));
            let rest = [count(bin.pending), slowest, count(bin.throttled), count(bin.retries)];
            [time(length(bin.from))].into_iter().chain(numbers).chain(rest).map(Html::from).collect()
        });
        table("The run over time", &heads, rows)
    }
}
