//! What the importer checks before it queues anything, and what it checks of an email later.

use super::payload::{Entry, Payload};
use crate::account::fold;
use crate::settings::Settings;
use crate::switches::Complaints;

/// What is said against a contact, with its number as the settings count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) contact: usize,
    pub(crate) reason: &'static str,
}

/// Complaints about the contacts of a request; if there is one, nothing is queued.
pub(crate) fn check(payload: &Payload<'_>, settings: &Settings) -> Vec<Complaint> {
    let first = usize::try_from(settings.first_index).unwrap_or(1);
    let most = match settings.complaints {
        Complaints::All => usize::MAX,
        Complaints::First => 1,
    };
    let judged = payload.contacts.iter().enumerate();
    let complaints = judged.filter_map(|(place, entry)| {
        let reason = complaint(entry, settings)?;
        Some(Complaint { contact: place + first, reason })
    });
    complaints.take(most).collect()
}

fn complaint(entry: &Entry<'_>, settings: &Settings) -> Option<&'static str> {
    let Some(email) = &entry.email else {
        return Some("Field 'email' not found");
    };
    if !is_email_like(email.as_str()) || settings.refuses(&fold(email.as_str())) {
        return Some("Field 'email' incorrect format");
    }
    if entry.fields.iter().any(|field| field.id.is_none()) {
        return Some("Field 'id' not found");
    }
    if entry.fields.iter().any(|field| field.value.is_none()) {
        return Some("Field 'value' not found");
    }
    None
}

/// The first check: something, an @, something. The forbidden characters are the documented ones.
fn is_email_like(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let forbidden = |c: char| "\"(),:;<>@[\\]".contains(c) || c.is_whitespace() || c.is_control();
    !local.is_empty() && !domain.is_empty() && !local.contains(forbidden) && !domain.contains(forbidden)
}

/// The later check of an email that passed the first. The vendor's own example of a finished import has an apostrophe
/// and a domain without a dot among the failures.
pub(crate) fn is_deliverable(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let Some((host, top)) = domain.rsplit_once('.') else {
        return false;
    };
    email.is_ascii()
        && !local.contains('\'')
        && !host.is_empty()
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_check_of_an_email_is_coarse_and_the_later_one_strict() {
        let cases = [
            ("anna@example.com", true, true),
            ("a.b+c@mail.example.co", true, true),
            ("", false, false),
            ("anna", false, false),
            ("@example.com", false, false),
            ("anna@", false, false),
            ("anna@b@example.com", false, false),
            ("an na@example.com", false, false),
            ("an(na@example.com", false, false),
            ("an;na@example.com", false, false),
            ("an\\na@example.com", false, false),
            ("invalid.email@invalidDomain", true, false),
            ("o'neil@example.com", true, false),
            ("anna@example.c", true, false),
            ("anna@example.c0", true, false),
            ("anna@.com", true, false),
            ("änna@example.com", true, false),
        ];
        for (email, first, later) in cases {
            assert_eq!(is_email_like(email), first, "first check of {email:?}");
            if first {
                assert_eq!(is_deliverable(email), later, "later check of {email:?}");
            }
        }
    }
}
