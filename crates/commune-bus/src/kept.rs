//! A stream's messages kept in a file, so that a view that starts again need not fetch all of them from the server.
//!
//! **What is kept is a copy and never a source**: it is taken up only where the server has the stream that it was copied from, with the message
//! that the copy ends with, and nothing was taken out of that stream since. What a kill left half written ends the copy before it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use async_nats::jetstream::stream::Info;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Bus, Stored, StreamName, api::ApiError, guard};

/// What a file begins with; the last byte is the version of its form.
const MAGIC: &[u8; 8] = b"COMMSTR\x01";
/// Bytes read and written at a time.
const BUFFER: usize = 1 << 20;
/// A frame is longer only where the file is damaged: a stream's messages have at most a megabyte.
const LONGEST: usize = 16 << 20;

/// Which stream it is, and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    stream: String,
    /// When it was made, RFC 3339.
    made: String,
    /// The sequence of its first message.
    first: u64,
    /// Messages that were taken out from between the others.
    deleted: u64,
}

impl Origin {
    pub(crate) async fn of(bus: &Bus, stream: StreamName) -> Result<Self, ApiError> {
        let info: Info = bus.api(&format!("STREAM.INFO.{}", stream.as_str()), &()).await?;
        Ok(Self {
            stream: stream.as_str().to_owned(),
            made: guard::made(&info).to_string(),
            first: info.state.first_sequence.max(1),
            deleted: info.state.deleted_count.unwrap_or(0),
        })
    }
}

/// A message as it lies in the file.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "2")]
    stored_at: i64,
    #[prost(string, tag = "3")]
    subject: String,
    /// Names and values in turn.
    #[prost(string, repeated, tag = "4")]
    headers: Vec<String>,
    #[prost(bytes = "bytes", tag = "5")]
    payload: Bytes,
}

impl Record {
    fn of(message: &Stored) -> Self {
        Self {
            sequence: message.sequence,
            stored_at: i64::try_from(message.stored_at.as_nanosecond()).unwrap_or_default(),
            subject: message.subject.clone(),
            headers: message.headers.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect(),
            payload: message.payload.clone(),
        }
    }

    fn into_stored(self, stream: StreamName) -> Stored {
        let mut headers = Vec::with_capacity(self.headers.len() / 2);
        let mut texts = self.headers.into_iter();
        while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
            headers.push((name, value));
        }
        Stored {
            stream,
            subject: self.subject,
            sequence: self.sequence,
            stored_at: Timestamp::from_nanosecond(self.stored_at.into()).unwrap_or_default(),
            headers,
            payload: self.payload,
        }
    }
}

/// A copy that was found.
#[derive(Debug)]
pub(crate) struct Kept {
    stream: StreamName,
    path: PathBuf,
    origin: Origin,
    /// Bytes that are whole.
    whole: u64,
    messages: u64,
    last: Stored,
}

