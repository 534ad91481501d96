//! What one agent says, step by step: varied, overlapping with what others say, some of it wrong on purpose. **A seed
//! reproduces the steps**, whatever the answers are.

use commune_proto::agent::v1 as wire;
use prost::Message;

use crate::{
    canary::Writing,
    ledger::{Entry, Fate},
    roll::Roll,
    words::{STATEMENTS, WORDS, syllables, words},
};

/// One step of an agent.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is tried, for the report.
    pub what: &'static str,
    pub act: Act,
    /// A word said in private with this step, and where.
    pub canary: Option<(String, String)>,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// Says something new.
    Say(Entry),
    /// Says it twice at once, on the same connection.
    Twice(Entry),
    /// Sends once more what was said this many messages ago.
    Again(usize),
    /// Says another text under the id of the note this many messages ago.
    Imposter(usize, Vec<u8>),
}

/// Agents meet in these topics.
const SHARED_TOPICS: usize = 24;

/// The generator of one agent.
#[derive(Debug, Clone)]
pub struct Script {
    agent: String,
    index: usize,
    seed: u64,
    roll: Roll,
    ordinal: usize,
    /// Plain notes said lately: front matter, body and token.
    plain: Vec<(String, String, String)>,
    said: usize,
    /// Whether messages are wrong on purpose now and then.
    faults: bool,
}

impl Script {
    pub fn new(agent: &str, index: usize, seed: u64, faults: bool) -> Self {
        let roll = Roll::new(seed, index as u64);
        Self { agent: agent.to_owned(), index, seed, roll, ordinal: 0, plain: Vec::new(), said: 0, faults }
    }

    pub fn step(&mut self) -> Step {
        self.ordinal += 1;
        let step = match self.roll.below(100) {
            0..24 => self.plain(),
            24..30 => self.encoded(),
            30..38 => self.log(),
            38..44 => self.keyed(),
            44..51 => self.repeat(),
            51..53 => self.stub(),
            53..66 => self.dropped(),
            66..72 => self.need(),
            72..86 => self.private(),
            _ if self.faults => self.wrong(),
            _ => self.plain(),
        };
        if matches!(step.act, Act::Say(_) | Act::Twice(_)) {
            self.said += 1;
        }
        step
    }

    /// A lesson, a fix, a decision, a fact: some of it on a topic that others know too.
    fn plain(&mut self) -> Step {
        let (front, body, token) = self.note();
        let id = self.id();
        let entry = self.markdown(Some(&id), &front, &body, &token);
        self.plain.push((front, body, token));
        if self.plain.len() > 12 {
            self.plain.remove(0);
        }
        let entry = match self.roll.below(4) {
            0 => entry.header("Nats-Msg-Id", &format!("{}-{id}", self.agent)),
            1 => {
                let trace = format!(
                    "00-{:016x}{:016x}-{:016x}-01",
                    self.roll.next() | 1,
                    self.roll.next(),
                    self.roll.next() | 1
                );
                entry.header("traceparent", &trace)
            }
            _ => entry,
        };
        match self.roll.below(8) {
            0 => step("published twice at once", Act::Twice(entry)),
            _ => step("a note", Act::Say(entry)),
        }
    }

    fn note(&mut self) -> (String, String, String) {
        let kind = ["lesson", "how-to", "fix", "decision", "lesson", "idea"][self.roll.below(6)];
        let topic = if self.roll.below(2) == 0 { self.roll.below(SHARED_TOPICS) } else { self.own_topic() };
        let words = words(topic);
        let token = self.token();
        let mut body = format!("{}\n", self.statement(&words));
        body.push_str(&format!("With {token} in mind, the {} comes before the {}.\n", words[3], words[4]));
        for _ in 0..1 + self.roll.below(3) {
            body.push_str(&format!("{}\n", self.statement(&words)));
        }
        let date = match self.roll.below(6) {
            0 => format!("date: 2026-01-{:02}\n", 10 + self.roll.below(5)),
            _ => String::new(),
        };
        (format!("kind: {kind}\ntitle: {} {} and {}\n{date}", words[0], words[1], words[2]), body, token)
    }

