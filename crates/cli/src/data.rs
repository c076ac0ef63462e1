//! The data folder: its lock, its key, its database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rouage_model::Clock;
use rouage_model::clock::{self, SharedClock, SystemClock};
use rouage_store::{Options, Store};
use uuid::Uuid;

use crate::config::Config;

/// An open data folder. While it lives no other process can open it.
pub struct Data {
    /// The store.
    pub store: Store,
    /// The clock of everything.
    pub clock: SharedClock,
    _lock: File,
}

/// How a command uses the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Alone: it runs or changes things.
    Alone,
    /// Beside a running server: it only reads.
    Reading,
}

/// Opens the folder, making what is missing.
pub async fn open(config: &Config, access: Access) -> anyhow::Result<Data> {
    let folder = &config.data;
    make(folder).with_context(|| format!("making the data folder {}", folder.display()))?;
    let lock = lock(folder, access)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let key = key(folder, clock.as_ref())?;
    let node = match access {
        Access::Alone => node(folder, clock.as_ref())?,
        Access::Reading => clock::uuid(clock.as_ref()),
    };
    let options = Options { url: url(config)?, node, clock: clock.clone(), key };
    let store = Store::open(options).await;
    let store = store.with_context(|| format!("opening the database of {}", folder.display()))?;
    Ok(Data { store, clock, _lock: lock })
}

/// A new folder is its owner's alone: it holds what customers wrote. One that
/// is there keeps the rights that it was given.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The database address.
fn url(config: &Config) -> anyhow::Result<String> {
    if config.database != "sqlite" {
        return Ok(config.database.clone());
    }
    let folder = config.data.canonicalize()?;
    let path = folder.join("rouage.db");
    let Some(path) = path.to_str() else { bail!("the data folder {} is not valid UTF-8", folder.display()) };
    Ok(format!("sqlite://{path}"))
}

fn lock(folder: &Path, access: Access) -> anyhow::Result<File> {
    let path = folder.join("rouage.lock");
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = file.with_context(|| format!("opening {}", path.display()))?;
    if access == Access::Reading {
        return Ok(file);
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            file.read_to_string(&mut owner).ok();
            bail!(
                "another rouage is running on {} (process {}): stop it first, or do this on its pages",
                folder.display(),
                owner.trim()
            );
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("locking {}", path.display()));
        }
    }
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    Ok(file)
}

/// The master key: 32 bytes that stay out of the database.
fn key(folder: &Path, clock: &dyn Clock) -> anyhow::Result<[u8; 32]> {
    let path = folder.join("rouage.key");
    if let Ok(text) = std::fs::read_to_string(&path) {
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key)
            .with_context(|| format!("{} is not a key: 64 hexadecimal digits are expected", path.display()))?;
        return Ok(key);
    }
    let mut key = [0; 32];
    clock.random(&mut key);
    let mut file = new_private_file(&path)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    Ok(key)
}

/// Who this process is among the nodes of a database. It stays the same from
/// start to start, so that a node that was killed takes its own runs up again
/// at once instead of waiting until their leases end. A folder that is copied
/// to another machine must not take this file along; only the key is shared.
fn node(folder: &Path, clock: &dyn Clock) -> anyhow::Result<Uuid> {
    let path = folder.join("rouage.node");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return text.trim().parse().with_context(|| format!("{} holds no id: delete the file", path.display()));
    }
    let node = clock::uuid(clock);
    std::fs::write(&path, format!("{node}\n")).with_context(|| format!("writing {}", path.display()))?;
    Ok(node)
}

fn new_private_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("writing {}", path.display()))
}
