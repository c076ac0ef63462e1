//! Records: writing them within the limits of their data store.

use std::collections::HashMap;

use jiff::Timestamp;
use rouage_model::datastore::{Arrays, MAX_KEY, MAX_RECORD, merge, whole};
use rouage_model::sheets::ApiError;
use rouage_model::structure::Structure;
use rouage_model::{Clock, Collection, DatastoreId, ExecutionId, StructureId, TeamId, Text, Value};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, NotSet, QueryFilter, QuerySelect, Set};

use super::refusals;
use super::{Answer, allowed};
use crate::entities::{datastore_records as rows, datastores};
use crate::text::{column, count, instant, micros, read_value, store_value};
use crate::{Error, WriteTx, structures, transactions};

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its key, unique in its data store.
    pub key: String,
    /// Its fields.
    pub data: Collection,
    /// Bytes as stored.
    pub size: u64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Record {
    /// As calls answer: `{key, data}`.
    pub(super) fn into_value(self) -> Value {
        answer(&self.key, self.data)
    }
}

impl Record {
    /// As a scan answers: with its size.
    pub(super) fn into_scanned(self) -> Value {
        let size = column(self.size);
        Collection::from_iter([("key", Value::text(self.key)), ("data", self.data.into()), ("size", size.into())])
            .into()
    }
}

impl TryFrom<rows::Model> for Record {
    type Error = Error;

    fn try_from(row: rows::Model) -> Result<Self, Error> {
        let data = read_value("a record of a data store", row.data.as_bytes())?;
        Ok(Record {
            key: row.key,
            data: data.as_collection().cloned().unwrap_or_default(),
            size: count(row.size.into()),
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
        })
    }
}

fn answer(key: &str, data: Collection) -> Value {
    Collection::from_iter([("key", Value::text(key)), ("data", data.into())]).into()
}

/// The record of a key.
pub(super) async fn find<C: ConnectionTrait>(db: &C, id: DatastoreId, key: &str) -> Result<Option<Record>, Error> {
    row(db, id.0, key).await?.map(Record::try_from).transpose()
}

async fn row<C: ConnectionTrait>(db: &C, id: i64, key: &str) -> Result<Option<rows::Model>, Error> {
    Ok(rows::Entity::find().filter(rows::Column::DatastoreId.eq(id)).filter(rows::Column::Key.eq(key)).one(db).await?)
}

/// Writes to one data store, whose row the transaction holds.
pub(super) struct Writer<'a> {
    tx: &'a mut WriteTx,
    store: datastores::Model,
    structure: Option<Structure>,
    run: Option<ExecutionId>,
}

impl<'a> Writer<'a> {
    pub(super) async fn new(
        tx: &'a mut WriteTx,
        mut store: datastores::Model,
        run: Option<ExecutionId>,
    ) -> Result<Self, Error> {
        let structure = match store.structure_id {
            Some(id) => structures::find_in(tx.db(), TeamId(store.team_id), StructureId(id)).await?,
            None => None,
        };
        store.revision += 1;
        Ok(Self { tx, store, structure: structure.map(|row| row.structure), run })
    }

    pub(super) async fn add(&mut self, key: Option<&str>, data: &Collection, overwrite: bool) -> Answer<Value> {
        let key = match key {
            Some(key) => allowed!(checked_key(key)),
            None => self.new_key().await?,
        };
        let there = row(self.tx.db(), self.store.id, &key).await?;
        if there.is_some() && !overwrite {
            return Ok(Err(refusals::exists(&key)));
        }
        let data = whole(data, self.structure.as_ref());
        self.put(key, there, data).await
    }

    pub(super) async fn update(&mut self, key: &str, data: &Collection, upsert: bool, arrays: Arrays) -> Answer<Value> {
        let key = allowed!(checked_key(key));
        let there = row(self.tx.db(), self.store.id, &key).await?;
        if there.is_none() && !upsert {
            return Ok(Err(refusals::not_found(format!("there is no record with the key {key:?}"))));
        }
        let record = there.clone().map(Record::try_from).transpose()?.map(|record| record.data).unwrap_or_default();
        let data = merge(&record, data, self.structure.as_ref(), arrays);
        self.put(key, there, data).await
    }

