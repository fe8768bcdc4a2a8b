//! A parallel read: ranges of a key, each over a connection of its own, all within one state of the data.

use enlist_core::Error;

use super::copy;
use super::session::Session;
use super::{from, identifier, statement};
use crate::engine::{Partition, RowStream, Scan};

/// One stream a part. The first session leads: it holds the state of the data until all others have taken it over.
///
/// # Errors
/// When the server refuses a connection or a statement.
pub(super) async fn scan(mut leader: Session, scan: &Scan, partition: &Partition) -> Result<Vec<RowStream>, Error> {
    let place = format!("{}: {}", leader.target.name, scan.relation);
    let key = identifier(&partition.by);
    let range = format!(
        "SELECT pg_catalog.pg_export_snapshot(), min({key})::int8, max({key})::int8 FROM {}",
        from(&scan.relation)
    );
    let range = leader.query(&range, &[]).await.map_err(|fault| fault.into_error(&place))?;
    let Some(range) = range.first() else { return Err(super::fault::lost(&place, "an answer without a row")) };
    let snapshot: String = range.get(0);
    let conditions = match (range.get(1), range.get(2)) {
        (Some(least), Some(most)) => conditions(&key, least, most, partition.parts),
        // All keys are null, or there are no rows.
        _ => vec!["true".to_owned()],
    };
    let mut sessions = Vec::with_capacity(conditions.len());
    for _ in 1..conditions.len() {
        sessions.push(Session::begin(&leader.target, Some(&snapshot)).await?);
    }
    let mut parts = Vec::with_capacity(conditions.len());
    for (session, condition) in std::iter::once(leader).chain(sessions).zip(&conditions) {
        let select = statement(scan, Some(condition));
        parts.push(copy::rows(session, &select, &scan.relation, &scan.columns).await?);
    }
    Ok(parts)
}

/// Conditions of which exactly one holds for each row. The outermost ranges have no outer end, and rows without a key
/// are in the first part.
fn conditions(key: &str, least: i64, most: i64, parts: u32) -> Vec<String> {
    let span = i128::from(most) - i128::from(least) + 1;
    let parts = span.min(i128::from(parts)).max(1);
    // Where part `part` begins. Within the range of the key, hence within 64 bits.
    let begin = |part: i128| i128::from(least) + span * part / parts;
    let condition = |part: i128| {
        let from = (part > 0).then(|| format!("{key} >= '{}'::int8", begin(part)));
        let to = (part + 1 < parts).then(|| format!("{key} < '{}'::int8", begin(part + 1)));
        match (from, to) {
            (None, None) => "true".to_owned(),
            (None, Some(to)) => format!("({to} OR {key} IS NULL)"),
            (Some(from), None) => from,
            (Some(from), Some(to)) => format!("({from} AND {to})"),
        }
    };
    (0..parts).map(condition).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_meet_without_gap_or_overlap() {
        assert_eq!(
            conditions("k", 1, 9, 3),
            ["(k < '4'::int8 OR k IS NULL)", "(k >= '4'::int8 AND k < '7'::int8)", "k >= '7'::int8"]
        );
    }

    #[test]
    fn there_are_no_more_parts_than_keys() {
        assert_eq!(conditions("k", 5, 5, 4), ["true"]);
        assert_eq!(conditions("k", 5, 6, 4), ["(k < '6'::int8 OR k IS NULL)", "k >= '6'::int8"]);
    }

    #[test]
    fn the_widest_range_does_not_overflow() {
        let parts = conditions("k", i64::MIN, i64::MAX, 2);
        assert_eq!(parts, ["(k < '0'::int8 OR k IS NULL)", "k >= '0'::int8"]);
    }
}
