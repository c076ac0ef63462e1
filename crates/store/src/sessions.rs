//! Signed-in browsers. Only the SHA-256 of a token is stored.

use jiff::{SignedDuration, Timestamp};
use rouage_model::{UserId, clock};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set};

use crate::entities::{sessions, users};
use crate::text::{clean, digest, instant, micros};
use crate::users::User;
use crate::{Error, Store, WriteTx};

/// How long a session lasts after it was last seen.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a session is seen without that being written down.
const SEEN_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, for lists; not a secret.
    pub id: i64,
    /// Who.
    pub user: User,
    /// What the browser calls itself.
    pub user_agent: String,
    /// From where it signed in.
    pub ip: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was last seen, give or take an hour.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is seen again.
    pub expires_at: Timestamp,
}

/// Starts a session and gives its token: 32 characters `[a-z0-9]`.
pub async fn create(tx: &mut WriteTx, user: UserId, user_agent: &str, ip: &str) -> Result<String, Error> {
    let (token, now) = (clock::token(tx.clock().as_ref()), tx.now());
    let row = sessions::ActiveModel {
        id: NotSet,
        user_id: Set(user.0),
        digest: Set(digest(&token)),
        user_agent: Set(clean(user_agent.chars().take(300).collect())),
        ip: Set(clean(ip.to_owned())),
        created_at: Set(micros(now)),
        last_seen_at: Set(micros(now)),
        expires_at: Set(micros(end(now))),
    };
    sessions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    let dead = sessions::Column::ExpiresAt.lte(micros(now));
    sessions::Entity::delete_many().filter(dead).exec(tx.db()).await?;
    Ok(token)
}

/// The live session of a token. Prolongs it, at most once an hour.
pub async fn find(store: &Store, token: &str) -> Result<Option<Session>, Error> {
    let now = store.now();
    let live = sessions::Entity::find()
        .filter(sessions::Column::Digest.eq(digest(token)))
        .filter(sessions::Column::ExpiresAt.gt(micros(now)));
    let Some(row) = live.one(store.reader()).await? else { return Ok(None) };
    let Some(user) = users::Entity::find_by_id(row.user_id).one(store.reader()).await? else { return Ok(None) };
    let mut session = Session::new(row, user.into());
    if now.duration_since(session.last_seen_at) >= SEEN_EVERY {
        prolong(store, session.id, now).await?;
        (session.last_seen_at, session.expires_at) = (now, end(now));
    }
    Ok(Some(session))
}

async fn prolong(store: &Store, id: i64, now: Timestamp) -> Result<(), Error> {
    let row = sessions::ActiveModel {
        last_seen_at: Set(micros(now)),
        expires_at: Set(micros(end(now))),
        ..Default::default()
    };
    let tx = store.begin().await?;
    sessions::Entity::update_many().set(row).filter(sessions::Column::Id.eq(id)).exec(tx.db()).await?;
    tx.commit().await
}

/// Ends the session of a token.
pub async fn delete(tx: &mut WriteTx, token: &str) -> Result<(), Error> {
    let one = sessions::Column::Digest.eq(digest(token));
    sessions::Entity::delete_many().filter(one).exec(tx.db()).await?;
    Ok(())
}

/// Ends one session of a person, by its id.
pub async fn delete_one(tx: &mut WriteTx, user: UserId, id: i64) -> Result<(), Error> {
    let one = sessions::Column::Id.eq(id).and(sessions::Column::UserId.eq(user.0));
    sessions::Entity::delete_many().filter(one).exec(tx.db()).await?;
    Ok(())
}

/// Ends all sessions of a person.
pub async fn delete_all(tx: &mut WriteTx, user: UserId) -> Result<(), Error> {
    let all = sessions::Column::UserId.eq(user.0);
    sessions::Entity::delete_many().filter(all).exec(tx.db()).await?;
    Ok(())
}

/// The live sessions of a person, latest first.
pub async fn list(store: &Store, user: UserId) -> Result<Vec<Session>, Error> {
    let Some(person) = crate::users::find(store, user).await? else { return Ok(Vec::new()) };
    let rows = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user.0))
        .filter(sessions::Column::ExpiresAt.gt(micros(store.now())))
        .order_by_desc(sessions::Column::LastSeenAt)
        .all(store.reader())
        .await?;
    Ok(rows.into_iter().map(|row| Session::new(row, person.clone())).collect())
}

fn end(now: Timestamp) -> Timestamp {
    now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX)
}

impl Session {
    fn new(row: sessions::Model, user: User) -> Self {
        Self {
            id: row.id,
            user,
            user_agent: row.user_agent,
            ip: row.ip,
            created_at: instant(row.created_at),
            last_seen_at: instant(row.last_seen_at),
            expires_at: instant(row.expires_at),
        }
    }
}