    /// The same in JSON or in protobuf.
    fn encoded(&mut self) -> Step {
        let (_, body, token) = self.note();
        let id = self.id();
        if self.roll.below(2) == 0 {
            let json = serde_json::json!({"text": body, "kind": "lesson", "title": format!("On {token}")});
            let entry = self.entry(Some(&id), json.to_string().into_bytes(), &token, Fate::Kept);
            return step("a note in JSON", Act::Say(entry.header("Content-Type", "application/json")));
        }
        let note = wire::Note { text: body, kind: "fix".to_owned(), ..wire::Note::default() };
        let entry = self.entry(Some(&id), note.encode_to_vec(), &token, Fate::Kept);
        let entry = entry.header("Content-Type", "application/protobuf").header("ce-type", "commune.agent.v1.Note");
        step("a note in protobuf", Act::Say(entry))
    }

    /// A page of a daily log: one section is for all, one for nobody.
    fn log(&mut self) -> Step {
        let words = words(self.own_topic());
        let (token, word) = (self.token(), self.canary());
        let writing = self.writing();
        let lesson = format!("- With {token} in mind, {}\n", self.statement(&words).to_lowercase());
        let secret = writing.write(&word);
        let (front, section) = match self.roll.below(3) {
            0 => ("kind: log\nvisibility: private\n", "Lessons learned"),
            1 => ("kind: log\n", "Private"),
            _ => ("", "Done today"),
        };
        let body = format!("# The day\n\n## Lessons learned\n\n{lesson}\n## {section}\n\n- {secret}\n");
        let id = self.id();
        let entry = self.markdown(Some(&id), front, &body, &token);
        private("a daily log with a private part", entry, word, format!("{writing:?} under `{section}` of a log"))
    }

    /// A note that takes the place of an earlier one.
    fn keyed(&mut self) -> Step {
        let place = self.roll.below(4);
        let words = words(self.own_topic());
        let token = self.token();
        let body = format!("The {} is now {token}, and the {} with it.\n", words[0], words[1]);
        let id = self.id();
        let entry = self.markdown(Some(&id), &format!("kind: fact\nkey: place/{place}\n"), &body, &token);
        step("a keyed update", Act::Say(entry))
    }

    /// An earlier note again under another id, word for word or with one statement more.
    fn repeat(&mut self) -> Step {
        if self.plain.is_empty() {
            return self.plain();
        }
        let (front, body, token) = self.plain[self.roll.below(self.plain.len())].clone();
        let id = self.id();
        if self.roll.below(2) == 0 {
            return step("an exact repeat", Act::Say(self.markdown(Some(&id), &front, &body, &token)));
        }
        let token = self.token();
        let body = format!("{body}Somebody said {token} of it too.\n");
        step("a near repeat", Act::Say(self.markdown(Some(&id), &front, &body, &token)))
    }

    /// Nothing but a heading.
    fn stub(&mut self) -> Step {
        let token = self.token();
        let id = self.id();
        let entry = self.markdown(Some(&id), &format!("kind: fact\ntitle: {token}\n"), "## Notes\n\n-\n", &token);
        step("an empty stub", Act::Say(entry))
    }

    /// A note without an id: with and without a message id, once or twice at once.
    fn dropped(&mut self) -> Step {
        let (front, body, token) = self.note();
        let entry = self.markdown(None, &front, &body, &token);
        let message_id = format!("{}-{}", self.agent, self.ordinal);
        match self.roll.below(4) {
            0 => step("a drop with a message id", Act::Say(entry.header("Nats-Msg-Id", &message_id))),
            1 => step("a drop twice at once", Act::Twice(entry.header("Nats-Msg-Id", &message_id))),
            _ => step("a drop", Act::Say(entry)),
        }
    }

