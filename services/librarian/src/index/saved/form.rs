//! How a saved index lies in its file: numbers of eight bytes, little endian, and bytes behind their length; at the end the SHA-256 of all before.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::LoadError;

/// Bytes of the sum.
const SUM: usize = 32;

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

/// Reads what [`Sink`] wrote. **Nothing is believed before the sum was right.**
pub(super) struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    /// Of a whole file.
    ///
    /// # Errors
    /// [`LoadError::Damaged`] when the sum at its end is another.
    pub(super) fn of(file: &'a [u8]) -> Result<Self, LoadError> {
        let (rest, sum) = file.split_last_chunk::<SUM>().ok_or(LoadError::Damaged)?;
        if Sha256::digest(rest).as_slice() == sum { Ok(Self { rest }) } else { Err(LoadError::Damaged) }
    }

    pub(super) fn number(&mut self) -> Result<usize, LoadError> {
        let (number, rest) = self.rest.split_first_chunk().ok_or(LoadError::Damaged)?;
        self.rest = rest;
        usize::try_from(u64::from_le_bytes(*number)).map_err(|_| LoadError::Damaged)
    }

    pub(super) fn numbers(&mut self) -> Result<[u64; 3], LoadError> {
        Ok([self.number()? as u64, self.number()? as u64, self.number()? as u64])
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], LoadError> {
        let length = self.number()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(LoadError::Damaged)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, LoadError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| LoadError::Damaged)
    }

    pub(super) fn texts(&mut self) -> Result<Vec<String>, LoadError> {
        (0..self.number()?).map(|_| self.text().map(str::to_owned)).collect()
    }

    /// That nothing follows.
    ///
    /// # Errors
    /// [`LoadError::Damaged`] when something does.
    pub(super) fn finish(self) -> Result<(), LoadError> {
        if self.rest.is_empty() { Ok(()) } else { Err(LoadError::Damaged) }
    }
}
