//! The data folder: its lock, its key, its database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rouage_model::Clock;
use rouage_model::clock::{self, SharedClock, SystemClock};
use rouage_store::{Error, Options, Store};
use uuid::Uuid;

use crate::config::Config;

/// The database in the folder.
pub const DATABASE: &str = "rouage.db";
/// The master key in the folder.
pub const KEY: &str = "rouage.key";

/// The key that is to take its place.
const NEXT_KEY: &str = "rouage.key.next";

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
    let node = match access {
        Access::Alone => node(folder, clock.as_ref())?,
        Access::Reading => clock::uuid(clock.as_ref()),
    };
    let options = |key| Ok::<_, anyhow::Error>(Options { url: url(config)?, node, clock: clock.clone(), key });
    let mut store = Store::open(options(key(folder, clock.as_ref())?)?).await;
    if let (Err(Error::WrongKey), Some(next)) = (&store, read_key(&folder.join(NEXT_KEY))?) {
        // A change of the key was cut off behind its commit.
        store = Store::open(options(next)?).await;
        if store.is_ok() && access == Access::Alone {
            take_next_key(folder)?;
        }
    }
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

/// Locks the folder for as long as the file lives, making it when it is missing.
pub fn lock_for_restore(folder: &Path) -> anyhow::Result<File> {
    make(folder).with_context(|| format!("making the data folder {}", folder.display()))?;
    lock(folder, Access::Alone)
}

/// Opens another database file with the key of the folder, which must be there.
pub async fn open_file(config: &Config, file: &Path) -> anyhow::Result<Store> {
    let clock: SharedClock = Arc::new(SystemClock);
    if !config.data.join(KEY).exists() {
        bail!("there is no {KEY} in {}", config.data.display());
    }
    let key = key(&config.data, clock.as_ref())?;
    let Some(path) = file.to_str() else { bail!("{} is not valid UTF-8", file.display()) };
    let options = Options { url: format!("sqlite://{path}"), node: clock::uuid(clock.as_ref()), clock, key };
    Ok(Store::open(options).await?)
}

/// The database address; the data folder must be there.
pub fn url(config: &Config) -> anyhow::Result<String> {
    if config.database != "sqlite" {
        return Ok(config.database.clone());
    }
    let folder = config.data.canonicalize()?;
    let path = folder.join(DATABASE);
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
    let path = folder.join(KEY);
    match read_key(&path)? {
        Some(key) => Ok(key),
        None => new_key(&path, clock),
    }
}

fn read_key(path: &Path) -> anyhow::Result<Option<[u8; 32]>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("reading {}", path.display()))?,
    };
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .with_context(|| format!("{} is not a key: 64 hexadecimal digits are expected", path.display()))?;
    Ok(Some(key))
}

fn new_key(path: &Path, clock: &dyn Clock) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    clock.random(&mut key);
    let mut file = new_private_file(path)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    Ok(key)
}

/// Seals everything under a new key, which then takes the place of the old
/// one. Cut off at any point, the folder opens again: the new key lies beside
/// the old one before anything is sealed with it.
pub async fn change_key(config: &Config) -> anyhow::Result<u64> {
    let data = open(config, Access::Alone).await?;
    let next = config.data.join(NEXT_KEY);
    if next.exists() {
        std::fs::remove_file(&next).with_context(|| format!("removing {}", next.display()))?;
    }
    let key = new_key(&next, data.clock.as_ref())?;
    File::open(&config.data)?.sync_all()?;
    let sealed = rouage_store::seal::rotate(&data.store, &key).await?;
    take_next_key(&config.data)?;
    data.store.close().await;
    Ok(sealed)
}

fn take_next_key(folder: &Path) -> anyhow::Result<()> {
    let (from, to) = (folder.join(NEXT_KEY), folder.join(KEY));
    std::fs::rename(&from, &to).with_context(|| format!("writing {}", to.display()))?;
    Ok(File::open(folder)?.sync_all()?)
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

/// A new file that only its owner can read; an error when there is one.
pub fn new_private_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("writing {}", path.display()))
}
