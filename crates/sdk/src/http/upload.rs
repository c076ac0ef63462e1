//! A body of bytes and stored files, read piece by piece as it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use rouage_model::{Content, ModuleError};
use tokio::sync::mpsc;

use crate::files::{self, Files};

/// The body of one request. Its length is known, so it goes out with a
/// `Content-Length`.
pub(super) struct Upload {
    pieces: mpsc::Receiver<Result<Bytes, Broken>>,
    left: u64,
}

/// Why the body could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(String);

impl Upload {
    /// A task reads ahead by one piece; it ends with the request.
    pub(super) fn new(contents: Vec<Content>, files: Option<Arc<dyn Files>>) -> Self {
        let left = size(&contents);
        let (sender, pieces) = mpsc::channel(1);
        tokio::spawn(async move {
            for content in contents {
                if let Err(error) = send(&content, files.as_deref(), &sender).await {
                    // An error means that nobody listens any more.
                    let _ = sender.send(Err(Broken(error.message.to_string()))).await;
                    return;
                }
            }
        });
        Self { pieces, left }
    }
}

/// How many bytes there are.
pub(super) fn size(contents: &[Content]) -> u64 {
    let sizes = contents.iter().map(|content| match content {
        Content::Inline(bytes) => bytes.len() as u64,
        Content::Stored(file) => file.size,
    });
    sizes.sum()
}

async fn send(
    content: &Content,
    files: Option<&dyn Files>,
    to: &mpsc::Sender<Result<Bytes, Broken>>,
) -> Result<(), ModuleError> {
    let file = match content {
        Content::Inline(bytes) => {
            let _ = to.send(Ok(bytes.clone())).await;
            return Ok(());
        }
        Content::Stored(file) => file,
    };
    let files = files.ok_or_else(|| files::gone(file))?;
    let (mut piece, mut seen) = (0, 0);
    while seen < file.size {
        let Some(data) = files.piece(file, piece).await? else { return Err(files::gone(file)) };
        seen += data.len() as u64;
        piece += 1;
        if to.send(Ok(data)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = std::task::ready!(self.pieces.poll_recv(context));
        Poll::Ready(piece.map(|piece| {
            let data = piece?;
            self.left = self.left.saturating_sub(data.len() as u64);
            Ok(Frame::data(data))
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
