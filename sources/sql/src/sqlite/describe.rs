//! What a relation consists of.

use arrow::datatypes::DataType;
use enlist_core::Error;
use rusqlite::{Connection, OptionalExtension};

use super::classes::{Affinity, Classes, EXACT, Form, form, strict};
use super::file::File;
use super::{fault, identifier, source};
use crate::engine::{Column, Relation};
use crate::fault::{query_refused, table_missing};

/// What the type of a column of a database in UTF-16 ends with: its texts have another order.
pub(super) const WIDE: &str = " (UTF-16)";

/// A column as it is declared.
struct Declared {
    name: String,
    kind: String,
    /// What it is for certain, by its declaration.
    certain: Option<DataType>,
}

/// The columns of `relation`.
pub(super) fn describe(file: &File, relation: &Relation) -> Result<Vec<Column>, Error> {
    let connection = file.open()?;
    let declared = match relation {
        Relation::Table { .. } => table(file, &connection, relation)?,
        Relation::Query(sql) => query(file, &connection, sql)?,
    };
    let found = source(&connection, relation).and_then(|from| columns(&connection, &from, declared));
    found.map_err(|fault| fault::error(&file.name, fault))
}

/// The number of rows of a table or view.
pub(super) fn count(file: &File, relation: &Relation) -> Result<u64, Error> {
    let connection = file.open()?;
    table(file, &connection, relation)?;
    let counted = source(&connection, relation)
        .and_then(|from| connection.query_one(&format!("SELECT count(*) FROM {from}"), [], |row| row.get::<_, i64>(0)));
    let count = counted.map_err(|fault| fault::error(&file.name, fault))?;
    Ok(count.unsigned_abs())
}

/// The columns of a table or view that `SELECT *` yields.
fn table(file: &File, connection: &Connection, relation: &Relation) -> Result<Vec<Declared>, Error> {
    let Relation::Table { schema, name } = relation else { return Ok(Vec::new()) };
    let schema = schema.as_deref().unwrap_or("main");
    let failed = |fault| fault::error(&file.name, fault);
    let found = "SELECT strict, type = 'table' FROM pragma_table_list \
                 WHERE schema = ?1 COLLATE NOCASE AND name = ?2 COLLATE NOCASE";
    let flags = connection.query_row(found, [schema, name], |row| Ok((row.get(0)?, row.get(1)?)));
    let Some((is_strict, is_table)) = flags.optional().map_err(failed)? else {
        let offered = tables(connection).map_err(failed)?;
        return Err(table_missing(&file.name, relation, &offered));
    };
    let declared = || {
        let mut statement =
            connection.prepare("SELECT name, type FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1 ORDER BY cid")?;
        let rows = statement.query_map([name, schema], |row| {
            let (name, kind): (String, String) = (row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default());
            let certain = if is_strict { strict(&kind) } else { text(&kind).filter(|_| is_table) };
            Ok(Declared { name, kind, certain })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    // A view is compiled here, and what it is made of may be gone.
    declared().map_err(|fault| fault::of_query(&file.name, fault))
}

/// What a column of a table is for certain when it is declared as text: SQLite turns every number that is put into it into
/// text. A blob it keeps; that one is an error of the read, rather than the reason to look at each row twice.
fn text(kind: &str) -> Option<DataType> {
    (Affinity::of(kind) == Affinity::Text).then_some(DataType::Utf8)
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

/// The columns of a direct query, about whose types nothing is known.
fn query(file: &File, connection: &Connection, sql: &str) -> Result<Vec<Declared>, Error> {
    let statement = connection.prepare(sql).map_err(|fault| fault::of_query(&file.name, fault))?;
    let refused = |why: &str| Err(query_refused(&file.name, why));
    if !statement.readonly() {
        return refused("it writes");
    }
    if statement.column_count() == 0 {
        return refused("it yields no columns");
    }
    if statement.parameter_count() > 0 {
        return refused("it has parameters");
    }
    let names = statement.column_names();
    Ok(names.map(|name| Declared { name: name.to_owned(), kind: String::new(), certain: None }).collect())
}

/// The columns with what they become, for which the data is looked through.
fn columns(connection: &Connection, from: &str, declared: Vec<Declared>) -> rusqlite::Result<Vec<Column>> {
    let encoding: String = connection.query_one("PRAGMA encoding", [], |row| row.get(0))?;
    let wide = if encoding == "UTF-8" { "" } else { WIDE };
    let open: Vec<&str> = declared.iter().filter(|c| c.certain.is_none()).map(|c| c.name.as_str()).collect();
    let classes = classes(connection, from, &open)?;
    let exact = exact(connection, from, &open, &classes)?;
    let mut found = classes.into_iter().zip(exact);
    let column = |declared: Declared| {
        let form = match declared.certain {
            Some(kind) => Form::Plain(kind),
            None => {
                let (classes, exact) = found.next().unwrap_or_default();
                form(Affinity::of(&declared.kind), classes, exact)
            }
        };
        let quoted = identifier(&declared.name);
        let (kind, select) = match form {
            Form::Plain(kind) => (kind, quoted),
            // Cast to text, a blob would look like one.
            Form::Cast => {
                let cast = format!("CASE typeof({quoted}) WHEN 'blob' THEN {quoted} ELSE CAST({quoted} AS TEXT) END");
                (DataType::Utf8, cast)
            }
        };
        Column { name: declared.name, kind, select, declared: declared.kind + wide }
    };
    Ok(declared.into_iter().map(column).collect())
}

/// The types that occur in each of the `names`.
fn classes(connection: &Connection, from: &str, names: &[&str]) -> rusqlite::Result<Vec<Classes>> {
    let mut classes = vec![Classes::default(); names.len()];
    if names.is_empty() {
        return Ok(classes);
    }
    // Few combinations occur, so this is faster than an aggregate for each type of each column.
    let types: Vec<String> = names.iter().map(|name| format!("typeof({})", identifier(name))).collect();
    let mut statement = connection.prepare(&format!("SELECT DISTINCT {} FROM {from}", types.join(", ")))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (index, classes) in classes.iter_mut().enumerate() {
            classes.add(row.get_ref(index)?.as_str()?);
        }
    }
    Ok(classes)
}

/// For each of the `names` whether reals hold all of its integers, as far as that matters.
fn exact(connection: &Connection, from: &str, names: &[&str], classes: &[Classes]) -> rusqlite::Result<Vec<bool>> {
    let open = |index: &usize| classes[*index].is_open();
    let large = |index| {
        let name = identifier(names[index]);
        format!("max(typeof({name}) = 'integer' AND {name} NOT BETWEEN -{EXACT} AND {EXACT})")
    };
    let large: Vec<String> = (0..names.len()).filter(open).map(large).collect();
    let mut exact = vec![true; names.len()];
    if large.is_empty() {
        return Ok(exact);
    }
    let mut statement = connection.prepare(&format!("SELECT {} FROM {from}", large.join(", ")))?;
    let mut rows = statement.query([])?;
    if let Some(row) = rows.next()? {
        for (column, index) in (0..names.len()).filter(open).enumerate() {
            exact[index] = !row.get::<_, Option<bool>>(column)?.unwrap_or_default();
        }
    }
    Ok(exact)
}
