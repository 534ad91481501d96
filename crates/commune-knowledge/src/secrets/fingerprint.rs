//! A name for a secret that tells nothing of it to whoever lacks the commune's key: HMAC-SHA-256 (RFC 2104), shortened.

use sha2::{Digest, Sha256};

/// Fewest bytes of a key: those of the hash.
const KEY_BYTES: usize = 32;
/// The block of SHA-256 in bytes.
const BLOCK: usize = 64;
/// Hexadecimal digits of a fingerprint.
const DIGITS: usize = 16;

/// The key of a commune for fingerprints. Shows nothing of itself.
#[derive(Clone)]
pub struct Key([u8; BLOCK]);

/// A key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key for fingerprints has {KEY_BYTES} bytes at least, written as 64 hexadecimal digits")]
pub struct KeyError;

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A key of 32 bytes or more, as hexadecimal digits.
    ///
    /// # Errors
    /// When it is something else, or shorter. Never says what it was.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = hex::decode(text.trim()).map_err(|_| KeyError)?;
        if bytes.len() < KEY_BYTES {
            return Err(KeyError);
        }
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8]) -> Self {
        let mut key = [0; BLOCK];
        if bytes.len() > BLOCK {
            key[..32].copy_from_slice(&Sha256::digest(bytes));
        } else {
            key[..bytes.len()].copy_from_slice(bytes);
        }
        Self(key)
    }

    /// The first 16 hexadecimal digits of the HMAC of a value.
    pub fn fingerprint(&self, value: &str) -> String {
        let mut digits = hex::encode(self.mac(value.as_bytes()));
        digits.truncate(DIGITS);
        digits
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        let hash = |pad: u8, message: &[u8]| {
            Sha256::new().chain_update(self.0.map(|byte| byte ^ pad)).chain_update(message).finalize()
        };
        hash(0x5c, &hash(0x36, message)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 1, 2 and 6 of RFC 4231.
    #[test]
    fn it_is_hmac() {
        let check = |key: &[u8], message: &str, begins: &str| assert_eq!(Key::of(key).fingerprint(message), begins);
        check(&[0x0b; 20], "Hi There", "b0344c61d8db3853");
        check(b"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e");
        check(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f");
    }

    #[test]
    fn a_key_has_its_length_and_shows_nothing() {
        let key = Key::parse(&format!("{}\n", "ab".repeat(32))).unwrap();
        assert_eq!(format!("{key:?}"), "Key(…)");
        assert!(Key::parse(&"ab".repeat(31)).is_err() && Key::parse("no key").is_err());
        assert_ne!(key.fingerprint("a"), Key::parse(&"cd".repeat(32)).unwrap().fingerprint("a"));
    }
}
