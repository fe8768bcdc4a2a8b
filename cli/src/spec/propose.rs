//! Which column is which, judged by names alone.

use super::model::MapSpec;

/// Names that columns of a part go by, as [`plain`] writes them.
const EMAIL: &[&str] = &["email", "emailaddress", "mail", "mailaddress", "contactemail", "primaryemail"];
const FIRST_NAME: &[&str] = &["firstname", "given", "givenname", "forename", "fname", "first"];
const LAST_NAME: &[&str] = &["lastname", "family", "familyname", "surname", "lname", "last"];
const PHONE: &[&str] = &["phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "cell"];

/// A mapping proposed for the columns of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Parts with exactly one likely column. Custom fields are never proposed: their titles are the account's.
    pub map: MapSpec,
    /// Columns that are no part of the contact.
    pub rest: Vec<String>,
    /// Parts with several likely columns.
    pub ambiguous: Vec<(&'static str, Vec<String>)>,
}

/// Proposes a mapping. Case, spaces, `_` and `-` of column names do not matter.
pub fn propose(columns: &[String]) -> Proposal {
    let mut proposal = Proposal::default();
    let mut taken: Vec<&String> = Vec::new();
    for (part, names) in [("email", EMAIL), ("first_name", FIRST_NAME), ("last_name", LAST_NAME), ("phone", PHONE)] {
        let likely: Vec<&String> = columns.iter().filter(|column| names.contains(&plain(column).as_str())).collect();
        taken.extend(&likely);
        match (likely.as_slice(), part) {
            ([], _) => {}
            ([only], "email") => proposal.map.email = Some((*only).clone()),
            ([only], "first_name") => proposal.map.first_name = Some((*only).clone()),
            ([only], "last_name") => proposal.map.last_name = Some((*only).clone()),
            ([only], _) => proposal.map.phone = Some((*only).clone()),
            (several, _) => proposal.ambiguous.push((part, several.iter().map(|&column| column.clone()).collect())),
        }
    }
    proposal.rest = columns.iter().filter(|column| !taken.contains(column)).cloned().collect();
    proposal
}

fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn columns_are_found_by_the_names_people_give_them() {
        let proposal = propose(&columns(&["id", "E-Mail", "First Name", "SURNAME", "mobile", "tier"]));
        let map = MapSpec {
            email: Some("E-Mail".into()),
            first_name: Some("First Name".into()),
            last_name: Some("SURNAME".into()),
            phone: Some("mobile".into()),
            fields: Vec::new(),
        };
        assert_eq!(proposal, Proposal { map, rest: columns(&["id", "tier"]), ambiguous: Vec::new() });
    }

    #[test]
    fn two_likely_columns_are_left_to_the_reader() {
        let proposal = propose(&columns(&["email", "mail"]));
        assert_eq!(proposal.map.email, None);
        assert_eq!(proposal.ambiguous, [("email", columns(&["email", "mail"]))]);
    }
}
