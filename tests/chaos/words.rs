//! Words and sentences that mean nothing, and never the same by chance.

use crate::roll::Roll;

/// Words of a topic.
pub const WORDS: usize = 16;

/// What can be said of three words.
pub const STATEMENTS: [&str; 10] = [
    "Before the {a} is {b}, look at the {c}.",
    "A {a} that was {b} is heard before it is seen.",
    "The {a} and the {b} go together, and the {c} comes after them.",
    "When it is cold, the {a} wants a {b} and some {c}.",
    "Nobody {a} the {b} alone: one {c}, the other waits.",
    "It is the {a} that makes the {b} so {c}.",
    "Most of the {a} is {b}; what is left is {c}.",
    "Ask for the {a} first, for the {b} it is too late then.",
    "From the {a} down to the {b}, all of it is {c}.",
    "After some weeks the {a} is {b}, and the {c} shows it.",
];

/// The words of a topic.
pub fn words(topic: usize) -> Vec<String> {
    let mut roll = Roll::new(topic as u64 + 1_000, 7);
    (0..WORDS).map(|_| syllables(roll.next() & 0x3_ffff, 3)).collect()
}

/// So many syllables of two letters for so many times six bits.
pub fn syllables(mut value: u64, count: usize) -> String {
    let mut text = String::with_capacity(2 * count);
    for _ in 0..count {
        text.push(char::from(b"bdfghjklmnprstvw"[(value & 15) as usize]));
        text.push(char::from(b"aeio"[(value >> 4 & 3) as usize]));
        value >>= 6;
    }
    text
}
