//! Generated notes: varied, overlapping between agents, and the same every time.

use jiff::{ToSpan, civil::Date};

/// A note to publish.
#[derive(Debug, Clone)]
pub struct Note {
    pub agent: String,
    pub id: String,
    /// Markdown with front matter.
    pub text: String,
}

/// Sentences of small words; what they are about, `a` to `d`, comes from the topic's own words.
const STATEMENTS: [&str; 12] = [
    "Before the {a} is {b}, look at the {c}.",
    "A {a} that was {b} is heard before it is seen.",
    "The {a} and the {b} go together, and the {c} comes after them.",
    "When it is cold, the {a} wants a {b} and some {c}.",
    "Nobody {a} the {b} alone: one {c}, the other {d}.",
    "Where a {a} was, put a {b}.",
    "It is the {a} that makes the {b} so {c}.",
    "Most of the {a} is {b}; what is left is {c}.",
    "After {number} weeks the {a} is {b}.",
    "With a {a} of {number} the {b} does not {c}.",
    "Ask for the {a} first, for the {b} it is too late then.",
    "From the {a} down to the {b}, all of it is {c}.",
];

const SYLLABLES: [&str; 20] = [
    "ka", "ro", "mil", "ten", "vor", "sa", "lu", "pek", "dra", "nim", "os", "ber", "tiv", "gan", "hul", "fe", "zor",
    "wim", "cal", "yn",
];

/// Words of one topic.
const WORDS: usize = 16;

/// The notes of a fleet: `each` for every agent, over the seven days that end with `last`, in the order in
/// which they are to be published. About one in six repeats, extends or replaces an earlier one.
pub fn fleet(agents: usize, each: usize, last: Date) -> Vec<Note> {
    let mut notes = Vec::with_capacity(agents * each);
    for index in 0..each {
        for agent in 0..agents {
            notes.push(note(agent, index, last));
        }
    }
    notes
}

fn note(agent: usize, index: usize, last: Date) -> Note {
    // every kind of repetition looks back at a plain note of the same agent
    let (seed, extra) = match index % 30 {
        11 => (index - 3, Repeat::Same),
        17 => (index - 5, Repeat::Longer),
        23 => (index, Repeat::Empty),
        29 => (index, Repeat::Keyed),
        _ => (index, Repeat::No),
    };
    let mut roll = Roll::new(agent, seed);
    // agents meet in a third of the topics
    let topic = if roll.below(3) == 0 { roll.below(40) } else { 40 + agent * 97 + seed };
    let words: Vec<String> = (0..WORDS).map(|n| word(topic, n)).collect();
    let kind = ["lesson", "fact", "how-to", "log", "fix", "preference", "decision", "fact"][seed % 8];
    let title = format!("{} {} and {}", words[0], words[1], words[2]);

    let mut body = String::new();
    if extra == Repeat::Empty {
        body.push_str("## Notes\n\n-\n");
    } else {
        for _ in 0..3 + roll.below(4) {
            let mut statement = STATEMENTS[roll.below(STATEMENTS.len())].to_owned();
            for place in ["{a}", "{b}", "{c}", "{d}"] {
                statement = statement.replace(place, &words[roll.below(WORDS)]);
            }
            body.push_str(&statement.replace("{number}", &(2 + topic % 7).to_string()));
            body.push('\n');
        }
        if extra == Repeat::Longer {
            body.push_str("Somebody should look at it again in spring.\n");
        }
    }
    let key =
        if extra == Repeat::Keyed || seed % 30 == 14 { format!("key: place/{}\n", topic % 3) } else { String::new() };
    let date = last - i64::try_from(6 - index % 7).expect("small").days();
    Note {
        agent: format!("agent-{agent:02}"),
        id: format!("n{index:04}"),
        text: format!("---\ntitle: {title}\nkind: {kind}\n{key}date: {date}\n---\n{body}"),
    }
}

/// A word that no other topic is likely to have.
fn word(topic: usize, n: usize) -> String {
    let mut roll = Roll::new(topic + 1_000, n);
    (0..3).map(|_| SYLLABLES[roll.below(SYLLABLES.len())]).collect()
}

#[derive(PartialEq, Eq)]
enum Repeat {
    No,
    Same,
    Longer,
    Empty,
    Keyed,
}

/// A small deterministic generator (xorshift); nothing here may depend on chance.
struct Roll(u64);

impl Roll {
    fn new(agent: usize, seed: usize) -> Self {
        let start = (agent as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ (seed as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut roll = Self(start | 1);
        roll.below(2);
        roll
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % bound as u64).expect("small")
    }
}