    /// Takes a record away, if it is there.
    pub(super) async fn delete(&mut self, key: &str) -> Result<Value, Error> {
        if let Some(there) = row(self.tx.db(), self.store.id, key).await? {
            if let Some(run) = self.run {
                transactions::records::note(self.tx, run, self.store.id, &there.key, Some(&there), None).await?;
            }
            self.store.size -= i64::from(there.size);
            self.store.records -= 1;
            rows::Entity::delete_by_id(there.id).exec(self.tx.db()).await?;
        }
        Ok(Collection::from_iter([("key", key)]).into())
    }

    pub(super) async fn delete_all(&mut self) -> Result<Value, Error> {
        if let Some(run) = self.run {
            transactions::records::note_all(self.tx, run, self.store.id).await?;
        }
        let all = rows::Entity::delete_many().filter(rows::Column::DatastoreId.eq(self.store.id));
        let deleted = all.exec(self.tx.db()).await?.rows_affected;
        (self.store.size, self.store.records) = (0, 0);
        Ok(Collection::from_iter([("count", column(deleted))]).into())
    }

    /// Writes the sums down.
    pub(super) async fn finish(self) -> Result<(), Error> {
        let row = datastores::ActiveModel {
            id: ActiveValue::Unchanged(self.store.id),
            size: Set(self.store.size.max(0)),
            records: Set(self.store.records.max(0)),
            revision: Set(self.store.revision),
            updated_at: Set(micros(self.tx.now())),
            ..Default::default()
        };
        datastores::Entity::update(row).exec(self.tx.db()).await?;
        Ok(())
    }

    /// Writes a record in the place of what is there, within the limits.
    async fn put(&mut self, key: Text, there: Option<rows::Model>, data: Collection) -> Answer<Value> {
        let stored = allowed!(self.encode(&key, &data));
        let size = size_of(&key, &stored);
        let before = there.as_ref().map_or(0, |there| i64::from(there.size));
        allowed!(self.grow(i64::from(size) - before));
        if let Some(run) = self.run {
            let after = Some(self.store.revision);
            transactions::records::note(self.tx, run, self.store.id, &key, there.as_ref(), after).await?;
        }
        self.store.records += i64::from(there.is_none());
        self.write(&key, there, stored, size).await?;
        Ok(Ok(answer(&key, data)))
    }

    /// The text that is stored; refuses a record that is not whole or too large.
    fn encode(&self, key: &str, data: &Collection) -> Result<String, ApiError> {
        let missing = self.structure.as_ref().map(|structure| structure.missing(data)).unwrap_or_default();
        if let Some(path) = missing.first() {
            return Err(ApiError::invalid(format!("Missing value of required parameter '{path}'.")));
        }
        let stored = without_nul(store_value(&Value::from(data.clone())));
        let size = stored.len() + key.len();
        if size > MAX_RECORD {
            let text = format!("the record has {size} bytes, and at most {MAX_RECORD} are allowed");
            return Err(ApiError::invalid(text));
        }
        Ok(stored)
    }

    /// Makes room for so many bytes more, or less.
    fn grow(&mut self, bytes: i64) -> Result<(), ApiError> {
        let size = self.store.size + bytes;
        // A record that becomes smaller is welcome however full it is.
        if size > self.store.max_size && bytes > 0 {
            return Err(refusals::full(&self.store.name));
        }
        self.store.size = size;
        Ok(())
    }

