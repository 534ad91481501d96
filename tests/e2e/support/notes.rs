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

const THINGS: [&str; 12] =
    ["kiln", "loom", "boiler", "press", "lathe", "freezer", "printer", "pump", "bellows", "oven", "scanner", "drill"];
const PARTS: [&str; 10] =
    ["belt", "valve", "filter", "fuse", "bearing", "hinge", "nozzle", "thermostat", "gasket", "spindle"];
const STATEMENTS: [&str; 12] = [
    "Unplug the {thing} before anybody touches the {part}.",
    "A worn {part} is heard long before it is seen.",
    "Clean the {part} of the {thing} with warm water and let it dry overnight.",
    "Write the date of the change on a strip of tape beside the {part}.",
    "The {thing} runs quieter when the {part} sits straight.",
    "Keep one spare {part} in the drawer under the window.",
    "Ask the oldest member how the {thing} was mended last winter.",
    "Turn the {part} by hand once, and feel whether it catches.",
    "A {thing} that smells of dust wants its {part} brushed.",
    "Two people lift the {thing}, and a third watches the floor.",
    "The {part} comes loose after {number} weeks of daily work.",
    "Test the {thing} empty for {number} minutes before the first real piece.",
];

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
    let (thing, part) = (THINGS[topic % THINGS.len()], PARTS[(topic / THINGS.len()) % PARTS.len()]);
    let kind = ["lesson", "fact", "how-to", "log", "fix", "preference", "decision", "fact"][seed % 8];
    let title = format!("The {part} of the {thing}, matter {topic}");

    let mut body = String::new();
    if extra != Repeat::Empty {
        for _ in 0..3 + roll.below(4) {
            let statement = STATEMENTS[roll.below(STATEMENTS.len())];
            let number = (2 + topic % 7).to_string();
            body.push_str(&statement.replace("{thing}", thing).replace("{part}", part).replace("{number}", &number));
            body.push('\n');
        }
        if extra == Repeat::Longer {
            body.push_str("Somebody should look at it again in spring.\n");
        }
    }
    let key = if extra == Repeat::Keyed || seed % 30 == 14 { format!("key: place/{thing}\n") } else { String::new() };
    let date = last - i64::try_from(6 - index % 7).expect("small").days();
    Note {
        agent: format!("agent-{agent:02}"),
        id: format!("n{index:04}"),
        text: format!("---\ntitle: {title}\nkind: {kind}\n{key}date: {date}\n---\n{body}"),
    }
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
