//! Lines and literals between us and the server. Every answer has an allowance
//! of bytes, and a server that says nothing for too long is left.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::trouble::Trouble;

/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// Literals in one response.
const MOST_LITERALS: usize = 100;

/// What a session runs over.
pub(in crate::email) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A part of a response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Text of a line, without its end and without the announcement of a
    /// literal.
    Line(Vec<u8>),
    /// Bytes that were announced.
    Literal(Bytes),
}

/// The connection.
pub(super) struct Wire<S> {
    stream: BufReader<S>,
    /// How many bytes the server may still send.
    allowance: usize,
}

impl<S: Stream> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream), allowance: 0 }
    }

    /// What the server may send from here on.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// The connection itself, to encrypt it. What the server has already sent
    /// would be taken for a part of the encrypted conversation.
    pub(super) fn into_inner(self) -> Result<S, Trouble> {
        if !self.stream.buffer().is_empty() {
            return Err(Trouble::Protocol("it went on talking where encryption begins".to_owned()));
        }
        Ok(self.stream.into_inner())
    }

    /// One response: a line, or lines with literals between.
    pub(super) async fn read(&mut self) -> Result<Vec<Piece>, Trouble> {
        let mut pieces = Vec::new();
        loop {
            let mut line = self.line().await?;
            let announced = announced(&line);
            if let Some((length, _)) = announced {
                line.truncate(length);
            }
            pieces.push(Piece::Line(line));
            let Some((_, size)) = announced else { return Ok(pieces) };
            if pieces.len() > 2 * MOST_LITERALS {
                return Err(Trouble::Protocol("a response has too many literals".to_owned()));
            }
            pieces.push(Piece::Literal(self.literal(size).await?));
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut line = Vec::new();
        loop {
            let filled = tokio::time::timeout(SILENCE, self.stream.fill_buf()).await;
            let buffer = filled.map_err(|_| Trouble::Silence)??;
            if buffer.is_empty() {
                return Err(Trouble::Broken("it was closed".to_owned()));
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            line.extend_from_slice(&buffer[..used]);
            self.stream.consume(used);
            self.spend(used)?;
            if end.is_some() {
                line.pop();
                line.pop_if(|byte| *byte == b'\r');
                return Ok(line);
            }
        }
    }

    async fn literal(&mut self, size: usize) -> Result<Bytes, Trouble> {
        self.spend(size)?;
        let mut bytes = Vec::new();
        while bytes.len() < size {
            let mut limited = (&mut self.stream).take((size - bytes.len()) as u64);
            let read = tokio::time::timeout(SILENCE, limited.read_buf(&mut bytes)).await;
            if read.map_err(|_| Trouble::Silence)?? == 0 {
                return Err(Trouble::Broken("it was closed".to_owned()));
            }
        }
        Ok(bytes.into())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Trouble> {
        let left = self.allowance.checked_sub(bytes);
        self.allowance = left.ok_or_else(|| Trouble::Protocol("it sends more than it was asked for".to_owned()))?;
        Ok(())
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let stream = self.stream.get_mut();
        let written = async {
            for part in bytes.chunks(64 * 1024) {
                tokio::time::timeout(SILENCE, stream.write_all(part)).await.map_err(|_| Trouble::Silence)??;
            }
            tokio::time::timeout(SILENCE, stream.flush()).await.map_err(|_| Trouble::Silence)??;
            Ok(())
        };
        written.await
    }
}

/// `{12}` at the end of a line: where it begins, and the size of the literal.
fn announced(line: &[u8]) -> Option<(usize, usize)> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|byte| *byte == b'{')?;
    let digits = std::str::from_utf8(&inner[open + 1..]).ok()?;
    let good = !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| digits.parse().ok()).flatten().map(|size| (open, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8], allowance: usize) -> Result<Vec<Piece>, Trouble> {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(text).await.unwrap();
        drop(theirs);
        let mut wire = Wire::new(ours);
        wire.allow(allowance);
        wire.read().await
    }

    #[tokio::test]
    async fn literals_are_read_by_their_size() {
        let pieces = read(b"* 1 FETCH (BODY[] {5}\r\na\r\n)b UID 7)\r\nnext", 1000).await.unwrap();
        let line = |text: &str| Piece::Line(text.as_bytes().to_vec());
        assert_eq!(pieces, [line("* 1 FETCH (BODY[] "), Piece::Literal("a\r\n)b".into()), line(" UID 7)")]);
        assert_eq!(read(b"* OK {x} {}\n", 1000).await.unwrap(), [line("* OK {x} {}")]);
    }

    #[tokio::test]
    async fn a_server_cannot_send_more_than_it_may() {
        for text in [
            &b"* OK aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"[..],
            b"* {9999999999}\r\n",
            b"* {99}\r\n",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(matches!(read(text, 20).await, Err(Trouble::Protocol(_))), "{text:?}");
        }
        assert!(matches!(read(b"* OK", 20).await, Err(Trouble::Broken(_))));
        assert!(matches!(read(b"* {9}\r\nabc", 20).await, Err(Trouble::Broken(_))));
        assert!(matches!(read(&b"{0}\r\n".repeat(10_000), 1 << 20).await, Err(Trouble::Protocol(_))));
    }
}
