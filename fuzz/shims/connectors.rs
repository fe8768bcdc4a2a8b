//! Which files there are readers for, without the readers.

pub const KINDS: &str = "a file";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Parquet,
    Csv,
    Jsonl,
    Arrow,
    Avro,
    Delta,
    CustomerInsights,
}

pub fn kind_of(path: &str) -> Option<Kind> {
    let kinds = [(".parquet", Kind::Parquet), (".csv", Kind::Csv), (".jsonl", Kind::Jsonl), (".arrow", Kind::Arrow)];
    kinds.into_iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, kind)| kind)
}
