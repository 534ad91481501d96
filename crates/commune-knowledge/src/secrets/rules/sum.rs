//! Check sums that issued tokens carry.

use super::super::base32;

/// True when the last six characters are the CRC-32 (IEEE) of what stands between the provider's beginning and them, in base 62
/// with digits first (GitHub's format of 2021; npm uses it, too).
pub(super) fn is_sum62(value: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((_, body)) = value.split_once('_') else { return false };
    let Some((random, sum)) = body.as_bytes().split_last_chunk::<6>() else { return false };
    let mut crc = u64::from(crc32(random));
    let mut expected = [b'0'; 6];
    for place in expected.iter_mut().rev() {
        *place = DIGITS[(crc % 62) as usize];
        crc /= 62;
    }
    random.len() >= 30 && expected == *sum
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 })
    })
}

/// True for 58 characters of base 32 whose last two bytes are the CRC-16 (XMODEM) of the others.
pub(super) fn is_seed(value: &str) -> bool {
    let Some(bytes) = base32::decode(value) else { return false };
    let Some((payload, sum)) = bytes.split_last_chunk::<2>() else { return false };
    let crc = payload.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    crc.to_le_bytes() == *sum
}

#[cfg(test)]
#[test]
fn the_sum_of_a_token_is_the_crc_of_its_random_part() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");
    let random = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1";
    let mut crc = u64::from(crc32(random.as_bytes()));
    let mut sum = Vec::new();
    for _ in 0..6 {
        sum.insert(0, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(crc % 62) as usize]);
        crc /= 62;
    }
    assert!(is_sum62(&format!("{}_{random}{}", "ghp", String::from_utf8(sum).unwrap())));
    assert!(!is_sum62(&format!("{}_{random}AAAAAA", "ghp")));
}
