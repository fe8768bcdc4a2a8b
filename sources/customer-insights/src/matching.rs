//! Which columns of two tables belong together.

use arrow::datatypes::Schema;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::{advice, missing};

/// What Dataverse puts before the names of tables and columns of Customer Insights.
const PREFIX: &str = "msdynci_";

/// The id of a customer, in profiles and in memberships.
pub(crate) const CUSTOMER: [&str; 1] = ["customerid"];
/// The segments of a membership: a list of names, or one name for each row.
pub(crate) const SEGMENTS: [&str; 3] = ["segments", "segment", "segmentname"];

/// How profiles are matched with memberships. By default the columns have the names that Customer Insights or
/// Dataverse gives them, in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentOptions {
    /// The column of the profiles with the id of the customer; by default `CustomerId` or `msdynci_customerid`.
    pub profile_id: Option<String>,
    /// The column of the memberships with that id; by default the same.
    pub member_id: Option<String>,
    /// The column of the memberships with their segments; by default `Segments` or `msdynci_segments`.
    pub segments: Option<String>,
    /// Names of segments that exist even if nobody is a member of them.
    pub exist: Vec<String>,
    /// What becomes of a member without a profile.
    pub unmatched: Unmatched,
}

/// What becomes of a member of a segment that has no profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmatched {
    /// An error: the tables are of different refreshes, and the segment would be too small.
    #[default]
    Refuse,
    /// Left out.
    LeaveOut,
}

/// A name without case, separators and what Dataverse puts before it.
pub(crate) fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix(PREFIX).unwrap_or(&name).replace(['_', ' '], "")
}

/// The name of the column that is `given` in configuration, or else is called one of `usual`.
///
/// # Errors
/// `source::column_missing`, with the columns of `source`.
pub(crate) fn column(schema: &Schema, given: Option<&str>, usual: &[&str], source: &str) -> Result<String, Error> {
    let offered: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if let Some(given) = given {
        let exact = offered.iter().find(|name| **name == given);
        let found = exact.or_else(|| offered.iter().find(|name| name.eq_ignore_ascii_case(given)));
        return found.map(|name| (*name).to_owned()).ok_or_else(|| missing(given, &offered, source));
    }
    let found = usual.iter().find_map(|usual| offered.iter().find(|name| plain(name) == *usual));
    found.map(|name| (*name).to_owned()).ok_or_else(|| {
        let message = format!("{source} has no column called {}", usual.join(" or "));
        Error::new(ErrorKind::Source, "source::column_missing", message)
            .help(format!("say which column it is; {}", advice(usual[0], &offered, "columns")))
    })
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn schema(names: &[&str]) -> Schema {
        Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_known_by_the_names_of_customer_insights_and_of_dataverse() {
        for name in ["CustomerId", "customerid", "msdynci_customerid", "MSDYNCI_CustomerId", "customer_id"] {
            assert_eq!(column(&schema(&["x", name]), None, &CUSTOMER, "people").unwrap(), name);
        }
    }

    #[test]
    fn a_column_of_another_name_can_be_given_and_is_asked_for() {
        let people = schema(&["id", "Email"]);
        assert_eq!(column(&people, Some("ID"), &CUSTOMER, "people").unwrap(), "id");
        let error = column(&people, None, &CUSTOMER, "people").unwrap_err();
        assert_eq!(error.code(), "source::column_missing");
        assert_eq!(error.to_string(), "people has no column called customerid");
        assert!(error.help_text().unwrap().ends_with("columns: id, Email"), "{error:?}");
        assert!(
            column(&people, Some("Emial"), &CUSTOMER, "people").unwrap_err().help_text().unwrap().contains("Email")
        );
    }
}
