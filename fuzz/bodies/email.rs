//! Emails: one spelling each, and those the destination takes, no more and no fewer.

use crate::normalise_email;

/// Reads text as an email and compares with the rules of `docs/mapping.md`, written down a second time.
pub(crate) fn body(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let found = normalise_email(text);
    if let Ok(email) = &found {
        assert!(is_strict(email), "{email:?} is accepted");
        assert_eq!(normalise_email(email), found, "a spelling is spelled as it is");
        assert_eq!(normalise_email(&format!("\t {} \n", email.to_ascii_uppercase())), found, "case and space matter");
    }
    if is_plain(text) {
        let expected = text.trim().to_ascii_lowercase();
        assert_eq!(found.as_deref().ok(), is_strict(&expected).then_some(expected.as_str()), "{text:?}");
    }
}

/// Whether the rules say all there is to say of it: neither Unicode nor its encoding in ASCII.
fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.to_ascii_lowercase().contains("xn--")
}

/// Whether the destination takes both stages of an email that is spelled in lower case.
fn is_strict(email: &str) -> bool {
    let parts: Vec<&str> = email.split('@').collect();
    let [local, domain] = parts.as_slice() else { return false };
    let labels: Vec<&str> = domain.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    email.is_ascii()
        && email.len() <= 254
        && !email.bytes().any(|b| b <= b' ' || b == 0x7f || b.is_ascii_uppercase())
        && (1..=64).contains(&local.len())
        && !local.bytes().any(|b| b"\"'(),:;<>[\\]".contains(&b))
        && local.split('.').all(|atom| !atom.is_empty())
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && (top.starts_with("xn--") || top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase()))
}

fn is_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
}