impl Kept {
    /// Looks through a file, without keeping what is in it; none where there is no message of the stream.
    ///
    /// # Errors
    /// Why what is there is not used.
    pub(crate) fn find(path: &Path, stream: StreamName) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if let Some(mode) = others_may_write(&file, path)? {
            let advice = "take that away with `chmod go-w`";
            return Err(io::Error::other(format!("others may write it or its folder (mode {mode:o}): {advice}")));
        }
        let mut frames = Frames::of(file);
        let Some(origin) = frames.origin() else { return Err(io::Error::other("it is of another form, or damaged")) };
        let (mut messages, mut last) = (0, None);
        while let Some(frame) = frames.next() {
            (messages, last) = (messages + 1, Some(frame));
        }
        let last = last.and_then(|frame| Record::decode(frame).ok());
        let found = |last: Record| Self {
            stream,
            path: path.to_owned(),
            origin,
            whole: frames.whole,
            messages,
            last: last.into_stored(stream),
        };
        Ok(last.map(found))
    }

    /// Messages in it.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// The message that it ends with.
    pub(crate) fn last(&self) -> &Stored {
        &self.last
    }

    /// Whether the server still has what this was copied from.
    pub(crate) async fn holds(&self, bus: &Bus, origin: &Origin) -> Result<bool, ApiError> {
        if self.origin != *origin {
            return Ok(false);
        }
        let there = bus.get(self.stream, self.last.sequence).await.map_err(|e| ApiError::Away(e.to_string()))?;
        let same = |there: Stored| {
            (there.stored_at, &there.subject, &there.payload)
                == (self.last.stored_at, &self.last.subject, &self.last.payload)
        };
        Ok(there.is_some_and(same))
    }

    /// Gives every message, in order.
    ///
    /// # Errors
    /// When the file cannot be read, or has changed meanwhile.
    pub(crate) fn replay(&self, mut take: impl FnMut(Stored)) -> io::Result<()> {
        let mut frames = Frames::of(File::open(&self.path)?);
        let changed = || io::Error::other("it changed while it was read");
        frames.origin().ok_or_else(changed)?;
        for _ in 0..self.messages {
            let record = frames.next().and_then(|frame| Record::decode(frame).ok()).ok_or_else(changed)?;
            take(record.into_stored(self.stream));
        }
        Ok(())
    }

    /// Goes on with it.
    ///
    /// # Errors
    /// When it cannot be written, or another process writes it.
    pub(crate) fn go_on(self) -> io::Result<Keeping> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        file.try_lock()?;
        file.set_len(self.whole)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Keeping(BufWriter::with_capacity(BUFFER, file)))
    }
}

/// A copy that is being written.
#[derive(Debug)]
pub(crate) struct Keeping(BufWriter<File>);

impl Keeping {
    /// Begins a copy with nothing in it, in the place of what was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn begin(path: &Path, origin: &Origin) -> io::Result<Self> {
        fs::create_dir_all(folder(path))?;
        remove(path)?;
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.try_lock()?;
        let mut keeping = Self(BufWriter::with_capacity(BUFFER, file));
        keeping.0.write_all(MAGIC)?;
        keeping.frame(&serde_json::to_vec(origin)?)?;
        Ok(keeping)
    }

    /// Puts a message at its end; [`Keeping::flush`] hands it to the system.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(&mut self, message: &Stored) -> io::Result<()> {
        self.frame(&Record::of(message).encode_to_vec())
    }

    /// Hands over what was put in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a message of four gigabytes"))?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(&xxh3_64(bytes).to_le_bytes())?;
        self.0.write_all(bytes)
    }
}

/// The frames of a file: a length of four bytes and a hash of eight, little endian, and so many bytes.
struct Frames {
    from: BufReader<File>,
    /// Bytes of what was whole.
    whole: u64,
}

impl Frames {
    fn of(file: File) -> Self {
        Self { from: BufReader::with_capacity(BUFFER, file), whole: 0 }
    }

    fn origin(&mut self) -> Option<Origin> {
        let mut magic = [0; MAGIC.len()];
        self.from.read_exact(&mut magic).ok()?;
        self.whole = MAGIC.len() as u64;
        (magic == *MAGIC).then(|| self.next()).flatten().and_then(|frame| serde_json::from_slice(&frame).ok())
    }

    /// The next frame; none at the end, or where it is not whole.
    fn next(&mut self) -> Option<Bytes> {
        let (mut length, mut hash) = ([0; 4], [0; 8]);
        self.from.read_exact(&mut length).ok()?;
        self.from.read_exact(&mut hash).ok()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= LONGEST)?;
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes).ok()?;
        (xxh3_64(&bytes) == u64::from_le_bytes(hash)).then(|| {
            self.whole += (12 + length) as u64;
            bytes.into()
        })
    }
}

