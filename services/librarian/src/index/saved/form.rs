//! How a saved index lies in its file: numbers of eight bytes, little endian, and bytes behind their length; at the end the SHA-256 of all before.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use super::LoadError;

/// Bytes that are read at once: a length that is not to be believed allocates no more.
const PIECE: u64 = 1 << 20;

/// Writes.
pub(super) struct Sink<W> {
    to: W,
    sum: Sha256,
    written: u64,
}

impl<W: Write> Sink<W> {
    pub(super) fn of(to: W) -> Self {
        Self { to, sum: Sha256::new(), written: 0 }
    }

    pub(super) fn number(&mut self, number: usize) -> io::Result<()> {
        self.write(&(number as u64).to_le_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.number(bytes.len())?;
        self.write(bytes)
    }

    pub(super) fn texts(&mut self, texts: &[String]) -> io::Result<()> {
        self.number(texts.len())?;
        texts.iter().try_for_each(|text| self.bytes(text.as_bytes()))
    }

    /// Writes the sum; what was written to, and how many bytes.
    pub(super) fn finish(mut self) -> io::Result<(W, u64)> {
        let sum = self.sum.finalize();
        self.to.write_all(&sum)?;
        Ok((self.to, self.written + sum.len() as u64))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.written += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}

/// Reads what [`Sink`] wrote.
pub(super) struct Source<R> {
    from: R,
    sum: Sha256,
}

impl<R: Read> Source<R> {
    pub(super) fn of(from: R) -> Self {
        Self { from, sum: Sha256::new() }
    }

    pub(super) fn number(&mut self) -> Result<usize, LoadError> {
        let bytes = self.exactly(8)?;
        let number = bytes.as_slice().try_into().map(u64::from_le_bytes).map_err(|_| LoadError::Damaged)?;
        usize::try_from(number).map_err(|_| LoadError::Damaged)
    }

    pub(super) fn numbers(&mut self) -> Result<[u64; 3], LoadError> {
        Ok([self.number()? as u64, self.number()? as u64, self.number()? as u64])
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, LoadError> {
        let length = self.number()?;
        self.exactly(length as u64)
    }

    pub(super) fn text(&mut self) -> Result<String, LoadError> {
        String::from_utf8(self.bytes()?).map_err(|_| LoadError::Damaged)
    }

    pub(super) fn texts(&mut self) -> Result<Vec<String>, LoadError> {
        (0..self.number()?).map(|_| self.text()).collect()
    }

    /// Reads the sum, and that nothing follows.
    ///
    /// # Errors
    /// [`LoadError::Damaged`] when it is another.
    pub(super) fn finish(mut self) -> Result<(), LoadError> {
        let mut rest = Vec::new();
        self.from.by_ref().take(PIECE).read_to_end(&mut rest)?;
        if rest == self.sum.finalize().as_slice() { Ok(()) } else { Err(LoadError::Damaged) }
    }

    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, LoadError> {
        let mut bytes = Vec::with_capacity(length.min(PIECE) as usize);
        self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(LoadError::Damaged);
        }
        self.sum.update(&bytes);
        Ok(bytes)
    }
}
