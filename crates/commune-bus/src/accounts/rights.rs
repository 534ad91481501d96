//! Who may do what on the server: one table, rendered into its configuration in either form.
//!
//! **What is not here is refused.** Nobody may delete or purge a stream, or read a stream past its log by direct
//! gets. Raw notes (AGENTS, DROPS and the letters in DEAD) are read by selfcare and the operator alone: for mutual
//! aid there are two consumers on each of the agents' streams, whose filters, the questions and the withdrawals, are
//! part of the subjects that make them; for the librarian there is one, for the feedback.

use std::fmt;

use crate::StreamName;

/// Who connects, by what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// The service selfcare.
    Selfcare,
    /// The service mutualaid.
    Mutualaid,
    /// The service librarian.
    Librarian,
    /// The program `commune`, used by whoever runs the commune.
    Operator,
    /// An agent, each under its own id.
    Agent,
}

/// One line of the table. In an agent's, `{agent}` stands for its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Publish on a subject.
    Publish(&'static str),
    /// Listen to a subject.
    Listen(&'static str),
    /// Read all of a stream, in order or one message by its sequence; not through another's durable consumer.
    Read(StreamName),
    /// Use a durable consumer of one's own.
    Consume(StreamName, &'static str),
    /// Use a durable consumer of one's own that gets what matches this filter, and no other.
    ConsumeOnly(StreamName, &'static str, &'static str),
    /// Ask for the state of every stream: names and counts, no message.
    LookAtStreams,
    /// Ask what the account uses and may use, and how far the durable consumers of the table are.
    LookAtConsumers,
    /// Take snapshots of streams, and make one that is not there of its snapshot.
    BackUp,
    /// Make streams that are missing, and bring them to what [`crate::topology`] says.
    MakeStreams,
    /// Take a message out of a stream that no client can read; it became a dead letter first.
    SetAside(StreamName),
}

use Right::{
    BackUp, Consume, ConsumeOnly, Listen, LookAtConsumers, LookAtStreams, MakeStreams, Publish, Read, SetAside,
};

const SELFCARE: &[Right] = &[
    LookAtStreams,
    MakeStreams,
    Read(StreamName::Agents),
    Read(StreamName::Drops),
    Read(StreamName::Nights),
    Read(StreamName::Memory),
    Read(StreamName::Artifacts),
    Read(StreamName::Dead),
    Consume(StreamName::Agents, "selfcare-intake"),
    Consume(StreamName::Drops, "selfcare-intake-drops"),
    Consume(StreamName::Nights, "selfcare-opens"),
    Consume(StreamName::Nights, "selfcare-nights"),
    SetAside(StreamName::Agents),
    SetAside(StreamName::Drops),
    Publish("commune.memory.>"),
    Publish("commune.event.memory-tidied.>"),
    Publish("commune.night.schedule"),
    Publish("commune.night.due"),
    Publish("commune.night.opened.*"),
    Publish("commune.night.begun.*.*"),
    Publish("commune.night.trail.*.*.selfcare"),
    Publish("$O.ARTIFACTS.C.>"),
    Publish("$O.ARTIFACTS.M.>"),
    Publish("commune.dead.selfcare.>"),
    Publish("commune.dead.bus.>"),
    Publish("commune.inbox.>"),
];

const MUTUALAID: &[Right] = &[
    LookAtStreams,
    Read(StreamName::Memory),
    Read(StreamName::Aid),
    Read(StreamName::Library),
    Read(StreamName::Nights),
    Consume(StreamName::Memory, "mutualaid"),
    ConsumeOnly(StreamName::Agents, "mutualaid-needs", "commune.log.*.*.need.*"),
    ConsumeOnly(StreamName::Drops, "mutualaid-needs-drops", "commune.agent.*.need"),
    ConsumeOnly(StreamName::Agents, "mutualaid-withdraws", "commune.log.*.*.withdraw.*"),
    ConsumeOnly(StreamName::Drops, "mutualaid-withdraws-drops", "commune.agent.*.withdraw"),
    Publish("commune.event.knowledge-shared.>"),
    Publish("commune.aid.session.>"),
    Publish("commune.aid.need.>"),
    Publish("commune.aid.withdrawn.>"),
    Publish("commune.night.trail.*.*.mutualaid"),
    Publish("commune.dead.mutualaid.>"),
    Publish("commune.inbox.>"),
];

const LIBRARIAN: &[Right] = &[
    LookAtStreams,
    Read(StreamName::Library),
    Read(StreamName::Aid),
    Read(StreamName::Nights),
    Consume(StreamName::Nights, "librarian"),
    Consume(StreamName::Nights, "librarian-proposals"),
    Read(StreamName::Uses),
    Consume(StreamName::Aid, "librarian-withdrawn"),
    ConsumeOnly(StreamName::Agents, "librarian-feedback", "commune.log.*.*.feedback.*"),
    ConsumeOnly(StreamName::Drops, "librarian-feedback-drops", "commune.agent.*.feedback"),
    Publish("commune.event.article-curated.>"),
    Publish("commune.library.proposal.*"),
    Publish("commune.night.proposal.*"),
    Publish("commune.night.proposal-due.*"),
    Publish("commune.use.>"),
    Publish("commune.night.trail.*.*.librarian"),
    // a search that finds nothing asks in the name of whoever searched
    Publish("commune.agent.*.need.*"),
    Publish("commune.dead.librarian.>"),
    Publish("commune.inbox.>"),
];

const OPERATOR: &[Right] = &[
    LookAtStreams,
    LookAtConsumers,
    BackUp,
    Read(StreamName::Agents),
    Read(StreamName::Drops),
    Read(StreamName::Nights),
    Read(StreamName::Memory),
    Read(StreamName::Aid),
    Read(StreamName::Library),
    Read(StreamName::Uses),
    Read(StreamName::Dead),
    // notes and imports in an agent's name
    Publish("commune.agent.>"),
    Publish("commune.night.requested.*"),
    // a dead letter that is replayed: what a stage consumes
    Publish("commune.night.due"),
    Publish("commune.night.proposal-due.*"),
    Publish("commune.night.begun.*.*"),
    Publish("commune.night.trail.*.*.*"),
    Publish("commune.event.memory-tidied.>"),
    Publish("commune.event.knowledge-shared.>"),
    Publish("commune.aid.withdrawn.>"),
];

const AGENT: &[Right] = &[Publish("commune.agent.{agent}.>"), Listen("commune.inbox.{agent}.>")];

/// The whole table.
pub const TABLE: [(Principal, &[Right]); 5] = [
    (Principal::Selfcare, SELFCARE),
    (Principal::Mutualaid, MUTUALAID),
    (Principal::Librarian, LIBRARIAN),
    (Principal::Operator, OPERATOR),
    (Principal::Agent, AGENT),
];

/// The subjects that a principal's rights come to on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// May be published on.
    pub publish: Vec<String>,
    /// Taken from those again.
    pub never_publish: Vec<String>,
    /// May be listened to.
    pub listen: Vec<String>,
}

impl Principal {
    /// Those in the account of the services, which has the streams.
    pub const WITH_STREAMS: [Self; 4] = [Self::Selfcare, Self::Mutualaid, Self::Librarian, Self::Operator];

    /// Its name: for a service the service's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Selfcare => "selfcare",
            Self::Mutualaid => "mutualaid",
            Self::Librarian => "librarian",
            Self::Operator => "operator",
            Self::Agent => "agent",
        }
    }

    /// The one of the services' account whose name this is.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::WITH_STREAMS.into_iter().find(|principal| principal.name() == name)
    }

    /// Its lines of the table.
    pub fn rights(self) -> &'static [Right] {
        TABLE.into_iter().find(|(principal, _)| *principal == self).map_or(&[], |(_, rights)| rights)
    }

    /// Its rights as subjects; `agent` is put in for an agent's id, and `name` for who listens to its answers.
    pub fn subjects(self, name: &str) -> Subjects {
        let mut subjects = Subjects::default();
        for right in self.rights() {
            right.add_to(&mut subjects, self, name);
        }
        subjects.listen.push(format!("{}.>", inbox_prefix(name)));
        subjects
    }

    fn has(self, right: Right) -> bool {
        self.rights().contains(&right)
    }

    fn owns(self, durable: &str) -> bool {
        self.rights().iter().any(|right| right.durable().is_some_and(|(_, own)| own == durable))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where answers to somebody arrive, so that nobody hears another's.
pub fn inbox_prefix(name: &str) -> String {
    format!("_INBOX_{name}")
}

/// Whether the connection of this name (`service@instance`) makes the streams, and takes out what nobody can read;
/// the others wait until it is done. A name that is not in the table may, where the server lets it.
pub(crate) fn tends_streams(connection: &str) -> bool {
    principal_of(connection).is_none_or(|principal| principal.has(MakeStreams))
}

/// Whether the connection of this name may read the stream, and not only what a filter lets through.
pub(crate) fn reads(connection: &str, stream: StreamName) -> bool {
    principal_of(connection).is_none_or(|principal| principal.has(Read(stream)))
}

/// Who a connection is by its name, `service@instance`.
pub(crate) fn principal_of(connection: &str) -> Option<Principal> {
    Principal::from_name(connection.split('@').next().unwrap_or_default())
}

impl Right {
    fn durable(self) -> Option<(StreamName, &'static str)> {
        match self {
            Consume(stream, durable) | ConsumeOnly(stream, durable, _) => Some((stream, durable)),
            _ => None,
        }
    }

    fn add_to(self, subjects: &mut Subjects, principal: Principal, name: &str) {
        let each = |what: &str| StreamName::ALL.map(|stream| format!("$JS.API.STREAM.{what}.{}", stream.as_str()));
        match self {
            Publish(subject) => subjects.publish.push(subject.replace("{agent}", name)),
            Listen(subject) => subjects.listen.push(subject.replace("{agent}", name)),
            LookAtStreams => subjects.publish.extend(each("INFO")),
            LookAtConsumers => {
                let info =
                    |durable: Durable| format!("$JS.API.CONSUMER.INFO.{}.{}", durable.stream.as_str(), durable.name);
                subjects.publish.extend(std::iter::once("$JS.API.INFO".to_owned()).chain(durables().map(info)));
            }
            BackUp => {
                subjects.publish.extend(each("SNAPSHOT").into_iter().chain(each("RESTORE")));
                // the pieces of a snapshot: taken, and given back
                let pieces =
                    |step: &str| StreamName::ALL.map(|stream| format!("$JS.SNAPSHOT.{step}.{}.>", stream.as_str()));
                subjects.publish.extend(pieces("ACK").into_iter().chain(pieces("RESTORE")));
            }
            MakeStreams => subjects.publish.extend(each("CREATE").into_iter().chain(each("UPDATE"))),
            SetAside(stream) => subjects.publish.push(format!("$JS.API.STREAM.MSG.DELETE.{}", stream.as_str())),
            Read(stream) => {
                let stream = stream.as_str();
                subjects.publish.extend([
                    format!("$JS.API.STREAM.MSG.GET.{stream}"),
                    format!("$JS.API.CONSUMER.CREATE.{stream}.*"),
                    format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.*"),
                    format!("$JS.API.CONSUMER.DELETE.{stream}.*"),
                ]);
                // a reader's own consumer has a name that nobody knows before; another's durable has one that we know.
                // (The form without a name in the subject is for nobody: its body may name any.)
                for durable in durables_of(stream).filter(|durable| !principal.owns(durable)) {
                    subjects.never_publish.extend([
                        format!("$JS.API.CONSUMER.CREATE.{stream}.{durable}"),
                        format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"),
                        format!("$JS.API.CONSUMER.DELETE.{stream}.{durable}"),
                    ]);
                }
            }
            Consume(stream, durable) => {
                let stream = stream.as_str();
                subjects.publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}.{durable}"));
                // with one filter it is part of the subject
                subjects.publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}.{durable}.>"));
                subjects.publish.extend(pulling(stream, durable));
            }
            ConsumeOnly(stream, durable, filter) => {
                let stream = stream.as_str();
                subjects.publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}.{durable}.{filter}"));
                subjects.publish.extend(pulling(stream, durable));
            }
        }
    }
}

