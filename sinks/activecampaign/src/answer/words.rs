//! What of a destination's text may be shown.

/// Longest text shown, in characters.
const LENGTH: usize = 120;

/// Stands for words that are not shown.
const GAP: &str = "…";

/// The words an API explains itself with. A text may quote values of contacts, in quotes or not, so only words that
/// are known to be none are shown: a list of what is safe cannot leak, a pattern of what is dangerous can.
const KNOWN: &str = "\
    a access account accounts active add address all allowed already an and api are at authentication authorized bad \
    batch batchid be been body bounced bytes can cannot code contact contactlist contacts correct could custom \
    customer_acct_name data date deleted denied disabled do does domain duplicate email empty error exceed exceeded \
    exceeds excluded exclusion exist exists expected expired failed field fields first_name firstname fix for \
    forbidden format found from has have id import imports in incorrect internal into invalid is it json key large \
    larger last_name lastname least length less limit list listid lists long longer many maximum may message minute \
    missing more most must no not number object of on or parameter pass payload per permission permissions phone \
    please processing property provided queued request requested requests require required retry server should size \
    string subscribe subscribed system tag tags than the this to token too type unable unauthorized unavailable \
    unexpected unknown unparsable unsubscribe unsubscribed up user valid validation value values view was were with \
    you your";

/// `text` with every word outside the vocabulary left out, at most 120 characters long. Counts of up to three digits
/// are kept.
pub(super) fn words(text: &str) -> String {
    let mut out = String::new();
    for token in text.split_whitespace() {
        let shown = if is_known(token) { token } else { GAP };
        if shown == GAP && out.ends_with(GAP) {
            continue;
        }
        if out.chars().count() + shown.chars().count() + 2 > LENGTH {
            out.push_str(GAP);
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(shown);
    }
    out
}

/// Whether a word and the punctuation around it can be shown.
fn is_known(token: &str) -> bool {
    let word = token.trim_matches(|c| matches!(c, '\'' | '"' | '.' | ',' | ':' | ';' | '!' | '(' | ')'));
    let count = (1..=3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    count || KNOWN.split(' ').any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn documented_explanations_are_shown_whole() {
        for text in [
            "Field 'email' incorrect format",
            "Field 'email' not found",
            "Invalid or unparsable json",
            "'batchId' is a required field.",
            "You do not have permission to view lists.",
            "Contact Email Address is not valid.",
        ] {
            assert_eq!(words(text), text);
        }
    }

    #[test]
    fn values_are_left_out_whether_quoted_or_not() {
        assert_eq!(words("Contact 'jane.doe@example.com' is not valid"), "Contact … is not valid");
        assert_eq!(words("Contact jane@example.com is not valid"), "Contact … is not valid");
        assert_eq!(words("phone +44 7700 900123 of Jane Doe is invalid"), "phone … of … is invalid");
        assert_eq!(words("<b>Jane</b>"), "…");
    }

    proptest! {
        #[test]
        fn no_word_outside_the_vocabulary_is_ever_shown(text in any::<String>()) {
            let shown = words(&text);
            prop_assert!(shown.chars().count() <= LENGTH);
            for token in shown.split(' ').filter(|token| !token.is_empty()) {
                prop_assert!(is_known(token.trim_end_matches(GAP)) || token.trim_matches('…').is_empty(), "{}", token);
            }
        }
    }
}
