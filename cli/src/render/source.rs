//! The screen of `plan SOURCE` without a list: what the source is.

use serde::Serialize;

use super::{Ink, Style, clean, count, plan::tally, plural};

/// A source that was looked at.
#[derive(Clone, Debug)]
pub struct SourceView {
    /// What people call it.
    pub name: String,
    /// Rows, and whether the number is exact; none: only reading tells.
    pub rows: Option<(u64, bool)>,
    /// Columns, in their order.
    pub columns: Vec<ColumnView>,
    /// Rows that were looked at.
    pub sampled: u64,
    /// Contacts that those rows become, and the others by reason; else why nobody can tell.
    pub sample: Result<(u64, Vec<(String, u64)>), String>,
    /// The command that comes next.
    pub next: String,
}

/// One column.
#[derive(Clone, Debug)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The part of a contact that it would become.
    pub becomes: Option<String>,
    /// Share of the rows looked at in which it has a value.
    pub filled: Option<f64>,
    /// The shape of its first value.
    pub looks: Option<String>,
}

/// The whole screen.
pub fn screen(source: &SourceView, style: &Style) -> String {
    let mut lines = vec![style.paint(Ink::Bold, clean(&source.name)), String::new()];
    lines.push(format!("  rows        {}", rows(source.rows)));
    lines.push(format!("  columns     {}", count(source.columns.len() as u64)));
    lines.push(String::new());
    let head = ["column", "type", "becomes", "filled", "looks like"].map(str::to_owned);
    let table: Vec<[String; 5]> = std::iter::once(head).chain(source.columns.iter().map(row)).collect();
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for (at, row) in table.iter().enumerate() {
        let [name, kind, becomes, filled, looks] = row;
        let [a, b, c, d] = widths;
        let line = format!("  {name:<a$}  {kind:<b$}  {becomes:<c$}  {filled:>d$}  {looks}");
        let line = line.trim_end().to_owned();
        lines.push(if at == 0 { style.paint(Ink::Dim, line) } else { line });
    }
    lines.push(String::new());
    lines.push(format!("  sample      {}", sample(source)));
    lines.push(String::new());
    let has_email = source.columns.iter().any(|column| column.becomes.as_deref() == Some("email"));
    let map = if has_email { "" } else { " --map email=COLUMN" };
    lines.push(format!("Next: {}{map}", clean(&source.next)));
    lines.join("\n") + "\n"
}

fn row(column: &ColumnView) -> [String; 5] {
    [
        clean(&column.name),
        clean(&column.kind),
        column.becomes.clone().unwrap_or_else(|| "not sent".to_owned()),
        column.filled.map_or(String::new(), |share| format!("{:.0} %", (share * 100.0).floor())),
        column.looks.as_deref().map(clean).unwrap_or_default(),
    ]
}

/// `1,000`, `about 1,000`, or that nobody knows.
pub fn rows(rows: Option<(u64, bool)>) -> String {
    match rows {
        Some((rows, true)) => count(rows),
        Some((rows, false)) => format!("about {}", count(rows)),
        None => "not known before they are read".to_owned(),
    }
}

fn sample(source: &SourceView) -> String {
    match &source.sample {
        Ok((contacts, rejected)) => outcome(source.sampled, *contacts, rejected),
        Err(why) => clean(why),
    }
}

/// What the first rows become.
pub fn outcome(sampled: u64, contacts: u64, rejected: &[(String, u64)]) -> String {
    let rejects: u64 = rejected.iter().map(|(_, rows)| rows).sum();
    let first = format!("first {}: {}", plural(sampled, "row"), plural(contacts, "contact"));
    if rejects == 0 { first } else { format!("{first}, {} rejected ({})", count(rejects), tally(&rejected.to_vec())) }
}

/// The source for programs.
pub fn document(source: &SourceView) -> impl Serialize {
    let columns: Vec<_> = source
        .columns
        .iter()
        .map(|column| {
            serde_json::json!({
                "name": column.name, "type": column.kind, "becomes": column.becomes,
                "filled_fraction": column.filled, "looks": column.looks,
            })
        })
        .collect();
    let sample = source.sample.as_ref().ok().map(|(contacts, rejected)| {
        let rejected: serde_json::Map<_, _> =
            rejected.iter().map(|(reason, rows)| (reason.clone(), (*rows).into())).collect();
        serde_json::json!({ "rows": source.sampled, "contacts": contacts, "rejected_by_reason": rejected })
    });
    serde_json::json!({
        "schema": "enlist.source/1", "source": source.name,
        "rows": source.rows.map(|(rows, _)| rows), "rows_exact": source.rows.map(|(_, exact)| exact),
        "columns": columns, "sample": sample, "sample_error": source.sample.as_ref().err(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, becomes: Option<&str>, filled: f64, looks: &str) -> ColumnView {
        ColumnView {
            name: name.to_owned(),
            kind: kind.to_owned(),
            becomes: becomes.map(str::to_owned),
            filled: Some(filled),
            looks: Some(looks.to_owned()),
        }
    }

    #[test]
    fn a_source_is_shown_with_what_would_become_of_it() {
        let source = SourceView {
            name: "warehouse".to_owned(),
            rows: Some((5_000, false)),
            columns: vec![
                column("email", "Utf8", Some("email"), 0.9966, "xxx@xxxxxxx.xxx"),
                column("price", "Decimal128(12, 2)", None, 1.0, "99.99"),
            ],
            sampled: 1_000,
            sample: Ok((990, vec![("bad_email".to_owned(), 6), ("no_email".to_owned(), 4)])),
            next: "enlist plan vip".to_owned(),
        };
        insta::assert_snapshot!(screen(&source, &Style::PLAIN));
        let empty = SourceView {
            rows: None,
            columns: Vec::new(),
            sample: Err("no column looks like an email".to_owned()),
            ..source
        };
        insta::assert_snapshot!("without_email", screen(&empty, &Style::PLAIN));
    }
}
