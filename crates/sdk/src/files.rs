//! Files that the store keeps: written and read piece by piece.
//!
//! What has no more than [`PIECE`] bytes stays in the bundle itself; a
//! [`Writer`] decides. A stored file never changes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
pub use rouage_model::buffer::PIECE;
use rouage_model::{BlobId, Buffer, Collection, Content, ErrorKind, ModuleError, Stored, Value};

/// Where files are kept. Owned, so that it can outlive the call that asks for
/// it: a request reads the file that it uploads.
#[async_trait]
pub trait Files: Send + Sync {
    /// How many bytes a file may have.
    fn limit(&self) -> u64;

    /// Begins a file.
    async fn create(&self) -> Result<BlobId, ModuleError>;

    /// Writes its next piece; all but the last have [`PIECE`] bytes.
    async fn append(&self, id: BlobId, piece: u64, data: Bytes) -> Result<(), ModuleError>;

    /// Says that it is whole.
    async fn finish(&self, id: BlobId, size: u64) -> Result<(), ModuleError>;

    /// Removes one that nobody was told of.
    async fn discard(&self, id: BlobId);

    /// Reads a piece, from 0; nothing after the last one.
    async fn piece(&self, file: &Stored, piece: u64) -> Result<Option<Bytes>, ModuleError>;
}

/// The error of a file that is larger than it may be.
pub fn too_large(limit: u64) -> ModuleError {
    let text = format!("the file is larger than {limit} bytes, the most that is allowed");
    ModuleError::new(ErrorKind::MaxFileSizeExceededError, text)
}

/// Takes a file as it comes and gives the buffer for a bundle. Holds one piece
/// at most, whatever the size of the file.
pub struct Writer {
    files: Arc<dyn Files>,
    held: BytesMut,
    /// Once it is too large for a bundle.
    id: Option<BlobId>,
    pieces: u64,
    size: u64,
}

impl Writer {
    /// An empty file.
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self { files, held: BytesMut::new(), id: None, pieces: 0, size: 0 }
    }

    /// Adds bytes.
    pub async fn write(&mut self, mut data: &[u8]) -> Result<(), ModuleError> {
        self.size += data.len() as u64;
        if self.size > self.files.limit() {
            self.discard().await;
            return Err(too_large(self.files.limit()));
        }
        while !data.is_empty() {
            // A full piece is written when more comes: only then is it clear
            // that the file is too large for the bundle.
            if self.held.len() == PIECE {
                self.write_piece().await?;
            }
            let (now, later) = data.split_at(data.len().min(PIECE - self.held.len()));
            self.held.extend_from_slice(now);
            data = later;
        }
        Ok(())
    }

    /// The bytes so far, unless they have gone to the store already.
    pub fn inline(&self) -> Option<&[u8]> {
        self.id.is_none().then_some(self.held.as_ref())
    }

    /// How many bytes there are so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The whole file.
    pub async fn finish(mut self) -> Result<Buffer, ModuleError> {
        let Some(id) = self.id else { return Ok(Buffer::new(self.held.freeze())) };
        self.write_piece().await?;
        self.files.finish(id, self.size).await?;
        Ok(Buffer::stored(Stored { id, size: self.size }))
    }

    /// Removes what was written; for a file that is not going to be whole.
    pub async fn discard(&mut self) {
        if let Some(id) = self.id.take() {
            self.files.discard(id).await;
        }
    }

    async fn write_piece(&mut self) -> Result<(), ModuleError> {
        let id = match self.id {
            Some(id) => id,
            None => *self.id.insert(self.files.create().await?),
        };
        let data = self.held.split().freeze();
        if let Err(error) = self.files.append(id, self.pieces, data).await {
            // Such as for a full disk, which needs the space.
            self.discard().await;
            return Err(error);
        }
        self.pieces += 1;
        Ok(())
    }
}

/// A buffer of bytes that are all here: stored when they are too many for a
/// bundle.
pub async fn keep(files: Arc<dyn Files>, bytes: Bytes) -> Result<Buffer, ModuleError> {
    if bytes.len() <= PIECE {
        return Ok(Buffer::new(bytes));
    }
    let mut writer = Writer::new(files);
    writer.write(&bytes).await?;
    writer.finish().await
}

/// The values with handles in place of bytes that are too many for a bundle.
/// Handles that this made are in the second list, for whoever gives up after
/// all.
pub async fn keep_all(files: Arc<dyn Files>, values: Vec<Value>) -> Result<(Vec<Value>, Vec<Stored>), ModuleError> {
    let mut large = Vec::new();
    values.iter().for_each(|value| find_large(value, &mut large));
    if large.is_empty() {
        return Ok((values, Vec::new()));
    }
    let (mut kept, mut made) = (Vec::with_capacity(large.len()), Vec::new());
    for bytes in large {
        let buffer = match keep(files.clone(), bytes.clone()).await {
            Ok(buffer) => buffer,
            Err(error) => {
                discard(files.as_ref(), &made).await;
                return Err(error);
            }
        };
        if let Content::Stored(file) = &buffer.content {
            made.push(*file);
        }
        kept.push((bytes, buffer.content));
    }
    Ok((values.iter().map(|value| with_handles(value, &kept)).collect(), made))
}

/// Removes files that nobody has been told of.
pub async fn discard(files: &dyn Files, made: &[Stored]) {
    for file in made {
        files.discard(file.id).await;
    }
}

