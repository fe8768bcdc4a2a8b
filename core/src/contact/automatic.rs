//! The mapping that column names suggest.

use arrow::datatypes::Schema;

use super::find::quoted;
use super::{EmptyValues, Keep, Mapping};
use crate::{Error, ErrorKind};

/// What [`Mapping::automatic`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automatic {
    /// Email, names and phone; never custom fields or tags.
    pub mapping: Mapping,
    /// Columns that are not mapped, in the order of the schema.
    pub unused: Vec<String>,
}

/// A part of a contact and the column names that mean it, compared without case, spaces, underscores and hyphens.
struct Part {
    /// Its name in `--map`, which is also its best column name.
    name: &'static str,
    synonyms: &'static [&'static str],
}

const EMAIL: Part = Part { name: "email", synonyms: &["emailaddress", "mail"] };
const FIRST_NAME: Part = Part { name: "first_name", synonyms: &["given", "givenname", "forename"] };
const LAST_NAME: Part = Part { name: "last_name", synonyms: &["surname", "family", "familyname"] };
const PHONE: Part = Part { name: "phone", synonyms: &["phonenumber", "mobile", "mobilephone", "telephone", "tel"] };

impl Mapping {
    /// Maps email, names and phone by the usual names of columns: `E-Mail`, `GivenName`, `phone_number` and so on.
    ///
    /// `email` itself beats `E-Mail`, which beats `mail`; two names of equal standing are an error, not a guess.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when no column, or more than one, may be the email, and when a name or the phone may be
    /// several columns.
    pub fn automatic(schema: &Schema) -> Result<Automatic, Error> {
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let email = EMAIL.column(&columns)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "mapping::email_missing",
                format!("no column looks like an email; the source has {}", quoted(&columns)),
            )
            .help("name it: --map email=COLUMN")
        })?;
        let mapping = Self {
            email,
            first_name: FIRST_NAME.column(&columns)?,
            last_name: LAST_NAME.column(&columns)?,
            phone: PHONE.column(&columns)?,
            fields: Vec::new(),
            tags: Vec::new(),
            empty_values: EmptyValues::Keep,
            phone_region: None,
            keep: Keep::First,
            leavers: crate::Leavers::Keep,
        };
        let used = mapping.columns();
        let unused = columns.into_iter().map(str::to_owned).filter(|column| !used.contains(column));
        Ok(Automatic { unused: unused.collect(), mapping })
    }
}

impl Part {
    /// The column of the best standing that any column has.
    fn column(&self, columns: &[&str]) -> Result<Option<String>, Error> {
        let Some(best) = columns.iter().filter_map(|column| self.standing(column)).min() else {
            return Ok(None);
        };
        let candidates: Vec<&str> =
            columns.iter().copied().filter(|column| self.standing(column) == Some(best)).collect();
        match candidates.as_slice() {
            [one] => Ok(Some((*one).to_owned())),
            several => Err(Error::new(
                ErrorKind::Config,
                "mapping::ambiguous",
                format!("{} may be any of {}", self.name, quoted(several)),
            )
            .help(format!("choose one: --map {}=COLUMN", self.name))),
        }
    }

    /// How well a column's name fits, 0 best.
    fn standing(&self, column: &str) -> Option<u8> {
        let folded = fold(column);
        if column == self.name {
            Some(0)
        } else if folded == fold(self.name) {
            Some(1)
        } else if self.synonyms.contains(&folded.as_str()) {
            Some(2)
        } else {
            None
        }
    }
}

fn fold(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn automatic(columns: &[&str]) -> Result<Automatic, Error> {
        let fields: Vec<Field> = columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        Mapping::automatic(&Schema::new(fields))
    }

    #[test]
    fn usual_names_are_recognised_whatever_their_case_and_separators() {
        for email in ["email", "E-Mail", "EMAIL", "e mail", "EmailAddress", "email_address", "Mail"] {
            for (first, last, phone) in [
                ("First Name", "Last-Name", "PHONE"),
                ("given", "surname", "Mobile Phone"),
                ("GivenName", "family_name", "tel"),
                ("forename", "Family", "phone-number"),
            ] {
                let found = automatic(&["id", first, email, last, phone, "tier"]).unwrap();
                assert_eq!(found.mapping.email, email);
                assert_eq!(found.mapping.first_name.as_deref(), Some(first));
                assert_eq!(found.mapping.last_name.as_deref(), Some(last));
                assert_eq!(found.mapping.phone.as_deref(), Some(phone));
                assert_eq!(found.unused, ["id", "tier"]);
                assert!(found.mapping.fields.is_empty() && found.mapping.tags.is_empty());
            }
        }
    }

    #[test]
    fn a_better_name_beats_a_lesser_one() {
        let found = automatic(&["mail", "E-Mail", "email", "mobile", "Phone"]).unwrap();
        assert_eq!(found.mapping.email, "email");
        assert_eq!(found.mapping.phone.as_deref(), Some("Phone"));
        assert_eq!(found.unused, ["mail", "E-Mail", "mobile"]);
    }

    #[test]
    fn names_of_equal_standing_are_an_error_with_the_candidates() {
        let error = automatic(&["mail", "email address", "x"]).unwrap_err();
        assert_eq!(error.code(), "mapping::ambiguous");
        assert_eq!(error.to_string(), "email may be any of `mail`, `email address`");
        assert_eq!(error.help_text(), Some("choose one: --map email=COLUMN"));

        let error = automatic(&["email", "mobile", "telephone"]).unwrap_err();
        assert_eq!(error.to_string(), "phone may be any of `mobile`, `telephone`");
    }

    #[test]
    fn without_an_email_the_error_lists_the_columns() {
        let error = automatic(&["id", "contact"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), "no column looks like an email; the source has `id`, `contact`");
        assert_eq!(error.help_text(), Some("name it: --map email=COLUMN"));
    }
}
