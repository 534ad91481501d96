//! Makes the server's streams what [`crate::topology`] says, without ever deleting one.

use std::time::Duration;

use async_nats::jetstream::stream::{
    Compression, Config, DiscardPolicy, Info, RetentionPolicy, StorageType, SubjectTransform,
};
use jiff::Timestamp;

use crate::{
    Bus, StoreError, StoreMark, StreamName, TopologyError,
    api::ApiError,
    guard::{BETWEEN, CONFIRM, made, stand},
    link::Quiet,
    topology::StreamDefinition,
};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How often a stream is tried whose folder the server could not make; after that it is the disk.
const FOLDER_TRIES: u32 = 5;
/// The oldest server that has all that the commune uses.
pub const OLDEST_SERVER: (u64, u64) = (2, 14);

impl Bus {
    /// Creates the streams that are missing and reconciles the others with [`crate::topology`]. Waits for the
    /// server for as long as it takes. Any number of replicas may do it at once. **Never deletes a stream.**
    ///
    /// # Errors
    /// [`TopologyError`] when an existing stream cannot be brought to what the commune needs, or the server is too old.
    pub async fn ensure_topology(&self) -> Result<(), TopologyError> {
        self.ensure_store(None, "").await.map(drop)
    }

    /// [`Bus::ensure_topology`] for the store that is known: nothing is made or changed unless every stream of the
    /// mark that was kept (none: there was none) is there and the same. Gives the mark to keep from now on; `place`
    /// tells where that is, for whoever has to remove it. From here on the store is watched
    /// ([`Bus::store_refused`]), also when nothing is kept.
    ///
    /// # Errors
    /// Those of [`Bus::ensure_topology`], and [`TopologyError::Store`] when the store is another one.
    pub async fn ensure_store(&self, kept: Option<&str>, place: &str) -> Result<String, TopologyError> {
        let kept = kept.map(|text| StoreMark::parse(text, place)).transpose()?.or_else(|| self.guard().mark());
        self.usable_server().await?;
        if let Some(kept) = &kept {
            self.compare_store(kept, place).await?;
        }
        let over = self.connects();
        let known = Known { mark: kept.as_ref(), place };
        let found = self.make_streams(&known).await?;
        let mark = StoreMark::of(&found, kept.as_ref());
        let text = mark.to_json();
        if self.guard().remember(mark, place, over) {
            tokio::spawn(stand(self.downgrade(), self.guard().clone(), self.connection()));
        }
        Ok(text)
    }

