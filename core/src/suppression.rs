//! People who are never sent, whatever the segment says.

use std::collections::HashSet;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::{Hasher, Key, normalise_email};

/// A set of people: by email, by a hash of it that other systems make, or by the key of one who was erased.
#[derive(Clone, Default)]
pub struct Suppression {
    keys: HashSet<Key>,
    sha256: HashSet<[u8; 32]>,
    md5: HashSet<[u8; 16]>,
}

impl std::fmt::Debug for Suppression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Suppression({} people)", self.len())
    }
}

impl Suppression {
    /// Adds an email, or the SHA-256 or MD5 of one (hexadecimal, of the address trimmed and in lower case). Returns
    /// whether it was understood; an empty text is nobody.
    #[must_use]
    pub fn add(&mut self, entry: &str, hasher: &Hasher) -> bool {
        let entry = entry.trim();
        if entry.is_empty() {
            return true;
        }
        if let Ok(email) = normalise_email(entry) {
            self.keys.insert(hasher.key(&email));
            return true;
        }
        if let Some(hash) = unhex::<32>(entry) {
            self.sha256.insert(hash);
        } else if let Some(hash) = unhex::<16>(entry) {
            self.md5.insert(hash);
        } else {
            return false;
        }
        true
    }

    /// Adds somebody by key.
    pub fn add_key(&mut self, key: Key) {
        self.keys.insert(key);
    }

    /// Whether the person with this normalised email, whose key is `key`, is in the set.
    pub fn covers(&self, email: &str, key: Key) -> bool {
        self.keys.contains(&key)
            || (!self.sha256.is_empty() && self.sha256.contains(&<[u8; 32]>::from(Sha256::digest(lower(email)))))
            || (!self.md5.is_empty() && self.md5.contains(&<[u8; 16]>::from(Md5::digest(lower(email)))))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.keys.len() + self.sha256.len() + self.md5.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn lower(email: &str) -> String {
    email.to_lowercase()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> Hasher {
        Hasher::new([7; 32])
    }

    fn covers(set: &Suppression, email: &str) -> bool {
        set.covers(email, hasher().key(email))
    }

    #[test]
    fn a_person_is_covered_by_email_and_by_either_hash() {
        for entry in [
            "  Ada@Example.COM ",
            // Of ada@example.com.
            "a80e02bd8f2bd33cb7b6f8e7aa6f9d3d0f21e3b2",
            "",
        ] {
            let mut set = Suppression::default();
            let understood = set.add(entry, &hasher());
            assert_eq!(understood, entry.len() != 40, "{entry}: a SHA-1 is no hash that is known here");
        }
        let mut set = Suppression::default();
        assert!(set.add("ADA@example.com", &hasher()));
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        assert!(set.add(&hex(&Sha256::digest("ben@example.com")), &hasher()));
        assert!(set.add(&hex(&Md5::digest("cleo@example.com")), &hasher()));
        for email in ["ada@example.com", "ben@example.com", "cleo@example.com"] {
            assert!(covers(&set, email), "{email}");
        }
        assert!(!covers(&set, "dora@example.com"));
        assert_eq!(set.len(), 3);
    }

    #[test]
    fn what_is_neither_email_nor_hash_is_not_understood() {
        for entry in
            ["ada", "12345", "zz0e02bd8f2bd33cb7b6f8e7aa6f9d3d", "Ada <ada@example.com>", "mailto:ada@example.com"]
        {
            assert!(!Suppression::default().add(entry, &hasher()), "{entry}");
        }
    }
}
