//! Emails as identities: one spelling each, and only those the destination takes.
//!
//! The rules are those of ActiveCampaign's importer (developers.activecampaign.com/reference/bulk-import-contacts,
//! read 2026-11) for both of its stages, because an email that passes the first and fails the second is reported late and
//! without a reason, and one that fails the first costs its whole request. ActiveCampaign compares emails without
//! case, hence lower case.

use std::borrow::Cow;
use std::fmt;

use email_address::EmailAddress;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Most bytes of an email (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST: usize = 254;

/// Most bytes before the `@` (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The rule that an email breaks. Displays the rule, never the email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmailError {
    /// It is empty.
    Empty,
    /// It has no `@`.
    NoAt,
    /// It has more than one `@`.
    SeveralAt,
    /// White space or a control character inside.
    Space,
    /// Nothing before the `@`.
    NoLocal,
    /// One of `" ( ) , : ; < > [ \ ]` before the `@`.
    Forbidden,
    /// An apostrophe before the `@`.
    Apostrophe,
    /// A letter outside ASCII before the `@`.
    NotAscii,
    /// A dot at an end of the part before the `@`, or two together in it.
    Dots,
    /// More than 64 bytes before the `@`.
    LongLocal,
    /// Anything else that is not allowed before the `@`.
    Local,
    /// Nothing after the `@`.
    NoDomain,
    /// An IP address in brackets after the `@`.
    IpAddress,
    /// No dot after the `@`.
    NoDot,
    /// The part after the `@` is no valid domain name.
    Domain,
    /// The part after the last dot is not two or more letters.
    TopLevel,
    /// More than 254 bytes altogether.
    Long,
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the email is empty",
            Self::NoAt => "no @",
            Self::SeveralAt => "more than one @",
            Self::Space => "white space or a control character inside",
            Self::NoLocal => "nothing before the @",
            Self::Forbidden => "a character before the @ that is not allowed: one of \" ( ) , : ; < > [ \\ ]",
            Self::Apostrophe => "an apostrophe before the @",
            Self::NotAscii => "a letter outside ASCII before the @",
            Self::Dots => "a leading, trailing or double dot before the @",
            Self::LongLocal => "more than 64 bytes before the @",
            Self::Local => "a character before the @ that is not allowed",
            Self::NoDomain => "nothing after the @",
            Self::IpAddress => "an IP address instead of a domain",
            Self::NoDot => "no dot after the @",
            Self::Domain => "not a valid domain after the @",
            Self::TopLevel => "fewer than two letters, or something else, after the last dot",
            Self::Long => "more than 254 bytes",
        })
    }
}

impl std::error::Error for EmailError {}

/// The one spelling of an email: trimmed, NFC, lower case, its domain in ASCII. Applying it twice changes nothing.
///
/// # Errors
/// The first rule that the email breaks.
pub fn normalise_email(text: &str) -> Result<String, EmailError> {
    let mut email = String::with_capacity(text.len());
    normalise_into(text, &mut email)?;
    Ok(email)
}

/// As [`normalise_email`], into an empty `email` whose memory is used again; its content is void after an error.
pub(super) fn normalise_into(text: &str, email: &mut String) -> Result<(), EmailError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(EmailError::Empty);
    }
    let (local, domain) = split(text)?;
    email.push_str(local);
    if !local.is_ascii() {
        // Composing may yield ASCII (the Kelvin sign is a K), so the rules are checked afterwards.
        *email = local.nfc().collect::<String>();
    }
    email.make_ascii_lowercase();
    check_local(email)?;
    let domain = canonical_domain(domain)?;
    check_domain(&domain)?;
    email.push('@');
    email.push_str(&domain);
    if email.len() > LONGEST {
        return Err(EmailError::Long);
    }
    Ok(())
}

fn split(text: &str) -> Result<(&str, &str), EmailError> {
    let (local, domain) = text.split_once('@').ok_or(EmailError::NoAt)?;
    if domain.contains('@') {
        return Err(EmailError::SeveralAt);
    }
    let space = match text.is_ascii() {
        true => text.bytes().any(|byte| byte <= b' ' || byte == 0x7f),
        false => text.chars().any(|c| c.is_whitespace() || c.is_control()),
    };
    if space {
        return Err(EmailError::Space);
    }
    Ok((local, domain))
}

fn check_local(local: &str) -> Result<(), EmailError> {
    if local.is_empty() {
        return Err(EmailError::NoLocal);
    }
    if !local.is_ascii() {
        return Err(EmailError::NotAscii);
    }
    for byte in local.bytes() {
        match byte {
            b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b'\\' | b']' => {
                return Err(EmailError::Forbidden);
            }
            b'\'' => return Err(EmailError::Apostrophe),
            _ => {}
        }
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(EmailError::Dots);
    }
    if local.len() > LONGEST_LOCAL {
        return Err(EmailError::LongLocal);
    }
    if !EmailAddress::is_valid_local_part(local) {
        return Err(EmailError::Local);
    }
    Ok(())
}

/// Lower case and ASCII, by UTS #46 where the domain is more than letters, digits, dots and hyphens.
fn canonical_domain(domain: &str) -> Result<Cow<'_, str>, EmailError> {
    if domain.is_empty() {
        return Err(EmailError::NoDomain);
    }
    if domain.starts_with('[') {
        return Err(EmailError::IpAddress);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    // Two hyphens together may be those of an encoded label, which has to be checked.
    if domain.bytes().all(plain) && !domain.contains("--") {
        return Ok(match domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(domain.to_ascii_lowercase()),
            false => Cow::Borrowed(domain),
        });
    }
    let composed = if is_nfc(domain) { Cow::Borrowed(domain) } else { Cow::Owned(domain.nfc().collect::<String>()) };
    // Not `Hyphens::Check`: names with hyphens in the third and fourth place exist.
    let ascii = Uts46::new()
        .to_ascii(composed.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::Domain)?;
    Ok(Cow::Owned(ascii.into_owned()))
}

fn check_domain(domain: &str) -> Result<(), EmailError> {
    let (_, top) = domain.rsplit_once('.').ok_or(EmailError::NoDot)?;
    if !EmailAddress::is_valid_domain(domain) {
        return Err(EmailError::Domain);
    }
    let letters = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_lowercase());
    if !letters && !top.starts_with("xn--") {
        return Err(EmailError::TopLevel);
    }
    Ok(())
}
