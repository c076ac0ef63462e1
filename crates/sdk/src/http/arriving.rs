//! An answer whose body is still on its way.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rouage_model::{Buffer, ModuleError};
use tokio::time::Instant;

use super::{Response, TransportError};
use crate::files::Writer;

/// A body that comes in parts.
#[async_trait]
pub trait Chunks: Send {
    /// The next part, decoded; nothing at the end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError>;
}

/// What a transport gives for one request.
pub struct Exchange {
    /// Status, headers and address; its body is empty.
    pub head: Response,
    /// The body.
    pub body: Box<dyn Chunks>,
}

/// A body that is there already.
pub struct Whole(pub Option<Bytes>);

#[async_trait]
impl Chunks for Whole {
    async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        Ok(self.0.take())
    }
}

/// An answer whose head is there. The limit and the time of the request hold
/// for its body too.
pub struct Arriving {
    head: Response,
    body: Box<dyn Chunks>,
    limit: u64,
    seen: u64,
    deadline: Instant,
}

impl Arriving {
    pub(super) fn new(exchange: Exchange, limit: u64, deadline: Instant) -> Self {
        Self { head: exchange.head, body: exchange.body, limit, seen: 0, deadline }
    }

    /// Status, headers and address; its body is empty.
    pub fn head(&self) -> &Response {
        &self.head
    }

    /// Lowers the limit of the body, now that its type is known.
    pub fn limit_to(&mut self, bytes: u64) {
        self.limit = self.limit.min(bytes);
    }

    /// The next part of the body, decoded; nothing at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        let chunk = match tokio::time::timeout_at(self.deadline, self.body.chunk()).await {
            Ok(chunk) => chunk?,
            Err(_) => return Err(TransportError::TimedOut { sent: true }),
        };
        self.seen += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if self.seen > self.limit {
            return Err(TransportError::TooLarge(self.limit));
        }
        Ok(chunk)
    }

    /// The answer with its whole body in memory.
    pub async fn collect(mut self) -> Result<Response, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(Response { body: body.freeze(), ..self.head })
    }

    /// The answer with the beginning of its body, as error texts quote it.
    pub async fn beginning(mut self, most: usize) -> Result<Response, TransportError> {
        let mut body = BytesMut::new();
        while body.len() < most
            && let Some(chunk) = self.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(most);
        Ok(Response { body: body.freeze(), ..self.head })
    }

    /// Writes the body to a file, part by part; `see` is shown every part.
    /// `what` says what was tried, for the error.
    pub async fn store(
        mut self,
        mut writer: Writer,
        what: &str,
        mut see: impl FnMut(&[u8]),
    ) -> Result<(Response, Buffer), ModuleError> {
        loop {
            match self.chunk().await {
                Ok(Some(chunk)) => {
                    see(&chunk);
                    writer.write(&chunk).await?;
                }
                Ok(None) => return Ok((self.head, writer.finish().await?)),
                Err(error) => {
                    writer.discard().await;
                    return Err(error.into_module_error(what));
                }
            }
        }
    }
}
