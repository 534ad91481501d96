//! A bearer token: `cmn_<role letter>_<43 of base 62>_<6 of base 62>`.
//!
//! The middle is 256 random bits, the end a check sum of all before it: a detector of secrets knows our tokens by it, and a
//! token that was cut short is told apart from one that is not known. **Only the SHA-256 is kept.** A slow hash with
//! a salt protects what people choose and others guess; of 256 random bits there is nothing to guess.

use std::{fmt, path::Path};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use super::Role;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "cmn_";
/// 62^43 is a little more than 2^256.
const RANDOM: usize = 43;
/// 62^6 is more than 2^32.
const SUM: usize = 6;

/// A token. Never shown by accident: it has no `Display`, and its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token; never tells the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of a commune, or not whole: it begins with cmn_ and ends with its check sum")]
pub struct TokenError;

impl Token {
    /// A new token for a holder of this role, from the machine's source of randomness.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn generate(role: Role) -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness is to be had: {error}"))?;
        Ok(Self::of(role, &bytes))
    }

    /// The token of these random bytes.
    fn of(role: Role, random: &[u8; 32]) -> Self {
        let mut text = format!("{PREFIX}{}_", role.letter());
        text.extend(base62(random, RANDOM));
        let sum = base62(&crc32(text.as_bytes()).to_be_bytes(), SUM);
        text.push('_');
        text.extend(sum);
        Self(text)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// When it has not the form, or its check sum is wrong.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let (before, sum) = text.rsplit_once('_').ok_or(TokenError)?;
        let (letter, random) = before.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(TokenError)?;
        let known = Role::ALL.iter().any(|role| letter.chars().eq([role.letter()]));
        let formed = random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let summed = base62(&crc32(before.as_bytes()).to_be_bytes(), SUM).eq(sum.chars());
        if known && formed && summed { Ok(Self(text.to_owned())) } else { Err(TokenError) }
    }

    /// Reads the token in a file.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold one token.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the token in {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// The secret itself: for whom it was made, and for the metadata of a call.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// A number of big-endian bytes in base 62, so many digits.
fn base62(bytes: &[u8], digits: usize) -> impl Iterator<Item = char> + use<> {
    let mut number = bytes.to_vec();
    let mut text = vec!['0'; digits];
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let part = rest << 8 | u32::from(*byte);
            *byte = (part / 62) as u8;
            rest = part % 62;
        }
        *digit = char::from(ALPHABET[rest as usize]);
    }
    text.into_iter()
}

/// CRC-32 as zip and PNG have it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_whole_or_refused() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(base62(&[0, 61], 3).collect::<String>(), "00z");
        assert_eq!(base62(&[255; 32], RANDOM).count(), RANDOM);
        for role in Role::ALL {
            let token = Token::generate(role).unwrap();
            let text = token.expose();
            assert_eq!(text.len(), 4 + 2 + RANDOM + 1 + SUM, "{role}");
            assert_eq!(Token::parse(&format!(" {text}\n")), Ok(token.clone()));
            let swapped: String = text.chars().rev().collect();
            let other = if text.as_bytes()[20] == b'a' { "b" } else { "a" };
            let changed = format!("{}{other}{}", &text[..20], &text[21..]);
            for bad in ["", "cmn_", &text[1..], &text[..text.len() - 1], &format!("{text}0"), &swapped, &changed] {
                assert_eq!(Token::parse(bad), Err(TokenError), "{bad}");
            }
            assert_ne!(token, Token::generate(role).unwrap());
            assert!(!format!("{token:?}").contains(&text[6..]));
        }
    }

    #[test]
    fn every_bit_of_randomness_is_in_the_token() {
        let (low, high) = ([0; 32], [255; 32]);
        let mut seen = std::collections::BTreeSet::new();
        for bit in 0..256 {
            for base in [low, high] {
                let mut bytes = base;
                bytes[bit / 8] ^= 1 << (bit % 8);
                seen.insert(Token::of(Role::Member, &bytes).expose().to_owned());
            }
        }
        assert_eq!(seen.len(), 512);
    }
}
