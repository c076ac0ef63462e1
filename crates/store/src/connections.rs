//! Connections: accounts with other services. Their secrets are sealed and
//! only [`open`] unseals them.

use std::fmt;

use jiff::Timestamp;
use rouage_model::{ConnectionId, ScenarioId, TeamId, Value, clock};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set};
use uuid::Uuid;

use crate::entities::connections;
use crate::seal::Sealer;
use crate::store::Change;
use crate::text::{clean, instant, micros, read_value, store_value};
use crate::{Error, Store, WriteTx, scenarios};

/// A connection without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub team: TeamId,
    /// The kind, such as `google`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What is no secret: address of the account, hosts, scopes.
    pub data: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What is wrong with it, for people; `None` when nothing is known.
    pub status: Option<String>,
}

/// A connection with its secret, for calls. Prints without the secret.
#[derive(Clone, PartialEq)]
pub struct OpenConnection {
    /// The connection.
    pub row: ConnectionRow,
    /// The secret, unsealed.
    pub secret: Value,
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection").field("row", &self.row).finish_non_exhaustive()
    }
}

/// A connection to make.
#[derive(Clone)]
pub struct NewConnection {
    /// The kind, such as `google`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What is no secret.
    pub data: Value,
    /// The secret; sealed before it is stored.
    pub secret: Value,
}

/// All connections, by name; of one kind when asked.
pub async fn list(store: &Store, team: TeamId, kind: Option<&str>) -> Result<Vec<ConnectionRow>, Error> {
    let mut find = connections::Entity::find().filter(connections::Column::TeamId.eq(team.0));
    if let Some(kind) = kind {
        find = find.filter(connections::Column::Kind.eq(kind));
    }
    let find = find.order_by_asc(connections::Column::Name).order_by_asc(connections::Column::Id);
    find.all(store.reader()).await?.iter().map(read).collect()
}

/// One connection.
pub async fn find(store: &Store, team: TeamId, id: ConnectionId) -> Result<Option<ConnectionRow>, Error> {
    one(team, id).one(store.reader()).await?.as_ref().map(read).transpose()
}

/// One connection with its secret.
pub async fn open(store: &Store, team: TeamId, id: ConnectionId) -> Result<Option<OpenConnection>, Error> {
    let Some(row) = one(team, id).one(store.reader()).await? else { return Ok(None) };
    let plain = store.shared.sealer.unseal(&context(team, row.uid), &row.secret)?;
    let secret = read_value("the secret of a connection", &plain)?;
    Ok(Some(OpenConnection { row: read(&row)?, secret }))
}

/// The scenarios (not deleted) whose links name the connection: id and name.
/// A link to another thing with the same number does not count.
pub async fn used_by(store: &Store, team: TeamId, id: ConnectionId) -> Result<Vec<(ScenarioId, String)>, Error> {
    let is_it = |field: &str, value: &Value| {
        let number = value.as_i64().or_else(|| value.as_text().and_then(|text| text.parse().ok()));
        number == Some(id.0) && !matches!(field, "hook" | "__IMTHOOK__" | "datastore" | "type" | "udt")
    };
    scenarios::with_link(store, team, is_it).await
}

/// Makes a connection.
pub async fn create(tx: &mut WriteTx, team: TeamId, connection: NewConnection) -> Result<ConnectionId, Error> {
    let (uid, now) = (clock::uuid(tx.clock().as_ref()), micros(tx.now()));
    let row = connections::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        uid: Set(uid),
        kind: Set(clean(connection.kind)),
        name: Set(clean(connection.name)),
        data: Set(store_value(&connection.data)),
        secret: Set(seal(tx, team, uid, &connection.secret)?),
        status: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let id = ConnectionId(connections::Entity::insert(row).exec(tx.db()).await?.last_insert_id);
    tx.changed(Change::Connection(id));
    Ok(id)
}

/// Gives it another name.
pub async fn rename(tx: &mut WriteTx, team: TeamId, id: ConnectionId, name: &str) -> Result<(), Error> {
    update(tx, team, id, connections::ActiveModel { name: Set(clean(name.to_owned())), ..Default::default() }).await
}

/// Replaces what is no secret.
pub async fn update_data(tx: &mut WriteTx, team: TeamId, id: ConnectionId, data: &Value) -> Result<(), Error> {
    update(tx, team, id, connections::ActiveModel { data: Set(store_value(data)), ..Default::default() }).await
}

/// Replaces the secret.
pub async fn set_secret(tx: &mut WriteTx, team: TeamId, id: ConnectionId, secret: &Value) -> Result<(), Error> {
    let row = one(team, id).one(tx.db()).await?.ok_or(Error::NotFound)?;
    let sealed = seal(tx, team, row.uid, secret)?;
    update(tx, team, id, connections::ActiveModel { secret: Set(sealed), ..Default::default() }).await
}

/// Notes what is wrong with it, or that nothing is.
pub async fn set_status(tx: &mut WriteTx, team: TeamId, id: ConnectionId, status: Option<&str>) -> Result<(), Error> {
    let status = status.map(|status| clean(status.to_owned()));
    update(tx, team, id, connections::ActiveModel { status: Set(status), ..Default::default() }).await
}

/// Deletes it, also when scenarios use it: ask [`used_by`] first.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: ConnectionId) -> Result<(), Error> {
    let one = connections::Column::Id.eq(id.0).and(connections::Column::TeamId.eq(team.0));
    let deleted = connections::Entity::delete_many().filter(one).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Connection(id));
    crate::one_row(deleted)
}

async fn update(tx: &mut WriteTx, team: TeamId, id: ConnectionId, row: connections::ActiveModel) -> Result<(), Error> {
    let row = connections::ActiveModel { updated_at: Set(micros(tx.now())), ..row };
    let one = connections::Column::Id.eq(id.0).and(connections::Column::TeamId.eq(team.0));
    let changed = connections::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Connection(id));
    crate::one_row(changed)
}

/// What a sealed secret is bound to: it opens in no other row.
fn context(team: TeamId, uid: Uuid) -> String {
    format!("connection:{team}:{uid}")
}

fn seal(tx: &WriteTx, team: TeamId, uid: Uuid, secret: &Value) -> Result<Vec<u8>, Error> {
    tx.shared().sealer.seal(&context(team, uid), store_value(secret).as_bytes())
}

/// Seals the secrets of all teams with another sealer.
pub(crate) async fn seal_all(tx: &mut WriteTx, sealer: &Sealer) -> Result<u64, Error> {
    let rows = connections::Entity::find().all(tx.db()).await?;
    for row in &rows {
        let context = context(TeamId(row.team_id), row.uid);
        let plain = tx.shared().sealer.unseal(&context, &row.secret)?;
        let sealed = connections::ActiveModel { secret: Set(sealer.seal(&context, &plain)?), ..Default::default() };
        let this = connections::Column::Id.eq(row.id);
        connections::Entity::update_many().set(sealed).filter(this).exec(tx.db()).await?;
    }
    Ok(rows.len() as u64)
}

fn one(team: TeamId, id: ConnectionId) -> sea_orm::Select<connections::Entity> {
    connections::Entity::find_by_id(id.0).filter(connections::Column::TeamId.eq(team.0))
}

fn read(row: &connections::Model) -> Result<ConnectionRow, Error> {
    Ok(ConnectionRow {
        id: ConnectionId(row.id),
        team: TeamId(row.team_id),
        kind: row.kind.clone(),
        name: row.name.clone(),
        data: read_value("the data of a connection", row.data.as_bytes())?,
        created_at: instant(row.created_at),
        updated_at: instant(row.updated_at),
        status: row.status.clone(),
    })
}
