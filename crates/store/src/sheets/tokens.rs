//! API tokens: bearer tokens with which programs outside open a team's
//! spreadsheets. Only the digest of a token is stored.

use jiff::Timestamp;
use rouage_model::{TeamId, clock};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set};

use super::entities::api_token::{ActiveModel, Column, Entity};
use crate::text::{digest, instant, micros};
use crate::{Error, Store, WriteTx};

/// How exactly the last use is noted; more often would be a write per request.
const PRECISION: i64 = 60 * 1_000_000;

/// A token as a page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A new token. It is given once; nobody can read it again.
pub async fn create(tx: &mut WriteTx, team: TeamId, name: &str) -> Result<String, Error> {
    let token = clock::token(&**tx.clock());
    let row = ActiveModel {
        id: NotSet,
        team: Set(team.0),
        name: Set(name.to_owned()),
        hash: Set(digest(&token)),
        created_at: Set(micros(tx.now())),
        last_used_at: Set(None),
    };
    Entity::insert(row).exec(tx.db()).await?;
    Ok(token)
}

/// The tokens of a team, newest first.
pub async fn list(store: &Store, team: TeamId) -> Result<Vec<ApiToken>, Error> {
    let found = Entity::find().filter(Column::Team.eq(team.0)).order_by_desc(Column::Id).all(store.reader()).await?;
    let token = |row: super::entities::api_token::Model| ApiToken {
        id: row.id,
        name: row.name,
        created_at: instant(row.created_at),
        last_used_at: row.last_used_at.map(instant),
    };
    Ok(found.into_iter().map(token).collect())
}

/// Makes a token useless. Gives whether it was there.
pub async fn revoke(tx: &mut WriteTx, team: TeamId, id: i64) -> Result<bool, Error> {
    let gone = Entity::delete_many().filter(Column::Team.eq(team.0)).filter(Column::Id.eq(id)).exec(tx.db()).await?;
    Ok(gone.rows_affected > 0)
}

/// The team that a token opens. The look-up is by digest, so its time says
/// nothing about the token. Notes the use, if that is possible just now.
pub async fn verify(store: &Store, token: &str) -> Result<Option<TeamId>, Error> {
    let Some(row) = Entity::find().filter(Column::Hash.eq(digest(token))).one(store.reader()).await? else {
        return Ok(None);
    };
    let now = micros(store.now());
    if row.last_used_at.is_none_or(|used| now - used >= PRECISION)
        && let Err(error) = note_use(store, row.id, now).await
    {
        tracing::warn!(%error, api_token.id = row.id, "the use of an API token could not be noted");
    }
    Ok(Some(TeamId(row.team)))
}

async fn note_use(store: &Store, id: i64, now: i64) -> Result<(), Error> {
    let tx = store.begin().await?;
    let used = ActiveModel { last_used_at: Set(Some(now)), id: ActiveValue::NotSet, ..Default::default() };
    Entity::update_many().set(used).filter(Column::Id.eq(id)).exec(tx.db()).await?;
    tx.commit().await
}
