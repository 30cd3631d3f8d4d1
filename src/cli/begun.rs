//! A stream to standard output that may break off: what is one document stays one, or is seen to be cut.
//!
//! It stands apart because lists leave as they are read, and the ledger may fail half-way.

use std::io::{self, Write};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use crate::report::ReportError;

/// A stream to standard output that knows whether anything of it has left.
pub(super) struct Begun<W: Write> {
    waiting: Vec<u8>,
    has_left: bool,
    out: W,
}

impl<W: Write> Begun<W> {
    /// So much waits before it leaves.
    const ROOM: usize = 1 << 16;

    pub(super) fn new(out: W) -> Begun<W> {
        Begun { waiting: Vec::with_capacity(Begun::<W>::ROOM), has_left: false, out }
    }

    fn leave(&mut self) -> io::Result<()> {
        self.has_left |= !self.waiting.is_empty();
        self.out.write_all(&self.waiting)?;
        self.waiting.clear();
        self.out.flush()
    }

    /// Ends the stream. Where it broke off after its beginning had left, what is there stays cut short,
    /// which no reader takes for the whole, and no document follows it.
    pub(super) fn end(
        mut self,
        context: &Context,
        written: Result<(), ReportError>,
    ) -> Result<Exit, Failure> {
        let written = written.and_then(|()| Ok(self.leave()?));
        match read_to_the_end(written) {
            Err(failure) if self.has_left => {
                finish::complain(context.out, &failure);
                Ok(failure.exit)
            }
            ended => ended,
        }
    }
}

impl<W: Write> Write for Begun<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= Begun::<W>::ROOM {
            self.leave()?;
        }
        Ok(bytes.len())
    }

    /// Lists flush each page; what is short waits for its end, which may turn out to be a failure.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that went away (a closed pipe) has read all that it wanted.
pub(super) fn read_to_the_end(written: Result<(), ReportError>) -> Result<Exit, Failure> {
    match written {
        Err(error) if error.is_broken_pipe() => Ok(Exit::Done),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Exit::Done),
    }
}
