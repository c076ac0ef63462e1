//! The stored files of a team, as modules and expressions see them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rouage_engine::ReadFiles;
use rouage_model::{BlobId, Collection, ErrorKind, ExecutionId, ModuleError, Stored, TeamId, Value};
use rouage_sdk::spec::READ_FILES;
use rouage_sdk::{Field, FieldKind, Files, Spec, files};
use rouage_store::{Store, blobs};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Files of a team.
pub struct TeamFiles {
    store: Store,
    team: TeamId,
    /// Whose files they are that are written.
    execution: Option<ExecutionId>,
    limit: u64,
}

impl TeamFiles {
    /// Written files belong to the run, or to a request that starts one.
    pub fn new(store: Store, team: TeamId, execution: Option<ExecutionId>, limit: u64) -> Arc<Self> {
        Arc::new(Self { store, team, execution, limit })
    }
}

#[async_trait]
impl Files for TeamFiles {
    fn limit(&self) -> u64 {
        self.limit
    }

    async fn create(&self) -> Result<BlobId, ModuleError> {
        blobs::create(&self.store, self.team, self.execution).await.map_err(|error| not_written(&error))
    }

    async fn append(&self, id: BlobId, piece: u64, data: Bytes) -> Result<(), ModuleError> {
        blobs::append(&self.store, id, piece, &data).await.map_err(|error| not_written(&error))
    }

    async fn finish(&self, id: BlobId, size: u64) -> Result<(), ModuleError> {
        blobs::finish(&self.store, id, size).await.map_err(|error| not_written(&error))
    }

    async fn discard(&self, id: BlobId) {
        while let Ok(false) = blobs::delete_some(&self.store, id).await {}
    }

    async fn piece(&self, file: &Stored, piece: u64) -> Result<Option<Bytes>, ModuleError> {
        let found = blobs::piece(&self.store, self.team, file.id, piece).await;
        found.map_err(|error| ModuleError::new(ErrorKind::ConnectionError, format!("reading a file failed: {error}")))
    }
}

fn not_written(error: &rouage_store::Error) -> ModuleError {
    let kind = match error {
        rouage_store::Error::Full => ErrorKind::RuntimeError,
        _ => ErrorKind::ConnectionError,
    };
    ModuleError::new(kind, format!("the file could not be stored: {error}"))
}

/// Reads files for expressions, which cannot wait: the thread does.
pub struct Reader {
    store: Store,
    team: TeamId,
}

impl Reader {
    /// For runs of a team.
    pub fn new(store: Store, team: TeamId) -> Self {
        Self { store, team }
    }
}

impl ReadFiles for Reader {
    fn read(&self, file: &Stored) -> Result<Bytes, String> {
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread {
            return Err("stored files cannot be read on a single thread".to_owned());
        }
        let team = TeamFiles { store: self.store.clone(), team: self.team, execution: None, limit: 0 };
        let read = || runtime.block_on(files::read(&team, file, rouage_engine::LARGEST_FILE));
        tokio::task::block_in_place(read).map_err(|error| error.message.to_string())
    }
}

/// The input of a module with the bytes of the stored files in it, or with the
/// handles where the module takes them.
pub async fn readied(files: &dyn Files, spec: &Spec, input: &Value) -> Result<Value, ModuleError> {
    let fields = match input.as_collection() {
        Some(fields) if spec.takes_files => fields,
        _ => return files::with_bytes(files, input, READ_FILES).await,
    };
    let mut readied = Collection::with_capacity(fields.len());
    for (name, value) in fields.iter() {
        let keeps = spec.mapper.iter().any(|field| *field.name == **name && takes_bytes(field));
        let value = if keeps { value.clone() } else { files::with_bytes(files, value, READ_FILES).await? };
        readied.insert(name.clone(), value);
    }
    Ok(readied.into())
}

/// Whether there is a place for bytes in the field. Elsewhere a file becomes
/// its text.
fn takes_bytes(field: &Field) -> bool {
    match &field.kind {
        FieldKind::Buffer | FieldKind::Any => true,
        FieldKind::Array(inner) | FieldKind::Collection(inner) if inner.is_empty() => true,
        FieldKind::Array(inner) | FieldKind::Collection(inner) => inner.iter().any(takes_bytes),
        _ => false,
    }
}
