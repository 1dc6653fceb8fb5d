//! Messages of a few fields, of bounded size, which have to be there within a bounded time.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// The largest message: a proxy with all its attributes has a tenth of it.
const LARGEST: usize = 1 << 20;

/// A connection, and until when it may be used.
pub struct Wire {
    stream: UnixStream,
    end: Instant,
}

impl Wire {
    pub fn new(stream: UnixStream, patience: Duration) -> Self {
        let end = Instant::now() + patience;
        Self { stream, end }
    }

    /// Waits longer, from now on.
    pub fn wait_for(&mut self, patience: Duration) {
        self.end = Instant::now() + patience;
    }

    pub fn send(&mut self, fields: &[&[u8]]) -> io::Result<()> {
        let length = fields.iter().map(|field| field.len() + 4).sum::<usize>();
        // Never moved while it grows: there may be a key in it.
        let mut message = Zeroizing::new(Vec::with_capacity(length + 4));
        message.extend_from_slice(&number(length)?);
        for field in fields {
            message.extend_from_slice(&number(field.len())?);
            message.extend_from_slice(field);
        }
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(self.left()?))?;
            let count = self.stream.write(rest)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    pub fn receive(&mut self) -> io::Result<Message> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut message = Zeroizing::new(vec![0; length]);
        self.fill(&mut message)?;
        Ok(Message(message))
    }

    /// Waits until the other side closes.
    pub fn closed(&mut self) {
        while self.receive().is_ok() {}
    }

    fn fill(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            self.stream.set_read_timeout(Some(self.left()?))?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => buffer = &mut buffer[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(left),
        }
    }
}

fn number(length: usize) -> io::Result<[u8; 4]> {
    let fits = u32::try_from(length).ok().filter(|_| length <= LARGEST);
    fits.map(u32::to_be_bytes)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What came, wiped in the end.
pub struct Message(Zeroizing<Vec<u8>>);

impl Message {
    /// The fields; those that are cut short are left out.
    pub fn fields(&self) -> Vec<&[u8]> {
        let mut rest = self.0.as_slice();
        let mut fields = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes(*length) as usize;
            let Some((field, after)) = after.split_at_checked(length) else {
                break;
            };
            fields.push(field);
            rest = after;
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    fn ends() -> (Wire, UnixStream) {
        let (one, other) = UnixStream::pair().unwrap();
        (Wire::new(one, SHORT), other)
    }

    #[test]
    fn fields_arrive_as_they_were_sent() {
        let (mut one, other) = ends();
        let mut other = Wire::new(other, SHORT);
        one.send(&[b"make", b"", b"\0\xff"]).unwrap();
        let message = other.receive().unwrap();
        assert_eq!(message.fields(), [&b"make"[..], b"", b"\0\xff"]);
    }

    #[test]
    fn nobody_waits_for_bytes_that_come_too_slowly() {
        let (mut one, mut other) = ends();
        other.write_all(&[0, 0, 0, 100]).unwrap();
        let slowly = std::thread::spawn(move || {
            for _ in 0..40 {
                std::thread::sleep(Duration::from_millis(50));
                if other.write_all(b"x").is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        assert!(one.receive().is_err());
        assert!(start.elapsed() < 5 * SHORT);
        drop(one);
        slowly.join().unwrap();
    }

    #[test]
    fn lengths_that_lie_are_harmless() {
        let (mut one, mut other) = ends();
        other.write_all(&[0xff; 8]).unwrap();
        assert!(one.receive().is_err());
        for (bytes, count) in [(&b"\0\0\0\x01a\0\0"[..], 1), (b"\0\0\0\x09a", 0), (b"", 0)] {
            let message = Message(Zeroizing::new(bytes.to_vec()));
            assert_eq!(message.fields().len(), count);
        }
    }
}
