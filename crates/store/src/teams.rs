//! Teams: owners of everything. There is one for now.

use rouage_model::TeamId;
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set};

use crate::entities::teams;
use crate::text::{clean, micros};
use crate::{Error, Store, WriteTx};

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// The time zone of its scenarios, such as `Europe/Paris`.
    pub timezone: String,
}

/// The one team, created when there is none (time zone UTC).
pub async fn ensure_default(tx: &mut WriteTx) -> Result<TeamId, Error> {
    if let Some(team) = teams::Entity::find().order_by_asc(teams::Column::Id).one(tx.db()).await? {
        return Ok(TeamId(team.id));
    }
    let row = teams::ActiveModel {
        id: NotSet,
        name: Set("My team".into()),
        timezone: Set("UTC".into()),
        created_at: Set(micros(tx.now())),
    };
    Ok(TeamId(teams::Entity::insert(row).exec(tx.db()).await?.last_insert_id))
}

/// A team.
pub async fn find(store: &Store, id: TeamId) -> Result<Option<Team>, Error> {
    let row = teams::Entity::find_by_id(id.0).one(store.reader()).await?;
    Ok(row.map(|row| Team { id, name: row.name, timezone: row.timezone }))
}

/// Changes its name and time zone. [`Error::NotFound`] when there is none.
pub async fn update(tx: &mut WriteTx, id: TeamId, name: &str, timezone: &str) -> Result<(), Error> {
    let row = teams::ActiveModel {
        name: Set(clean(name.to_owned())),
        timezone: Set(clean(timezone.to_owned())),
        ..Default::default()
    };
    let update = teams::Entity::update_many().set(row).filter(teams::Column::Id.eq(id.0));
    crate::one_row(update.exec(tx.db()).await?.rows_affected)
}
