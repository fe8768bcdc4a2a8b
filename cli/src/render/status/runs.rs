//! The last runs as a table.

use std::time::Duration;

use enlist_history::RunDocument;

use super::super::{Ink, Style, clean, count, time};

/// Widest that the table of runs gets, as far as cutting names of exports helps.
const WIDEST: usize = 100;

/// What the columns are: the first three are words, the others numbers.
const COLUMNS: [&str; 9] = ["run", "export", "ended", "read", "confirmed", "unchanged", "rejected", "deferred", "took"];

/// The column of exports, whose names are cut where there is no room for them, but never below this.
const EXPORT: (usize, usize) = (1, 8);

/// The last runs, oldest first, one a line, with what the columns mean.
pub fn runs(runs: &[RunDocument], style: &Style) -> String {
    if runs.is_empty() {
        return "No runs yet.\n".to_owned();
    }
    let mut rows: Vec<[String; 9]> = [COLUMNS.map(str::to_owned)].into_iter().chain(runs.iter().map(row)).collect();
    let lines = laid_out(&mut rows);
    let mut screen = String::new();
    for (at, line) in lines.into_iter().enumerate() {
        screen.push_str(&match at.checked_sub(1).and_then(|at| runs.get(at)) {
            None => style.paint(Ink::Dim, line),
            Some(run) if run.exit_code == 0 => line,
            Some(_) => style.paint(Ink::Yellow, line),
        });
        screen.push('\n');
    }
    screen.push_str("  enlist status EXPORT RUN shows one of them; --html FILE writes the report\n");
    screen
}

/// Columns below each other: two blanks apart where there is room, else numbers one, else with names of exports cut.
fn laid_out(rows: &mut [[String; 9]]) -> Vec<String> {
    let wide = |rows: &[[String; 9]], column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let mut widths: [usize; 9] = std::array::from_fn(|column| wide(rows, column).unwrap_or(0));
    let gaps = |between: usize| 2 * 2 + 6 * between;
    let total: usize = widths.iter().sum();
    let between = if total + gaps(2) <= WIDEST { 2 } else { 1 };
    let (export, least) = EXPORT;
    let beyond = (total + gaps(between)).saturating_sub(WIDEST);
    widths[export] = widths[export].saturating_sub(beyond).max(widths[export].min(least));
    let cell = |column: usize, text: &str| match (column, widths[column]) {
        (0, width) => format!("{text:<width$}"),
        (1..3, width) => format!("  {:<width$}", cut(text, width)),
        (_, width) => format!("{:between$}{text:>width$}", ""),
    };
    let line = |row: &[String; 9]| row.iter().enumerate().map(|(column, text)| cell(column, text)).collect::<String>();
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn row(run: &RunDocument) -> [String; 9] {
    let outcome = run.outcome.unwrap_or_default();
    let took = time(Duration::from_secs_f64(run.seconds.clamp(0.0, 1e9)));
    let ended = if run.exit_code == 0 { run.status.clone() } else { format!("{} {}", run.status, run.exit_code) };
    [
        clean(short(&run.run_id)),
        clean(&run.export),
        clean(&ended),
        count(run.source.rows),
        count(outcome.confirmed),
        count(outcome.unchanged),
        count(outcome.rejected),
        count(outcome.deferred),
        took,
    ]
}

/// A run by the time of its start, to the millisecond: of one export there are no two.
fn short(run_id: &str) -> &str {
    const TIMED: usize = "r_20261122_100000_417".len();
    run_id.get(..TIMED).filter(|_| run_id.get(TIMED..).is_some_and(|rest| rest.starts_with('_'))).unwrap_or(run_id)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::super::json;
    use super::super::super::run::tests::{run as a_run, stopped};
    use super::*;

    #[test]
    fn the_last_runs() {
        let documents = [json::run(&a_run()), json::run(&stopped())];
        assert_snapshot!(runs(&documents, &Style::PLAIN));
        assert_snapshot!(runs(&[], &Style::PLAIN));
    }

    #[test]
    fn a_million_rows_of_exports_with_long_names_fit_a_screen() {
        let mut first = json::run(&a_run());
        first.run_id = "r_20261122_100000_417_3f2a".to_owned();
        first.export = "customers_who_bought_last_year".to_owned();
        let mut second = json::run(&stopped());
        second.run_id = "r_20261122_110000_002_00ff".to_owned();
        let idle = enlist_history::Outcome { unchanged: 1_000_000, ..enlist_history::Outcome::default() };
        let third = RunDocument { outcome: Some(idle), ..first.clone() };
        let screen = runs(&[first, second, third], &Style::PLAIN);
        assert!(screen.lines().all(|line| line.chars().count() <= WIDEST), "{screen}");
        assert_snapshot!(screen);
    }
}
