//! Names of contacts and of their values that do not give them away.

use std::fmt;

/// Bytes of a [`Key`] or [`Fingerprint`].
const WIDTH: usize = 16;

/// A contact's identity: keyed BLAKE3 of its normalised email, cut to 128 bits.
///
/// Without the key file nobody can tell from a key which email it stands for, not even by trying emails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; WIDTH]);

/// The identity of everything that is sent of a contact: keyed BLAKE3 of its payload, cut to 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; WIDTH]);

impl fmt::Display for Key {
    /// The first four bytes: enough to find a contact in a log, too few to be one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "k:{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "f:{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

/// Makes keys and fingerprints with the secret of one state folder.
#[derive(Clone)]
pub struct Hasher {
    secret: [u8; 32],
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(secret)")
    }
}

impl Hasher {
    /// A hasher with this secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The key of an email that [`normalise_email`](crate::normalise_email) returned.
    pub fn key(&self, email: &str) -> Key {
        Key(self.digest(email.as_bytes()))
    }

    /// The fingerprint of a payload.
    pub fn fingerprint(&self, payload: &[u8]) -> Fingerprint {
        Fingerprint(self.digest(payload))
    }

    fn digest(&self, bytes: &[u8]) -> [u8; WIDTH] {
        let mut cut = [0; WIDTH];
        cut.copy_from_slice(&blake3::keyed_hash(&self.secret, bytes).as_bytes()[..WIDTH]);
        cut
    }
}