/// Asking for messages and what waits of them, and acknowledging them, in both forms that the server gives an
/// acknowledgement's subject.
fn pulling(stream: &str, durable: &str) -> [String; 4] {
    [
        format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"),
        format!("$JS.API.CONSUMER.INFO.{stream}.{durable}"),
        format!("$JS.ACK.{stream}.{durable}.>"),
        format!("$JS.ACK.*.*.{stream}.{durable}.>"),
    ]
}

/// A durable consumer of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durable {
    /// The stream that it consumes.
    pub stream: StreamName,
    /// Its name.
    pub name: &'static str,
    /// The service whose it is.
    pub owner: Principal,
}

/// Every durable consumer that the services have.
pub fn durables() -> impl Iterator<Item = Durable> {
    let all = TABLE.into_iter().flat_map(|(owner, rights)| rights.iter().map(move |right| (owner, right)));
    all.filter_map(|(owner, right)| right.durable().map(|(stream, name)| Durable { stream, name, owner }))
}

fn durables_of(stream: &str) -> impl Iterator<Item = &'static str> {
    durables().filter(move |durable| durable.stream.as_str() == stream).map(|durable| durable.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{subject, topology::matches};

    fn may_publish(principal: Principal, name: &str, subject: &str) -> bool {
        let subjects = principal.subjects(name);
        let any = |filters: &[String]| filters.iter().any(|filter| matches(filter, subject));
        any(&subjects.publish) && !any(&subjects.never_publish)
    }

    #[test]
    fn nobody_may_delete_or_purge_a_stream_or_get_a_message_past_the_table_and_the_operator_alone_backs_up() {
        for (principal, _) in TABLE {
            for stream in StreamName::ALL {
                let may = |api: &str| may_publish(principal, "ada", &format!("$JS.API.{api}.{}", stream.as_str()));
                for api in ["STREAM.DELETE", "STREAM.PURGE", "DIRECT.GET"] {
                    assert!(!may(api), "{principal}: {api} of {}", stream.as_str());
                }
                for api in ["STREAM.SNAPSHOT", "STREAM.RESTORE"] {
                    assert_eq!(may(api), principal == Principal::Operator, "{principal}: {api} of {}", stream.as_str());
                }
            }
        }
    }

    #[test]
    fn raw_notes_are_read_by_selfcare_and_the_operator_alone() {
        for stream in [StreamName::Agents, StreamName::Drops, StreamName::Dead] {
            let readers: Vec<Principal> =
                TABLE.iter().filter(|(_, rights)| rights.contains(&Read(stream))).map(|(who, _)| *who).collect();
            assert_eq!(readers, [Principal::Selfcare, Principal::Operator], "{}", stream.as_str());
        }
        let filters = |rights: &[Right]| -> Vec<&str> {
            let only = |right: &Right| if let ConsumeOnly(_, _, filter) = right { Some(*filter) } else { None };
            rights.iter().filter_map(only).collect()
        };
        let of_kind = |kind| [subject::kind_in_agents(kind), subject::kind_in_drops(kind)];
        assert_eq!(filters(MUTUALAID), ["need", "withdraw"].map(of_kind).concat());
        assert_eq!(filters(LIBRARIAN), of_kind("feedback"));
    }

    #[test]
    fn each_stream_of_the_services_has_one_writer() {
        let writers = |subject: &str| -> Vec<Principal> {
            let services = [Principal::Selfcare, Principal::Mutualaid, Principal::Librarian];
            services.into_iter().filter(|service| may_publish(*service, service.name(), subject)).collect()
        };
        assert_eq!(writers("commune.memory.ada.brief"), [Principal::Selfcare]);
        assert_eq!(writers("commune.event.memory-tidied.ada.2026-02-14"), [Principal::Selfcare]);
        assert_eq!(writers("commune.event.knowledge-shared.ada.x"), [Principal::Mutualaid]);
        assert_eq!(writers("commune.event.article-curated.a.b"), [Principal::Librarian]);
        assert_eq!(writers("commune.library.proposal.x"), [Principal::Librarian]);
        assert_eq!(writers("commune.use.read.ada.x"), [Principal::Librarian]);
        assert_eq!(writers("commune.night.trail.2026-02-14.ada.librarian"), [Principal::Librarian]);
        assert_eq!(writers("$O.ARTIFACTS.M.x"), [Principal::Selfcare]);
        assert_eq!(writers("commune.agent.ada.note"), []);
    }

    #[test]
    fn a_reader_cannot_use_up_the_consumer_of_another() {
        assert!(may_publish(Principal::Librarian, "librarian", "$JS.API.CONSUMER.MSG.NEXT.NIGHTS.x7"));
        assert!(may_publish(Principal::Librarian, "librarian", "$JS.API.CONSUMER.MSG.NEXT.NIGHTS.librarian"));
        assert!(!may_publish(Principal::Librarian, "librarian", "$JS.API.CONSUMER.MSG.NEXT.NIGHTS.selfcare-nights"));
        assert!(!may_publish(Principal::Operator, "operator", "$JS.API.CONSUMER.DELETE.MEMORY.mutualaid"));
    }

    #[test]
    fn an_agent_has_its_own_subjects_and_no_other() {
        let subjects = Principal::Agent.subjects("ada");
        assert_eq!(subjects.publish, ["commune.agent.ada.>"]);
        assert_eq!(subjects.listen, ["commune.inbox.ada.>", "_INBOX_ada.>"]);
    }

    #[test]
    fn one_service_tends_the_streams() {
        assert!(tends_streams("selfcare@host-1") && tends_streams("tests"));
        assert!(!tends_streams("mutualaid@host-1") && !tends_streams("librarian@host-1"));
        assert!(!reads("mutualaid@host-1", StreamName::Agents) && reads("mutualaid@host-1", StreamName::Memory));
    }
}