    /// Adds or replaces many records with a few statements; of those with the
    /// same key the last one counts. Refuses the first that does not fit, by
    /// its place.
    pub(super) async fn put_all(
        &mut self,
        records: &[(Option<Text>, Collection)],
    ) -> Result<Vec<(usize, String)>, Error> {
        let (mut wanted, mut problems) = (HashMap::new(), Vec::new());
        for (at, (key, data)) in records.iter().enumerate() {
            let key = match key {
                Some(key) => checked_key(key),
                None => Ok(random_key(self.tx.clock().as_ref()).into()),
            };
            let data = whole(data, self.structure.as_ref());
            match key.and_then(|key| self.encode(&key, &data).map(|stored| (key, stored))) {
                Ok((key, stored)) => drop(wanted.insert(key, (at, stored))),
                Err(error) => problems.push((at, error.message)),
            }
        }
        let there: Vec<(String, i32)> = rows::Entity::find()
            .filter(rows::Column::DatastoreId.eq(self.store.id))
            .filter(rows::Column::Key.is_in(wanted.keys().map(AsRef::as_ref)))
            .select_only()
            .columns([rows::Column::Key, rows::Column::Size])
            .into_tuple()
            .all(self.tx.db())
            .await?;
        let there: HashMap<String, i32> = there.into_iter().collect();
        let mut ordered: Vec<(usize, Text, String)> =
            wanted.into_iter().map(|(key, (at, stored))| (at, key, stored)).collect();
        ordered.sort_unstable_by_key(|(at, _, _)| *at);
        for (at, key, stored) in &ordered {
            let before = there.get(key.as_ref()).copied().unwrap_or(0);
            if let Err(error) = self.grow(i64::from(size_of(key, stored)) - i64::from(before)) {
                problems.push((*at, error.message));
                break;
            }
            self.store.records += i64::from(!there.contains_key(key.as_ref()));
        }
        if problems.is_empty() {
            self.write_all(ordered).await?;
        }
        Ok(problems)
    }

    async fn write_all(&self, records: Vec<(usize, Text, String)>) -> Result<(), Error> {
        use rows::Column::{Data, DatastoreId as Store, Key, Revision, Size, UpdatedAt};
        let now = micros(self.tx.now());
        let row = |(_, key, stored): (usize, Text, String)| rows::ActiveModel {
            id: NotSet,
            datastore_id: Set(self.store.id),
            size: Set(size_of(&key, &stored)),
            key: Set(key.to_string()),
            data: Set(stored),
            revision: Set(self.store.revision),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let replace = OnConflict::columns([Store, Key]).update_columns([Data, Size, Revision, UpdatedAt]).to_owned();
        if !records.is_empty() {
            let rows = rows::Entity::insert_many(records.into_iter().map(row));
            rows.on_conflict(replace).exec_without_returning(self.tx.db()).await?;
        }
        Ok(())
    }

    async fn write(&self, key: &str, there: Option<rows::Model>, data: String, size: i32) -> Result<(), Error> {
        let now = micros(self.tx.now());
        let row = rows::ActiveModel {
            id: there.as_ref().map_or(NotSet, |there| ActiveValue::Unchanged(there.id)),
            datastore_id: Set(self.store.id),
            key: Set(key.to_owned()),
            data: Set(data),
            size: Set(size),
            revision: Set(self.store.revision),
            created_at: Set(there.as_ref().map_or(now, |there| there.created_at)),
            updated_at: Set(now),
        };
        if there.is_some() {
            rows::Entity::update(row).exec(self.tx.db()).await?;
        } else {
            rows::Entity::insert(row).exec(self.tx.db()).await?;
        }
        Ok(())
    }

    /// A key that nobody has: 12 hexadecimal characters, as Make's.
    async fn new_key(&self) -> Result<Text, Error> {
        loop {
            let key = random_key(self.tx.clock().as_ref());
            if row(self.tx.db(), self.store.id, &key).await?.is_none() {
                return Ok(key.into());
            }
        }
    }
}

/// Bytes of a record as stored; [`MAX_RECORD`] keeps it far below the limit.
fn size_of(key: &str, stored: &str) -> i32 {
    i32::try_from(key.len() + stored.len()).unwrap_or(i32::MAX)
}

fn random_key(clock: &dyn Clock) -> String {
    let mut random = [0; 6];
    clock.random(&mut random);
    hex::encode(random)
}

fn checked_key(key: &str) -> Result<Text, ApiError> {
    if key.is_empty() {
        return Err(ApiError::invalid("the key of a record is empty"));
    }
    if key.chars().count() > MAX_KEY {
        return Err(ApiError::invalid(format!("the key of a record has more than {MAX_KEY} characters")));
    }
    Ok(crate::text::clean(key.to_owned()).into())
}

/// PostgreSQL reads no NUL in JSON, and sorting by a field reads it.
fn without_nul(stored: String) -> String {
    if stored.contains("\\u0000") { stored.replace("\\u0000", "\\ufffd") } else { stored }
}