    /// A question, often one that others have too, with and without an id.
    fn need(&mut self) -> Step {
        let topic = if self.roll.below(3) == 0 { self.own_topic() } else { self.roll.below(SHARED_TOPICS) };
        let words = words(topic);
        let question = format!("How does one keep the {} away from the {} and the {}?\n", words[0], words[1], words[2]);
        let id = self.id();
        let id = (self.roll.below(3) > 0).then_some(id.as_str());
        step("a need", Act::Say(Entry::new(&self.agent, "need", id, question.into_bytes(), "", Fate::Asked)))
    }

    /// Notes that nobody else may ever read a word of.
    fn private(&mut self) -> Step {
        let (token, word) = (self.token(), self.canary());
        let words = words(self.own_topic());
        let writing = self.writing();
        let secret = writing.write(&word);
        let said = format!("With {token} in mind, {}\n", self.statement(&words).to_lowercase());
        let told = format!("{said}\nWhat is said of {} stays here:\n\n{secret}\n", words[5]);
        let id = self.id();
        let note = |script: &Self, front: &str, body: &str| script.markdown(Some(&id), front, body, &token);
        let (entry, place) = match self.roll.below(8) {
            0 => (
                note(self, &format!("kind: preference\ntitle: {word}\n"), &said),
                "the title of a preference".to_owned(),
            ),
            1 => (note(self, &format!("kind: preference\nkey: {word}\n"), &said), "the key of a preference".to_owned()),
            2 => {
                (note(self, "kind: preference\n", &said).header("X-Mood", &word), "a header of a preference".to_owned())
            }
            3 => {
                let body = format!("{said}\n## Private\n\n{secret}\n");
                (note(self, "kind: lesson\n", &body), format!("{writing:?} in a private section of a lesson"))
            }
            4 => (note(self, "kind: lesson\nvisibility: private\n", &told), format!("{writing:?} in a private lesson")),
            5 => {
                // a key of nobody's: mutual aid holds the whole piece
                let key = format!("{}{}", "AKIA", "Z7QX3MNB5TRW2LKD");
                let body = format!("{told}\nIts key is {key}.\n");
                (note(self, "kind: lesson\n", &body), format!("{writing:?} in a lesson with a secret"))
            }
            6 => (note(self, "kind: person\n", &told), format!("{writing:?} in a note on a person")),
            _ => (note(self, "kind: preference\n", &told), format!("{writing:?} in a preference")),
        };
        private("a private note", entry, word, place)
    }

    /// Something wrong, or something once more.
    fn wrong(&mut self) -> Step {
        let token = self.token();
        let id = self.id();
        let agent = self.agent.clone();
        let kept = format!("With {token} in mind, all is well.\n").into_bytes();
        let dead = |body: Vec<u8>, reason| Entry::new(&agent, "note", Some(&id), body, &token, Fate::Dead(reason));
        match self.roll.below(24) {
            0 | 1 => {
                let word = self.canary();
                let body = format!("---\ntitle: [{word}, {token}\n---\n{}\n", self.writing().write(&word));
                let entry = dead(body.into_bytes(), "front matter");
                private("invalid front matter", entry, word, "a dead letter's front matter and body".to_owned())
            }
            2 => {
                let word = self.canary();
                let body = format!("---\ntitle: never closed {token}\n\n{word}\n").into_bytes();
                private(
                    "front matter that never ends",
                    dead(body, "front matter"),
                    word,
                    "a dead letter's body".to_owned(),
                )
            }
            3 => step("not UTF-8", Act::Say(dead([kept, b"caf\xe9\n".to_vec()].concat(), "UTF-8"))),
            4 => step("an unknown content type", Act::Say(dead(kept, "image/png").header("Content-Type", "image/png"))),
            5 => {
                let entry = dead(vec![0xff; 12], "protobuf");
                step("not protobuf", Act::Say(entry.header("Content-Type", "application/protobuf")))
            }
            6 | 7 => {
                let note = wire::Note { text: format!("From the future: {token}."), ..wire::Note::default() };
                let entry = dead(note.encode_to_vec(), "upgrade").header("ce-type", "commune.agent.v2.Note");
                step("a future version", Act::Say(entry.header("ce-datacontenttype", "application/protobuf")))
            }
            8 => {
                let body = format!("With {token} in mind. {}", "word ".repeat(53_000)).into_bytes();
                step("more than 256 KiB", Act::Say(dead(body, "bytes")))
            }
            9 => {
                let body = format!("With {token} in mind. {}", "word ".repeat(60_000)).into_bytes();
                let entry = Entry::new(&agent, "note", Some(&id), body, &token, Fate::Refused("size"));
                step("more than the stream takes", Act::Say(entry))
            }
            10 | 11 => {
                let entry = Entry::new(&agent, "gossip", Some(&id), kept, &token, Fate::Dead("gossip"));
                step("an unknown kind", Act::Say(entry))
            }
            12..18 => {
                let back = self.roll.below(self.said.min(40) + 1);
                step("published again much later", Act::Again(back))
            }
            _ => {
                let back = self.roll.below(self.said.min(20) + 1);
                step("another text under a used id", Act::Imposter(back, kept))
            }
        }
    }