/// The bytes that are too many, shared ones once.
fn find_large(value: &Value, found: &mut Vec<Bytes>) {
    match value {
        Value::Buffer(Buffer { content: Content::Inline(bytes), .. })
            if bytes.len() > PIECE && !found.iter().any(|own| is_same(own, bytes)) =>
        {
            found.push(bytes.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| find_large(item, found)),
        Value::Collection(fields) => fields.values().for_each(|value| find_large(value, found)),
        _ => {}
    }
}

fn is_same(one: &Bytes, other: &Bytes) -> bool {
    one.as_ptr() == other.as_ptr() && one.len() == other.len()
}

fn with_handles(value: &Value, kept: &[(Bytes, Content)]) -> Value {
    match value {
        Value::Buffer(Buffer { content: Content::Inline(bytes), encoding }) => {
            let stored = kept.iter().find(|(own, _)| is_same(own, bytes));
            let content = stored.map_or_else(|| Content::Inline(bytes.clone()), |(_, content)| content.clone());
            Value::Buffer(Buffer { content, encoding: encoding.clone() })
        }
        Value::Array(items) => items.iter().map(|item| with_handles(item, kept)).collect::<Vec<_>>().into(),
        Value::Collection(fields) => {
            let mut out = Collection::with_capacity(fields.len());
            fields.iter().for_each(|(name, value)| out.insert(name.clone(), with_handles(value, kept)));
            out.into()
        }
        other => other.clone(),
    }
}

/// All bytes of a stored file, unless there are more than `most`.
pub async fn read(files: &dyn Files, file: &Stored, most: u64) -> Result<Bytes, ModuleError> {
    if file.size > most {
        let text = format!("a file of {} bytes is too large here: {most} bytes are the most", file.size);
        return Err(ModuleError::data(text));
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(file.size).unwrap_or(0));
    let mut piece = 0;
    while bytes.len() as u64 != file.size {
        let Some(data) = files.piece(file, piece).await? else { return Err(gone(file)) };
        bytes.extend_from_slice(&data);
        piece += 1;
    }
    Ok(bytes.freeze())
}

/// All bytes of a buffer, unless there are more than `most`.
pub async fn bytes(files: &dyn Files, buffer: &Buffer, most: u64) -> Result<Bytes, ModuleError> {
    match &buffer.content {
        Content::Inline(bytes) => Ok(bytes.clone()),
        Content::Stored(file) => read(files, file, most).await,
    }
}

/// The value with the bytes of its stored files, unless they are more than
/// `most` together.
pub async fn with_bytes(files: &dyn Files, value: &Value, most: u64) -> Result<Value, ModuleError> {
    if !value.has_stored_file() {
        return Ok(value.clone());
    }
    let mut wanted = Vec::new();
    value.stored_files(&mut |file| wanted.push(*file));
    let mut left = most;
    let mut found = Vec::with_capacity(wanted.len());
    for file in wanted {
        found.push((file, read(files, &file, left).await?));
        left -= file.size;
    }
    value.with_files(&mut |file| {
        let bytes = found.iter().find(|(own, _)| own == file).map(|(_, bytes)| bytes.clone());
        bytes.ok_or_else(|| gone(file))
    })
}

/// The error of a file that is not there any more.
pub fn gone(file: &Stored) -> ModuleError {
    ModuleError::data(format!("the file {} does not exist any more", file.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use crate::testing::FakeHost;

    #[tokio::test]
    async fn small_files_stay_in_the_bundle_and_large_ones_are_stored_in_pieces() {
        let host = FakeHost::default();
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7] {
            let bytes: Bytes = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut writer = Writer::new(host.files());
            for part in bytes.chunks(100_003) {
                writer.write(part).await.unwrap();
            }
            let buffer = writer.finish().await.unwrap();
            assert_eq!(matches!(buffer.content, Content::Stored(_)), size > PIECE, "{size}");
            assert_eq!(buffer.size(), size as u64);
            assert_eq!(super::bytes(host.files().as_ref(), &buffer, u64::MAX).await.unwrap(), bytes);
        }
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_leaves_nothing_behind() {
        let host = FakeHost::default();
        host.limit_files(PIECE as u64 * 2);
        let mut writer = Writer::new(host.files());
        writer.write(&vec![1; PIECE * 2]).await.unwrap();
        let error = writer.write(&[1]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::MaxFileSizeExceededError);
        assert_eq!(host.stored_files(), 0);
    }

    #[tokio::test]
    async fn bytes_too_many_for_a_bundle_become_handles_and_shared_ones_one() {
        let host = FakeHost::default();
        let large = Value::buffer(vec![1; PIECE + 1]);
        let small = Value::buffer(vec![1; PIECE]);
        let bundle = Value::from(vec![large.clone(), small.clone(), large.clone()]);
        let (kept, made) = keep_all(host.files(), vec![bundle, Value::from(1)]).await.unwrap();
        let items = kept[0].as_array().unwrap();
        assert_eq!((made.len(), host.stored_files(), &items[1], &items[0]), (1, 1, &small, &items[2]));
        assert_eq!(with_bytes(host.files().as_ref(), &items[0], u64::MAX).await.unwrap(), large);
        assert_eq!(kept[1], Value::from(1));
    }

    #[tokio::test]
    async fn files_in_a_value_are_read_up_to_a_sum() {
        let host = FakeHost::default();
        let file = Value::Buffer(keep(host.files(), vec![7; PIECE + 1].into()).await.unwrap());
        let value = Value::from(vec![file.clone(), file]);
        let most = PIECE as u64 + 1;
        assert!(with_bytes(host.files().as_ref(), &value, 2 * most - 1).await.is_err());
        let read = with_bytes(host.files().as_ref(), &value, 2 * most).await.unwrap();
        assert_eq!(read.as_array().unwrap()[1], Value::buffer(vec![7; PIECE + 1]));
    }
}
