//! Base 32 (RFC 4648) without padding, in upper case.

/// The bytes that a text in base 32 stands for; none when it holds anything else. What is left over at the end is dropped.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut buffer, mut bits) = (0_u32, 0);
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        // twelve bits are the most that wait: seven of before, and five
        buffer = (buffer << 5 | u32::from(digit)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
#[test]
fn it_is_the_base_32_of_the_rfc() {
    // test vectors of RFC 4648
    for (text, said) in
        [("", ""), ("MY", "f"), ("MZXQ", "fo"), ("MZXW6", "foo"), ("MZXW6YQ", "foob"), ("MZXW6YTBOI", "foobar")]
    {
        assert_eq!(decode(text).as_deref(), Some(said.as_bytes()), "{text}");
    }
    assert!(decode("mzxw6").is_none() && decode("MZXW6===").is_none() && decode("MZXW1").is_none());
}
