//! Sealing of secrets: XChaCha20-Poly1305 with the master key.
//!
//! A sealed text is a version byte, a random nonce of 24 bytes and the cipher
//! text. The context (what it is, whose, which) is bound to it, so that one
//! sealed text cannot be put in the place of another.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rouage_model::clock::SharedClock;

use crate::{Error, Store, connections, settings};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const CANARY: &str = "seal_canary";

/// Seals and unseals.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    clock: SharedClock,
}

impl Sealer {
    pub(crate) fn new(key: &[u8; 32], clock: SharedClock) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.into()), clock }
    }

    /// Seals bytes for a context.
    pub(crate) fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE];
        self.clock.random(&mut nonce);
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let cipher = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Conflict("the secret is too large to be sealed".into()))?;
        Ok([&[VERSION], nonce.as_slice(), cipher.as_slice()].concat())
    }

    /// Unseals what was sealed for the same context; [`Error::WrongKey`] when
    /// the key, the context or the bytes are not the right ones.
    pub(crate) fn unseal(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (version, rest) = sealed.split_first().ok_or(Error::WrongKey)?;
        let (nonce, cipher) = rest.split_first_chunk::<NONCE>().ok_or(Error::WrongKey)?;
        if *version != VERSION {
            return Err(Error::NewerSchema);
        }
        let payload = Payload { msg: cipher, aad: context.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::WrongKey)
    }
}

/// Seals everything anew under another key, all or nothing; gives how many
/// secrets there were. The store goes on with the old key and must be opened
/// again. No other process may use the database meanwhile.
pub async fn rotate(store: &Store, key: &[u8; 32]) -> Result<u64, Error> {
    let sealer = Sealer::new(key, store.clock().clone());
    let mut tx = store.begin().await?;
    let count = connections::seal_all(&mut tx, &sealer).await?;
    let canary = sealer.seal(CANARY, b"rouage")?;
    settings::set(&mut tx, CANARY, &hex::encode(canary)).await?;
    tx.commit().await?;
    Ok(count)
}

/// Refuses a key that does not open this database; a new database is bound to
/// the key it is opened with first.
pub(crate) async fn check_canary(store: &Store) -> Result<(), Error> {
    let sealer = &store.shared.sealer;
    if let Some(canary) = settings::get(store, CANARY).await? {
        let sealed = hex::decode(canary).map_err(|_| Error::WrongKey)?;
        return sealer.unseal(CANARY, &sealed).map(|_| ());
    }
    let mut tx = store.begin().await?;
    let sealed = sealer.seal(CANARY, b"rouage")?;
    settings::set(&mut tx, CANARY, &hex::encode(sealed)).await?;
    tx.commit().await
}