    async fn usable_server(&self) -> Result<(), TopologyError> {
        let mut connection = self.connection();
        // the sender lives as long as the connection
        let _ = connection.wait_for(|state| *state == crate::Connection::Up).await;
        let server = self.client().server_info();
        if !is_new_enough(&server.version) {
            let (major, minor) = OLDEST_SERVER;
            return Err(TopologyError::Server(format!(
                "it is version {}, and {major}.{minor} or newer is needed: install a newer nats-server",
                server.version
            )));
        }
        if !server.jetstream {
            return Err(TopologyError::Server(
                "JetStream is off: start nats-server with `-js`, or with a `jetstream` block in its configuration"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Looks whether every stream of the mark is there and the same, before anything is changed. An absence has to be
    /// seen more than once: a server that has just come up may not have loaded its streams.
    async fn compare_store(&self, kept: &StoreMark, place: &str) -> Result<(), TopologyError> {
        let quiet = Quiet::default();
        for stream in StreamName::ALL.into_iter().filter(|stream| kept.made(*stream).is_some()) {
            let (mut missed, mut wait) = (0, FIRST_WAIT);
            loop {
                let found = match self.api::<Info>(&format!("STREAM.INFO.{}", stream.as_str()), &()).await {
                    Ok(info) => Some(made(&info)),
                    Err(ApiError::Server { code: ApiError::NO_STREAM, .. }) => None,
                    Err(error) if error.passes() => {
                        waiting(&quiet, stream, &error);
                        tokio::time::sleep(wait).await;
                        wait = (wait * 2).min(LONGEST_WAIT);
                        continue;
                    }
                    Err(error) => return Err(explained(stream, &error)),
                };
                match kept.compare(stream, found, place) {
                    Ok(()) => break,
                    Err(StoreError::Gone { .. }) if missed + 1 < CONFIRM => {
                        missed += 1;
                        tokio::time::sleep(BETWEEN).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Creates or reconciles each stream; when each was made.
    async fn make_streams(&self, known: &Known<'_>) -> Result<Vec<(StreamName, Timestamp)>, TopologyError> {
        let quiet = Quiet::default();
        let mut found = Vec::new();
        for stream in StreamName::ALL {
            let (mut wait, mut tries) = (FIRST_WAIT, 0);
            let made = loop {
                tries += 1;
                match self.ensure(stream, known).await {
                    Ok(made) => break made,
                    Err(Ensure::Topology(error)) => return Err(error),
                    Err(Ensure::Api(error)) if error.passes() || is_race(&error, tries) => {
                        waiting(&quiet, stream, &error);
                    }
                    Err(Ensure::Api(error)) => return Err(explained(stream, &error)),
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            };
            found.push((stream, made));
        }
        Ok(found)
    }

    async fn ensure(&self, stream: StreamName, known: &Known<'_>) -> Result<Timestamp, Ensure> {
        let name = stream.as_str();
        let wanted = wanted(stream, self.replicas());
        match self.api::<Info>(&format!("STREAM.INFO.{name}"), &()).await {
            Ok(info) => {
                let made = made(&info);
                known.compare(stream, Some(made))?;
                let reconciled = reconcile(stream, &info.config, &wanted)?.filter(|_| self.tends_streams());
                let Some(reconciled) = reconciled else { return Ok(made) };
                let updated = self.api::<Info>(&format!("STREAM.UPDATE.{name}"), &reconciled).await;
                updated.map_err(|error| match error {
                    ApiError::Server { status: 400 | 500, text, .. } => {
                        incompatible(stream, format!("the server refused to update it: {text}"))
                    }
                    other => Ensure::Api(other),
                })?;
                tracing::info!(bus.stream = name, "updated a stream");
                Ok(made)
            }
            Err(ApiError::Server { code: ApiError::NO_STREAM, .. }) if self.tends_streams() => {
                known.compare(stream, None)?;
                let info = self.api::<Info>(&format!("STREAM.CREATE.{name}"), &wanted).await?;
                tracing::info!(bus.stream = name, "created a stream");
                Ok(made(&info))
            }
            // whoever tends the streams makes it soon
            Err(error) => Err(error.into()),
        }
    }
}

/// The mark that was kept, and where.
struct Known<'a> {
    mark: Option<&'a StoreMark>,
    place: &'a str,
}

impl Known<'_> {
    fn compare(&self, stream: StreamName, found: Option<Timestamp>) -> Result<(), Ensure> {
        let Some(mark) = self.mark else { return Ok(()) };
        mark.compare(stream, found, self.place).map_err(|error| Ensure::Topology(error.into()))
    }
}

fn waiting(quiet: &Quiet, stream: StreamName, error: &ApiError) {
    if let Some(unsaid) = quiet.may_speak() {
        let name = stream.as_str();
        tracing::info!(bus.stream = name, bus.reason = %error, bus.unsaid = unsaid, "waiting for JetStream");
    }
}

#[derive(Debug)]
pub(crate) enum Ensure {
    Topology(TopologyError),
    Api(ApiError),
}

impl From<ApiError> for Ensure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// Another replica created it between our question and our answer, or the server was just making the account's
/// folder: look again.
fn is_race(error: &ApiError, tries: u32) -> bool {
    match error {
        ApiError::Server { code: ApiError::NAME_TAKEN | ApiError::NO_STREAM, .. } => true,
        ApiError::Server { code: ApiError::NO_FOLDER, .. } => tries < FOLDER_TRIES,
        _ => false,
    }
}

fn explained(stream: StreamName, error: &ApiError) -> TopologyError {
    let name = stream.as_str();
    match error {
        ApiError::Server { code: ApiError::SUBJECTS_TAKEN, text, .. } => TopologyError::Incompatible {
            stream: name,
            difference: format!("another stream of this account holds its subjects ({text})"),
            advice: "rename or remove the other stream, or give the commune an account of its own".to_owned(),
        },
        ApiError::Server { code: ApiError::NO_STORAGE, text, .. } => {
            let needed: u64 = StreamName::ALL.iter().map(|s| s.definition().max_bytes).sum();
            TopologyError::Server(format!(
                "it has no room for stream {name} ({text}): the streams may grow to {} GiB together; raise \
                 `max_file_store` in the `jetstream` block of its configuration",
                needed >> 30
            ))
        }
        ApiError::Server { code, text, .. } if ApiError::JETSTREAM_OFF.contains(code) => {
            TopologyError::Server(format!("{text}: enable JetStream for the account of the services"))
        }
        error => TopologyError::Server(format!("stream {name} cannot be made: {error}")),
    }
}

/// The stream as the commune wants it.
pub(crate) fn wanted(stream: StreamName, replicas: usize) -> Config {
    let StreamDefinition {
        subjects,
        transform,
        description,
        max_bytes,
        max_message,
        each_subject_once,
        drops_oldest,
        atomic,
        schedules,
        rolls_up,
        duplicate_window,
    } = stream.definition();
    Config {
        name: stream.as_str().to_owned(),
        description: Some(description.to_owned()),
        subjects: subjects.iter().map(|s| (*s).to_owned()).collect(),
        subject_transform: transform.map(|(source, destination)| SubjectTransform {
            source: source.to_owned(),
            destination: destination.to_owned(),
        }),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        compression: Some(Compression::S2),
        discard: if drops_oldest { DiscardPolicy::Old } else { DiscardPolicy::New },
        discard_new_per_subject: each_subject_once,
        max_messages_per_subject: if each_subject_once { 1 } else { -1 },
        max_bytes: i64::try_from(max_bytes).unwrap_or(i64::MAX),
        max_message_size: i32::try_from(max_message).unwrap_or(i32::MAX),
        max_messages: -1,
        max_consumers: -1,
        duplicate_window,
        allow_direct: true,
        allow_atomic_publish: atomic,
        allow_message_schedules: schedules,
        // the server sets it for streams that take schedules
        allow_rollup: schedules || rolls_up,
        num_replicas: replicas,
        ..Config::default()
    }
}

/// The existing stream with what the commune needs; none when nothing has to change. Bounds are raised, never lowered.
pub(crate) fn reconcile(stream: StreamName, existing: &Config, wanted: &Config) -> Result<Option<Config>, Ensure> {
    let fixed =
        |what: &str, is: String, should: String| Err(incompatible(stream, format!("its {what} is {is}, not {should}")));
    if existing.retention != wanted.retention {
        return fixed("retention", format!("{:?}", existing.retention), format!("{:?}", wanted.retention));
    }
    if existing.storage != wanted.storage {
        return fixed("storage", format!("{:?}", existing.storage), format!("{:?}", wanted.storage));
    }
    if existing.mirror.is_some() || existing.sources.as_ref().is_some_and(|sources| !sources.is_empty()) {
        return fixed("source", "another stream".to_owned(), "its publishers alone".to_owned());
    }
    if existing.sealed || existing.no_ack {
        return fixed("state", "sealed or without acknowledgements".to_owned(), "open and acknowledged".to_owned());
    }
    if existing.subjects.iter().any(|subject| !wanted.subjects.contains(subject)) {
        return fixed("subjects", format!("{:?}", existing.subjects), format!("{:?}", wanted.subjects));
    }
    if existing.subject_transform != wanted.subject_transform {
        let shown = |config: &Config| match &config.subject_transform {
            Some(transform) => format!("`{}` to `{}`", transform.source, transform.destination),
            None => "none".to_owned(),
        };
        return fixed("subject transform", shown(existing), shown(wanted));
    }
    let mut next = existing.clone();
    next.subjects.clone_from(&wanted.subjects);
    next.description.clone_from(&wanted.description);
    next.discard = wanted.discard;
    next.discard_new_per_subject = wanted.discard_new_per_subject;
    next.max_messages_per_subject = wanted.max_messages_per_subject;
    next.max_bytes = greater(existing.max_bytes, wanted.max_bytes);
    next.max_message_size = match (existing.max_message_size, wanted.max_message_size) {
        (is, _) if is <= 0 => is,
        (is, should) => is.max(should),
    };
    next.max_messages = wanted.max_messages;
    next.max_age = wanted.max_age;
    next.duplicate_window = wanted.duplicate_window;
    next.allow_direct = wanted.allow_direct;
    next.allow_atomic_publish = wanted.allow_atomic_publish;
    next.allow_message_schedules = wanted.allow_message_schedules;
    next.allow_rollup = wanted.allow_rollup;
    next.allow_message_ttl = wanted.allow_message_ttl;
    next.allow_batch_publish = wanted.allow_batch_publish;
    next.subject_delete_marker_ttl = wanted.subject_delete_marker_ttl;
    next.num_replicas = wanted.num_replicas;
    Ok((next != *existing).then_some(next))
}

/// The greater bound, where none and less than zero mean no bound.
fn greater(existing: i64, wanted: i64) -> i64 {
    if existing <= 0 { existing } else { existing.max(wanted) }
}

fn incompatible(stream: StreamName, difference: String) -> Ensure {
    Ensure::Topology(TopologyError::Incompatible {
        stream: stream.as_str(),
        difference,
        advice: "move its messages elsewhere and remove it by hand, or give the commune an account of its own"
            .to_owned(),
    })
}

pub(crate) fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST_SERVER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(mut edit: impl FnMut(&mut Config)) -> Result<Option<Config>, Ensure> {
        let wanted = wanted(StreamName::Memory, 1);
        let mut existing = wanted.clone();
        edit(&mut existing);
        reconcile(StreamName::Memory, &existing, &wanted)
    }

    #[test]
    fn what_can_be_changed_in_place_is() {
        assert!(change(|_| ()).unwrap().is_none());
        let updated = change(|c| c.max_bytes = 1000).unwrap().unwrap();
        assert_eq!(updated.max_bytes, wanted(StreamName::Memory, 1).max_bytes);
        assert!(change(|c| c.max_bytes *= 2).unwrap().is_none(), "a raised bound stays");
        assert!(change(|c| c.max_bytes = -1).unwrap().is_none(), "so does no bound");
        assert!(change(|c| c.subjects.truncate(1)).unwrap().is_some());
        assert!(change(|c| c.allow_atomic_publish = false).unwrap().is_some());
        assert!(change(|c| c.metadata.insert("a".to_owned(), "b".to_owned()).map_or((), drop)).unwrap().is_none());
    }

    #[test]
    fn what_cannot_is_an_error_that_says_so() {
        let check = |edit: fn(&mut Config), word: &str| match change(edit) {
            Err(Ensure::Topology(error)) => assert!(error.to_string().contains(word), "{error}"),
            other => panic!("{word}: {other:?}"),
        };
        check(|c| c.retention = RetentionPolicy::WorkQueue, "retention");
        check(|c| c.storage = StorageType::Memory, "storage");
        check(|c| c.subjects.push("other".to_owned()), "subjects");
        check(|c| c.sealed = true, "sealed");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let check = |version: &str, expected: bool| assert_eq!(is_new_enough(version), expected, "{version}");
        check("2.14.0", true);
        check("2.15.1", true);
        check("2.15.0-dev", true);
        check("3.0.0", true);
        check("2.9.25", false);
        check("2.13.9", false);
        check("", false);
    }
}
