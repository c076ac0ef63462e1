//! People who sign in, and their passwords (argon2id).

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use jiff::Timestamp;
use rouage_model::UserId;
use sea_orm::{ColumnTrait, EntityTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder, Set};

use crate::entities::users;
use crate::text::{clean, instant, micros};
use crate::{Error, Store, WriteTx, sessions};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address to sign in with, in lower case.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// When they were added.
    pub created_at: Timestamp,
}

/// A hashed password. Made before a transaction begins, because it takes long.
#[derive(Clone)]
pub struct PasswordHash(pub(crate) String);

impl PasswordHash {
    /// Hashes a password on a thread of its own: about 40 ms, 19 MiB.
    pub async fn new(store: &Store, password: &str) -> Result<Self, Error> {
        let mut salt = [0; 16];
        store.clock().random(&mut salt);
        let password = password.to_owned();
        heavy(move || hash(&password, &salt)).await?.map(PasswordHash)
    }
}

/// Argon2id with its default parameters: 19 MiB, 2 passes.
fn hash(password: &str, salt: &[u8]) -> Result<String, Error> {
    let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|cause| Error::Conflict(format!("the password cannot be used: {cause}")))
}

async fn heavy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::Database(format!("hashing failed: {cause}")))
}

/// Adds a person. [`Error::Conflict`] when the address is taken.
pub async fn create(tx: &mut WriteTx, email: &str, name: &str, password: &PasswordHash) -> Result<UserId, Error> {
    let email = address(email);
    if by_email(&email).one(tx.db()).await?.is_some() {
        return Err(Error::Conflict(format!("there is a user {email} already")));
    }
    let row = users::ActiveModel {
        id: NotSet,
        email: Set(email),
        name: Set(clean(name.trim().to_owned())),
        password: Set(password.0.clone()),
        created_at: Set(micros(tx.now())),
    };
    Ok(UserId(users::Entity::insert(row).exec(tx.db()).await?.last_insert_id))
}

/// The person with this address and password. Takes as long for an unknown
/// address as for a wrong password.
pub async fn verify(store: &Store, email: &str, password: &str) -> Result<Option<User>, Error> {
    let row = by_email(&address(email)).one(store.reader()).await?;
    let (password, stored) = (password.to_owned(), row.as_ref().map(|row| row.password.clone()));
    let matches = heavy(move || match stored {
        Some(stored) => Argon2::default().verify_password(password.as_bytes(), stored.as_str()).is_ok(),
        None => {
            // The work of a wrong password, for nobody.
            let _ = hash(&password, &[0; 16]);
            false
        }
    })
    .await?;
    Ok(row.filter(|_| matches).map(User::from))
}

/// A person.
pub async fn find(store: &Store, id: UserId) -> Result<Option<User>, Error> {
    Ok(users::Entity::find_by_id(id.0).one(store.reader()).await?.map(User::from))
}

/// Everybody, by address.
pub async fn list(store: &Store) -> Result<Vec<User>, Error> {
    let rows = users::Entity::find().order_by_asc(users::Column::Email).all(store.reader()).await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// How many there are.
pub async fn count(store: &Store) -> Result<u64, Error> {
    Ok(users::Entity::find().count(store.reader()).await?)
}

/// Sets a new password and ends all sessions of the person.
pub async fn set_password(tx: &mut WriteTx, id: UserId, password: &PasswordHash) -> Result<(), Error> {
    let row = users::ActiveModel { password: Set(password.0.clone()), ..Default::default() };
    let update = users::Entity::update_many().set(row).filter(users::Column::Id.eq(id.0));
    crate::one_row(update.exec(tx.db()).await?.rows_affected)?;
    sessions::delete_all(tx, id).await
}

/// Takes a person away, sessions included. [`Error::Conflict`] for the last one.
pub async fn delete(tx: &mut WriteTx, id: UserId) -> Result<(), Error> {
    if users::Entity::find_by_id(id.0).one(tx.db()).await?.is_none() {
        return Err(Error::NotFound);
    }
    if count_in(tx).await? < 2 {
        return Err(Error::Conflict("the last user cannot be deleted".into()));
    }
    users::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    Ok(())
}

pub(crate) async fn count_in(tx: &WriteTx) -> Result<u64, Error> {
    Ok(users::Entity::find().count(tx.db()).await?)
}

fn by_email(email: &str) -> sea_orm::Select<users::Entity> {
    users::Entity::find().filter(users::Column::Email.eq(email))
}

fn address(email: &str) -> String {
    clean(email.trim().to_lowercase())
}

impl From<users::Model> for User {
    fn from(row: users::Model) -> Self {
        User { id: UserId(row.id), email: row.email, name: row.name, created_at: instant(row.created_at) }
    }
}