    fn markdown(&self, id: Option<&str>, front: &str, body: &str, token: &str) -> Entry {
        let text = if front.is_empty() { body.to_owned() } else { format!("---\n{front}---\n{body}") };
        self.entry(id, text.into_bytes(), token, Fate::Kept)
    }

    fn entry(&self, id: Option<&str>, body: Vec<u8>, token: &str, fate: Fate) -> Entry {
        Entry::new(&self.agent, "note", id, body, token, fate)
    }

    fn statement(&mut self, words: &[String]) -> String {
        let mut statement = STATEMENTS[self.roll.below(STATEMENTS.len())].to_owned();
        for place in ["{a}", "{b}", "{c}"] {
            statement = statement.replace(place, &words[self.roll.below(WORDS)]);
        }
        statement
    }

    fn own_topic(&self) -> usize {
        SHARED_TOPICS + self.index * 100_000 + self.ordinal
    }

    fn id(&self) -> String {
        format!("n{:05}", self.ordinal)
    }

    /// A word that nothing else in the run has: 12 letters that begin with `qz`.
    fn token(&mut self) -> String {
        // odd factors and shifts are turned round, so that no two places meet
        let place = ((self.index as u64) << 20 | self.ordinal as u64) & 0x3fff_ffff;
        let mixed = place.wrapping_mul(0x2545_F491).wrapping_add(self.seed) & 0x3fff_ffff;
        format!("qz{}", syllables(mixed, 5))
    }

    fn canary(&mut self) -> String {
        format!("{}{}", syllables(self.roll.next() & 0xf_ffff_ffff, 6), syllables(self.roll.next() & 0xf_ffff_ffff, 6))
    }

    fn writing(&mut self) -> Writing {
        Writing::ALL[self.roll.below(Writing::ALL.len())]
    }
}

/// Every token in a text.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_lowercase()).filter(|word| word.len() == 12 && word.starts_with("qz"))
}

fn step(what: &'static str, act: Act) -> Step {
    Step { what, act, canary: None }
}

fn private(what: &'static str, mut entry: Entry, word: String, place: String) -> Step {
    if entry.fate == Fate::Kept && String::from_utf8_lossy(&entry.body).contains('\u{200b}') {
        entry.fate = Fate::Dead("cannot see");
    }
    Step { what, act: Act::Say(entry), canary: Some((word, place)) }
}

#[test]
fn a_seed_says_the_same_and_every_token_is_its_own() {
    let run = |seed| {
        let mut script = Script::new("agent-03", 3, seed, true);
        (0..2_000).map(|_| format!("{:?}", script.step())).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let mut seen = std::collections::BTreeSet::new();
    for index in 0..20 {
        let mut script = Script::new("a", index, 5, true);
        for _ in 0..2_000 {
            script.ordinal += 1;
            assert!(seen.insert(script.token()), "twice");
        }
    }
    let token = Script::new("a", 1, 5, true).token();
    assert_eq!(tokens(&format!("With {token}, and")).collect::<Vec<_>>(), [token.as_str()]);
}