/// The mode of a file or of its folder where others than their owner may write it: they could say what is in it.
///
/// # Errors
/// When they cannot be looked at.
pub fn others_may_write(file: &File, path: &Path) -> io::Result<Option<u32>> {
    let modes = [file.metadata()?.mode(), fs::metadata(folder(path))?.mode()];
    Ok(modes.into_iter().find(|mode| mode & 0o022 != 0).map(|mode| mode & 0o7777))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Takes a file away; one that is not there is away.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin() -> Origin {
        Origin { stream: "LIBRARY".into(), made: "2026-02-14T04:00:00Z".into(), first: 1, deleted: 0 }
    }

    fn message(sequence: u64, words: &str) -> Stored {
        Stored {
            stream: StreamName::Library,
            subject: format!("commune.event.article-curated.{words}"),
            sequence,
            stored_at: Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap(),
            headers: vec![("ce-id".into(), words.into()), ("ce-type".into(), String::new())],
            payload: words.as_bytes().to_vec().into(),
        }
    }

    fn told(message: &Stored) -> (u64, Timestamp, String, Vec<(String, String)>, Bytes) {
        let Stored { stream: _, subject, sequence, stored_at, headers, payload } = message.clone();
        (sequence, stored_at, subject, headers, payload)
    }

    /// What a file of these messages gives back.
    fn read(path: &Path) -> Vec<Stored> {
        let mut messages = Vec::new();
        if let Ok(Some(kept)) = Kept::find(path, StreamName::Library) {
            kept.replay(|message| messages.push(message)).unwrap();
            assert_eq!(messages.len() as u64, kept.messages());
            assert_eq!(messages.last().map(told), Some(told(kept.last())));
        }
        messages
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Wherever a file ends or is damaged, what was before comes back as it was, and what is put in after it.
        #[test]
        fn what_is_whole_comes_back(words in prop::collection::vec("[a-z]{0,40}", 1..6), cut in 0.0..1.0f64, flip: bool) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("library.stream");
            let messages: Vec<Stored> = (1..).zip(&words).map(|(sequence, words)| message(sequence, words)).collect();
            let mut keeping = Keeping::begin(&path, &origin()).unwrap();
            let mut ends = Vec::new();
            for message in &messages {
                keeping.put(message).unwrap();
                keeping.flush().unwrap();
                ends.push(fs::metadata(&path).unwrap().len());
            }
            prop_assert_eq!(read(&path).iter().map(told).collect::<Vec<_>>(), messages.iter().map(told).collect::<Vec<_>>());

            let again = Kept::find(&path, StreamName::Library).unwrap().unwrap();
            prop_assert!(again.go_on().is_err(), "somebody writes it");
            drop(keeping);

            let mut bytes = fs::read(&path).unwrap();
            let at = ((bytes.len() - 1) as f64 * cut) as usize;
            if flip { bytes[at] ^= 1 } else { bytes.truncate(at) }
            fs::write(&path, &bytes).unwrap();
            let whole = ends.iter().filter(|end| **end <= at as u64).count();
            let left = read(&path);
            prop_assert_eq!(left.iter().map(told).collect::<Vec<_>>(), messages[..whole].iter().map(told).collect::<Vec<_>>());

            if let Ok(Some(kept)) = Kept::find(&path, StreamName::Library) {
                let mut keeping = kept.go_on().unwrap();
                keeping.put(&message(9, "later")).unwrap();
                keeping.flush().unwrap();
                prop_assert_eq!(read(&path).len(), whole + 1);
            }
        }
    }

    #[test]
    fn what_others_may_write_is_not_read_and_what_is_forgotten_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.stream");
        let mut keeping = Keeping::begin(&path, &origin()).unwrap();
        keeping.put(&message(1, "a")).unwrap();
        keeping.flush().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        let why = Kept::find(&path, StreamName::Library).unwrap_err().to_string();
        assert!(why.contains("mode 666") && why.contains("chmod go-w"), "{why}");
        keeping.put(&message(2, "b")).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
        assert!(Kept::find(&path, StreamName::Library).unwrap().is_none());
        fs::write(&path, "something else").unwrap();
        assert!(Kept::find(&path, StreamName::Library).unwrap_err().to_string().contains("another form"));
    }
}
