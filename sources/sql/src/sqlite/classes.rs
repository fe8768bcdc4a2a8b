//! Which types the values of a column have, and what the column becomes for it.

use arrow::datatypes::DataType;

/// The largest integer up to which a real holds each one exactly: 2^53.
pub(super) const EXACT: i64 = 1 << 53;

/// What a declared type suggests, by the rules of SQLite ("Datatypes In SQLite", 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
    /// Nothing is declared.
    None,
}

impl Affinity {
    pub(super) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        match () {
            () if declared.is_empty() => Self::None,
            () if has(&["INT"]) => Self::Integer,
            () if has(&["CHAR", "CLOB", "TEXT"]) => Self::Text,
            () if has(&["BLOB"]) => Self::Blob,
            () if has(&["REAL", "FLOA", "DOUB"]) => Self::Real,
            () => Self::Numeric,
        }
    }
}

/// The types that occur in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    integer: bool,
    real: bool,
    text: bool,
    blob: bool,
}

impl Classes {
    /// Counts in a type by the name that `typeof` gives it.
    pub(super) fn add(&mut self, class: &str) {
        match class {
            "integer" => self.integer = true,
            "real" => self.real = true,
            "text" => self.text = true,
            "blob" => self.blob = true,
            _ => {}
        }
    }

    /// Whether it takes a look at the integers to tell what the column becomes.
    pub(super) fn is_open(self) -> bool {
        self == Self { integer: true, real: true, ..Self::default() }
    }
}

/// What a column becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As its values are.
    Plain(DataType),
    /// As text, into which its numbers are cast.
    Cast,
}

/// What a column of `classes` becomes; `exact` when reals hold all of its integers.
pub(super) fn form(affinity: Affinity, classes: Classes, exact: bool) -> Form {
    let Classes { integer, real, text, blob } = classes;
    match (integer, real, text, blob) {
        (false, false, false, false) => Form::Plain(match affinity {
            Affinity::Integer => DataType::Int64,
            Affinity::Real => DataType::Float64,
            Affinity::Blob => DataType::Binary,
            Affinity::Text | Affinity::Numeric | Affinity::None => DataType::Utf8,
        }),
        (true, false, false, false) => Form::Plain(DataType::Int64),
        (false, true, false, false) => Form::Plain(DataType::Float64),
        (true, true, false, false) if exact => Form::Plain(DataType::Float64),
        (false, false, true, _) => Form::Plain(DataType::Utf8),
        (false, false, false, true) => Form::Plain(DataType::Binary),
        _ => Form::Cast,
    }
}

/// What a column of a STRICT table becomes; `None` for `ANY`, which holds anything.
pub(super) fn strict(declared: &str) -> Option<DataType> {
    Some(match declared.to_ascii_uppercase().as_str() {
        "INT" | "INTEGER" => DataType::Int64,
        "REAL" => DataType::Float64,
        "TEXT" => DataType::Utf8,
        "BLOB" => DataType::Binary,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[&str]) -> Classes {
        let mut classes = Classes::default();
        names.iter().for_each(|name| classes.add(name));
        classes
    }

    #[test]
    fn affinities_follow_the_rules_of_sqlite() {
        for (declared, affinity) in [
            ("", Affinity::None),
            ("bigint unsigned", Affinity::Integer),
            ("FLOATING POINT", Affinity::Integer),
            ("varchar(20)", Affinity::Text),
            ("BLOB", Affinity::Blob),
            ("double precision", Affinity::Real),
            ("DECIMAL(10,2)", Affinity::Numeric),
            ("BOOLEAN", Affinity::Numeric),
            ("DATETIME", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(declared), affinity, "{declared}");
        }
    }

    #[test]
    fn a_column_becomes_what_it_holds_and_loses_nothing() {
        let plain = |names: &[&str]| form(Affinity::Numeric, classes(names), true);
        assert_eq!(plain(&["integer", "null"]), Form::Plain(DataType::Int64));
        assert_eq!(plain(&["real", "integer"]), Form::Plain(DataType::Float64));
        assert_eq!(plain(&["text", "blob"]), Form::Plain(DataType::Utf8));
        assert_eq!(plain(&["blob"]), Form::Plain(DataType::Binary));
        assert_eq!(plain(&["integer", "text"]), Form::Cast);
        assert_eq!(plain(&["real", "blob"]), Form::Cast);
        assert_eq!(form(Affinity::Real, classes(&["integer", "real"]), false), Form::Cast);
    }

    #[test]
    fn an_empty_column_becomes_what_is_declared() {
        for (affinity, kind) in [
            (Affinity::Integer, DataType::Int64),
            (Affinity::Real, DataType::Float64),
            (Affinity::Numeric, DataType::Utf8),
            (Affinity::Blob, DataType::Binary),
        ] {
            assert_eq!(form(affinity, classes(&["null"]), true), Form::Plain(kind));
        }
    }
}
